"""What a merge does to an IOS-XR configuration, and how two configurations differ.

:func:`merged` enters lines, :func:`changes` are the lines that were entered (``show
configuration``), :func:`difference` is the marked form (``show configuration changes diff``). Law:
merging :func:`changes` of a and b into a gives b.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lab.switch.iosxr.grammar import key_of, printed_end
from lab.switch.iosxr.tree import Node, Tree, ordered, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def merged(tree: Tree, entered: Tree, mode: str = "top") -> Tree:
    """Return ``tree`` after the lines of ``entered``; a set or policy is replaced as a whole."""
    found = list(tree)
    for node in entered:
        if node.line.startswith("no "):
            gone = node.line.removeprefix("no ").strip()
            found = [one for one in found if not _names(mode, gone, one.line)]
            continue
        key = key_of(mode, node.line)
        at = next((i for i, one in enumerate(found) if key_of(mode, one.line) == key), None)
        if at is None:
            found.append(replace(node, children=merged((), node.children, node.mode)))
        elif node.body is not None:
            found[at] = node
        else:
            children = merged(found[at].children, node.children, node.mode)
            is_open = found[at].is_open or node.is_open
            found[at] = replace(found[at], line=node.line, children=children, is_open=is_open)
    return tuple(found)


def _names(mode: str, gone: str, line: str) -> bool:
    """Return whether ``no`` with the words ``gone`` takes ``line`` away."""
    if line == gone or line.startswith(f"{gone} ") or key_of(mode, line) == key_of(mode, gone):
        return True
    words = line.split()
    return mode == "neighbor-af" and gone.split() == [words[0], words[-1]]


def changes(old: Tree, new: Tree) -> Tree:
    """Return what has to be entered to get from ``old`` to ``new``."""
    return tuple(_changes(old, new, "top"))


def _changes(old: Sequence[Node], new: Sequence[Node], mode: str) -> Iterator[Node]:
    before = {key_of(mode, node.line): node for node in old}
    after = {key_of(mode, node.line): node for node in new}
    for key, node in before.items():
        if key not in after:
            yield Node(f"no {node.line.split('(')[0].strip()}")
    for key, node in after.items():
        was = before.get(key)
        if was is None or was.body != node.body:
            yield node
        elif was != node:
            below = tuple(_changes(was.children, node.children, node.mode))
            if below or was.line != node.line:
                yield replace(node, children=below)


def entered_text(old: Tree, new: Tree) -> str:
    """Return :func:`changes` as the platform prints a target configuration."""
    return show(changes(old, new))


def difference(old: Tree, new: Tree) -> str:
    """Return the lines that differ, marked ``+`` and ``-``, below the lines that they stand in."""
    return "".join(f"{line}\n" for line in _difference(old, new, "top", 0))


def _difference(old: Sequence[Node], new: Sequence[Node], mode: str, depth: int) -> Iterator[str]:
    before = {key_of(mode, node.line): node for node in old}
    after = {key_of(mode, node.line): node for node in new}
    margin = " " * depth
    for node in ordered(tuple((before | after).values()), mode):
        key = key_of(mode, node.line)
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        if was is None or now is None or was.body != now.body or not node.is_open:
            if was is not None:
                yield from (f"-  {margin}{line}" for line in _whole(was))
            if now is not None:
                yield from (f"+  {margin}{line}" for line in _whole(now))
            continue
        yield f"   {margin}{now.line}"
        yield from _difference(was.children, now.children, now.mode, depth + 1)
        yield f"   {margin}!"


def _whole(node: Node) -> Iterator[str]:
    yield node.line
    if node.body is not None:
        yield from node.body
        yield printed_end(node.line)
        return
    for child in ordered(node.children, node.mode):
        yield from (f" {line}" for line in _whole(child))
    if node.is_open:
        yield "!"
