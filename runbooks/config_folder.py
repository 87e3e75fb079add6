"""Devices' configurations from files, as a fleet that nobody contacts: :class:`ConfigFolder`.

For a check before a merge, and for the configurations of a network that ringfence never touched.
A file belongs to the device of its name, whatever its ending: ``tor1``, ``tor1.cfg``,
``pod3/tor1.dc.example.conf`` (the devices' full names go first).
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import DeviceError, InputError, Place, Problem
from policies.dialects import DIALECTS
from policies.dialects.file_forms import FORMS, as_it_stands
from policies.errors import ParseError
from tasks.adapters.base import Tables
from tasks.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from inventory.site import Site

#: What a pager leaves in what was captured from a terminal; the line behind it is spoilt.
_PAGER = re.compile(
    r"^[^\S\n]*(?:\x1b\[[\d;]*m)*(?:--[ ]?more[ ]?--|---\(more\b)|\x08",
    re.IGNORECASE | re.MULTILINE,
)

#: Bytes of one file: many times the largest configuration of a switch.
_MOST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FromFile:
    """What a file says, and the file's line number of each line of the snapshot's text.

    ``numbers`` is None where they are the same.
    """

    snapshot: Snapshot
    numbers: tuple[int, ...] | None


class ConfigFolder:
    """The running configurations of the devices ``names``, from the files below ``folder``.

    ``stray`` are the files that belong to no device of the site.

    Raises:
        InputError: there is no such folder, no file in it belongs to any device, or two belong
            to one.
    """

    def __init__(self, site: Site, folder: Path, names: Sequence[str]) -> None:
        self.site = site
        self.folder = folder
        self.names = tuple(names)
        if not folder.is_dir():
            text = "there is no such folder; --configs names one with a file for each device"
            raise InputError(Problem(Place(folder), text))
        self._files, self.stray = self._match()

    def _match(self) -> tuple[dict[str, Path], tuple[str, ...]]:
        devices = {name.lower(): name for name in self.site.devices}
        by_device: dict[str, list[Path]] = defaultdict(list)
        stray = []
        for path in sorted(_files(self.folder)):
            device = next((devices[one] for one in _names(path) if one in devices), None)
            if device is None:
                stray.append(str(path.relative_to(self.folder)))
            else:
                by_device[device].append(path)
        twice = [
            Problem(Place(paths[1]), f"{paths[0]} is {device}'s too; leave one of them there")
            for device, paths in by_device.items()
            if len(paths) > 1
        ]
        if twice:
            raise InputError(*twice)
        if not by_device:
            text = "no file in it has the name of a device of the site, such as "
            raise InputError(Problem(Place(self.folder), text + f"{next(iter(devices), 'x')}.cfg"))
        return {device: paths[0] for device, paths in by_device.items()}, tuple(stray)

    def read(self, name: str) -> FromFile:
        """Return what the file of the device ``name`` says.

        Raises:
            DeviceError: there is none, or it is no whole configuration of the device's platform.
        """
        path = self._files.get(name)
        if path is None:
            raise DeviceError(f"{name}: no file in {self.folder} is its own")
        device = self.site.devices[name]
        try:
            content = _read(path)
            _ensure_no_pager(content)
            text, numbers = FORMS.get(device.platform, as_it_stands)(content)
            running = DIALECTS[device.platform].parse(text)
        except (DeviceError, ParseError) as error:
            raise DeviceError(f"{name}: {path}: {error}") from error
        except (ValueError, LookupError, RecursionError) as error:
            # A reader that did not foresee the file takes no other device's report with it.
            said = f"some line makes no sense to ringfence ({type(error).__name__})"
            raise DeviceError(f"{name}: {path}: {said}") from error
        return FromFile(Snapshot(text, running, Tables(up=frozenset())), numbers)


def _files(folder: Path) -> Iterator[Path]:
    """Yield every file below ``folder``, without hidden files and folders (``.git``)."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield path


def _names(path: Path) -> Iterator[str]:
    """Yield the device names that a file's name may stand for, the longest first."""
    parts = path.name.lower().split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end])


def _ensure_no_pager(text: str) -> None:
    """Refuse text that a pager stopped in: of the lines where it did, some are not read as such."""
    found = _PAGER.search(text)
    if found is not None:
        number = text.count("\n", 0, found.start()) + 1
        raise DeviceError(
            f"line {number} holds what a pager wrote: capture it without one (terminal length 0)"
        )


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST:
            raise DeviceError(f"is larger than {_MOST // 1024 // 1024} MiB: no configuration is")
        content = path.read_bytes()
    except OSError as error:
        raise DeviceError(f"can't be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        # A description in an old encoding; every byte is a character there.
        return content.decode("latin-1").replace("\r\n", "\n")
