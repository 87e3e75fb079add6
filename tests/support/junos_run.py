"""What the meaning of a policy does to one route: :func:`run`, instruction by instruction."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Verdict,
)

if TYPE_CHECKING:
    from lab.switch.meaning import Condition, Network, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A route that a program sees."""

    prefix: Network
    communities: frozenset[str] = frozenset()
    as_path: str = "65000"


def holds(condition: Condition, way: Way) -> bool:
    match condition:
        case IsFamily(version):
            return way.prefix.version == version
        case HasCommunity(any_of):
            return bool(way.communities & set(any_of))
        case AsPathMatches(any_of):
            ends = r"(?:^|[ ]|$)"
            return any(re.search(one.replace("_", ends), way.as_path) for one in any_of)
        case InPrefixes(version, ranges):
            if way.prefix.version != version:
                return False
            for permitted, one in ranges:
                length = way.prefix.prefixlen
                if one.shortest <= length <= one.longest and (
                    way.prefix.supernet(new_prefix=one.prefix.prefixlen) == one.prefix
                ):
                    return permitted
            return False


def run(program: Program, way: Way) -> tuple[bool, list[str]]:
    """Return whether the route passes, and what is changed of it."""
    at = 0
    changes: list[str] = []
    while True:
        match program.instructions[at]:
            case Verdict(accept):
                return accept, changes
            case Change(text):
                changes.append(text)
                if text.startswith("community ") and text.endswith(" additive"):
                    added = set(text.split()[1:-1])
                    way = replace(way, communities=way.communities | added)
                following = at + 1
            case Jump(to):
                following = to
            case Branch(condition, then, otherwise):
                following = then if holds(condition, way) else otherwise
        assert following > at, "a program only runs forward"
        at = following
