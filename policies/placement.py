"""Where in a route-map a guard may stand, and which map of our own to use. Pure choices.

Read :func:`seats` and :func:`own_map`. Law: what stands already and is whole is kept, so that
a second installation changes nothing; what was tampered with is replaced beside it, never
edited in place.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policies.filters import Stanza
from policies.managed import is_our_stanza
from policies.ownership import PREFIX, is_owned
from policies.pools import VERSIONS
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from policies.filters import Direction, RouteMap, Running
    from policies.guards import Fence
    from policies.managed import Slot

#: Where a map of ours permits what the guard left; the last number every platform takes.
LAST_SEQ = 65535


def guard_stanza(seq: int, version: int, list_name: str) -> Stanza:
    """Return a guard: a deny of what its list permits, and nothing besides."""
    return Stanza(seq=seq, action=Action.DENY, lists=((version, list_name),))


def family_of(stanza: Stanza) -> int | None:
    """Return the family that a guard of ours is for; None if it is not as we make them."""
    if len(stanza.lists) != 1:
        return None
    version, name = stanza.lists[0]
    whole = is_owned(name) and stanza == guard_stanza(stanza.seq, version, name)
    return version if whole else None


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


def own_map(direction: Direction, fence: Fence, running: Running, users: Collection[Slot]) -> str:
    """Return the name of the map of ours for ``fence``: one that stands and serves, else new.

    The name says what the guard is, so sessions that are fenced alike share a map; ``users``
    are the slots that will be on it. Not free is a name that something refers to without a
    map behind it: the map would be live half made. And a map changes only if its users do not,
    for a session that leaves it, now or on the way back, would meet the change too.
    """
    users_now: dict[str, set[Slot]] = defaultdict(set)
    for session in running.sessions.values():
        for (version, way), one in session.attachments.items():
            if one.route_map is not None:
                users_now[one.route_map].add((session.key, version, way))
    taken = {*running.route_maps, *users_now}
    end = f"{fence.kind}-{fence.label}"
    names = [f"{PREFIX}{direction}-{end}"]
    names += [f"{PREFIX}{direction}.{number}-{end}" for number in range(2, len(taken) + 2)]
    for name in names:
        found = running.route_maps.get(name)
        same_users = users_now[name] == set(users)
        if found and _is_whole(found) and (same_users or _says(found, fence)):
            return name
    return next(name for name in names if name not in taken)


def _says(found: RouteMap, fence: Fence) -> bool:
    """Return whether a whole map of ours has the lists of ``fence`` already."""
    names = [name for stanza in found.stanzas for _, name in stanza.lists]
    return names == [fence.lists[version].name for version in VERSIONS]


def _is_whole(found: RouteMap) -> bool:
    """Return whether a map of ours is as we make it: a guard for each family, then a permit."""
    *guards, last = found.stanzas
    return last == Stanza(seq=LAST_SEQ, action=Action.PERMIT) and [
        (one.seq, family_of(one)) for one in guards
    ] == list(enumerate(VERSIONS, start=1))
