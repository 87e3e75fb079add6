"""Families that an NX-OS neighbor carries anyway: :func:`inherited_families`.

A line ``address-family`` below a neighbor activates the family, without any line below it. It
says nothing only where the template that the neighbor inherits activates the family too: that is
also what is left there of a neighbor's family when a guard goes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects.hierarchy import blocks, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.hierarchy import Block

_ROUTER = "router bgp "
_FAMILY = re.compile(r"address-family ipv[46] unicast")
_INHERIT = re.compile(r"inherit peer (?P<name>\S+)")
_TEMPLATE = re.compile(r"template peer (?P<name>\S+)")


def inherited_families(lines: Sequence[str], literal: Sequence[bool]) -> list[bool]:
    """Return, line by line, whether it begins a family that the neighbor inherits anyway."""
    plain = ["" if free else line for line, free in zip(lines, literal, strict=True)]
    found = [False] * len(lines)
    for top in blocks(plain, deep=_ROUTER):
        if top.text.startswith(_ROUTER):
            for number in _inherited(top):
                found[number - 1] = True
    return found


def _inherited(router: Block) -> Iterator[int]:
    templates = {
        template["name"]: {family.text for family in _families(one)}
        for one in router.children
        if (template := _TEMPLATE.fullmatch(one.text))
    }
    for one in walk(router):
        if one.text.startswith("neighbor "):
            above = {
                family
                for line in one.children
                if (used := _INHERIT.fullmatch(line.text))
                for family in templates.get(used["name"], ())
            }
            yield from (family.number for family in _families(one) if family.text in above)


def _families(block: Block) -> Iterator[Block]:
    return (line for line in block.children if _FAMILY.fullmatch(line.text))
