"""The history of a site's audits, in its ledger: :func:`open_history`.

Law: remembering an audit is one short transaction. It takes no lock that a deploy asks for, and
two audits at once are remembered one after the other. What only an `audit` of the devices can
know is remembered: `verify` looks for less, so it would take away what it did not look for, and
configuration files are not the network.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from inventory.errors import Exit
from runbooks.audit_report import DeviceState
from runbooks.ledger.opening import backend_of
from runbooks.ledger.standing import looked_at, settle
from runbooks.ledger.troubles import translated, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection

    from inventory.site import Site
    from runbooks.audit_report import AuditReport, Finding, PastAudit
    from runbooks.ledger.backend import Backend

#: Audits that are kept: more than a year of one every hour.
KEPT: Final = 10_000

#: Audits that a report shows.
SHOWN: Final = 30

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """When things were well for the last time: UTC, ISO 8601, the end of an audit; None is never.

    ``complete``: every device was looked at, whatever was found. ``clean``: that, and nothing was
    found. ``devices``: by its name, when each device answered and was clean.
    """

    complete: str | None = None
    clean: str | None = None
    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one audit found that the one before did not, and the other way round."""

    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]


class AuditHistory:
    """The audits of one site; nothing is connected to, or made, before it is used.

    Every method raises ``InputError``, one sentence, where the ledger can't be opened, read or
    written.
    """

    def __init__(self, site: Site, backend: Callable[[], Backend], *, keep: int = KEPT) -> None:
        self._site = site.settings.name
        self._devices = frozenset(site.devices)
        self._make_backend = backend
        self._known_backend: Backend | None = None
        self._keep = keep

    @property
    def _backend(self) -> Backend:
        if self._known_backend is None:
            self._known_backend = self._make_backend()
        return self._known_backend

    def remember(self, report: AuditReport) -> AuditReport:
        """Put ``report`` on record; return it with its history, and since when each finding stands.

        The history ends with this audit. A report of anything but an audit of the devices comes
        back as it is.
        """
        if report.command != "audit" or report.source != "devices":
            return report
        from runbooks.ledger import audit_rows as rows  # noqa: PLC0415 - slow to import
        from runbooks.ledger.schema import ensure_schema  # noqa: PLC0415

        site, backend = self._site, self._backend
        looked = looked_at(report, self._devices)
        clean = {one.device for one in report.devices if one.state is DeviceState.CLEAN}
        if report.exit_code == Exit.DONE:
            clean.add("")
        past = rows.past_of(report, complete="" in looked)
        # Before the transaction begins: it keeps other writers waiting, on SQLite.
        content = rows.contents(report)
        with translated(backend.where), backend.writer() as connection:
            ensure_schema(backend, connection)
            with connection.begin():
                backend.lock_history(connection)
                if rows.is_known(connection, site, report.id):
                    raise unusable(f"the audit {report.id} is on record already")
                looks = {name: row.looked for name, row in rows.looks(connection, site).items()}
                settled = settle(report, rows.standing(connection, site), looks, self._devices)
                rows.insert_audit(connection, site, report, past)
                rows.write_settled(connection, site, report, settled, content)
                rows.write_looks(connection, site, report, looked, clean)
                rows.prune(connection, site, self._keep)
                history = rows.past(connection, site, SHOWN)
        findings = tuple(
            one.model_copy(update={"first_seen": settled.first_seen[one.id]})
            for one in report.findings
        )
        return report.model_copy(update={"findings": findings, "history": history})

    def past(self, limit: int = SHOWN) -> tuple[PastAudit, ...]:
        """Return the last ``limit`` audits, the oldest first."""

        def past(connection: Connection) -> tuple[PastAudit, ...]:
            from runbooks.ledger import audit_rows as rows  # noqa: PLC0415 - slow to import

            return rows.past(connection, self._site, limit)

        return self._read(past, ())

    def changes(self, audit: str) -> Changes:
        """Return what came and went with the audit whose id is ``audit``, by the findings' ids."""

        def changes(connection: Connection) -> Changes:
            from runbooks.ledger import audit_rows as rows  # noqa: PLC0415 - slow to import

            new, gone = rows.changes(connection, self._site, audit)
            return Changes(new=new, gone=gone)

        return self._read(changes, Changes(new=(), gone=()))

    def milestones(self) -> Milestones:
        """Return when the site, and each of its devices, was well for the last time."""

        def looks(connection: Connection) -> dict[str, Any]:
            from runbooks.ledger import audit_rows as rows  # noqa: PLC0415 - slow to import

            return rows.looks(connection, self._site)

        nothing: dict[str, Any] = {}
        found = self._read(looks, nothing)
        whole = found.pop("", None)
        return Milestones(
            complete=None if whole is None else whole.answered,
            clean=None if whole is None else whole.clean,
            devices={
                name: row.clean
                for name, row in sorted(found.items())
                if row.clean is not None and name in self._devices
            },
        )

    def last_good(self) -> str | None:
        """Return when the last audit ended that was complete and clean."""
        return self.milestones().clean

    def _read(self, work: Callable[[Connection], _Read], otherwise: _Read) -> _Read:
        if not self._backend.is_there():
            return otherwise
        from runbooks.ledger.reading import read  # noqa: PLC0415 - slow to import

        return read(self._backend, work, otherwise)


def new_audit_id() -> str:
    """Return a name for an audit that begins now; names sort by time, and no two are the same."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@contextmanager
def open_history(site: Site) -> Iterator[AuditHistory]:
    """Return the history of the audits of ``site``; no connection outlives a call of a method.

    Raises:
        InputError: site.yaml names a database that can't be spoken to, or a password that is
            not one; by the first method that is called.
    """
    yield AuditHistory(site, lambda: backend_of(site))
