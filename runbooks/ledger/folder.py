"""The readable copy of a run: ``RUN/plan.json`` and ``RUN/events.jsonl``, and reading such back.

The database is the record; these are for people, and for a database that was lost. Start with
:class:`RunFolder` and :func:`recorded_folders`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbooks.ledger.run import KILLED, Event

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

_PLAN, _EVENTS = "plan.json", "events.jsonl"


class RunFolder:
    """The folder of the run that is going on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def begin(self, plan: str) -> None:
        """Make the folder and write the plan.

        Raises:
            OSError: it can't be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / _PLAN).write_text(plan, encoding="utf-8")

    def append(self, event: Event) -> None:
        """Append one step; a line that was cut off before is ended first.

        Raises:
            OSError: it can't be written.
        """
        if self._file is None:
            self.path.mkdir(parents=True, exist_ok=True)
            path = self.path / _EVENTS
            is_cut = path.exists() and not (path.read_bytes() or b"\n").endswith(b"\n")
            self._file = path.open("a", encoding="utf-8")
            if is_cut:
                self._file.write("\n")
        self._file.write(json.dumps(event) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            file, self._file = self._file, None
            file.close()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as its folder tells it."""

    name: str
    plan: str
    events: tuple[Event, ...]

    @property
    def first(self) -> Event:
        """Return the first step; empty where none was written."""
        return self.events[0] if self.events else {}

    @property
    def status(self) -> str:
        """Return how it ended."""
        last = self.events[-1] if self.events else {}
        return str(last.get("status")) if last.get("step") == "end" else KILLED

    @property
    def ended(self) -> str | None:
        """Return when it ended."""
        return None if self.status == KILLED else str(self.events[-1].get("at"))

    @property
    def devices(self) -> tuple[str, ...]:
        """Return the devices that it was about to change."""
        named: set[str] = set()
        for event in self.events:
            if event.get("step") in ("begin", "prepare"):
                named.update(event.get("devices") or ())
        return tuple(sorted(named))


def recorded_folders(root: Path) -> tuple[Recorded, ...]:
    """Return every run that has a folder in ``root``, the oldest first."""
    if not root.is_dir():
        return ()
    folders = sorted(one for one in root.iterdir() if (one / _EVENTS).is_file())
    return tuple(_read(folder) for folder in folders)


def _read(folder: Path) -> Recorded:
    plan = folder / _PLAN
    text = plan.read_text(encoding="utf-8", errors="replace") if plan.is_file() else ""
    events: list[Event] = []
    for line in (folder / _EVENTS).read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue
        # What is half of a line may be JSON all the same, but no step.
        if isinstance(event, dict) and "step" in event:
            events.append(event)
    return Recorded(folder.name, text, tuple(events))
