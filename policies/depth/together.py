"""What the attackers of one tier may reach, looked at together: :func:`together`.

For networks with so many unlike attackers that each by itself would take too long: this grows with
the network alone. The price: of all attackers of a tier only the weakest one to each victim is
told, and so a hijack that is not as deep as demanded may stand behind one that could be no deeper.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from inventory.fields import Role
from policies.depth.measuring import Found, is_spared
from policies.depth.search import BestWays, Ways, spread
from policies.depth.values import Hijack
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.depth.network import Network


def together(network: Network, kind: Role) -> Iterator[Found]:
    """Yield, for each hijack, the weakest way of any attacker of ``kind`` to each tier.

    Victims of one tier with the same depth are told once, with a way to the first of them.
    """
    tier = _Tier(network, kind)
    for hijack in Hijack:
        weakest: dict[int, tuple[int, int, int]] = {}
        for version in VERSIONS:
            for victim, (depth, held) in tier.reached(hijack, version).items():
                found = (depth, version, network.atoms[version].atom(held))
                weakest[victim] = min(found, weakest.get(victim, found))
        alike: defaultdict[tuple[Role, int], list[int]] = defaultdict(list)
        for victim in sorted(weakest):
            alike[network.fabric.vertices[victim].kind, weakest[victim][0]].append(victim)
        for victims in alike.values():
            for victim in victims:
                found_one = tier.found(hijack, victim, weakest[victim], tuple(victims))
                if found_one is not None:
                    yield found_one
                    break


class _Tier:
    """The attackers of one tier, and the searches for them."""

    def __init__(self, network: Network, kind: Role) -> None:
        fabric = network.fabric
        self.network = network
        self.attackers = [at for at, one in enumerate(fabric.vertices) if one.kind is kind]
        ends = [one.is_end for one in fabric.vertices]
        nodes = [one.kind is Role.NODE for one in fabric.vertices]
        self.actual = {v: Ways(fabric.out, network.actual[v], ends, nodes) for v in VERSIONS}
        self.could = {v: Ways(fabric.out, network.could[v], ends, nodes) for v in VERSIONS}
        self.best = cache(self._best)
        self.possible = cache(self._possible)

    def sources(self, hijack: Hijack, version: int) -> list[tuple[int, int]]:
        """Return what each attacker announces of ``hijack``, if it can."""
        vertices = self.network.fabric.vertices
        announced = (
            (at, self.network.prefixes(vertices[at], version).get(hijack, 0))
            for at in self.attackers
        )
        return [(at, prefixes) for at, prefixes in announced if prefixes]

    def reached(self, hijack: Hijack, version: int) -> dict[int, tuple[int, int]]:
        """Return past how few devices something comes to each vertex, and what that is."""
        found: dict[int, tuple[int, int]] = {}
        for depth, held in enumerate(spread(self.actual[version], self.sources(hijack, version))):
            for vertex, prefixes in enumerate(held):
                if prefixes:
                    found.setdefault(vertex, (depth, prefixes))
        return found

    def found(
        self, hijack: Hijack, victim: int, weakest: tuple[int, int, int], victims: tuple[int, ...]
    ) -> Found | None:
        """Return the way to one victim; None if it is no question, or nothing could be dropped."""
        depth, version, prefix = weakest
        vertices = self.network.fabric.vertices
        best = self.best(hijack, version, prefix)
        if not best.leads_to(victim):  # of a ToR's own nodes: they get it back by a loop alone
            return None
        attacker, way = best.to(victim)
        if is_spared(vertices[attacker], vertices[victim], version):
            return None
        possible = max(depth, self.possible(attacker, version, prefix).cost(victim))
        if not possible:
            return None
        return Found(
            attacker=attacker,
            victims=victims,
            hijack=hijack,
            depth=depth,
            possible=possible,
            version=version,
            prefix=prefix,
            way=way,
            among=len(self.attackers),
        )

    def _best(self, hijack: Hijack, version: int, prefix: int) -> BestWays:
        starts = [at for at, some in self.sources(hijack, version) if some & prefix]
        return BestWays(self.actual[version], starts, prefix)

    def _possible(self, attacker: int, version: int, prefix: int) -> BestWays:
        return BestWays(self.could[version], [attacker], prefix)
