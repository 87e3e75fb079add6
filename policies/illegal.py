"""What is in a device's table right now and must not be: :func:`illegal_routes`.

It is the fence that judges here, not the device's policy: a route that came in before the guard
did, and that no soft clear has thrown out since, is as illegal as any other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from policies.filters import Direction, SessionKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot

#: Routes of one session and family that are told one by one: a session can hold the whole
#: internet's, and nobody reads more.
TOLD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Illegal:
    """A route in the table that the fence of its session does not allow.

    ``neighbors`` are the addresses of those that it was accepted from, sorted. ``more`` counts,
    at the last that is told of a session, those of the same session that are not told.
    """

    session: SessionKey
    version: int
    prefix: Network
    neighbors: tuple[str, ...]
    more: int = 0


def illegal_routes(
    running: Running,
    routes: Mapping[tuple[SessionKey, int], Mapping[str, frozenset[Network]]],
    fenced: Mapping[Slot, Fence],
) -> tuple[Illegal, ...]:
    """Return the routes that no fence of theirs allows, by session, family and prefix.

    About :data:`TOLD` of each session and family; each neighbor's first where there are more.

    ``routes`` has what was accepted from each neighbor of a session, by its address, and
    ``fenced`` the fences of sessions and of their members. A peer group's table holds what comes
    from all of its members: what a member with a session, or a fence, of its own announces is
    judged by that, and told once.
    """
    told = _told_by_members(running, routes)
    found: list[Illegal] = []
    for (key, version), by_neighbor in sorted(routes.items(), key=lambda item: item[0]):
        who: dict[Network, list[str]] = defaultdict(list)
        for address in sorted(by_neighbor.keys() - told[key, version]):
            fence = _fence(fenced, key, version, address)
            if fence is None:
                continue
            allowed = fence.allowed[version]
            for prefix in by_neighbor[address]:
                if prefix not in allowed:
                    who[prefix].append(address)
        first = _first(who)
        found += [
            Illegal(
                session=key,
                version=version,
                prefix=prefix,
                neighbors=tuple(who[prefix]),
                more=len(who) - len(first) if prefix is first[-1] else 0,
            )
            for prefix in first
        ]
    return tuple(found)


def _first(who: Mapping[Network, Sequence[str]]) -> list[Network]:
    """Return what is told of a session's illegal routes: all, or each neighbor's share.

    So a neighbor that leaks a whole table does not hide the one hijack of another.
    """
    if len(who) <= TOLD:
        return sorted(who, key=_order)
    of_each: dict[str, list[Network]] = defaultdict(list)
    for prefix, addresses in who.items():
        for address in addresses:
            of_each[address].append(prefix)
    share = max(1, TOLD // len(of_each))
    chosen = {one for some in of_each.values() for one in nsmallest(share, some, key=_order)}
    return sorted(chosen, key=_order)


def _order(prefix: Network) -> tuple[int, int]:
    return int(prefix.network_address), prefix.prefixlen


def _fence(
    fenced: Mapping[Slot, Fence], key: SessionKey, version: int, address: str
) -> Fence | None:
    """Return the neighbor's own fence, or else that of the session it belongs to."""
    own = fenced.get((SessionKey(key.vrf, address), version, Direction.IMPORT))
    return own or fenced.get((key, version, Direction.IMPORT))


def _told_by_members(
    running: Running,
    routes: Mapping[tuple[SessionKey, int], Mapping[str, frozenset[Network]]],
) -> Mapping[tuple[SessionKey, int], set[str]]:
    """Return the neighbors of each group that also stand below a member that is asked for."""
    found: dict[tuple[SessionKey, int], set[str]] = defaultdict(set)
    for (key, version), by_neighbor in routes.items():
        for group in _above(running, key):
            found[group, version] |= by_neighbor.keys()
    return found


def _above(running: Running, key: SessionKey) -> tuple[SessionKey, ...]:
    """Return the groups that a session belongs to, the nearest first."""
    found: list[SessionKey] = []
    session = running.sessions.get(key)
    while session is not None and session.group is not None:
        group = SessionKey(key.vrf, session.group)
        if group in found:
            break
        found.append(group)
        session = running.sessions.get(group)
    return tuple(found)
