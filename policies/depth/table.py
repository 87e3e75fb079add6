"""From a site and its running configurations to the table of depths: :func:`depths`.

Attackers that are alike are measured once, and rows that say the same are told once, with the first
of each as an example. Where too many are unlike, those of one tier are measured together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.fields import Role
from policies.depth.measuring import measured
from policies.depth.network import Network
from policies.depth.quotient import Quotient, refine
from policies.depth.together import together
from policies.depth.values import Depth, Hijack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.site import Site
    from policies.depth.fabric import Vertex
    from policies.depth.measuring import Found
    from policies.filters import Running

#: Unlike attackers times hops from which on those of a tier are looked at together: some seconds.
WORK = 20_000

_TIERS = (Role.NODE, Role.TOR, Role.SPINE, Role.BORDER, Role.EXTERNAL)
_HIJACKS = tuple(Hijack)

#: Tier of the attacker, hijack, tier of the victim, in its rack, depth, possible, all is known.
_Sort = tuple[int, int, int, bool, int, int, bool]


def depths(site: Site, runnings: Mapping[str, Running]) -> tuple[Depth, ...]:
    """Return the depth against each class of hijack, from each attacker to each victim.

    ``runnings`` has the running configuration of every device that is known; the others are taken
    to drop nothing, and rows say so. Sorted by attacker, hijack and victim, from the nodes to the
    outside; where rows of one sort differ in depth, the weaker is first.
    """
    network = Network.of(site, runnings)
    groups: dict[_Sort, _Group] = {}
    for found, alike in _everything(network):
        sort = _sort(network, found)
        groups.setdefault(sort, _Group(found)).add(found, alike)
    return tuple(groups[sort].row(network) for sort in sorted(groups))


def _everything(network: Network) -> Iterator[tuple[Found, int]]:
    """Yield all that is found, and for how many attackers it holds."""
    colours = refine(network.fabric, network.seeds)
    folded = Quotient.of(network.fabric, colours)
    if len(folded.members) * sum(map(len, folded.out)) > WORK:
        for kind in _TIERS:
            yield from ((found, 1) for found in together(network, kind))
        return
    for alike in sorted(folded.members):
        yield from ((found, len(alike)) for found in measured(network, colours, alike[0]))


def _sort(network: Network, found: Found) -> _Sort:
    attacker = network.fabric.vertices[found.attacker]
    victim = network.fabric.vertices[found.victims[0]]
    return (
        _TIERS.index(attacker.kind),
        _HIJACKS.index(found.hijack),
        _TIERS.index(victim.kind),
        not _is_in_rack(attacker, victim),
        found.depth,
        found.possible,
        not _unknown(network, found),
    )


def _is_in_rack(attacker: Vertex, victim: Vertex) -> bool:
    return attacker.kind is victim.kind is Role.NODE and attacker.device == victim.device


def _path(network: Network, found: Found) -> tuple[str, ...]:
    """Return the devices on the way, without a subverted one."""
    vertices = (network.fabric.vertices[one] for one, _ in found.way)
    return tuple(one.device for one in vertices if not one.is_end)


def _unknown(network: Network, found: Found) -> tuple[str, ...]:
    return tuple(one for one in _path(network, found) if one in network.fabric.unknown)


def _drops(network: Network, found: Found) -> tuple[str, ...]:
    """Return the devices of the way that drop the prefix, on import or on export."""
    gates = network.actual[found.version]
    dropping: dict[str, None] = {}
    near = found.attacker
    for far, label in found.way:
        gate = gates[label]
        for place, vertex in enumerate((near, far)):
            end = network.fabric.vertices[vertex]
            own = vertex == found.attacker and place == 0
            if gate and not own and not end.is_end and not found.prefix & gate[place]:
                dropping[end.device] = None
        near = far
    return tuple(dropping)


@dataclass(slots=True)
class _Group:
    """What says the same: the first of it, and how many others there are."""

    first: Found
    attackers: dict[int, int] = field(default_factory=dict)
    victims: set[int] = field(default_factory=set)

    def add(self, found: Found, alike: int) -> None:
        """Count ``found``, which holds for as many attackers as are ``alike``."""
        self.attackers[found.attacker] = alike
        if found.attacker == self.first.attacker:
            self.victims |= set(found.victims)

    def row(self, network: Network) -> Depth:
        """Return the row."""
        found = self.first
        attacker, victim = (
            network.fabric.vertices[one] for one in (found.attacker, found.way[-1][0])
        )
        in_rack = _is_in_rack(attacker, victim)
        told = "node in its rack" if in_rack else str(victim)
        attackers, victims = sum(self.attackers.values()), len(self.victims)
        return Depth(
            attacker=_like(_attacker(attacker), attackers, found.among),
            attackers=attackers,
            hijack=found.hijack,
            victim=_like(told, victims),
            victims=victims,
            tiers=f"{attacker.kind} to {victim.kind}{' in its rack' if in_rack else ''}",
            depth=found.depth,
            possible=found.possible,
            wanted=min(network.site.settings.min_depth, found.possible),
            witness=network.atoms[found.version].witness(found.prefix),
            path=_path(network, found),
            drops=_drops(network, found),
            unknown=_unknown(network, found),
        )


def _attacker(vertex: Vertex) -> str:
    return str(vertex) if vertex.is_end else f"{vertex} subverted"


def _like(name: str, count: int, among: int = 1) -> str:
    if among > 1:
        return f"{name} (the weakest of {among})"
    return name if count == 1 else f"{name} (and {count - 1} like it)"
