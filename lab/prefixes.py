"""Who announces what in peace time, and where it must be seen; read ``ORIGINS`` first.

Law: a node announces what Calico's would (``reference``: Calico's BIRD templates): one route per
block, the service ranges as they stand, single addresses for borrowed pods and Local services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from lab.topology import NODES, RACKS, Network, Role


def networks(*texts: str) -> tuple[Network, ...]:
    """Return prefixes from their texts, strictly (no host bits)."""
    return tuple(ip_network(text) for text in texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster's pools, from which Calico gives blocks to its nodes."""

    name: str
    workloads: tuple[Network, ...]
    services: tuple[Network, ...]


ORANGE = Cluster(
    name="orange",
    workloads=networks("10.65.0.0/16", "fd00:65::/48"),
    services=networks("191.51.100.0/24", "fd00:651::/112"),
)
BLUE = Cluster(
    name="blue",
    workloads=networks("10.66.0.0/16", "fd00:66::/48"),
    services=networks("191.51.101.0/24", "fd00:661::/112"),
)
CLUSTER_OF: Mapping[str, Cluster] = {
    "node11": ORANGE,
    "node12": ORANGE,
    "node21": BLUE,
    "node22": ORANGE,
    "rogue": ORANGE,
}
"""The cluster whose servers stand where the node is; the rogue only looks like one of orange's."""

BLOCKS: Mapping[str, tuple[Network, ...]] = {
    "node11": networks("10.65.1.0/26", "fd00:65:0:1::/122"),
    "node12": networks("10.65.2.0/26", "fd00:65:0:2::/122"),
    "node21": networks("10.66.1.0/26", "fd00:66:0:1::/122"),
    "node22": networks("10.65.3.0/26", "fd00:65:0:3::/122"),
    "rogue": networks("10.65.66.0/26", "fd00:65:0:66::/122"),
}
SINGLES: Mapping[str, tuple[Network, ...]] = {
    # A pod's address borrowed from another node's block, and a service with the Local policy.
    "node21": networks("10.66.9.9/32", "191.51.101.9/32"),
}
FOREIGN = networks("0.0.0.0/0", "198.51.100.0/24", "::/0", "2001:db8:100::/48")


def _origins() -> dict[str, tuple[Network, ...]]:
    origins: dict[str, tuple[Network, ...]] = {"outside": FOREIGN}
    for rack in RACKS:
        origins[rack.tor] = (rack.v4, rack.v6)
    for node, blocks in BLOCKS.items():
        # The rogue keeps quiet: one block, as any node, and no services.
        services = CLUSTER_OF[node].services if NODES[node].role is Role.NODE else ()
        origins[node] = (*blocks, *services, *SINGLES.get(node, ()))
    return origins


ORIGINS: Mapping[str, tuple[Network, ...]] = _origins()
"""Node -> the legitimate prefixes that it announces."""

INFRASTRUCTURE: frozenset[Network] = frozenset(
    network for rack in RACKS for network in (rack.v4, rack.v6)
)


def expected(node: str) -> frozenset[Network]:
    """Return the prefixes that ``node``'s BGP table must hold in peace time, from whomever.

    The racks' own subnets are an inner matter: whether they cross the border is the operator's
    choice, so neither the borders nor the outside are required to have them.
    """
    everything = frozenset(network for own in ORIGINS.values() for network in own)
    if NODES[node].role in {Role.BORDER, Role.OUTSIDE}:
        return everything - INFRASTRUCTURE
    return everything


def of_version(prefixes: frozenset[Network], version: int) -> frozenset[Network]:
    """Return those of ``prefixes`` that belong to IP ``version``."""
    kind = IPv4Network if version == 4 else IPv6Network  # noqa: PLR2004 - the version's own name
    return frozenset(prefix for prefix in prefixes if isinstance(prefix, kind))
