"""What is in a device's table right now and must not be: :func:`illegal_routes`.

It is the fence that judges here, not the device's policy: a route that came in before the guard
did, and that no soft clear has thrown out since, is as illegal as any other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.filters import Direction, SessionKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.models import Network
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Illegal:
    """A route in the table that the fence of its session does not allow.

    ``neighbors`` are the addresses of those that it was accepted from, sorted.
    """

    session: SessionKey
    version: int
    prefix: Network
    neighbors: tuple[str, ...]


def illegal_routes(
    running: Running,
    routes: Mapping[tuple[SessionKey, int], Mapping[str, frozenset[Network]]],
    fenced: Mapping[Slot, Fence],
) -> tuple[Illegal, ...]:
    """Return the routes that no fence of theirs allows, by session, family and prefix.

    ``routes`` has what was accepted from each neighbor of a session, by its address, and
    ``fenced`` the fences of sessions and of their members. A peer group's table holds what comes
    from all of its members: what a member with a session, or a fence, of its own announces is
    judged by that, and told once.
    """
    told = _told_by_members(running, routes)
    found: dict[tuple[SessionKey, int, Network], set[str]] = defaultdict(set)
    for (key, version), by_neighbor in routes.items():
        for address, prefixes in by_neighbor.items():
            fence = _fence(fenced, key, version, address)
            if fence is None or address in told[key, version]:
                continue
            allowed = fence.allowed[version]
            for prefix in prefixes:
                if prefix not in allowed:
                    found[key, version, prefix].add(address)
    return tuple(
        Illegal(session=key, version=version, prefix=prefix, neighbors=tuple(sorted(who)))
        for (key, version, prefix), who in sorted(found.items(), key=lambda item: _order(item[0]))
    )


def _order(where: tuple[SessionKey, int, Network]) -> tuple[SessionKey, int, int, int]:
    key, version, prefix = where
    return key, version, int(prefix.network_address), prefix.prefixlen


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
