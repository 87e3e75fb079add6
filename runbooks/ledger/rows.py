"""What is read from and written to the ledger's tables; each function is one statement or two.

Law: a step's number is found in the transaction that writes it, so that a step whose fate was not
known is neither lost nor written over.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy import delete as delete_from

from runbooks.ledger.run import KILLED, Event
from runbooks.ledger.tables import HOLDER, RUN, STEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row
    from sqlalchemy.sql.elements import ColumnElement

    from runbooks.ledger.folder import Recorded

#: What makes up a run's first step, beside ``at``.
_FIRST = ("command", "by", "pid", "undoes")


def _is_run(site: str, name: str) -> ColumnElement[bool]:
    return and_(RUN.c.site == site, RUN.c.name == name)


def run_rows(connection: Connection, site: str) -> Sequence[Any]:
    """Return every run of ``site`` with its first step, and without its plan; by their names."""
    both = RUN.outerjoin(
        STEP, and_(STEP.c.site == RUN.c.site, STEP.c.run == RUN.c.name, STEP.c.number == 0)
    )
    columns = (RUN.c.name, RUN.c.status, RUN.c.ended, RUN.c.devices)
    first = (STEP.c.at, STEP.c.step, STEP.c.device, STEP.c.facts)
    query = select(*columns, *first).select_from(both).where(RUN.c.site == site)
    return connection.execute(query.order_by(RUN.c.name)).all()


def run_names(connection: Connection, site: str) -> set[str]:
    """Return the names of every run of ``site``."""
    return set(connection.execute(select(RUN.c.name).where(RUN.c.site == site)).scalars())


def plan_text(connection: Connection, site: str, name: str) -> str:
    """Return the plan of one run."""
    return str(connection.execute(select(RUN.c.plan).where(_is_run(site, name))).scalar_one())


def steps(connection: Connection, site: str, name: str) -> list[Event]:
    """Return the steps of one run, in order."""
    rows = connection.execute(
        select(STEP).where(STEP.c.site == site, STEP.c.run == name).order_by(STEP.c.number)
    )
    return [event_of(row) for row in rows]


def event_of(row: Row[Any]) -> Event:
    """Return the step that ``row`` is, as it was written; its device comes first."""
    device = {} if row.device is None else {"device": row.device}
    head = {key: value for key, value in (("at", row.at), ("step", row.step)) if value is not None}
    return {**head, **device, **json.loads(row.facts)}


def insert_run(
    connection: Connection, site: str, name: str, *, plan: str, first: Event, devices: Iterable[str]
) -> None:
    """Add a run that begins with the step ``first``."""
    connection.execute(
        insert(RUN).values(
            site=site,
            name=name,
            began=first["at"],
            host=str(first["by"]).rpartition("@")[2],
            devices=json.dumps(sorted(devices)),
            plan=plan,
            plan_digest=digest_of(plan),
            **{key: first[key] for key in _FIRST},
        )
    )
    insert_step(connection, site, name, first)


def insert_step(connection: Connection, site: str, name: str, event: Event) -> None:
    """Add a step to a run; one called "end" ends it."""
    last = connection.execute(
        select(func.max(STEP.c.number)).where(STEP.c.site == site, STEP.c.run == name)
    ).scalar()
    number = 0 if last is None else last + 1
    connection.execute(insert(STEP).values(**_step_values(site, name, number, event)))
    if event["step"] == "end":
        connection.execute(
            update(RUN)
            .where(_is_run(site, name))
            .values(status=str(event.get("status")), ended=event["at"])
        )


def _step_values(site: str, name: str, number: int, event: Event) -> dict[str, Any]:
    rest = {key: value for key, value in event.items() if key not in ("at", "step")}
    device = rest.pop("device") if isinstance(rest.get("device"), str) else None
    return {
        "site": site,
        "run": name,
        "number": number,
        "at": event.get("at"),
        "step": event.get("step"),
        "device": device,
        "facts": json.dumps(rest),
    }


def insert_recorded(connection: Connection, site: str, recorded: Recorded) -> None:
    """Add a run as its folder tells it."""
    first = recorded.first
    by, pid, undoes = first.get("by"), first.get("pid"), first.get("undoes")
    connection.execute(
        insert(RUN).values(
            site=site,
            name=recorded.name,
            command=first.get("command"),
            by=by,
            host=None if by is None else str(by).rpartition("@")[2],
            pid=pid if isinstance(pid, int) else None,
            began=first.get("at"),
            ended=recorded.ended,
            status=None if recorded.status == KILLED else recorded.status,
            undoes=undoes,
            devices=json.dumps(recorded.devices),
            plan=recorded.plan,
            plan_digest=digest_of(recorded.plan),
        )
    )
    values = [
        _step_values(site, recorded.name, number, event)
        for number, event in enumerate(recorded.events)
    ]
    if values:
        connection.execute(insert(STEP), values)


def reopen(connection: Connection, site: str, name: str) -> None:
    """Take back that a run ended."""
    connection.execute(update(RUN).where(_is_run(site, name)).values(status=None, ended=None))


def holder(connection: Connection, site: str) -> Row[Any] | None:
    """Return who holds, or held, ``site``."""
    return connection.execute(select(HOLDER).where(HOLDER.c.site == site)).first()


def held_by(connection: Connection, site: str) -> str | None:
    """Return the token of who holds ``site``; nobody changes it before the transaction ends."""
    query = select(HOLDER.c.token).where(HOLDER.c.site == site).with_for_update()
    return connection.execute(query).scalar()


def hold(connection: Connection, site: str, values: Mapping[str, Any]) -> None:
    """Write down who holds ``site`` now, in the place of a holder that is gone."""
    if held_by(connection, site) is None:
        connection.execute(insert(HOLDER).values(site=site, **values))
    else:
        connection.execute(update(HOLDER).where(HOLDER.c.site == site).values(**values))


def note_run(connection: Connection, site: str, name: str) -> None:
    """Write down which run the holder of ``site`` carries out."""
    connection.execute(update(HOLDER).where(HOLDER.c.site == site).values(run=name))


def let_go(connection: Connection, site: str, token: str) -> None:
    """Remove the holder of ``site`` if it is the one with ``token``."""
    connection.execute(delete_from(HOLDER).where(HOLDER.c.site == site, HOLDER.c.token == token))


def digest_of(plan: str) -> str:
    """Return the digest of a plan's text."""
    return "sha256:" + hashlib.sha256(plan.encode("utf-8", "surrogatepass")).hexdigest()
