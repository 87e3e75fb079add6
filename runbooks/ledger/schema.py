"""Whether a database has the ledger's tables as this ringfence knows them: :func:`ensure_schema`.

Law: who finds the schema current reads one row and goes on; Alembic is imported by who does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from runbooks.ledger.tables import HEAD, REVISIONS, VERSION_TABLE
from runbooks.ledger.troubles import unusable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from runbooks.ledger.backend import Backend


def revision(connection: Connection) -> str | None:
    """Return the schema's revision; None where there are no tables yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - our own constant
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def ensure_known(found: str | None, where: str) -> None:
    """Refuse a schema that this ringfence does not know.

    Raises:
        InputError: a newer ringfence made it.
    """
    if found is not None and found not in REVISIONS:
        raise unusable(
            f"the ledger {where} was made by a newer ringfence (its schema is {found}, this one "
            f"knows {HEAD}): update ringfence on this host"
        )


def ensure_schema(backend: Backend, connection: Connection) -> None:
    """Bring the tables to :data:`HEAD` on ``connection``, a writer's, if they are not there.

    Raises:
        InputError: a newer ringfence made them.
    """
    with connection.begin():
        found = revision(connection)
    ensure_known(found, backend.where)
    if found == HEAD:
        return
    with connection.begin():
        backend.lock_migrations(connection)
        # Whoever had the lock before may have been a newer one.
        ensure_known(revision(connection), backend.where)
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    """Apply what is missing; whoever waited for the lock finds nothing left to do."""
    from alembic import command  # noqa: PLC0415 - slow to import
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _escaped(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _escaped(path: Path) -> str:
    """Return ``path`` as a value of a configuration file, where a percent sign means something."""
    return str(path).replace("%", "%%")
