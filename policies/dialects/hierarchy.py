"""The indented text of IOS-like platforms as blocks: the one door to ciscoconfparse2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ciscoconfparse2 import CiscoConfParse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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


def blocks(lines: Sequence[str]) -> list[Block]:
    """Return the top-level blocks of ``lines``; comments and blank lines are left out."""
    # A banner's text is free text: the parser would take its first letter for a delimiter.
    kept = [" " if line.startswith("banner ") else line for line in lines]
    if not any(line.strip() for line in kept):
        return []
    parsed = CiscoConfParse(kept, syntax="ios", factory=False)
    return [_block(line) for line in _real(parsed.objs) if line.indent == 0]


def _block(line: Any) -> Block:  # noqa: ANN401 - the library is not annotated
    return Block(
        line.text.strip(), line.linenum + 1, [_block(child) for child in _real(line.children)]
    )


def _real(lines: Iterable[Any]) -> list[Any]:
    return [line for line in lines if line.text.strip().strip("!")]
