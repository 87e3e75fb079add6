"""What a measurement stands on, filters and hijacks alike as integers: :class:`Network`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.fields import Role
from policies.depth.atoms import Atoms
from policies.depth.building import build
from policies.depth.hijacks import Ground, from_inside, from_outside
from policies.depth.rights import Rights
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.site import Site
    from policies.depth.fabric import Fabric, Vertex
    from policies.depth.hijacks import Classes
    from policies.depth.search import Gates
    from policies.depth.values import Hijack
    from policies.filters import Running


@dataclass(frozen=True)
class Network:
    """What a measurement stands on: the fabric, and its sets as atoms, by IP version."""

    site: Site
    fabric: Fabric
    classes: Mapping[tuple[Role, tuple[str, ...], int], Classes]
    atoms: Mapping[int, Atoms]

    @classmethod
    def of(cls, site: Site, runnings: Mapping[str, Running]) -> Network:
        """Return the network of ``site`` with these running configurations."""
        rights = Rights(site)
        fabric = build(site, runnings, rights)
        grounds = {v: Ground(v, site.clusters, rights.territories[v]) for v in VERSIONS}
        classes: dict[tuple[Role, tuple[str, ...], int], Classes] = {}
        for kind, clusters in {(one.kind, one.clusters) for one in fabric.vertices}:
            for version, ground in grounds.items():
                if kind in (Role.BORDER, Role.EXTERNAL):
                    classes[kind, clusters, version] = from_outside(ground)
                else:
                    own = rights.own(kind, clusters, version)
                    classes[kind, clusters, version] = from_inside(ground, clusters, own)
        atoms = {
            version: Atoms(
                version,
                [
                    *(one for one in fabric.sets if one.version == version),
                    *(one for key, c in classes.items() if key[2] == version for one in c.values()),
                ],
            )
            for version in VERSIONS
        }
        return cls(site, fabric, classes, atoms)

    @property
    def seeds(self) -> list[tuple[object, ...]]:
        """What two vertices must have in common to be alike at all."""
        unknown = self.fabric.unknown
        return [
            (one.kind, one.clusters, one.crowded, one.device in unknown)
            for one in self.fabric.vertices
        ]

    @cached_property
    def actual(self) -> Mapping[int, Gates]:
        """The gates as they are, by IP version."""
        return {v: self._gates(at, v, "export", "import_") for at, v in enumerate(VERSIONS)}

    @cached_property
    def could(self) -> Mapping[int, Gates]:
        """The gates as the best guards would make them, by IP version."""
        return {
            v: self._gates(at, v, "could_export", "could_import") for at, v in enumerate(VERSIONS)
        }

    def _gates(self, at: int, version: int, export: str, import_: str) -> Gates:
        bits = {
            place: self.atoms[version].bits(one)
            for place, one in enumerate(self.fabric.sets)
            if one.version == version
        }
        return [
            None
            if (gate := label[at]) is None
            else (bits[getattr(gate, export)], bits[getattr(gate, import_)])
            for label in self.fabric.labels
        ]

    @cached_property
    def _announced(self) -> Mapping[tuple[Role, tuple[str, ...], int], Mapping[Hijack, int]]:
        return {
            key: {hijack: self.atoms[key[2]].bits(one) for hijack, one in some.items()}
            for key, some in self.classes.items()
        }

    def prefixes(self, attacker: Vertex, version: int) -> Mapping[Hijack, int]:
        """Return what ``attacker`` must not announce, as bits."""
        return self._announced[attacker.kind, attacker.clusters, version]
