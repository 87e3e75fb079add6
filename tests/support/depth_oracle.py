"""Depth by brute force: every simple way, every prefix, one by one. Start with `Oracle.fewest`.

Nothing here uses the graph, the atoms, the folding or the search of the program; what a session
lets through, and what the best guard there would, it asks of it prefix by prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.fields import Role
from policies.accepts import Judge
from policies.depth.rights import Rights
from policies.depth.values import Hijack
from policies.filters import Direction, SessionKey
from policies.pools import or_longer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.sessions import Session
    from inventory.site import Site
    from policies.filters import Running
    from policies.prefix_set import Network

#: A device ("tor1", "", ()), nodes at one ("tor1", "node", clusters), or ("", "outside", ()).
Place = tuple[str, str, tuple[str, ...]]
OUTSIDE: Place = ("", "outside", ())


@dataclass
class Oracle:
    """One site and its running configurations."""

    site: Site
    runnings: Mapping[str, Running]
    judges: dict[str, Judge] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.judges = {name: Judge(running) for name, running in self.runnings.items()}
        self.rights = Rights(self.site)

    def place(self, device: str, session: Session) -> Place:
        """What is behind a session."""
        if session.device is not None:
            return (session.device, "", ())
        if session.role is Role.NODE:
            return (device, "node", self.site.clusters_of(session))
        return OUTSIDE

    def places(self) -> set[Place]:
        found: set[Place] = {(name, "", ()) for name in self.site.devices}
        for name, device in self.site.devices.items():
            found |= {self.place(name, one) for one in device.sessions}
        return found

    def sessions(self, device: str, far: Place) -> list[Session]:
        return [one for one in self.site.devices[device].sessions if self.place(device, one) == far]

    def carries(self, device: str, session: Session, version: int) -> bool:
        if device not in self.runnings:
            return True
        found = self.runnings[device].sessions.get(SessionKey("", session.name))
        return found is None or version in found.versions

    def end(self, device: str, far: Place, version: int) -> list[Session] | None:
        """The sessions of one end of a hop that carry ``version``; None if it names none at all."""
        named = self.sessions(device, far)
        return [one for one in named if self.carries(device, one, version)] if named else None

    def lets(self, device: str, far: Place, way: Direction, prefix: Network, *, best: bool) -> bool:
        """Whether any session of ``device`` with ``far`` lets ``prefix`` through."""
        some = self.end(device, far, prefix.version)
        if some is None:
            return True
        return any(self._lets(device, one, way, prefix, best=best) for one in some)

    def _lets(
        self, device: str, session: Session, way: Direction, prefix: Network, *, best: bool
    ) -> bool:
        if best:
            owner = self.site.devices[device]
            return prefix in self.rights.best(owner, session)[prefix.version, way]
        if device not in self.runnings:
            return True
        found = self.runnings[device].sessions.get(SessionKey("", session.name))
        if found is None:
            return True
        return prefix in self.judges[device].session(found, prefix.version, way).may

    def next_to(self, here: Place, version: int) -> set[Place]:
        """The places one hop from ``here``."""
        return {one for one in self.places() if self._is_hop(here, one, version)}

    def _is_hop(self, near: Place, far: Place, version: int) -> bool:
        ends = [
            self.end(one[0], other, version)
            for one, other in ((near, far), (far, near))
            if not one[1]
        ]
        return any(end is not None for end in ends) and all(end != [] for end in ends)

    def ways(self, start: Place, goal: Place, version: int) -> Iterator[tuple[Place, ...]]:
        """Every way from ``start`` to ``goal`` that visits no place in between twice."""

        def walk(way: tuple[Place, ...]) -> Iterator[tuple[Place, ...]]:
            for far in self.next_to(way[-1], version):
                if far == goal:
                    yield (*way, far)
                elif not far[1] and far not in way:
                    yield from walk((*way, far))

        yield from walk((start,))

    def dropping(self, way: tuple[Place, ...], prefix: Network, *, best: bool) -> set[str]:
        """The devices of ``way`` that drop ``prefix``; not the first place."""
        found = set()
        for before, here, after in zip(way, way[1:], (*way[2:], None), strict=False):
            if here[1]:
                continue
            kept = self.lets(here[0], before, Direction.IMPORT, prefix, best=best)
            if after is not None:
                kept = kept and self.lets(here[0], after, Direction.EXPORT, prefix, best=best)
            if not kept:
                found.add(here[0])
        return found

    def fewest(
        self, start: Place, goal: Place, prefix: Network, *, best: bool = False
    ) -> int | None:
        """The fewest devices that drop ``prefix`` on any way; None if there is no way."""
        counts = [
            len(self.dropping(way, prefix, best=best))
            for way in self.ways(start, goal, prefix.version)
        ]
        return min(counts, default=None)

    def clusters(self, place: Place) -> tuple[str, ...]:
        """The clusters that ``place`` may announce blocks of."""
        if place[1]:
            return place[2]
        return self.rights.clusters_of(self.site.devices[place[0]])

    def hijack(self, attacker: Place, prefix: Network) -> Hijack | None:
        """What it is if ``attacker`` announces ``prefix``; None if it may."""
        version = prefix.version
        territories = self.rights.territories[version]
        owner = next((n for n, one in territories.items() if prefix in one.pools), None)
        kind = Role.NODE if attacker[1] else self.site.devices[attacker[0]].role
        if attacker == OUTSIDE or kind is Role.BORDER:
            return Hijack.POOL_FROM_OUTSIDE if owner else None
        clusters = self.clusters(attacker)
        if prefix in self.rights.own(kind, clusters, version):
            return None
        if prefix.prefixlen == 0:
            return Hijack.DEFAULT_ROUTE
        if owner is None:
            return self._nobodys(prefix)
        if owner not in clusters:
            return Hijack.OTHER_CLUSTER
        pools = [one for one in self.site.clusters[owner].pools if _within(prefix, one.cidr)]
        longest = max(one.block for one in pools)
        return Hijack.TOO_LONG if prefix.prefixlen > longest else Hijack.TOO_SHORT

    def _nobodys(self, prefix: Network) -> Hijack:
        """What a prefix is that is inside no pool."""
        clusters = self.site.clusters.values()
        if any(prefix in or_longer(prefix.version, one.infrastructure) for one in clusters):
            return Hijack.INFRASTRUCTURE
        if any(_within(pool.cidr, prefix) for one in clusters for pool in one.pools):
            return Hijack.TOO_SHORT
        return Hijack.FOREIGN


def _within(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and int(inner.network_address) >> (inner.max_prefixlen - outer.prefixlen)
        == int(outer.network_address) >> (inner.max_prefixlen - outer.prefixlen)
    )
