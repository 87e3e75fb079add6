"""Which statements Junos knows and what follows their words: :data:`ROOT`, a tree of rules.

The language itself stands in ``schema.txt``. Law: every statement that a configuration can hold
has exactly one :class:`Rule`, and :func:`steps` finds it from the words of a ``set`` command.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Words = tuple[str, ...]


class Kind(StrEnum):
    """What follows a statement's word."""

    CONTAINER = ""
    LEAF = "="
    VALUES = "[]"
    LIST = "*"
    NAMED_LEAF = "* ="
    WORDS = "..."


class StatementError(Exception):
    """The words are no statement of the language; the message is the device's own."""


@dataclass(slots=True, eq=False)
class Rule:
    """One statement. ``word`` is "*" where a name stands without a word before it."""

    word: str
    kind: Kind
    is_secret: bool = False
    is_choice: bool = False
    is_oneliner: bool = False
    is_joined: bool = False
    keeps_empty: bool = False
    is_prefix: bool = False
    children: dict[str, Rule] = field(default_factory=dict)
    #: Word of a statement inside -> its place in what is printed.
    ranks: dict[str, int] = field(default_factory=dict)

    def child(self, word: str) -> Rule | None:
        """Return the rule of a statement inside this one."""
        return self.children.get(word) or self.children.get("*")

    @property
    def can_be_empty(self) -> bool:
        """Whether the statement says something with nothing inside."""
        return self.kind is not Kind.CONTAINER or self.keeps_empty or not self.children


@dataclass(frozen=True, slots=True)
class Step:
    """One level of a path: the rule, and the words that make this statement; see Node."""

    rule: Rule
    words: Words


def steps(rule: Rule, words: Words, *, whole: bool) -> list[Step]:
    """Return the levels that ``words`` lead through, from inside ``rule``.

    ``whole`` demands that names and values are all there, as setting needs it; without it the
    last level may be less, as deleting all of a kind needs it.

    Raises:
        StatementError: there is no such statement.
    """
    found: list[Step] = []
    at = 0
    while at < len(words):
        child = rule.child(words[at])
        if child is None:
            raise StatementError("syntax error")
        length = _length(child, len(words) - at)
        if at + length > len(words):
            if whole:
                raise StatementError("missing argument.")
            length = len(words) - at
        found.append(Step(child, words[at : at + length]))
        at, rule = at + length, child
    if not found:
        raise StatementError("syntax error")
    return found


def _length(rule: Rule, there: int) -> int:
    named = 0 if rule.word == "*" else 1
    more = {Kind.CONTAINER: 0, Kind.LEAF: 1, Kind.VALUES: 1, Kind.LIST: 1, Kind.NAMED_LEAF: 2}
    if rule.kind is Kind.WORDS:
        return max(there, 2)
    if rule.word == "*":
        return {Kind.LEAF: 2}.get(rule.kind, 1)
    return named + more[rule.kind]


def _read(text: str) -> Rule:
    blocks: dict[str, Rule] = {}
    stack: list[tuple[int, Rule]] = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            block = blocks.setdefault(bare, Rule(bare, Kind.CONTAINER))
            stack = [(0, block)]
            continue
        while stack[-1][0] >= indent:
            stack.pop()
        parent = stack[-1][1]
        rule = (
            blocks.setdefault(bare, Rule(bare, Kind.CONTAINER)) if bare[0] == "&" else _rule(bare)
        )
        parent.children[rule.word] = rule
        stack.append((indent, rule))
    root = blocks["&root"]
    _link(root, set())
    return root


def _rule(bare: str) -> Rule:
    word, _, rest = bare.partition(" ")
    marks = "".join(mark for mark in word[:1] if mark in "|-^")
    word = word[len(marks) :]
    secret, prefix = rest == "=!", rest == "prefix"
    kind = Kind.LEAF if secret else Kind(rest) if rest in set(Kind) else Kind.CONTAINER
    if word == "*" and kind is Kind.CONTAINER:
        kind = Kind.LIST
    return Rule(
        word,
        kind,
        is_secret=secret,
        is_choice="|" in marks,
        is_oneliner="-" in marks,
        is_joined="^" in marks,
        keeps_empty=rest == "+",
        is_prefix=prefix,
    )


def _link(rule: Rule, done: set[int]) -> None:
    """Put the blocks in the place of their names, and number the statements in order."""
    if id(rule) in done:
        return
    done.add(id(rule))
    while any(word.startswith("&") for word in rule.children):
        flat: dict[str, Rule] = {}
        for word, child in rule.children.items():
            # A statement of its own stands before one of the same name from a block.
            flat |= child.children if word.startswith("&") else {word: child}
        rule.children = flat
    rule.ranks = {word: rank for rank, word in enumerate(rule.children)}
    for child in rule.children.values():
        _link(child, done)


ROOT = _read((Path(__file__).parent / "schema.txt").read_text(encoding="utf-8"))
