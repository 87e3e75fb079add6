"""A configuration as a tree of lines: :class:`Configuration`, and :class:`Cursor` which types.

The tree keeps what was entered, whatever the order and the indentation; ``text`` prints it in the
platform's own form. Law: what is printed and read again prints the same. All that differs between
platforms is in the :class:`~lab.switch.grammar.Grammar`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.switch.grammar import Command, Grammar, compiled

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lab.switch.grammar import Mode

_OUTERMOST = Command("", enters="")


class RefusedError(Exception):
    """The switch refuses a line; the text is its own words."""


class UnknownCommandError(RefusedError):
    """No mode that is open knows the line, which is the text."""


@dataclass(slots=True)
class Node:
    """A line that is configured, with what is below it; of the root the text is empty.

    ``groups`` are the named groups of its command's pattern, without a leading ``_``; those in
    ``identity`` tell it from its siblings.
    """

    text: str = ""
    command: Command = _OUTERMOST
    groups: Mapping[str, str] = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    children: dict[tuple[str, ...], Node] = field(default_factory=dict)

    def named(self, name: str) -> Iterator[Node]:
        """Yield the lines right below whose command has this name, in the order of entry."""
        return (child for child in self.children.values() if child.command.name == name)

    def copy(self) -> Node:
        """Return a copy that shares nothing which changes."""
        below = {key: child.copy() for key, child in self.children.items()}
        return Node(self.text, self.command, self.groups, self.identity, below)

    def put(self, command: Command, found: re.Match[str]) -> Node:
        """Keep a line that ``command``'s pattern has found; return it, with what it has below."""
        groups = {name: text for name, text in found.groupdict().items() if text is not None}
        identity = tuple(
            groups.get(name, "")
            for name in compiled(command.pattern).groupindex
            if not name.startswith("_")
        )
        key = (command.pattern, *identity)
        bare = {name.removeprefix("_"): text for name, text in groups.items()}
        node = self.children.get(key)
        if command.default is not None and compiled(command.default).fullmatch(found[0]):
            self.children.pop(key, None)
            return Node(found[0], command, bare, identity)
        if node is None:
            node = self.children[key] = Node(command=command)
        node.text, node.groups, node.identity = found[0], bare, identity
        return node

    def drop(self, fits: Callable[[Node], bool]) -> None:
        """Take away the lines right below that fit."""
        for key in [key for key, child in self.children.items() if fits(child)]:
            del self.children[key]


@dataclass(slots=True)
class Configuration:
    """All lines of one configuration."""

    grammar: Grammar
    root: Node = field(default_factory=Node)

    def copy(self) -> Configuration:
        """Return a copy that can be edited on its own."""
        return Configuration(self.grammar, self.root.copy())

    def text(self) -> str:
        """Return it as the platform prints it."""
        return "".join(f"{line}\n" for line in self._below(self.root, ""))

    def mode(self, node: Node) -> Mode:
        """Return the mode that a line opens."""
        return self.grammar.modes[node.command.enters or ""]

    def _below(self, node: Node, indent: str) -> Iterator[str]:
        places = {id(command): at for at, command in enumerate(self.mode(node).commands)}
        there = [one for one in node.children.values() if one.children or not one.command.fleeting]
        there.sort(key=lambda one: self._order(one, places))
        is_parted = not indent or self.grammar.deep_separator
        before: tuple[Any, ...] | None = None
        for at, child in enumerate(there, start=1):
            command, order = child.command, self._order(child, places)
            is_block = command.enters is not None
            section: tuple[Any, ...] = (at,) if is_block else ()
            if not is_block and not indent:
                section = (order[0], order[1] if command.parted else None)
            if is_parted and before not in {None, section}:
                yield f"{indent}{self.grammar.separator}"
            yield f"{indent}{child.text}"
            if is_block:
                yield from self._below(child, indent + self.grammar.indent)
            if command.closing is not None:
                yield f"{indent}{command.closing}"
            before = section

    def _order(self, node: Node, places: Mapping[int, int]) -> tuple[Any, ...]:
        command = node.command
        place = places[id(command)]
        first = tuple(self.grammar.collate(node.groups.get(name, "")) for name in command.by)
        rest = () if command.entered else tuple(map(self.grammar.collate, node.identity))
        return (place if command.rank is None else command.rank, first, place, rest)


class Cursor:
    """Someone typing: where they are, and what their next line does.

    ``path`` are the lines whose modes are open, from the root on.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.path = [configuration.root]

    def type_all(self, lines: Iterable[str]) -> None:
        """Enter all ``lines``; the first that is refused raises."""
        for line in lines:
            self.enter(line)

    def enter(self, line: str) -> None:
        """Do what ``line`` says; indentation means nothing, blank lines and comments neither.

        Raises:
            UnknownCommandError: no open mode knows it.
            RefusedError: the platform refuses it, in its own words.
        """
        text = _squeezed(line)
        if not text or text.startswith("!") or text in {"exit", "end"} or self._closes(text):
            if text == "exit":
                del self.path[max(1, len(self.path) - 1) :]
            elif text == "end":
                del self.path[1:]
            return
        for depth in self._depths():
            if self._set(text, depth) or (text.startswith("no ") and self._remove(text[3:], depth)):
                return
        raise UnknownCommandError(text)

    def _depths(self) -> Iterable[int]:
        """Return which open modes are asked, the innermost first."""
        last = len(self.path) - 1
        return range(last, -1, -1) if self.configuration.grammar.climbs else sorted({0, last})[::-1]

    def _closes(self, text: str) -> bool:
        for depth in range(len(self.path) - 1, 0, -1):
            if self.path[depth].command.closing == text:
                del self.path[depth:]
                return True
        return False

    def _set(self, text: str, depth: int) -> bool:
        node = self.path[depth]
        for command in self.configuration.mode(node).commands:
            found = compiled(command.pattern).fullmatch(text)
            if found is None:
                continue
            if command.rewrite is not None:
                kept = command.rewrite(found, node)
                found = compiled(command.pattern).fullmatch(kept)
                if found is None:
                    raise ValueError(f"{text!r} was rewritten to {kept!r}, another kind of line")
            del self.path[depth + 1 :]
            line = node.put(command, found)
            if command.enters is not None:
                self.path.append(line)
            return True
        return False

    def _remove(self, text: str, depth: int) -> bool:
        node = self.path[depth]
        mode = self.configuration.mode(node)
        known = [self._withdraw(command, text, node) for command in mode.commands]
        for pattern in mode.sweeps:
            if found := compiled(pattern).fullmatch(text):
                _sweep(node, found)
                known.append(True)
        if not any(known):
            longer = [one for one in node.children.values() if one.text.startswith(f"{text} ")]
            if len({one.command.pattern for one in longer}) != 1:
                return False
            node.drop(lambda one: one.text.startswith(f"{text} "))
        del self.path[depth + 1 :]
        return True

    def _withdraw(self, command: Command, text: str, node: Node) -> bool:
        for pattern in (*command.removed_by, command.pattern):
            if found := compiled(pattern).fullmatch(text):
                if command.withdraw is not None:
                    command.withdraw(found, node)
                else:
                    node.drop(lambda one: one.command is command and agrees(one, found))
                return True
        return False


def agrees(node: Node, found: re.Match[str]) -> bool:
    """Return whether a line has all the groups that ``found`` has, values apart."""
    return all(
        node.groups.get(name) == text
        for name, text in found.groupdict().items()
        if text is not None and not name.startswith("_")
    )


def whole_commands(
    lines: Sequence[str], ends: Callable[[str], Callable[[str], bool] | None]
) -> list[str]:
    """Return ``lines`` with each banner or script joined to the command that begins it.

    ``ends`` says of a first line what tells the last one; None for a line that is whole.
    """
    joined: list[str] = []
    is_last: Callable[[str], bool] | None = None
    for line in lines:
        if is_last is None:
            joined.append(line)
            is_last = ends(line)
        else:
            joined[-1] += f"\n{line}"
            is_last = None if is_last(line) else is_last
    return joined


def _squeezed(line: str) -> str:
    first, *literal = line.strip().split("\n")
    return "\n".join([" ".join(first.split()), *literal])


def _sweep(node: Node, found: re.Match[str]) -> None:
    node.drop(lambda one: set(found.groupdict()) <= set(one.groups) and agrees(one, found))
    for child in node.children.values():
        _sweep(child, found)
