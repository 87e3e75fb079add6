"""What of a configuration is not ringfence's: :func:`foreign`, for all IOS-like platforms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.ownership import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAME = rf"{re.escape(PREFIX)}\S*"
_OBJECT = re.compile(rf"(?:route-map|ip prefix-list|ipv6 prefix-list) {_NAME}(?:\s.*)?", re.DOTALL)
_MAP, _ROUTER = "route-map ", "router bgp "
_MATCH = re.compile(rf"\s+match ip(?:v6)? address prefix-list (?:\S+ )*{_NAME}(?:\s.*)?", re.DOTALL)
_ATTACHED = re.compile(rf"\s+(?:neighbor \S+ )?route-map {_NAME} (?:in|out)\s*")
_FAMILY, _END = "address-family ", "exit-address-family"
#: What IOS-XE prints about a configuration in front of it, and what ends one.
_ABOUT = ("Building configuration", "Current configuration :", "end")
#: A line; whether it is free text; whether it begins a family that says nothing when empty.
_Row = tuple[str, bool, bool]


def foreign(
    lines: Sequence[str], literal: Sequence[bool], hollow: Sequence[bool] | None = None
) -> str:
    """Return ``lines``, which keep their line ends, without ours and without separators.

    A stanza or a list goes with all of its lines; free text, as ``literal`` says, always
    stays. A ``!`` is printed behind blocks wherever they end, and an address family is
    printed while it has lines, so neither says anything by itself. Where an empty family does
    say something, ``hollow`` marks the lines of those that say nothing.
    """
    if hollow is None:
        hollow = [line.strip().startswith(_FAMILY) for line in lines]
    rows = [
        (line, kept, not kept and empty_says_nothing)
        for line, kept, empty_says_nothing in zip(lines, literal, hollow, strict=True)
        if kept or not _is_separator(line)
    ]
    out: list[_Row] = []
    for block in _blocks(rows):
        if not _is_ours(block):
            routes = block[0][0].startswith(_ROUTER)
            out += [row for row in block if row[1] or not (routes and _ATTACHED.fullmatch(row[0]))]
    return "".join(line for line in _without_empty_families(out))


def _is_separator(line: str) -> bool:
    text = line.strip()
    comment = text.startswith("!") and not text.startswith("!!")
    return (
        not text
        or comment
        or (not line.startswith(" ") and text.startswith(_ABOUT[:2]))
        or (line.rstrip() == _ABOUT[2])
    )


def _blocks(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield each line that is not indented with those that are below it, and its ``exit``."""
    block: list[_Row] = []
    for row in rows:
        line, kept, _ = row
        if block and not kept and not line.startswith((" ", "\t")) and line.rstrip() != "exit":
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _is_ours(block: Sequence[_Row]) -> bool:
    """Return whether a block is a list or a route-map of ours, or a stanza about one of ours.

    What the operator calls by a name like ours, such as a VRF or a community, is not ours.
    """
    head, literal, _ = block[0]
    if literal:
        return False
    inside = (line for line, kept, _ in block[1:] if not kept)
    stanza = head.startswith(_MAP) and any(_MATCH.fullmatch(line) for line in inside)
    return stanza or _OBJECT.fullmatch(head) is not None


def _without_empty_families(rows: Sequence[_Row]) -> Iterator[str]:
    indents = [len(line) - len(line.lstrip()) for line, _, _ in rows]
    skip = -1
    for at, (line, _, empty_says_nothing) in enumerate(rows):
        if at == skip:
            continue
        if empty_says_nothing:
            nothing_below = at + 1 == len(rows) or indents[at + 1] <= indents[at]
            if at + 1 < len(rows) and rows[at + 1][0].strip() == _END:
                skip, nothing_below = at + 1, True
            if nothing_below:
                continue
        yield line
