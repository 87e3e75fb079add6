"""What a loss of power may leave of a folder: :class:`Disk`.

A disk that was told the first so many of what a program did (:mod:`traced_files`) makes the folder
as it may look after the power came back. Only what was synced is certain: a write that was not
may be there, or not, or in part; so may a new length; and a name may be missing, or there still,
unless its folder was synced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from traced_files import Event

if TYPE_CHECKING:
    import random

#: What a disk writes as a whole.
_SECTOR = 512


@dataclass(slots=True, eq=False)
class _File:
    """A file: ``data`` is certain, ``waiting`` may or may not be there."""

    data: bytes = b""
    waiting: list[Event] = field(default_factory=list)


class Disk:
    """The folder ``root`` as far as it was told."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._now: dict[str, _File] = {}
        # Names: those that are certain, and what was done to them since, by their folder.
        self._names: dict[str, _File | None] = {}
        self._waiting: list[tuple[str, _File | None]] = []
        self._folders = {self._root}

    def told(self, event: Event) -> None:
        """Take in what was done next."""
        path = event.path
        if event.what == "create":
            self._now[path] = _File()
            self._waiting.append((path, self._now[path]))
        elif event.what == "mkdir":
            # That folders are there is tested elsewhere: without them there is nothing to read.
            self._folders.add(path)
        elif event.what == "unlink":
            self._now.pop(path)
            self._waiting.append((path, None))
        elif event.what == "sync" and path in self._folders:
            kept = []
            for name, file in self._waiting:
                if str(Path(name).parent) == path:
                    self._names[name] = file
                else:
                    kept.append((name, file))
            self._waiting = kept
        elif event.what == "sync":
            file = self._now[path]
            for one in file.waiting:
                file.data = _applied(file.data, one)
            file.waiting.clear()
        elif event.what in ("write", "truncate"):
            self._now[path].waiting.append(event)

    def after_power_loss(self, folder: Path, chance: random.Random) -> None:
        """Make ``folder`` what the disk may hold if the power goes now."""
        names = dict(self._names)
        names.update(one for one in self._waiting if chance.random() < 0.5)
        for one in sorted(self._folders):
            (folder / Path(one).relative_to(self._root)).mkdir(parents=True, exist_ok=True)
        for name, file in names.items():
            if file is not None:
                path = folder / Path(name).relative_to(self._root)
                path.write_bytes(_left_of(file, chance))


def _left_of(file: _File, chance: random.Random) -> bytes:
    """Return what may be left of ``file``: each sector of what waits is there or not."""
    data = file.data
    kind = chance.choice(("none", "all", "some", "torn"))
    for event in file.waiting:
        if kind == "none" or (kind == "some" and chance.random() < 0.5):
            continue
        if kind == "torn" and event.what == "write":
            for start in range(0, len(event.data), _SECTOR):
                if chance.random() < 0.5:
                    part = event.data[start : start + _SECTOR]
                    data = _applied(data, Event("write", "", event.offset + start, part))
        else:
            data = _applied(data, event)
    return data


def _applied(data: bytes, event: Event) -> bytes:
    if event.what == "truncate":
        return data[: event.offset].ljust(event.offset, b"\0")
    end = event.offset + len(event.data)
    return data.ljust(event.offset, b"\0")[: event.offset] + event.data + data[end:]
