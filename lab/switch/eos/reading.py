"""EOS configuration text, in and out: :func:`read`, :func:`printed` and :func:`typed`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lab.switch.eos.grammar import GRAMMAR
from lab.switch.lines import Configuration, Cursor, whole_commands

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FREE_TEXT = re.compile(r"\s*(?:banner \S+|action bash)\s*")
_ONE_LINE = re.compile(r"(?P<head>(?:ip|ipv6) prefix-list \S+) (?P<entry>(?:seq|permit|deny) .+)")
_WORD = re.compile(r"[\w-]+")

MODEL = "DCS-7050SX3-48YC8"


def read(text: str, *, into: Configuration | None = None) -> Configuration:
    """Return the configuration that ``text`` is, or what it makes of ``into``.

    Raises:
        RefusedError: a line of it is none.
    """
    configuration = Configuration(GRAMMAR) if into is None else into
    cursor = Cursor(configuration)
    for line in whole_commands(text.splitlines(), _ends):
        typed(cursor, line)
    return configuration


def typed(cursor: Cursor, line: str) -> None:
    """Enter ``line``; an entry of a prefix-list may be given in one line, from any mode.

    Raises:
        RefusedError: the switch refuses it.
    """
    if found := _ONE_LINE.fullmatch(" ".join(line.split())):
        cursor.type_all((found["head"], found["entry"], "exit"))
    else:
        cursor.enter(line)


def printed(configuration: Configuration, *, command: str, name: str, release: str) -> str:
    """Return ``configuration`` as ``command`` shows it."""
    head = [
        f"! Command: {command}",
        f"! device: {name} ({MODEL}, EOS-{release})",
        "!",
        f"! boot system flash:/EOS64-{release}.swi",
        "!",
    ]
    return "\n".join(head) + f"\n{configuration.text()}!\nend\n"


def invalid_input(cursor: Cursor, line: str) -> str:
    """Return how EOS names the word that it doesn't understand in ``line``."""
    words = line.split()
    patterns: Sequence[str] = [
        command.pattern
        for node in cursor.path
        for command in cursor.configuration.mode(node).commands
    ]
    known = max((_known(words, pattern.split(" ")) for pattern in patterns), default=0)
    if known >= len(words):
        return "Incomplete command"
    return f"Invalid input (at token {known}: '{words[known]}')"


def _known(words: Sequence[str], pattern: Sequence[str]) -> int:
    """Return how many of ``words``, without a ``no``, are those that a pattern begins with."""
    start = 1 if words[:1] == ["no"] else 0
    count = start
    for word, expected in zip(words[start:], pattern, strict=False):
        is_any = expected.startswith("(?P<") and count > start
        if not is_any and word not in _WORD.findall(expected):
            break
        count += 1
    return count


def _ends(line: str) -> Callable[[str], bool] | None:
    if _FREE_TEXT.fullmatch(line):
        return lambda last: last.strip() == "EOF"
    return None
