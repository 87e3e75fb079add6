"""Whether a running configuration holds what a candidate says, line by line: :func:`not_held`.

IOS-XE takes a file line by line, and what becomes of each line is seen in the configuration alone.
Law: a later line of the candidate goes before an earlier one, as on the switch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.dialects.free_text import free_text, ios_opener

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A line with the lines that it stands under.
_Path = tuple[str, ...]

#: A neighbor has one route-map for each direction: a second takes the place of the first.
_ATTACHED = re.compile(r"(neighbor \S+ route-map) \S+ (in|out)")
#: The lists in one line are alternatives, and may come one by one.
_MATCH = re.compile(r"(match (?:ip|ipv6) address prefix-list) (\S.*)")


def not_held(candidate: str, running: str) -> tuple[str, ...]:
    r"""Return the lines of ``candidate`` that ``running`` does not have, or has for all a ``no``.

    >>> not_held("no ip prefix-list B\nip prefix-list A seq 5 permit 10.0.0.0/8\nend\n",
    ...          "ip prefix-list A seq 5 permit 10.0.0.0/9\nend\n")
    ('ip prefix-list A seq 5 permit 10.0.0.0/8',)
    """
    wanted = _Wanted()
    for path in _paths(candidate.splitlines()):
        if path[-1].startswith("no "):
            wanted.remove((*path[:-1], path[-1].removeprefix("no ")))
        else:
            wanted.add(path)
    lines = running.splitlines()
    literal = free_text(lines, ios_opener)
    commands = [line for line, is_free in zip(lines, literal, strict=True) if not is_free]
    held = {_identity(path): path for path in _paths(commands)}
    missing = [path[-1] for key, path in wanted.lines.items() if held.get(key) != path]
    left = [
        f"no {gone[-1]}"
        for gone in wanted.gone
        if any(_is_meant(gone, path) for path in held.values())
    ]
    return (*missing, *left)


@dataclass(slots=True)
class _Wanted:
    """What a candidate wants: lines by what identifies them, and lines that are to be gone."""

    lines: dict[_Path, _Path] = field(default_factory=dict)
    gone: dict[_Path, None] = field(default_factory=dict)

    def add(self, path: _Path) -> None:
        self.lines[_identity(path)] = path
        for gone in [one for one in self.gone if _is_meant(one, path)]:
            del self.gone[gone]

    def remove(self, gone: _Path) -> None:
        self.gone[gone] = None
        for key, path in list(self.lines.items()):
            if _is_meant(gone, path[: len(gone)]):
                del self.lines[key]


def _is_meant(gone: _Path, path: _Path) -> bool:
    """Return whether ``no`` in front of ``gone`` is about the line ``path``."""
    return gone[:-1] == path[:-1] and f"{path[-1]} ".startswith(f"{gone[-1]} ")


def _identity(path: _Path) -> _Path:
    *above, line = path
    found = _ATTACHED.fullmatch(line)
    return (*above, f"{found[1]} {found[2]}" if found else line)


def _paths(lines: Iterable[str]) -> Iterator[_Path]:
    """Yield the lines of a configuration, each with those above it by indentation."""
    above: list[tuple[int, str]] = []
    for raw in lines:
        line = " ".join(raw.split())
        if not line or line == "end" or line.startswith(("!", "exit")):
            continue
        depth = len(raw) - len(raw.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        for one in _one_by_one(line):
            yield (*(text for _, text in above), one)
        above.append((depth, line))


def _one_by_one(line: str) -> Iterable[str]:
    no = "no " if line.startswith("no ") else ""
    found = _MATCH.fullmatch(line.removeprefix("no "))
    return [f"{no}{found[1]} {name}" for name in found[2].split()] if found else [line]
