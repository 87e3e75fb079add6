"""The indented text of IOS-like platforms as blocks: the one door to ciscoconfparse2.

Read :func:`blocks`. Only the hierarchy of some blocks matters, and only theirs is worked out,
by ciscoconfparse2: of a large configuration that is a small part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policies.errors import ParseError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

_Line = tuple[int, str]

#: Levels below a top-level line; no platform has ten.
_DEEPEST = 100


@dataclass(slots=True)
class Block:
    """One line, stripped, with the lines below it; ``number`` counts lines from 1."""

    text: str
    number: int
    children: list[Block] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The line's words."""
        return self.text.split()


def blocks(lines: Sequence[str], deep: str) -> list[Block]:
    """Return the top-level blocks of ``lines``; comments and blank lines are left out.

    Blocks that begin with ``deep`` are nested as they are indented; in all others whatever is
    indented is a child of the first line.

    Raises:
        ParseError: a line is indented deeper than any configuration is.
    """
    return [_block(chunk, deep) for chunk in _chunks(lines)]


def walk(block: Block) -> Iterator[Block]:
    """Yield ``block`` and everything below it, in the order of the text."""
    yield block
    for child in block.children:
        yield from walk(child)


def walk_tables(block: Block, vrfs: re.Pattern[str] | None) -> Iterator[Block]:
    """Yield as :func:`walk`; where ``vrfs`` begin blocks of VRFs, none of the others below.

    EOS gives a VLAN route targets of its own, for bridging, beside the VRFs.
    """
    yield block
    for child in block.children:
        if vrfs is None or not child.children or vrfs.fullmatch(child.text):
            yield from walk(child)


def _chunks(lines: Sequence[str]) -> Iterator[list[_Line]]:
    """Yield each line that is not indented, numbered, with the indented ones below it."""
    chunk: list[_Line] = []
    for number, line in enumerate(lines, start=1):
        # A banner's text is free text: the parser would take its first letter for a delimiter.
        if not line.strip() or line.lstrip().startswith("!") or line.startswith("banner "):
            continue
        if chunk and not line.startswith((" ", "\t")):
            yield chunk
            chunk = []
        chunk.append((number, line))
    if chunk:
        yield chunk


def _block(chunk: list[_Line], deep: str) -> Block:
    (number, first), *below = chunk
    block = Block(first.strip(), number)
    if first.startswith(deep):
        block.children = [_inner(one) for one in _groups(below)]
    else:
        block.children = [Block(line.strip(), at) for at, line in below]
    return block


def _groups(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Yield each of the least indented ``lines`` with the deeper ones that follow it.

    The parser's time grows with the square of what one line has below it, so it gets the
    parts of a large block one by one.
    """
    least = min((_indent(line) for _, line in lines), default=0)
    group: list[_Line] = []
    for number, line in lines:
        if group and _indent(line) == least:
            yield group
            group = []
        group.append((number, line[least:]))
    if group:
        yield group


def _inner(group: list[_Line]) -> Block:
    (number, first), *below = group
    if len({_indent(line) for _, line in below}) <= 1:
        flat = [Block(line.strip(), at) for at, line in below]
        return Block(first.strip(), number, flat)
    # Most texts need it nowhere, and it takes longer to import than they take to parse.
    from ciscoconfparse2 import CiscoConfParse  # noqa: PLC0415

    parsed = CiscoConfParse([line for _, line in group], syntax="ios", factory=False)
    return _nested(parsed.objs[0], [at for at, _ in group])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _nested(
    line: Any,  # noqa: ANN401 - the library is not annotated
    numbers: Sequence[int],
    depth: int = 0,
) -> Block:
    if depth > _DEEPEST:
        raise ParseError(f"line {numbers[line.linenum]} is indented deeper than any platform does")
    return Block(
        line.text.strip(),
        numbers[line.linenum],
        [_nested(child, numbers, depth + 1) for child in _real(line.children)],
    )


def _real(lines: Iterable[Any]) -> list[Any]:
    return [line for line in lines if line.text.strip()]
