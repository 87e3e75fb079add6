"""An FRR configuration as a tree of lines; read `parse` first.

FRR prints a configuration with one more space per level. A tree maps each line to the tree of the
lines below it; separators, comments and the lines that only leave a context are not in it. FRR
prints nothing whose order carries meaning (lists and route-maps have sequence numbers), so two
configurations are the same iff their trees are equal, and dictionaries compare without order.

Law: ``parse(render(tree)) == tree``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Tree = dict[str, "Tree"]

# Lines that say nothing about the device's state: how vtysh heads, separates and ends its output.
_NOISE = re.compile(r"[!#]|(end|quit|exit(-[a-z0-9-]+)?)$|Building configuration|Current configur")

_ADDRESS_FAMILY = "address-family "
_BLANKS = " \t\r"


def parse(text: str) -> Tree:
    """Return the tree of a configuration as FRR prints it, or as people indent it.

    Depth is told by indentation alone, except that lines which stand level with an
    ``address-family`` line belong to it until it is left, as they do for FRR itself.
    """
    root: Tree = {}
    # The open contexts, outermost first: how far the opening line was indented, and its sub-tree.
    stack: list[tuple[int, str, Tree]] = [(-1, "", root)]
    # Nothing else ends a line for FRR, and least of all a form feed in a description; nor is a
    # no-break space at the end of one a blank to it.
    for raw in text.split("\n"):
        line = raw.strip(_BLANKS)
        if not line:
            continue
        depth = len(raw) - len(raw.lstrip(_BLANKS))
        if _NOISE.match(line):
            if line == "exit-address-family":
                opened = [n for n, (_, opener, _) in enumerate(stack) if _is_family(opener)]
                del stack[opened[-1] if opened else len(stack) :]
            continue
        while stack[-1][0] > depth or (stack[-1][0] == depth and not _holds(stack[-1][1], line)):
            stack.pop()
        tree = stack[-1][2].setdefault(line, {})
        stack.append((depth, line, tree))
    return root


def _holds(opener: str, line: str) -> bool:
    """Whether `line`, level with the open context `opener`, belongs inside it."""
    return _is_family(opener) and not _is_family(line)


def _is_family(line: str) -> bool:
    return line.startswith(_ADDRESS_FAMILY)


def render(tree: Tree) -> str:
    """Return the tree as text in FRR's shape: one space per level, ``exit`` after each context."""
    lines: list[str] = []
    for line, below in tree.items():
        lines.append(line)
        if below or opens_context(line):
            lines.extend(_render_inside(below, 1))
            lines.extend(("exit", "!"))
    return "\n".join([*lines, ""])


def _render_inside(tree: Tree, depth: int) -> Iterator[str]:
    indent = " " * depth
    for line, below in tree.items():
        if _is_family(line):
            yield indent + "!"
        yield indent + line
        if below:
            yield from _render_inside(below, depth + 1)
        if _is_family(line):
            yield indent + "exit-address-family"


_OPENERS = re.compile(r"(router|route-map|interface|vrf|key chain|bfd|segment-routing|rpki)\b")


def opens_context(line: str) -> bool:
    """Whether a top-level line opens a context even when nothing stands in it."""
    return _OPENERS.match(line) is not None


def flatten(tree: Tree) -> list[str]:
    """Return every line with the lines it stands under, tab-separated, sorted by their bytes.

    This is the form that the switch compares in (`switch_state.sh` makes the same with awk and
    sort), so that "the device has exactly this" needs no knowledge of the order FRR prints in.
    """
    return sorted(_paths(tree, ""), key=as_bytes)


def as_bytes(text: str) -> bytes:
    """Return ``text`` as the switch has it: bytes that are no UTF-8 are surrogates in it."""
    return text.encode(errors="surrogateescape")


def _paths(tree: Tree, prefix: str) -> Iterator[str]:
    for line, below in tree.items():
        yield prefix + line
        yield from _paths(below, f"{prefix}{line}\t")
