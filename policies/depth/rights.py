"""What may rightfully cross a session, as far as any guard could tell: :class:`Rights`.

The yardstick of ``possible``: the guards of the default matrix, with what the site adds to it, each
held to the clusters that are really behind it. A site that takes a guard out of the matrix is
measured by what it could have had.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from inventory.fields import Role
from inventory.matrix import Announce, Guard
from policies.filters import Direction
from policies.guards import let_through
from policies.matrix import DEFAULT, matrix
from policies.pools import VERSIONS, territories

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.hosts import Device
    from inventory.sessions import Session
    from inventory.site import Site
    from policies.pools import Territory
    from policies.prefix_set import PrefixSet

Best = dict[tuple[int, Direction], "PrefixSet"]
"""By IP version and direction."""

#: From the nodes to the outside: of two switches that peer, routes of the lower one go up.
TIERS = (Role.TOR, Role.SPINE, Role.BORDER)
#: Where an attacker's announcements are told from hijacks: on the device, facing, direction.
_ANNOUNCES = {
    Role.NODE: (Role.TOR, Role.NODE, Direction.IMPORT, Guard.ONLY),
    Role.TOR: (Role.TOR, Role.SPINE, Direction.EXPORT, Guard.ONLY_AND_INFRASTRUCTURE),
    Role.SPINE: (Role.SPINE, Role.BORDER, Direction.EXPORT, Guard.ONLY),
}


class Rights:
    """Who is behind what, and what follows for each session and each attacker."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._rows = matrix(site.settings)
        self._defaults = {(row.on, row.facing): row for row in DEFAULT}
        self._best: dict[tuple[object, ...], Best] = {}
        self._sets: dict[tuple[Guard, Announce, tuple[str, ...], int], PrefixSet] = {}

    @cached_property
    def territories(self) -> Mapping[int, Mapping[str, Territory]]:
        """What every cluster may announce, by IP version and cluster."""
        return {version: territories(self.site, version) for version in VERSIONS}

    @cached_property
    def _behind(self) -> Mapping[str, frozenset[str]]:
        """The clusters below each ToR and spine, where the site's nodes say that."""
        found: dict[str, frozenset[str]] = {}
        for device in self.site.devices.values():
            if device.role is Role.TOR:
                nodes = [one for one in device.sessions if one.role is Role.NODE]
                if nodes:
                    found[device.name] = frozenset().union(*map(self.site.clusters_of, nodes))
        below: dict[str, set[str]] = {}
        for device in self.site.devices.values():
            for far in (self.site.devices[one.device] for one in device.sessions if one.device):
                for upper, lower in ((device, far), (far, device)):
                    if upper.role is Role.SPINE and lower.role is Role.TOR:
                        below.setdefault(upper.name, set()).add(lower.name)
        for name, tors in below.items():
            if all(tor in found for tor in tors):
                found[name] = frozenset().union(*(found[tor] for tor in tors))
        return found

    def clusters_of(self, device: Device) -> tuple[str, ...]:
        """Return the clusters that ``device`` may announce blocks of, sorted."""
        behind = self._behind.get(device.name)
        if behind is None:
            behind = frozenset().union(*map(self.site.clusters_of, device.sessions))
        return tuple(sorted(behind))

    def own(self, role: Role, clusters: tuple[str, ...], version: int) -> PrefixSet:
        """Return what a node, a ToR or a spine may announce for ``clusters``."""
        on, facing, direction, usual = _ANNOUNCES[role]
        guard, announce = self._guard(on, facing, direction)
        if guard not in (Guard.ONLY, Guard.ONLY_AND_INFRASTRUCTURE):
            guard = usual
        return self._allowed(guard, announce, clusters, version)

    def best(self, device: Device, session: Session) -> Best:
        """Return what the best guards on ``session`` would let through."""
        facing = self.site.facing(session)
        behind = None
        if session.device is not None:
            far = self.site.devices[session.device]
            behind = self._behind.get(min(device, far, key=lambda one: TIERS.index(one.role)).name)
        key = (device.role, facing, session.clusters, behind)
        if key not in self._best:
            declared = self.site.clusters_of(session)
            narrowed = tuple(one for one in declared if behind is None or one in behind)
            self._best[key] = {
                (version, direction): self._allowed(
                    guard, announce, declared if guard is Guard.NEVER else narrowed, version
                )
                for direction in Direction
                for guard, announce in [self._guard(device.role, facing, direction)]
                for version in VERSIONS
            }
        return self._best[key]

    def _guard(self, on: Role, facing: Role, direction: Direction) -> tuple[Guard, Announce]:
        """Return the guard of the site's matrix or, where that has none, the default's."""
        chosen = (Guard.NONE, Announce.SPECIFICS)
        row, default = self._rows.get((on, facing)), self._defaults.get((on, facing))
        for one in (default, row):
            if one is not None:
                guard = one.import_ if direction is Direction.IMPORT else one.export
                chosen = (chosen[0] if guard is Guard.NONE else guard, one.announce)
        return chosen

    def _allowed(
        self, guard: Guard, announce: Announce, clusters: tuple[str, ...], version: int
    ) -> PrefixSet:
        key = (guard, announce, clusters, version)
        if key not in self._sets:
            owned = [self.territories[version][name] for name in clusters]
            self._sets[key] = let_through(version, guard, owned, announce)
        return self._sets[key]
