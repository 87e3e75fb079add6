"""Which ledger a site has: :func:`open_ledger`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from inventory.errors import InputError, Place, Problem
from runbooks.ledger.ledger import Ledger
from runbooks.ledger.troubles import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.site import Site
    from runbooks.ledger.backend import Backend


@contextmanager
def open_ledger(site: Site) -> Iterator[Ledger]:
    """Return the ledger of ``site``; nothing is connected to, or made, before it is used.

    Raises:
        InputError: site.yaml names a database that can't be spoken to, or a password that is
            not one.
    """
    ledger = Ledger(site, lambda: backend_of(site))
    try:
        yield ledger
    finally:
        ledger.close()


def backend_of(site: Site) -> Backend:
    """Return the database that ``site`` has for its ledger.

    Raises:
        InputError: site.yaml names one that can't be spoken to, or a password that is not one.
    """
    url = site.settings.ledger.url
    if url is None:
        from runbooks.ledger.sqlite import SqliteBackend  # noqa: PLC0415 - slow to import

        return SqliteBackend(site.file(site.settings.runs))
    try:
        # More than whether it is there: without libpq's library it is, and can't be used.
        import psycopg  # noqa: F401, PLC0415 - slow to import
    except ImportError as error:
        is_absent = isinstance(error, ModuleNotFoundError) and error.name == "psycopg"
        why = "is not installed" if is_absent else f"can't be loaded ({sentence(error)})"
        text = (
            f"ledger.url needs psycopg, which {why}: "
            "pip install 'ringfence[postgresql]' (in a checkout: pip install -e '.[postgresql]')"
        )
        raise InputError(Problem(Place(site.path / "site.yaml"), text)) from None
    from runbooks.ledger.postgresql import PostgresBackend  # noqa: PLC0415 - slow to import

    return PostgresBackend(url, site.settings.name, site.ledger_password())
