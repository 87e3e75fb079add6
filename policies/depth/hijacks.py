"""Which prefixes are a hijack, which depends on who announces them: :func:`hijacks`.

Law: the classes of an attacker inside the fabric are disjoint and, with what it may announce, make
up all prefixes. So nothing that it might announce goes unmeasured, but for what no prefix tells: a
node, or a switch, that announces other blocks of the clusters it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.pools import PoolKind
from policies.depth.values import Hijack
from policies.pools import or_longer
from policies.prefix_set import WIDTHS, PrefixSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.pools import Cluster, Pool
    from policies.pools import Territory

Classes = Mapping[Hijack, PrefixSet]


@dataclass(frozen=True)
class Ground:
    """What all attackers have in common, for one IP version: whose the prefixes are."""

    version: int
    clusters: Mapping[str, Cluster]
    territories: Mapping[str, Territory]

    def pools_of(self, names: Sequence[str]) -> PrefixSet:
        """Return everything inside the pools of the clusters ``names``."""
        return PrefixSet.union(self.version, [self.territories[name].pools for name in names])

    @cached_property
    def pools(self) -> PrefixSet:
        """Everything inside any cluster's pools."""
        return self.pools_of(tuple(self.territories))

    @cached_property
    def infrastructure(self) -> PrefixSet:
        """Everything inside the racks' own subnets."""
        nets = [net for one in self.clusters.values() for net in one.infrastructure]
        return or_longer(self.version, nets)

    @cached_property
    def around(self) -> PrefixSet:
        """Every prefix that holds a whole pool and is longer than the default route."""
        width = WIDTHS[self.version]
        rows = {
            (int(pool.cidr.network_address) >> (width - length) << (width - length), length)
            for cluster in self.clusters.values()
            for pool in cluster.pools
            if pool.cidr.version == self.version
            for length in range(1, pool.cidr.prefixlen)
        }
        return PrefixSet.from_int_ranges(
            self.version, [(first, length, length, length) for first, length in rows]
        )

    def longer(self, names: Sequence[str]) -> PrefixSet:
        """Return what is inside a block, or a service range, of the clusters ``names``."""
        return PrefixSet.from_ranges(
            self.version,
            [
                (pool.cidr, _usual(pool) + 1, WIDTHS[self.version])
                for name in names
                for pool in self.clusters[name].pools
                if pool.cidr.version == self.version and _usual(pool) < WIDTHS[self.version]
            ],
        )


def _usual(pool: Pool) -> int:
    return pool.block if pool.kind is PoolKind.WORKLOAD else pool.cidr.prefixlen


def from_outside(ground: Ground) -> Classes:
    """Return what neither the outside nor a border may announce into the fabric."""
    return {Hijack.POOL_FROM_OUTSIDE: ground.pools}


def from_inside(ground: Ground, clusters: Sequence[str], own: PrefixSet) -> Classes:
    """Return what one of ``clusters`` must not announce, which may announce ``own``.

    Classes without a prefix are left out.
    """
    version = ground.version
    others = ground.pools_of([name for name in ground.territories if name not in clusters])
    mine = ground.pools_of(clusters)
    longer = ground.longer(clusters)
    left = ~own
    found: dict[Hijack, PrefixSet] = {}
    # The first class that a prefix fits is the one that it is counted in.
    for hijack, some in (
        (Hijack.DEFAULT_ROUTE, PrefixSet.from_int_ranges(version, [(0, 0, 0, 0)])),
        (Hijack.TOO_LONG, mine & longer),
        (Hijack.TOO_SHORT, mine),
        (Hijack.OTHER_CLUSTER, others),
        (Hijack.INFRASTRUCTURE, ground.infrastructure),
        (Hijack.TOO_SHORT, ground.around),
        (Hijack.FOREIGN, PrefixSet.everything(version)),
    ):
        found[hijack] = found.get(hijack, PrefixSet.empty(version)) | (left & some)
        left -= some
    return {hijack: found[hijack] for hijack in Hijack if found.get(hijack)}
