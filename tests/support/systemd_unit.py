"""A systemd unit read as systemd would, to run its command without systemd: :class:`Unit`."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Unit:
    """The settings of one unit file, in order."""

    settings: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, path: Path) -> Unit:
        """Return the unit in the file ``path``; it has no lines that go on on the next one."""
        text = path.read_text(encoding="utf-8")
        assert "\\\n" not in text
        lines = [line for line in text.splitlines() if line and line[0] not in "#;["]
        return cls(tuple((key, value) for key, _, value in (one.partition("=") for one in lines)))

    def all(self, key: str) -> list[str]:
        """Return every value of ``key``."""
        return [value for name, value in self.settings if name == key]

    def one(self, key: str) -> str:
        """Return the value of ``key``, which stands there once."""
        (value,) = self.all(key)
        return value

    def placed(self, key: str, places: Mapping[str, str]) -> list[str]:
        """Return every value of ``key``, with ``places`` put in."""
        return [_placed(value, places) for value in self.all(key)]

    def environment(self, places: Mapping[str, str]) -> dict[str, str]:
        """Return what ``Environment=`` says."""
        pairs = (one.partition("=") for one in self.all("Environment"))
        return {key: _placed(value, places) for key, _, value in pairs}

    def command(self, places: Mapping[str, str]) -> list[str]:
        """Return ``ExecStart=``, with ``places`` put in for specifiers and folders."""
        return [_placed(word, places) for word in shlex.split(self.one("ExecStart"))]

    def system_calls(self) -> frozenset[str]:
        """Return the system calls that ``SystemCallFilter=`` leaves."""
        allowed: set[str] = set()
        for line in self.all("SystemCallFilter"):
            names = {name for one in line.lstrip("~").split() for name in _expand(one)}
            allowed = allowed - names if line.startswith("~") else allowed | names
        return frozenset(allowed)


def _placed(text: str, places: Mapping[str, str]) -> str:
    for old, new in places.items():
        text = text.replace(old, new)
    assert not re.search(r"%\w", text), f"nothing is put in for a specifier of {text}"
    return text


def _expand(name: str) -> Iterator[str]:
    if not name.startswith("@"):
        yield name
        return
    for one in _sets()[name]:
        yield from _expand(one)


@cache
def _sets() -> Mapping[str, tuple[str, ...]]:
    """Return systemd's own sets of system calls."""
    argv = ["systemd-analyze", "syscall-filter", "--no-pager"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = {}
    name = ""
    for line in listed.splitlines():
        if line.startswith("@"):
            name = line.strip()
        elif name and line.startswith("    ") and not line.strip().startswith("#"):
            found.setdefault(name, []).append(line.strip())
    return {name: tuple(calls) for name, calls in found.items()}
