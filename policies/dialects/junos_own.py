"""What ringfence writes on Junos and reads back: its lists, and its guards.

A prefix-list of ours is a policy-statement that guards ask as a subroutine, one term an entry:
several filters in one term would be judged by the longest prefix. Law: what does not stand just
as it is written here is kept word for word as unknown, and so is told from what is whole.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.dialects.junos_filters import match_ranges, match_words
from policies.dialects.junos_text import joined, leaves, put, words
from policies.filters import PrefixList, Stanza
from policies.placement import LAST_SEQ, guard_stanza
from policies.prefix_list import Action, PrefixListEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from policies.dialects.junos_text import Tree

#: The number of the stanza that stands for the rest of a chain.
END = LAST_SEQ

_FAMILY = {4: "inet", 6: "inet6"}
_THEN = {Action.PERMIT: "accept", Action.DENY: "reject"}
_LIST = re.compile(r".*-v(?P<version>[46])-[0-9a-f]{8}(?:\.\d+)?")
#: Stands for a policy of ours that somebody made inactive, in whole or in part.
_INACTIVE = "inactive"


def version_of(name: str) -> int | None:
    """Return the family of the list that a policy of ours is; None if it is a guard."""
    found = _LIST.fullmatch(name)
    return int(found["version"]) if found else None


def list_lines(one: PrefixList) -> tuple[str, ...]:
    """Return the lines of a list of ours, without the path of its policy-statement."""
    if one.unknown:
        return tuple(line for line in one.unknown if line != _INACTIVE)
    lines: list[str] = []
    for entry in one.entries:
        term = f"term {entry.seq}"
        lines += [
            f"{term} from family {_FAMILY[one.version]}",
            f"{term} from route-filter {entry.prefix} {' '.join(match_words(entry))}",
            f"{term} then {_THEN[entry.action]}",
        ]
    return (*lines, "term rest then reject")


def own_list(name: str, body: Tree, *, inactive: bool) -> PrefixList:
    """Return the prefix-list that the policy-statement ``name`` of ours is."""
    version = version_of(name) or 4
    raw = tuple(_lines(body))
    entries = tuple(_entries(version, body.get("term", {})))
    whole = PrefixList(version, name, entries)
    if not inactive and _is(body, list_lines(whole)):
        return whole
    return PrefixList(version, name, (), (*raw, _INACTIVE) if inactive else raw)


def _entries(version: int, terms: Tree) -> Iterator[PrefixListEntry]:
    """Yield the entries that ``terms`` are, up to the first that is none of ours."""
    before = 0
    for term, body in terms.items():
        filters = list(leaves(body.get("from", {}).get("route-filter", {})))
        if not term.isdecimal() or int(term) <= before or len(filters) != 1:
            return
        before = int(term)
        prefix, *kind = filters[0]
        action = Action.PERMIT if "accept" in body.get("then", {}) else Action.DENY
        try:
            ((network, low, high),) = match_ranges(ip_network(prefix), tuple(kind))
        except ValueError:
            return
        if network.version != version:
            return
        yield PrefixListEntry(action=action, prefix=network, ge=low, le=high, seq=before)


def guard_lines(stanzas: Sequence[Stanza]) -> tuple[str, ...]:
    """Return the lines of a guard, without the path of its policy-statement."""
    lines: list[str] = []
    for one in stanzas:
        if one.seq == END:
            continue
        if one.unknown:
            return tuple(line for line in one.sets if line != _INACTIVE)
        ((version, name),) = one.lists
        term = f"term v{version}"
        lines += [
            f"{term} from family {_FAMILY[version]}",
            f"{term} from policy {joined((name,))}",
            f"{term} then reject",
        ]
    return tuple(lines) or ("",)


def own_stanzas(
    body: Tree, lists: Collection[tuple[int, str]], *, inactive: bool
) -> tuple[Stanza, ...]:
    """Return the guards that a policy-statement of ours is, without the rest of its chain."""
    raw = tuple(_lines(body))
    asked = {
        version: body.get("term", {}).get(f"v{version}", {}).get("from", {}).get("policy", {})
        for version in _FAMILY
    }
    found = [
        (version, name)
        for version, names in asked.items()
        for name in names
        if (version, name) in lists and len(names) == 1
    ]
    guards = tuple(guard_stanza(at, *one) for at, one in enumerate(found, start=1))
    if not inactive and _is(body, guard_lines(guards)):
        return guards
    tampered = Stanza(
        seq=1,
        action=Action.PERMIT,
        unknown=("not as ringfence wrote it",),
        sets=(*raw, _INACTIVE) if inactive else raw,
        goes_on=True,
    )
    return (tampered,)


def _lines(body: Tree) -> list[str]:
    return [joined(line) for line in leaves(body)] or [""]


def _is(body: Tree, lines: Sequence[str]) -> bool:
    """Return whether ``body`` says ``lines``, in whatever order conditions are printed."""
    said: Tree = {}
    for line in lines:
        put(said, words(line))
    return said == body


def statement(name: str, lines: Sequence[str]) -> list[str]:
    """Return the set commands of a policy-statement of ours."""
    path = f"policy-options policy-statement {joined((name,))}"
    return [f"set {path} {line}".rstrip() for line in lines]
