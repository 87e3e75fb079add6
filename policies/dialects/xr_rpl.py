"""Cisco's routing policy language as a tree: :func:`read_statements`.

Statements, not lines, carry the meaning, so everything is read by tokens. What a statement or
a condition says is not looked at here; :mod:`policies.dialects.xr_paths` does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: A regular expression in quotes, a remark, punctuation, or a word.
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|#.*|[(),]|[^\s(),'\"]+")

#: Words that begin a statement, wherever they stand.
_FIRST = frozenset(
    {
        "if",
        "elseif",
        "else",
        "endif",
        "pass",
        "drop",
        "done",
        "apply",
        "set",
        "prepend",
        "delete",
        "replace",
        "suppress-route",
        "unsuppress-route",
        "var",
    }
)

#: Deeper nesting than anybody writes.
_DEEPEST = 40


class RplError(ValueError):
    """A policy's text is no RPL that is understood here."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison, such as ``destination in POOLS``; ``line`` is the number of its line."""

    words: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """True where ``inner`` is not."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """``left and right``; with ``either`` it is ``left or right``."""

    left: Condition
    right: Condition
    either: bool = False


Condition = Test | Not | Both


@dataclass(frozen=True, slots=True)
class Plain:
    """Any statement but ``if``: its words."""

    words: tuple[str, ...]
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class If:
    """The ``if`` and each ``elseif``, in order, and the ``else``, which may be empty."""

    branches: tuple[tuple[Condition, Block], ...]
    otherwise: Block
    line: int = field(default=0, compare=False)


Statement = Plain | If
Block = tuple[Statement, ...]


def tokens(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the tokens of ``lines`` without remarks."""
    found = (one for line in lines for one in _TOKEN.findall(line))
    return tuple(one for one in found if not one.startswith("#"))


def token_lines(lines: Iterable[str], first: int) -> tuple[int, ...]:
    """Return the number of the line of each of the :func:`tokens`; lines count from ``first``."""
    return tuple(number for number, line in enumerate(lines, start=first) for _ in tokens([line]))


def fill_in(
    words: Iterable[str], numbers: Iterable[int], values: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return ``words`` with the parameters that are a word, such as ``$pools``, filled in.

    And the number of the line of each, which for what is filled in is that of the parameter.
    """
    filled = [
        (one, number)
        for word, number in zip(words, numbers, strict=True)
        for one in values.get(word, (word,))
    ]
    return tuple(word for word, _ in filled), tuple(number for _, number in filled)


def arguments(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return what stands in parentheses, parted by commas: ``( a , b c )``.

    Raises:
        RplError: the parentheses don't match, or something stands behind them.
    """
    return tuple(tuple(words[at] for at in one) for one in arguments_at(words))


def arguments_at(words: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return the places in ``words`` of the words of each argument.

    Raises:
        RplError: as :func:`arguments`.
    """
    if not words:
        return ()
    if words[0] != "(" or words[-1] != ")":
        raise RplError(f"no arguments: {' '.join(words)}")
    parts: list[list[int]] = [[]]
    depth = 0
    for at, word in enumerate(words[1:-1], start=1):
        depth += (word == "(") - (word == ")")
        if depth < 0:
            raise RplError(f"too many parentheses: {' '.join(words)}")
        if word == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(at)
    if depth:
        raise RplError(f"too few parentheses: {' '.join(words)}")
    return tuple(tuple(one) for one in parts if one)


def call_text(words: Sequence[str]) -> str:
    """Return a policy as it is attached or applied, in one form: ``NAME`` or ``NAME(a, b)``.

    Raises:
        RplError: ``words`` are no such thing.
    """
    if not words or words[0] in "(),":
        raise RplError(f"no policy: {' '.join(words)}")
    given = ", ".join(" ".join(one) for one in arguments(words[1:]))
    return f"{words[0]}({given})" if given else words[0]


def statement_text(one: Statement) -> str:
    """Return a statement in one line."""
    if isinstance(one, Plain):
        return " ".join(one.words)
    parts = []
    for word, (condition, block) in zip(
        ("if", *["elseif"] * len(one.branches)), one.branches, strict=False
    ):
        parts += [word, _condition_text(condition), "then", *map(statement_text, block)]
    if one.otherwise:
        parts += ["else", *map(statement_text, one.otherwise)]
    return " ".join((*parts, "endif"))


def _condition_text(one: Condition) -> str:
    match one:
        case Test(words):
            return " ".join(words)
        case Not(inner):
            return f"not ({_condition_text(inner)})"
        case Both(left, right, either):
            word = "or" if either else "and"
            return f"({_condition_text(left)}) {word} ({_condition_text(right)})"


def read_statements(words: Sequence[str], numbers: Sequence[int] = ()) -> Block:
    """Return the statements of a policy's body; ``numbers`` are those of the words' lines.

    Raises:
        RplError: it is not understood.
    """
    reader = _Reader(words, numbers)
    block = reader.block(0)
    if reader.next is not None:
        raise RplError(f"`{reader.next}` without an `if`")
    return block


class _Reader:
    def __init__(self, words: Sequence[str], numbers: Sequence[int]) -> None:
        self._words = words
        self._numbers = numbers
        self._at = 0

    @property
    def line(self) -> int:
        """The number of the next token's line; 0 where nobody said it."""
        return self._numbers[self._at] if self._at < len(self._numbers) else 0

    @property
    def next(self) -> str | None:
        """The next token, None at the end."""
        return self._words[self._at] if self._at < len(self._words) else None

    def take(self, *wanted: str) -> str:
        """Return the next token and go past it; it must be one of ``wanted``, if any are."""
        found = self.next
        if found is None or (wanted and found not in wanted):
            raise RplError(f"`{' or '.join(wanted)}` is missing")
        self._at += 1
        return found

    def block(self, depth: int) -> Block:
        """Read statements up to what ends a branch."""
        if depth > _DEEPEST:
            raise RplError("nested too deep")
        found: list[Statement] = []
        while self.next not in (None, "elseif", "else", "endif"):
            found.append(self._if(depth) if self.next == "if" else self._plain())
        return tuple(found)

    def _plain(self) -> Plain:
        line = self.line
        words = [self.take()]
        depth = 0
        while (word := self.next) is not None and (depth or word not in _FIRST):
            depth += (word == "(") - (word == ")")
            words.append(self.take())
        return Plain(tuple(words), line)

    def _if(self, depth: int) -> If:
        branches: list[tuple[Condition, Block]] = []
        otherwise: Block = ()
        line = self.line
        word = self.take("if")
        while word != "endif":
            if word == "else":
                otherwise = self.block(depth + 1)
                self.take("endif")
                break
            condition = self._either(depth)
            self.take("then")
            branches.append((condition, self.block(depth + 1)))
            word = self.take("elseif", "else", "endif")
        return If(tuple(branches), otherwise, line)

    def _either(self, depth: int) -> Condition:
        left = self._both(depth)
        while self.next == "or":
            self.take()
            left = Both(left, self._both(depth), either=True)
        return left

    def _both(self, depth: int) -> Condition:
        left = self._not(depth)
        while self.next == "and":
            self.take()
            left = Both(left, self._not(depth))
        return left

    def _not(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise RplError("nested too deep")
        if self.next == "not":
            self.take()
            return Not(self._not(depth + 1))
        if self.next == "(":
            self.take()
            inner = self._either(depth + 1)
            self.take(")")
            return inner
        return self._test()

    def _test(self) -> Test:
        words: list[str] = []
        depth = 0
        line = self.line
        while (word := self.next) is not None and (
            depth or word not in (")", "and", "or", "then", "not")
        ):
            depth += (word == "(") - (word == ")")
            words.append(self.take())
        if not words:
            raise RplError("a condition is missing")
        return Test(tuple(words), line)
