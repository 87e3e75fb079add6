"""Junos configuration in braces, as files usually keep it, in set form: :func:`set_form`.

That is what ``show configuration`` prints without ``| display set``. Law: each statement becomes
the same path of words; what is inactive is followed by its ``deactivate`` line, as the device
would print it; nothing else is lost but comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>/\*.*?\*/ | \#[^\n]*)
    | (?P<word>"(?:[^"\\]|\\.)*" | [^\s{};\[\]"]+)
    | (?P<mark>[{};\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
#: What stands in front of a statement and says something about it.
_TAGS = frozenset({"inactive:", "protect:", "replace:"})


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int
    is_mark: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """An open brace: the path of the block around it, and what is known of its own."""

    outside: tuple[str, ...]
    inactive: bool
    began: int


@dataclass(slots=True)
class _Reader:
    """Reads token after token; ``lines`` and ``numbers`` are the statements so far."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    path: tuple[str, ...] = ()
    words: list[str] = field(default_factory=list)
    members: list[str] | None = None
    was_list: bool = False
    inactive: bool = False
    #: Whether the block that is open has a statement in it.
    filled: bool = False
    number: int = 1
    blocks: list[_Block] = field(default_factory=list)

    def take(self, token: _Token) -> None:
        if not token.is_mark:
            self._word(token)
            return
        doers = {"[": self._list, "]": self._end_list, "{": self._open, ";": self._end}
        done = doers.get(token.text, self._close)()
        if not done:
            raise ParseError(f"line {token.line}: `{token.text}` makes no sense there")

    def _word(self, token: _Token) -> None:
        if self.members is not None:
            self.members.append(token.text)
        elif not self.words and token.text in _TAGS:
            self.inactive = self.inactive or token.text == "inactive:"
        else:
            self.number = self.number if self.words else token.line
            self.words.append(token.text)

    def _list(self) -> bool:
        fits = bool(self.words) and self.members is None and not self.was_list
        self.members = []
        return fits

    def _end_list(self) -> bool:
        for member in self.members or ():
            self._say("set", (*self.path, *self.words, member), self.number)
        fits, self.members, self.was_list = self.members is not None, None, True
        return fits

    def _open(self) -> bool:
        fits = bool(self.words) and self.members is None and not self.was_list
        self.blocks.append(_Block(self.path, self.inactive, self.number))
        self.path = (*self.path, *self.words)
        self.words, self.inactive, self.filled = [], False, False
        return fits

    def _end(self) -> bool:
        fits = bool(self.words) and self.members is None
        whole = (*self.path, *self.words)
        if not self.was_list:
            self._say("set", whole, self.number)
        if self.inactive:
            self._say("deactivate", whole, self.number)
        self.words, self.inactive, self.was_list, self.filled = [], False, False, True
        return fits

    def _close(self) -> bool:
        if not self.blocks or self.words:
            return False
        block = self.blocks.pop()
        if not self.filled:
            self._say("set", self.path, block.began)
        if block.inactive:
            self._say("deactivate", self.path, block.began)
        self.path, self.filled = block.outside, True
        return True

    def _say(self, command: str, words: tuple[str, ...], number: int) -> None:
        text = " ".join((command, *words))
        self.lines.append(text)
        # A quoted word may hold line ends: each makes a line of its own.
        self.numbers += [number] * (1 + text.count("\n"))


def is_braces(text: str) -> bool:
    """Return whether ``text`` is a configuration in braces, judged by its first statement."""
    for token in _tokens(text):
        if token.is_mark:
            return token.text != "["
        if token.text in ("set", "deactivate", "delete", "protect"):
            return False
    return False


def set_form(text: str) -> tuple[str, tuple[int, ...]]:
    """Return ``text`` in set form, and for each of its lines the number of the one it is from.

    Raises:
        ParseError: it is cut short, or no configuration in braces.
    """
    reader = _Reader()
    for token in _tokens(text):
        reader.take(token)
    if reader.blocks or reader.words:
        at = reader.blocks[-1].began if reader.blocks else reader.number
        raise ParseError(f"line {at}: what begins there never ends, the configuration is cut short")
    return "".join(f"{line}\n" for line in reader.lines), tuple(reader.numbers)


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the words and marks of ``text``.

    Raises:
        ParseError: a quote or a comment never ends.
    """
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or (text.startswith("/*", at) and found.lastgroup != "comment"):
            raise ParseError(f"line {line}: what begins there never ends, it is cut short")
        if found.lastgroup in ("word", "mark"):
            yield _Token(found[0], line, found.lastgroup == "mark")
        line += found[0].count("\n")
        at = found.end()
