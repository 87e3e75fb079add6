"""The record of a site's runs, and its lock: :class:`Ledger`."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.errors import InputError, Place, Problem
from runbooks.ledger.folder import RunFolder, recorded_folders
from runbooks.ledger.record import Record
from runbooks.ledger.run import KILLED, UNKNOWN, Run, find_run
from runbooks.ledger.who import now, who

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from inventory.site import Site
    from runbooks.ledger.backend import Backend
    from runbooks.ledger.folder import Recorded
    from runbooks.ledger.run import Event
    from runbooks.ledger.writer import Writer
    from runbooks.plan_file import Plan


class Ledger:
    """The record of one site.

    Reading makes nothing: where there is no ledger yet, there are no runs but those whose folders
    were left by an older ringfence. They are taken in when the site is held for the first time.
    """

    def __init__(self, site: Site, backend: Callable[[], Backend]) -> None:
        self._site = site.settings.name
        self._root = site.file(site.settings.runs)
        self._make_backend = backend
        self._known_backend: Backend | None = None
        self._writer: Writer | None = None

    @property
    def _backend(self) -> Backend:
        if self._known_backend is None:
            self._known_backend = self._make_backend()
        return self._known_backend

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        """Hold the site: one run at a time, on whatever host. A dead holder's lock is free.

        Raises:
            RefusedError: somebody holds it: who, since when, and what for.
            InputError: the ledger can't be opened.
        """
        from runbooks.ledger.writer import Writer  # noqa: PLC0415 - slow to import

        writer = Writer(self._backend, self._site, command)
        try:
            self._writer = writer
            self._adopt(writer)
            yield
        finally:
            self._writer = None
            writer.close()

    def _adopt(self, writer: Writer) -> None:
        """Take in the run folders that have no row: an older ringfence's, or a lost ledger's."""
        from runbooks.ledger import rows  # noqa: PLC0415 - slow to import

        folders = recorded_folders(self._root)
        if not folders:
            return

        def adopt(connection: Connection) -> None:
            known = rows.run_names(connection, self._site)
            for one in folders:
                if one.name not in known:
                    rows.insert_recorded(connection, self._site, one)

        writer.transact(adopt, "what the run folders tell")

    def begin(self, command: str, plan: Plan, **facts: object) -> Record:
        """Put a new run on record, with more ``facts`` of its beginning; the site is held.

        Raises:
            UnrecordedError: it is not on record.
        """
        from runbooks.ledger import rows  # noqa: PLC0415 - slow to import

        writer = self._held()
        text = plan.text()
        devices = sorted(one.device for one in plan.changed)
        first: Event = {"at": now(), "step": "begin", "command": command, **who()}
        first |= {"undoes": plan.undoes, "devices": devices, **facts}
        name = ""

        def begin(connection: Connection) -> None:
            nonlocal name
            name = self._free_name(rows.run_names(connection, self._site))
            rows.insert_run(connection, self._site, name, plan=text, first=first, devices=devices)
            rows.note_run(connection, self._site, name)

        writer.transact(begin, "the run")
        record = Record(writer, self._site, name, RunFolder(self._root / name))
        record.copy(first, plan=text)
        return record

    def _free_name(self, taken: set[str]) -> str:
        """Return a name for a run that begins now, which sorts after those before it."""
        base = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        name, number = base, 1
        while name in taken or (self._root / name).exists():
            number += 1
            name = f"{base}-{number:02}"
        return name

    def resume(self, run: str) -> Record:
        """Go on with a run that did not end, or ended with "unknown"; the site is held.

        Raises:
            InputError: there is no such run, or it ended in one of the two states.
            UnrecordedError: the ledger can't be written.
        """
        from runbooks.ledger import rows  # noqa: PLC0415 - slow to import

        writer = self._held()
        found = self.find(run)
        if found.status in ("confirmed", "taken-back"):
            text = f"run {run} ended already: {found.status}"
            raise InputError(Problem(Place(self._root), text))

        def resume(connection: Connection) -> None:
            rows.reopen(connection, self._site, run)
            rows.note_run(connection, self._site, run)

        writer.transact(resume, f"going on with run {run}")
        return Record(writer, self._site, run, RunFolder(self._root / run))

    def _held(self) -> Writer:
        if self._writer is None:
            raise RuntimeError("only who holds the site writes its record")
        return self._writer

    def runs(self) -> tuple[Run, ...]:
        """Return every run on record, the oldest first.

        Raises:
            InputError: the ledger can't be read.
        """
        # The folders first: a run that begins meanwhile has its row before it has its folder.
        folders = recorded_folders(self._root)
        known = {run.name: run for run in self._rows()}
        for one in folders:
            known.setdefault(one.name, _from_folder(one, self._root))
        return tuple(sorted(known.values(), key=lambda run: run.name))

    def find(self, name: str | None) -> Run:
        """Return the run called ``name``; None means the last one that was confirmed and stands.

        Raises:
            InputError: there is no such run, or the ledger can't be read.
        """
        return find_run(self.runs(), name, self._root)

    def unfinished(self) -> tuple[Run, ...]:
        """Return the runs that came to neither of the two states, the oldest first.

        Those without an end, of which the last may be going on, and those that ended with
        some device's state unknown.
        """
        return tuple(run for run in self.runs() if run.status in (KILLED, UNKNOWN))

    def _rows(self) -> tuple[Run, ...]:
        if not self._backend.is_there():
            return ()
        from runbooks.ledger.reading import Reader  # noqa: PLC0415 - slow to import

        return Reader(self._backend, self._site, self._root).runs()

    def close(self) -> None:
        """Let go of what is held."""
        if self._writer is not None:
            self._writer.close()


def _from_folder(one: Recorded, place: Path) -> Run:
    return Run(
        name=one.name,
        status=one.status,
        first=one.first,
        ended=one.ended,
        devices=one.devices,
        place=place,
        load_events=lambda: one.events,
        load_plan=lambda: one.plan,
    )
