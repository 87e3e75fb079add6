"""The record of every run: one folder, one line per step, written before and after it happens.

A line is on disk before the next step begins, so that the record of a run that was killed
reads as well as any other. Start with :class:`Record` (writing) and :func:`runs` (reading).
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from inventory.errors import InputError, Place, Problem, RefusedError
from runbooks.plan_file import Plan, load_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PLAN, _EVENTS, _LOCK = "plan.json", "events.jsonl", "lock"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Record:
    """The run that is going on. Not shared between threads."""

    def __init__(self, root: Path, command: str, plan: Plan, **facts: object) -> None:
        base = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        root.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100):
            self.run = base if number == 1 else f"{base}-{number}"
            self.folder = root / self.run
            try:
                self.folder.mkdir()
                break
            except FileExistsError:
                continue
        (self.folder / _PLAN).write_text(plan.text(), encoding="utf-8")
        self._file = (self.folder / _EVENTS).open("a", encoding="utf-8")
        who = f"{getpass.getuser()}@{socket.gethostname()}"
        self.write("begin", command=command, by=who, pid=os.getpid(), undoes=plan.undoes, **facts)

    def write(self, step: str, **facts: object) -> None:
        """Append one step; returns once it is on disk."""
        line = json.dumps({"at": _now(), "step": step, **facts}, sort_keys=False)
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def end(self, status: str, **facts: object) -> None:
        """Append how the run ended: confirmed, taken-back, or unknown."""
        self.write("end", status=status, **facts)
        self.close()

    def close(self) -> None:
        """Close the file; what was written is on disk already.

        What could not be written was told of by :meth:`write`, and is in the buffer still. That
        it can't be flushed now either must not take the place of what the run ended in.
        """
        with suppress(OSError):
            self._file.close()


@dataclass(frozen=True, slots=True)
class Run:
    """A run as recorded; ``status`` is "killed" where no end was written."""

    name: str
    folder: Path
    events: tuple[Mapping[str, Any], ...]

    @property
    def status(self) -> str:
        """Return how it ended."""
        last = self.events[-1] if self.events else {}
        return str(last.get("status")) if last.get("step") == "end" else "killed"

    @property
    def first(self) -> Mapping[str, Any]:
        """Return the first step: who, when and what."""
        return self.events[0] if self.events else {}

    @property
    def plan(self) -> Plan:
        """Return the plan that was carried out."""
        return load_plan(self.folder / _PLAN)


def runs(root: Path) -> tuple[Run, ...]:
    """Return every run recorded in ``root``, the oldest first."""
    if not root.is_dir():
        return ()
    folders = sorted(one for one in root.iterdir() if (one / _EVENTS).is_file())
    return tuple(Run(folder.name, folder, tuple(_events(folder / _EVENTS))) for folder in folders)


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            # The line that was being written when the run was killed.
            return


def find_run(root: Path, name: str | None) -> Run:
    """Return the run called ``name``; None means the last one that was confirmed and stands.

    Raises:
        InputError: there is no such run.
    """
    known = runs(root)
    if name is not None:
        for run in known:
            if run.name == name:
                return run
        text = f"there is no run {name!r}; `ringfence runs` lists them"
        raise InputError(Problem(Place(root), text))
    undone = {str(run.first.get("undoes")) for run in known if run.status == "confirmed"}
    for run in reversed(known):
        if run.status == "confirmed" and run.name not in undone and not run.first.get("undoes"):
            return run
    raise InputError(Problem(Place(root), "no run stands that could be rolled back"))


@contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Hold the site's lock: one run at a time. A dead holder's lock is free at once.

    Raises:
        RefusedError: somebody holds it; says who, and since when.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "somebody"
            raise RefusedError(f"another run is going on: {holder}; wait for it to end") from None
        file.truncate(0)
        file.write(f"{getpass.getuser()}@{socket.gethostname()} pid {os.getpid()} since {_now()}")
        file.flush()
        yield
        file.truncate(0)
