"""A guard as a stanza, and where in a route-map it may stand: :func:`seats`. Pure choices.

Law: what stands already and is whole is kept, so that a second installation changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.filters import Stanza
from policies.managed import is_our_stanza
from policies.ownership import is_owned
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.filters import RouteMap

#: Where a map of ours permits what the guard left; the last number every platform takes.
LAST_SEQ = 65535


def guard_stanza(seq: int, version: int, list_name: str, *, negated: bool = False) -> Stanza:
    """Return a guard: a deny of what its list permits, or does not, and nothing besides."""
    referred = ((version, list_name),)
    if negated:
        return Stanza(seq=seq, action=Action.DENY, none_of=referred)
    return Stanza(seq=seq, action=Action.DENY, lists=referred)


def family_of(stanza: Stanza) -> int | None:
    """Return the family that a guard of ours is for; None if it is not as we make them."""
    if len(stanza.referred) != 1:
        return None
    version, name = stanza.referred[0]
    guard = guard_stanza(stanza.seq, version, name, negated=bool(stanza.none_of))
    return version if is_owned(name) and stanza == guard else None


def first_way_through(found: RouteMap) -> int:
    """Return the number of the first foreign stanza that permits or jumps.

    Foreign denies may stay in front of a guard: they let nothing through.
    """
    return min(
        (
            one.seq
            for one in found.stanzas
            if not is_our_stanza(found.name, one) and (one.action is Action.PERMIT or one.goes_on)
        ),
        default=LAST_SEQ,
    )


def seats(found: RouteMap, versions: Sequence[int]) -> Mapping[int, int] | None:
    """Return the number of each family's guard in a foreign route-map; None without room.

    A guard that stands in front of what lets anything through keeps its number.
    """
    first = first_way_through(found)
    chosen: dict[int, int] = {}
    for one in found.stanzas:
        version = family_of(one)
        if version in versions and version is not None and one.seq < first:
            chosen.setdefault(version, one.seq)
    taken = {one.seq for one in found.stanzas}
    for version in versions:
        if version not in chosen:
            free = next((number for number in range(1, first) if number not in taken), None)
            if free is None:
                return None
            chosen[version] = free
            taken.add(free)
    return chosen
