"""What a :class:`lab.switch.meaning.Program` does with one route: :func:`run`, in twenty lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    Condition,
    HasCommunity,
    InPrefixes,
    Jump,
    Program,
    Verdict,
)


@dataclass(frozen=True)
class Sample:
    """A route: its prefix, communities and AS path ("64500 64496")."""

    prefix: str
    communities: frozenset[str] = frozenset()
    as_path: str = ""


def run(program: Program, route: Sample) -> tuple[bool, tuple[str, ...]]:
    """Return whether ``route`` passes, and the changes made to it on the way, in order."""
    at, changes = 0, []
    while not isinstance(step := program.instructions[at], Verdict):
        before = at
        if isinstance(step, Branch):
            at = step.then if _holds(step.condition, route) else step.otherwise
        elif isinstance(step, Jump):
            at = step.to
        else:
            assert isinstance(step, Change)
            changes.append(step.text)
            at += 1
        assert at > before
    return step.accept, tuple(changes) if step.accept else ()


def _holds(condition: Condition, route: Sample) -> bool:
    network = ip_network(route.prefix)
    if isinstance(condition, HasCommunity):
        return bool(route.communities & set(condition.any_of))
    if isinstance(condition, AsPathMatches):
        path = "".join(f"_{asn}" for asn in route.as_path.split()) + "_"
        forms = [re.sub(r"^\^", "^_", one).replace("$", "_$") for one in condition.any_of]
        forms = [one.replace("__", "_") for one in forms]
        return any(re.search(one, path) for one in forms)
    if network.version != condition.version:
        return False
    if not isinstance(condition, InPrefixes):
        return True
    for permitted, one in condition.ranges:
        if network.prefixlen < one.prefix.prefixlen:
            continue
        inside = network.supernet(new_prefix=one.prefix.prefixlen) == one.prefix
        if inside and one.shortest <= network.prefixlen <= one.longest:
            return permitted
    return False
