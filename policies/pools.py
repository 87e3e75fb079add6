"""What a cluster's pools allow, as prefix sets, cut down to what was delegated to it.

Start with :func:`effective`. The lengths follow what Calico's nodes announce
(projectcalico/calico, ``bird_aggr.cfg.template`` and ``routes.go``): blocks at the
pool's block size, service ranges as they stand, single addresses where Calico would.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from inventory.matrix import Announce
from inventory.pools import Cluster, Pool, PoolKind
from policies.errors import Violation
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.fields import Network
    from inventory.site import Site

VERSIONS = (4, 6)


def or_longer(version: int, networks: Iterable[Network]) -> PrefixSet:
    """Return every prefix of ``version`` inside ``networks``, themselves included."""
    return PrefixSet.from_ranges(
        version,
        [(net, net.prefixlen, net.max_prefixlen) for net in networks if net.version == version],
    )


def exactly(version: int, networks: Iterable[Network]) -> PrefixSet:
    """Return just the prefixes ``networks`` of ``version``."""
    return PrefixSet.from_ranges(
        version,
        [(net, net.prefixlen, net.prefixlen) for net in networks if net.version == version],
    )


def specifics(pool: Pool, *, strict_affinity: bool) -> PrefixSet:
    """Return what nodes may announce of ``pool``.

    A workload pool: its blocks, and single addresses unless the cluster lends none
    (``strict_affinity``); a service range: itself, and single addresses, since a service
    of ``externalTrafficPolicy: Local`` is announced alone.
    """
    net = pool.cidr
    length = pool.block if pool.kind is PoolKind.WORKLOAD else net.prefixlen
    items = [(net, length, length)]
    host_routes = pool.host_routes
    if host_routes is None:
        host_routes = pool.kind is PoolKind.SERVICE or not strict_affinity
    if host_routes:
        items.append((net, net.max_prefixlen, net.max_prefixlen))
    return PrefixSet.from_ranges(net.version, items)


@dataclass(frozen=True, slots=True)
class Territory:
    """What one cluster may announce, for one family; ``pools`` is everything inside its pools."""

    specifics: PrefixSet
    aggregates: PrefixSet
    pools: PrefixSet
    infrastructure: PrefixSet

    def announced(self, announce: Announce) -> PrefixSet:
        """Return what a tier that carries ``announce`` may be told."""
        if announce is Announce.SPECIFICS:
            return self.specifics
        if announce is Announce.AGGREGATES:
            return self.aggregates
        return self.specifics | self.aggregates


def effective(cluster: Cluster, version: int) -> Territory:
    """Return what ``cluster`` may announce: its pools, cut down to its delegation.

    A pool, or the part of one, outside ``delegated`` is never opened; see :func:`outside`.
    """
    cap = or_longer(version, cluster.delegated)
    pools = [pool for pool in cluster.pools if pool.cidr.version == version]
    told = [specifics(pool, strict_affinity=cluster.strict_affinity) for pool in pools]
    cidrs = [pool.cidr for pool in pools]
    return Territory(
        specifics=PrefixSet.union(version, told) & cap,
        aggregates=exactly(version, cidrs) & cap,
        pools=or_longer(version, cidrs) & cap,
        infrastructure=exactly(version, cluster.infrastructure),
    )


def outside(cluster: Cluster) -> tuple[Pool, ...]:
    """Return the pools of which some part was never delegated to ``cluster``."""
    caps = {version: or_longer(version, cluster.delegated) for version in VERSIONS}
    return tuple(
        pool
        for pool in cluster.pools
        if not or_longer(pool.cidr.version, [pool.cidr]) <= caps[pool.cidr.version]
    )


def check_pools(site: Site) -> tuple[tuple[Violation, ...], tuple[str, ...]]:
    """Return the limits that the pools alone break, and findings that stop nothing.

    Needs no device: no pools at all, a default route, pools of two clusters inside each
    other, pools over management or infrastructure addresses.
    """
    broken: list[Violation] = []
    findings: list[str] = []
    where = site.pools_source.place
    if not any(_is_open(cluster) for cluster in site.clusters.values()):
        listed = any(cluster.pools for cluster in site.clusters.values())
        what = "no pool is inside what is delegated to its cluster" if listed else "no pools at all"
        broken.append(
            Violation(
                limit="no-pools",
                where=str(where(("clusters",))),
                evidence=f"{what}: filters would close everything",
                way_out="restore the pools, or name another source in site.yaml",
            )
        )
    for name, cluster in site.clusters.items():
        broken += [
            Violation(
                limit="default-route",
                where=str(where(("clusters", name, "delegated", index))),
                evidence=f"{net} is no cap: it delegates everything to cluster {name}",
                way_out="list what the cluster was given",
            )
            for index, net in enumerate(cluster.delegated)
            if net.prefixlen == 0
        ]
        for index, pool in enumerate(cluster.pools):
            at = str(where(("clusters", name, "pools", index)))
            broken += _check_pool(site, name, pool, at)
            if pool in outside(cluster):
                findings.append(
                    f"{_beside(site, name, index)}: {pool.cidr} of cluster {name} is not inside "
                    "what is delegated to it and stays closed; extend delegated, or take it out"
                )
    broken += _overlaps(site)
    return tuple(broken), tuple(findings)


def _beside(site: Site, name: str, index: int) -> str:
    """Return where a pool stands, seen from the site: a plan reads the same from anywhere."""
    place = site.pools_source.place(("clusters", name, "pools", index))
    return ":".join(
        str(one) for one in (site.settings.pools, place.line, place.column) if one is not None
    )


def _is_open(cluster: Cluster) -> bool:
    """Return whether anything at all may be announced by ``cluster``."""
    return any(effective(cluster, version).pools for version in VERSIONS)


def _check_pool(site: Site, name: str, pool: Pool, at: str) -> list[Violation]:
    """Return what is wrong with one pool by itself."""
    if pool.cidr.prefixlen == 0:
        return [
            Violation(
                limit="default-route",
                where=at,
                evidence=f"{pool.cidr} of cluster {name} is a default route",
                way_out="list what the cluster really owns",
            )
        ]
    infrastructure = [net for c in site.clusters.values() for net in c.infrastructure]
    return [
        Violation(
            limit="covers-infrastructure",
            where=at,
            evidence=f"{pool.cidr} of cluster {name} overlaps the {what} addresses {net}",
            way_out="take the overlap out of the pool",
        )
        for what, nets in (
            ("management", site.settings.management),
            ("infrastructure", dict.fromkeys(infrastructure)),
        )
        for net in nets
        if _overlap(pool.cidr, net)
    ]


def _overlaps(site: Site) -> list[Violation]:
    """Return what two clusters both claim: by their pools or, where those agree, by their caps."""
    pools = {
        name: [("pools", place, pool.cidr) for place, pool in enumerate(cluster.pools)]
        for name, cluster in site.clusters.items()
    }
    caps = {
        name: [("delegated", place, net) for place, net in enumerate(cluster.delegated)]
        for name, cluster in site.clusters.items()
    }
    return _claimed_twice(site, pools) or _claimed_twice(site, caps)


def _claimed_twice(
    site: Site, claims: Mapping[str, Sequence[tuple[str, int, Network]]]
) -> list[Violation]:
    return [
        Violation(
            limit="overlap",
            where=str(site.pools_source.place(("clusters", other, key, place))),
            evidence=f"{net} of cluster {other} overlaps {theirs} of cluster {one}",
            way_out="a prefix belongs to one cluster: give it to one of the two",
        )
        for one, other in combinations(sorted(claims), 2)
        for key, place, net in claims[other]
        for _, _, theirs in claims[one]
        if _overlap(net, theirs)
    ]


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def holdings(cluster: Cluster) -> Mapping[int, PrefixSet]:
    """Return all that ``cluster`` holds, by family: what is delegated to it, and infrastructure."""
    nets = (*cluster.delegated, *cluster.infrastructure)
    return {version: or_longer(version, nets) for version in VERSIONS}


def territories(site: Site, version: int) -> Mapping[str, Territory]:
    """Return what every cluster of the site may announce, for one family."""
    return {name: effective(cluster, version) for name, cluster in site.clusters.items()}
