"""A configuration as a tree of statements: :class:`Node`, and what editing commands do to it.

Law: a tree holds what the configuration says in the order in which it is printed, nothing about
how it was entered; two configurations that print the same text compare equal (:meth:`Node.same`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.junos.prefixes import filter_ranges
from lab.switch.junos.schema import ROOT, Kind, Rule, StatementError, Step, Words, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotFoundError(Exception):
    """There is nothing to delete, which is a warning."""


@dataclass(slots=True, eq=False)
class Node:
    """A statement: its own ``words`` (``("neighbor", "192.0.2.1")``) and what is inside.

    Each value of a statement with several is a node of its own.
    """

    rule: Rule = ROOT
    words: Words = ()
    children: dict[Words, Node] = field(default_factory=dict)
    is_inactive: bool = False

    def copy(self) -> Node:
        """Return the same, independent of this one."""
        return Node(
            self.rule,
            self.words,
            {words: child.copy() for words, child in self.children.items()},
            self.is_inactive,
        )

    def same(self, other: Node) -> bool:
        """Whether both print the same."""
        mine, theirs = self.in_order(), other.in_order()
        return (
            self.words == other.words
            and self.is_inactive == other.is_inactive
            and len(mine) == len(theirs)
            and all(one.same(two) for one, two in zip(mine, theirs, strict=True))
        )

    def in_order(self) -> list[Node]:
        """Return what is inside as it is printed: by the language's order, then as entered."""
        ranks = self.rule.ranks
        return sorted(
            self.children.values(), key=lambda child: (ranks[child.rule.word], *_place(child))
        )

    def find(self, *words: str) -> Node | None:
        """Return what ``words`` lead to, if it is there."""
        node: Node | None = self
        for step in steps(self.rule, words, whole=True):
            node = None if node is None else node.children.get(step.words)
        return node

    def all(self, word: str) -> Iterator[Node]:
        """Yield the active statements that begin with ``word``, in order."""
        for child in self.children.values():
            if child.words[0] == word and not child.is_inactive:
                yield child

    def value(self, word: str) -> str | None:
        """Return the value of an active statement inside."""
        return next((node.words[-1] for node in self.all(word)), None)

    def values(self, word: str) -> tuple[str, ...]:
        """Return the values of an active statement that takes several, in order."""
        return tuple(node.words[-1] for node in self.all(word))

    def one(self, *words: str) -> Node:
        """Return what active ``words`` lead to, or an empty node."""
        node = self
        for step in steps(self.rule, words, whole=True):
            child = node.children.get(step.words)
            if child is None or child.is_inactive:
                return Node(step.rule)
            node = child
        return node

    def set(self, words: Words) -> None:
        """Add a statement; what it excludes goes."""
        node = self
        path = steps(self.rule, words, whole=True)
        if not path[-1].rule.can_be_empty:
            return
        for step in path:
            _check(step)
        for step in path:
            child = node.children.get(step.words)
            if child is None:
                _make_room(node, step)
                child = node.children[step.words] = Node(step.rule, step.words)
            node = child

    def delete(self, words: Words) -> None:
        """Remove a statement with all that is inside.

        Raises:
            NotFoundError: it isn't there.
        """
        for node, parent, _ in self._targets(words):
            del parent.children[node.words]
        self._prune(words)

    def activate(self, words: Words, *, active: bool) -> None:
        """Bring a statement into effect, or out of it."""
        for node, _, _ in self._targets(words):
            node.is_inactive = not active

    def insert(self, words: Words, where: str, beside: Words) -> None:
        """Move a statement before or after one of its kind."""
        node, parent, step = self._targets(words)[0]
        name = (step.words[0], *beside) if len(beside) == 1 != len(step.words) else beside
        if name not in parent.children or name == node.words:
            raise NotFoundError
        del parent.children[node.words]
        order: dict[Words, Node] = {}
        for key, child in parent.children.items():
            pair = [(key, child), (node.words, node)]
            order |= dict(pair if where == "after" else pair[::-1]) if key == name else {key: child}
        parent.children = order

    def _targets(self, words: Words) -> list[tuple[Node, Node, Step]]:
        path = steps(self.rule, words, whole=False)
        parent: Node = self
        for step in path[:-1]:
            inside = parent.children.get(step.words)
            if inside is None:
                raise NotFoundError
            parent = inside
        last = path[-1]
        found = [
            (child, parent, last)
            for child in parent.children.values()
            if child.rule is last.rule and child.words[: len(last.words)] == last.words
        ]
        if not found:
            raise NotFoundError
        return found

    def _prune(self, words: Words) -> None:
        """Remove containers that say nothing any more, from the inside out."""
        path = steps(self.rule, words, whole=False)[:-1]
        nodes = [self]
        for step in path:
            nodes.append(nodes[-1].children[step.words])
        for parent, node in zip(nodes[-2::-1], nodes[:0:-1], strict=True):
            if node.children or node.rule.can_be_empty:
                return
            del parent.children[node.words]


def _make_room(node: Node, step: Step) -> None:
    rule = step.rule
    if rule.is_choice:
        for key in [key for key, child in node.children.items() if child.rule.is_choice]:
            del node.children[key]
        return
    if rule.kind is Kind.LEAF:
        named = step.words[:1]
    elif rule.kind is Kind.NAMED_LEAF:
        named = step.words[:2]
    else:
        return
    for key in [key for key in node.children if key[: len(named)] == named]:
        del node.children[key]


def _check(step: Step) -> None:
    """Raise unless the prefixes in a level are some."""
    try:
        if step.rule.is_prefix:
            ip_network(step.words[0], strict=False)
        elif step.rule.word == "route-filter":
            filter_ranges([step.words[1:]])
    except IndexError as error:
        raise StatementError("missing argument.") from error
    except ValueError as error:
        raise StatementError(f"invalid ip address or prefix: {' '.join(step.words)}") from error


def _place(node: Node) -> tuple[int, int, int]:
    if not node.rule.is_prefix:
        return (0, 0, 0)
    network = ip_network(node.words[0], strict=False)
    return (network.version, int(network.network_address), network.prefixlen)
