"""How IOS-XE takes a command apart: abbreviations (:func:`expanded`) and pipes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A command whose output is filtered.
FILTER = re.compile(r"(?P<command>.*?) \| (?P<how>[a-z]+) (?P<pattern>.+)")


def expanded(words: list[str], commands: Iterable[str]) -> tuple[str, list[str]]:
    """Return which of ``commands`` abbreviated ``words`` are, the longest that fits, and the rest.

    ("", words) where none fits.
    """
    best = ("", words)
    for command in commands:
        parts = command.split()
        fits = len(words) >= len(parts) and all(
            part.startswith(word) for part, word in zip(parts, words, strict=False)
        )
        if fits and len(parts) > len(best[0].split()):
            best = (command, words[len(parts) :])
    return best


def filtered(output: str, how: str, pattern: str) -> str:
    """Return what ``| include``, ``| exclude`` or ``| begin`` leaves of an output."""
    lines = output.splitlines(keepends=True)
    expression = re.compile(pattern)
    if "include".startswith(how):
        return "".join(line for line in lines if expression.search(line))
    if "exclude".startswith(how):
        return "".join(line for line in lines if not expression.search(line))
    start = next((at for at, line in enumerate(lines) if expression.search(line)), len(lines))
    return "".join(lines[start:])
