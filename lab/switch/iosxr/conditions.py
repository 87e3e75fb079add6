"""RPL's conditions and actions in the words of :mod:`lab.switch.meaning`.

:class:`Compiled` gathers the pieces of one policy from its end to its beginning, so that every
piece leads only to pieces that exist; :meth:`Compiled.program` lays them out forward.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.switch.iosxr.rpl import is_community, prefix_range
from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Program,
    Verdict,
)

if TYPE_CHECKING:
    from lab.switch.meaning import Condition, Instruction

_WORDS = {"local-preference": "local-preference", "med": "metric", "weight": "weight"}
_NUMBER = re.compile(r"\d+")


class UnsupportedError(Exception):
    """RPL that is right, but that this switch can't carry out."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A test, a change (``otherwise`` is None) or, with neither, a verdict."""

    what: Condition | str | bool
    then: int = -1
    otherwise: int = -1


class Compiled:
    """The pieces of one policy by number; ``drop`` and ``accept`` are the ends."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = [_Piece(what=False), _Piece(what=True)]
        self.drop, self.accept = 0, 1

    def test(self, condition: Condition, then: int, otherwise: int) -> int:
        """Add a test that goes on at one of two pieces; return its number."""
        return then if then == otherwise else self._add(_Piece(condition, then, otherwise))

    def change(self, text: str, then: int) -> int:
        """Add a change in FRR's words, after which ``then`` follows; return its number."""
        return self._add(_Piece(text, then))

    def _add(self, piece: _Piece) -> int:
        self._pieces.append(piece)
        return len(self._pieces) - 1

    def program(self, entry: int) -> Program:
        """Return what can be reached from ``entry``, laid out."""
        order = sorted(self._reachable(entry), reverse=True)
        places: dict[int, int] = {}
        at = 0
        for number, following in zip(order, [*order[1:], -1], strict=True):
            places[number] = at
            piece = self._pieces[number]
            at += 2 if isinstance(piece.what, str) and piece.then != following else 1
        instructions: list[Instruction] = []
        for number in order:
            piece = self._pieces[number]
            if isinstance(piece.what, bool):
                instructions.append(Verdict(piece.what))
            elif isinstance(piece.what, str):
                instructions.append(Change(piece.what))
                if places[piece.then] != len(instructions):
                    instructions.append(Jump(places[piece.then]))
            else:
                to = (places[piece.then], places[piece.otherwise])
                instructions.append(Branch(piece.what, *to))
        return Program(tuple(instructions))

    def _reachable(self, entry: int) -> set[int]:
        found: set[int] = set()
        left = [entry]
        while left:
            number = left.pop()
            if number >= 0 and number not in found:
                found.add(number)
                left += [self._pieces[number].then, self._pieces[number].otherwise]
        return found


def leaf(compiled: Compiled, subject: str, members: tuple[str, ...], to: tuple[int, int]) -> int:
    """Add one condition that goes on at the first of ``to`` if it holds, else at the second.

    Raises:
        UnsupportedError: there is no counterpart.
    """
    then, otherwise = to
    if subject == "destination":
        ranges = [prefix_range(member) for member in members]
        for version in (6, 4):
            of_family = tuple((True, one) for one in ranges if one.prefix.version == version)
            if of_family:
                otherwise = compiled.test(InPrefixes(version, of_family), then, otherwise)
        return otherwise
    if subject == "afi is":
        return compiled.test(IsFamily({"ipv4": 4, "ipv6": 6}[members[0]]), then, otherwise)
    if subject == "community matches-any":
        return compiled.test(HasCommunity(_communities(members)), then, otherwise)
    if subject == "community matches-every":
        for member in reversed(_communities(members)):
            then = compiled.test(HasCommunity((member,)), then, otherwise)
        return then
    if subject in {"as-path in", "as-path originates-from", "as-path passes-through"} or (
        subject == "as-path neighbor-is"
    ):
        return compiled.test(AsPathMatches(_as_paths(subject, members)), then, otherwise)
    raise UnsupportedError(f"'{subject}' is not supported on this platform")


def change(words: tuple[str, ...], members: tuple[str, ...]) -> str:
    """Return an action in FRR's words after ``set``.

    Raises:
        UnsupportedError: there is no counterpart.
    """
    if words[:2] == ("set", "community"):
        return " ".join(["community", *_communities(members), *words[2:]]).strip()
    if words[0] == "set" and words[1] in _WORDS and _NUMBER.fullmatch(words[2]):
        return f"{_WORDS[words[1]]} {words[2]}"
    if words[:2] == ("set", "origin") and words[2] in {"igp", "egp", "incomplete"}:
        return f"origin {words[2]}"
    if words[0] == "prepend" and _NUMBER.fullmatch(words[1]):
        return f"as-path prepend {' '.join([words[1]] * int(words[2]))}"
    if words == ("delete", "all"):
        return "community none"
    raise UnsupportedError(f"'{' '.join(words)}' is not supported on this platform")


def _communities(members: tuple[str, ...]) -> tuple[str, ...]:
    for member in members:
        if not is_community(member):
            raise UnsupportedError(f"community '{member}' is not supported on this platform")
    return members


def _as_paths(subject: str, members: tuple[str, ...]) -> tuple[str, ...]:
    if subject == "as-path in":
        found = [member.split(maxsplit=1) for member in members]
        if any(len(one) != 2 or one[0] != "ios-regex" for one in found):  # noqa: PLR2004 - a pair
            raise UnsupportedError("only ios-regex is supported in an as-path-set")
        return tuple(text.strip("'\"") for _, text in found)
    forms = {"originates-from": "_{}$", "passes-through": "_{}_", "neighbor-is": "^{}_"}
    form = forms[subject.split()[1]]
    return tuple(form.format(member) for member in members)
