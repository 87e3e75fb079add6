"""What is read from and written to the tables of the audits; each function is a statement or two.

The laws are those of :mod:`runbooks.ledger.standing`; here they are only carried out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, select, update

from runbooks.audit_report import DeviceState, Finding, PastAudit, Severity
from runbooks.ledger.standing import Standing
from runbooks.ledger.tables import AUDIT, FINDING, LOOK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection, Row

    from runbooks.audit_report import AuditReport
    from runbooks.ledger.standing import Settled


def past_of(report: AuditReport, *, complete: bool) -> PastAudit:
    """Return ``report`` as the history shows it."""
    bad = [one.severity for one in report.findings]
    return PastAudit(
        id=report.id,
        started=report.started,
        complete=complete,
        clean=report.count(DeviceState.CLEAN),
        differs=report.count(DeviceState.DIFFERS),
        unknown=report.count(DeviceState.UNKNOWN),
        critical=bad.count(Severity.CRITICAL),
        warning=bad.count(Severity.WARNING),
    )


def insert_audit(connection: Connection, site: str, report: AuditReport, past: PastAudit) -> None:
    """Add an audit."""
    facts = {"by": report.by, "interrupted": report.interrupted, "notes": report.notes}
    values = past.model_dump() | {"complete": int(past.complete), "facts": json.dumps(facts)}
    connection.execute(
        insert(AUDIT).values(site=site, ended=report.ended, exit_code=report.exit_code, **values)
    )


def is_known(connection: Connection, site: str, audit: str) -> bool:
    """Return whether there is an audit called ``audit``."""
    query = select(AUDIT.c.id).where(AUDIT.c.site == site, AUDIT.c.id == audit)
    return connection.execute(query).first() is not None


def past(connection: Connection, site: str, limit: int) -> tuple[PastAudit, ...]:
    """Return the last ``limit`` audits of ``site``, the oldest first."""
    columns = [AUDIT.c[name] for name in PastAudit.model_fields]
    query = select(*columns).where(AUDIT.c.site == site).limit(limit)
    rows = connection.execute(query.order_by(AUDIT.c.started.desc(), AUDIT.c.id.desc())).all()
    return tuple(PastAudit(**row._mapping) for row in reversed(rows))  # noqa: SLF001 - its name


def standing(connection: Connection, site: str) -> dict[str, Standing]:
    """Return the findings that stand, by id."""
    columns = [FINDING.c[name] for name in Standing.__dataclass_fields__]
    query = select(*columns).where(FINDING.c.site == site, FINDING.c.gone.is_(None))
    return {row.id: Standing(**row._mapping) for row in connection.execute(query)}  # noqa: SLF001


def contents(report: AuditReport) -> dict[str, str]:
    """Return the findings of ``report`` as they are stored, by id."""
    return {one.id: json.dumps(one.model_dump()) for one in report.findings}


def write_settled(
    connection: Connection,
    site: str,
    report: AuditReport,
    settled: Settled,
    content: Mapping[str, str],
) -> None:
    """Write down what ``report``, with ``content``, changed of what stands."""
    opened = [
        {
            "site": site,
            "id": one.id,
            "first_audit": report.id,
            "first_seen": report.ended,
            "last_seen": report.started,
            "gone": report.ended if one.id in settled.late else None,
            "gone_audit": report.id if one.id in settled.late else None,
            "device": one.device,
            "content": content[one.id],
        }
        for one in settled.opened
    ]
    if opened:
        connection.execute(insert(FINDING), opened)
    newer = [
        {**_key(one), "seen": report.started, "said": content[one.id]}
        for one in settled.seen
        if one.last_seen <= report.started
    ]
    if newer:
        query = update(FINDING).where(_is_finding(site))
        query = query.values(last_seen=bindparam("seen"), content=bindparam("said"))
        connection.execute(query, newer)
    if settled.gone:
        changed = {"gone": report.ended, "gone_audit": report.id}
        query = update(FINDING).where(_is_finding(site)).values(changed)
        connection.execute(query, [_key(one) for one in settled.gone])


def _key(one: Standing) -> dict[str, Any]:
    return {"is_id": one.id, "is_first": one.first_audit}


def _is_finding(site: str) -> Any:  # noqa: ANN401 - SQLAlchemy's own type of a condition
    return and_(
        FINDING.c.site == site,
        FINDING.c.id == bindparam("is_id"),
        FINDING.c.first_audit == bindparam("is_first"),
    )


def changes(
    connection: Connection, site: str, audit: str
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that came up with ``audit``, and those that were gone with it."""
    of_site = select(FINDING).where(FINDING.c.site == site).order_by(FINDING.c.id)
    both = (FINDING.c.first_audit == audit, FINDING.c.gone_audit == audit)
    came, went = (connection.execute(of_site.where(one)).all() for one in both)
    return tuple(map(_finding, came)), tuple(map(_finding, went))


def _finding(row: Row[Any]) -> Finding:
    return Finding.model_validate(json.loads(row.content) | {"first_seen": row.first_seen})


def looks(connection: Connection, site: str) -> dict[str, Any]:
    """Return when each device was looked at, by its name: rows of :data:`LOOK`."""
    query = select(LOOK).where(LOOK.c.site == site)
    return {row.device: row for row in connection.execute(query)}


def write_looks(
    connection: Connection,
    site: str,
    report: AuditReport,
    looked: Iterable[str],
    clean: Collection[str],
) -> None:
    """Write down that ``report`` looked at the devices ``looked``, and found some ``clean``."""
    known = looks(connection, site)
    new: list[dict[str, str | None]] = []
    changed: list[dict[str, str | None]] = []
    for device in sorted(looked):
        row = known.get(device)
        times = {"looked": report.started, "answered": report.ended}
        if row is not None:
            times = {key: max(value, row._mapping[key]) for key, value in times.items()}  # noqa: SLF001
        was = None if row is None else row.clean
        is_clean = max(report.ended, was or "") if device in clean else was
        values = {"of": device, **{f"now_{key}": value for key, value in times.items()}}
        (new if row is None else changed).append({**values, "now_clean": is_clean})
    named: dict[str, Any] = {
        key: bindparam(f"now_{key}") for key in ("looked", "answered", "clean")
    }
    if new:
        connection.execute(insert(LOOK).values(site=site, device=bindparam("of"), **named), new)
    if changed:
        is_device = and_(LOOK.c.site == site, LOOK.c.device == bindparam("of"))
        connection.execute(update(LOOK).where(is_device).values(named), changed)


def prune(connection: Connection, site: str, keep: int) -> None:
    """Forget the audits before the last ``keep``, and the findings that were gone by then."""
    newest = select(AUDIT.c.started).where(AUDIT.c.site == site).order_by(AUDIT.c.started.desc())
    last = connection.execute(newest.offset(keep).limit(1)).scalar()
    if last is not None:
        for table, time in ((AUDIT, AUDIT.c.started), (FINDING, FINDING.c.gone)):
            connection.execute(delete(table).where(table.c.site == site, time <= last))
