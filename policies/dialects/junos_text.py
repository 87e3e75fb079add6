"""Junos configuration in set form as a tree of words: :func:`read_set`.

This is what ``show configuration | display set`` prints and what NETCONF gives with the format
``set``: one statement a line, then ``deactivate`` lines for the inactive ones. Nothing is lost
but comments. Law: a statement is never taken for two, and what is inactive is not in the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.dialects.line_ends import ended_lines
from policies.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: A word of a path with what follows it; the order is that of the configuration.
Tree = dict[str, "Tree"]

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)
#: Words of one statement, and so levels of the tree; the deepest of Junos have some twenty.
_LONGEST = 200
_PLAIN = re.compile(r'[^\s";{}\[\]()<>#\\]+')
#: What a line of set form may begin with; ``protect`` is printed, and says nothing of routes.
_COMMANDS = ("set", "deactivate", "protect")
#: The parts of a configuration that decide about routes; of the rest no tree is made.
_PARTS = frozenset(
    {
        "apply-groups",
        "groups",
        "logical-systems",
        "policy-options",
        "protocols",
        "routing-instances",
        "routing-options",
        "tenants",
    }
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it is printed, line end included; ``number`` is that of its first line."""

    text: str
    number: int

    @property
    def command(self) -> str:
        """Its first word; "" for a comment or a blank line."""
        head = self.text.split(maxsplit=1)
        return "" if not head or head[0].startswith("#") else head[0]

    def words(self) -> list[str]:
        """Return what follows the first word, without quotes.

        Raises:
            ParseError: they are more than any statement has.
        """
        found = words(self.text)[1:]
        if len(found) > _LONGEST:
            raise ParseError(f"line {self.number} has more words than any statement of Junos")
        return found


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of ``text``, of which one ends with its line or its last quote.

    Raises:
        ParseError: a quote is never closed.
    """
    held, first = "", 0
    for number, line in enumerate(ended_lines(text), start=1):
        if not held and '"' not in line:
            yield Statement(line, number)
            continue
        first = first or number
        held += line
        if held.replace("\\\\", "").replace('\\"', "").count('"') % 2 == 0:
            yield Statement(held, first)
            held, first = "", 0
    if held:
        raise ParseError(f"line {first}: the quote is never closed, the configuration is cut short")


def words(text: str) -> list[str]:
    """Return the words of ``text``; quoted ones without their quotes."""
    if '"' not in text:
        return text.split()
    return [
        re.sub(r"\\(.)", r"\1", found[1]) if found[1] is not None else found[2]
        for found in _WORD.finditer(text)
    ]


def joined(some: Sequence[str]) -> str:
    """Return words as they are written, quoted where they must be; the inverse of `words`."""
    return " ".join(
        one if _PLAIN.fullmatch(one) else '"' + re.sub(r'([\\"])', r"\\\1", one) + '"'
        for one in some
    )


def read_set(text: str) -> tuple[Tree, tuple[tuple[str, ...], ...]]:
    """Return the active configuration, and the paths of what is inactive in it.

    Raises:
        ParseError: ``text`` is not the set form of a whole Junos configuration. Nothing marks
            the end of that, so a cut in the middle of a line shows, and one between lines not.
    """
    if text and not text.endswith("\n"):
        raise ParseError("the last line does not end: the configuration is cut short")
    tree: Tree = {}
    inactive: list[tuple[str, ...]] = []
    versioned = False
    for one in statements(text):
        command = one.command
        if command not in _COMMANDS:
            if command:
                raise ParseError(
                    f"no Junos running configuration in set form: line {one.number} "
                    f"`{one.text.strip()}` is no set command (use `| display set`)"
                )
            continue
        head = one.text.split(maxsplit=2)
        versioned = versioned or head[1:2] == ["version"]
        if len(head) > 1 and head[1] in _PARTS:
            path = one.words()
            if command == "set":
                put(tree, path)
            elif command == "deactivate":
                inactive.append(tuple(path))
    if not versioned:
        raise ParseError(
            "no Junos running configuration in set form: the line `set version` is missing"
        )
    for gone in inactive:
        _cut(tree, gone)
    return tree, tuple(inactive)


def put(tree: Tree, path: Sequence[str]) -> None:
    """Add a path to ``tree``."""
    for word in path:
        tree = tree.setdefault(word, {})


def _cut(tree: Tree, path: Sequence[str]) -> None:
    for word in path[:-1]:
        below = tree.get(word)
        if below is None:
            return
        tree = below
    tree.pop(path[-1], None)


def leaves(tree: Tree) -> Iterator[tuple[str, ...]]:
    """Yield every path of ``tree`` from its root to an end, in order."""
    for word, below in tree.items():
        if below:
            yield from ((word, *rest) for rest in leaves(below))
        else:
            yield (word,)
