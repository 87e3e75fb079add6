"""Reading a ledger that is there: :class:`Reader` and :func:`read`. An old one is migrated."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from runbooks.ledger import rows
from runbooks.ledger.run import KILLED, Event, Run
from runbooks.ledger.schema import ensure_known, ensure_schema, revision
from runbooks.ledger.tables import HEAD
from runbooks.ledger.troubles import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Row

    from runbooks.ledger.backend import Backend

_Read = TypeVar("_Read")


class Reader:
    """Reads the runs of ``site``; ``place`` is what messages about a run point to."""

    def __init__(self, backend: Backend, site: str, place: Path) -> None:
        self._backend = backend
        self._site = site
        self._place = place

    def runs(self) -> tuple[Run, ...]:
        """Return every run that has a row; what is long is read when it is asked for.

        Raises:
            InputError: the ledger can't be read.
        """
        nothing: Sequence[Any] = ()
        found = self._read(lambda connection: rows.run_rows(connection, self._site), nothing)
        return tuple(self._run(row) for row in found)

    def _run(self, row: Row[Any]) -> Run:
        return Run(
            name=row.name,
            status=row.status or KILLED,
            # A run whose folder was taken in may have written nothing at all.
            first={} if row.facts is None else rows.event_of(row),
            ended=row.ended,
            devices=tuple(json.loads(row.devices)),
            place=self._place,
            load_events=partial(self._steps, row.name),
            load_plan=partial(self._plan, row.name),
        )

    def _steps(self, run: str) -> list[Event]:
        nothing: list[Event] = []
        return self._read(lambda connection: rows.steps(connection, self._site, run), nothing)

    def _plan(self, run: str) -> str:
        return self._read(lambda connection: rows.plan_text(connection, self._site, run), "")

    def _read(self, work: Callable[[Connection], _Read], otherwise: _Read) -> _Read:
        return read(self._backend, work, otherwise)


def read(backend: Backend, work: Callable[[Connection], _Read], otherwise: _Read) -> _Read:
    """Return what ``work`` reads of a ledger; ``otherwise`` where there are no tables yet.

    Raises:
        InputError: the ledger can't be read.
    """
    with translated(backend.where), backend.reader() as connection:
        with connection.begin():
            found = revision(connection)
        if found is None:
            return otherwise
        ensure_known(found, backend.where)
        if found != HEAD:
            with backend.writer() as writer:
                ensure_schema(backend, writer)
        with connection.begin():
            return work(connection)
