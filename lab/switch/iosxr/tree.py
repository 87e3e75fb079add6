"""An IOS-XR configuration as a tree: :func:`parse` and :func:`show`; :class:`Node` is a line.

Law: ``parse(show(tree))`` is the tree, and ``show`` prints in the platform's order whatever the
order of entry. A line belongs to the mode that its indentation says, or, typed flush left, to the
innermost open mode that knows it, as on the device.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lab.switch.iosxr.grammar import LEAF, literal_end, mode_of, order_of, printed_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Lines that say nothing: closers, comments, and what surrounds a printed configuration.
_NOISE = re.compile(r"!.*|Building configuration\.\.\.|exit|root|end|commit")


@dataclass(frozen=True, slots=True)
class Node:
    """One line with what stands below it; ``body`` is the inside of a set, policy or map.

    ``mode`` is the mode that the line opens as :func:`lab.switch.iosxr.grammar.mode_of` has it, and
    ``is_open`` whether it is printed with a closing ``!``.
    """

    line: str
    children: tuple[Node, ...] = ()
    body: tuple[str, ...] | None = None
    mode: str = ""
    is_open: bool = False


Tree = tuple[Node, ...]


class SyntaxFaultError(Exception):
    """Lines that the platform does not know; ``lines`` are they, as entered."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


@dataclass(slots=True)
class _Open:
    """A mode that is being read, with the indentation of the line that opened it."""

    node: Node
    mode: str
    indent: int
    children: list[Node] = field(default_factory=list)


def parse(text: str) -> Tree:
    """Read configuration text, also with ``no`` lines, as entered or as printed.

    Raises:
        SyntaxFaultError: lines are no commands.
    """
    lines = text.splitlines()
    stack = [_Open(Node(""), "top", -1)]
    wrong: list[str] = []
    at = 0
    while at < len(lines):
        raw = lines[at].rstrip()
        at += 1
        line = raw.strip()
        indent = len(raw) - len(raw.lstrip())
        if not line or _NOISE.fullmatch(line):
            _leave(stack, line, indent)
            continue
        parent, mode = _place(stack, line, indent)
        if parent is None or mode is None:
            wrong.append(raw)
            continue
        while stack[-1] is not parent:
            _close(stack)
        end = literal_end(line) if parent.mode == "top" and not line.startswith("no ") else None
        if end is not None:
            stop = next((i for i in range(at, len(lines)) if lines[i].strip() == end), None)
            if stop is None:
                wrong.append(raw)
                break
            body = tuple(one.rstrip() for one in lines[at:stop])
            parent.children.append(Node(line, body=body, is_open=True))
            at = stop + 1
            continue
        mode = LEAF if line.startswith("no ") else mode
        known = mode not in {"", LEAF}
        stack.append(_Open(Node(line, mode=mode, is_open=known), mode, indent))
    while len(stack) > 1:
        _close(stack)
    if wrong:
        raise SyntaxFaultError(wrong)
    return tuple(stack[0].children)


def _place(stack: list[_Open], line: str, indent: int) -> tuple[_Open | None, str | None]:
    """Return the open mode that a line belongs to and the mode that it opens itself."""
    command = line.removeprefix("no ")
    inside = next(one for one in reversed(stack) if one.indent < indent)
    # What a mode whose commands are not known holds can only be seen by the indentation.
    known = [one for one in reversed(stack) if one.mode != ""]
    first = [inside] if inside.mode != "top" else []
    for one in (*first, *known):
        if (mode := mode_of(one.mode, command)) is not None:
            return one, mode
    return None, None


def _leave(stack: list[_Open], line: str, indent: int) -> None:
    """Close what a line closes that says nothing else."""
    if line == "!":
        if stack[-1].indent == indent and stack[-1].mode == "":
            stack[-1].node = replace(stack[-1].node, is_open=True)
        while stack[-1].indent >= indent:
            _close(stack)
    elif line == "exit":
        while stack[-1].mode == LEAF:
            _close(stack)
        if len(stack) > 1:
            _close(stack)
    elif line in {"root", "end"}:
        while len(stack) > 1:
            _close(stack)


def _close(stack: list[_Open]) -> None:
    done = stack.pop()
    children = tuple(done.children)
    node = replace(done.node, children=children, is_open=done.node.is_open or bool(children))
    stack[-1].children.append(node)


def show(tree: Tree) -> str:
    """Return the configuration as the platform prints it, without header and ``end``."""
    return "".join(f"{line}\n" for line in _lines(tree, "top", 0))


def ordered(nodes: Sequence[Node], mode: str) -> list[Node]:
    """Return a mode's lines in the platform's order."""
    return sorted(nodes, key=lambda node: order_of(mode, node.line))


def _lines(nodes: Sequence[Node], mode: str, depth: int) -> Iterator[str]:
    margin = " " * depth
    for node in ordered(nodes, mode):
        yield f"{margin}{node.line}"
        if node.body is not None:
            yield from node.body
            yield printed_end(node.line)
        yield from _lines(node.children, node.mode, depth + 1)
        if node.is_open:
            yield f"{margin}!"
