"""The hijacks of the drill, as data; read ``ATTACKS`` first.

Law: an attack's victims are the nodes whose traffic it draws in an unfiltered network, by BGP's own
rules alone (local preference, then the shorter AS path). A drill of the bare lab shows each of
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network

from lab.prefixes import networks
from lab.topology import Network


class Kind(StrEnum):
    """Classes of hijack."""

    DEFAULT_ROUTE = "default-route"
    FOREIGN_SPECIFIC = "foreign-specific"
    OTHER_CLUSTER = "other-cluster"
    INSIDE_BLOCK = "inside-block"
    SINGLE_ADDRESS = "single-address"
    TOO_SHORT = "too-short"
    POOL_FROM_OUTSIDE = "pool-from-outside"


MEANING: Mapping[Kind, str] = {
    Kind.DEFAULT_ROUTE: "the default route",
    Kind.FOREIGN_SPECIFIC: "a more-specific of a foreign prefix",
    Kind.OTHER_CLUSTER: "another cluster's block",
    Kind.INSIDE_BLOCK: "half of a neighbour's block",
    Kind.SINGLE_ADDRESS: "one address of a neighbour's block",
    Kind.TOO_SHORT: "a supernet of blocks",
    Kind.POOL_FROM_OUTSIDE: "the cluster's own pools, from the outside",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One prefix that one speaker announces and must not."""

    kind: Kind
    attacker: str
    prefix: Network
    victims: tuple[str, ...]


MARKS: Mapping[str, tuple[int, int]] = {
    "rogue": (64999, 1),
    "node21": (64999, 2),
    "outside": (64999, 3),
}
"""Attacker -> the community on what it announces in a drill, which tells its paths from others."""

BEACONS: Mapping[str, tuple[Network, ...]] = {
    "rogue": networks("10.65.66.64/26", "fd00:65:0:66::40/122"),
    "node21": networks("10.66.1.64/26", "fd00:66:0:1::40/122"),
    "outside": networks("192.0.2.0/24", "2001:db8:200::/48"),
}
"""Attacker -> prefixes that it may announce, sent behind the attacks and never filtered."""

_SERVERS = ("node11", "node12", "node21", "node22")
_BORDERS = ("border1", "border2")


def _from_rogue() -> dict[tuple[Kind, tuple[str, ...]], tuple[str, ...]]:
    everyone = (*_SERVERS, "outside")
    return {
        (Kind.DEFAULT_ROUTE, _SERVERS): ("0.0.0.0/0", "::/0"),
        (Kind.FOREIGN_SPECIFIC, everyone): ("198.51.100.128/25", "2001:db8:100:8000::/49"),
        # A block that nobody uses yet, and one that node21 announces: its own ToR sticks to node21.
        (Kind.OTHER_CLUSTER, everyone): ("10.66.5.0/26", "fd00:66:0:5::/122"),
        (Kind.OTHER_CLUSTER, ("node11", "node12", "outside")): (
            "10.66.1.0/26",
            "fd00:66:0:1::/122",
        ),
        (Kind.INSIDE_BLOCK, everyone): ("10.65.3.0/27", "fd00:65:0:3::/123"),
        (Kind.SINGLE_ADDRESS, everyone): ("10.65.3.7/32", "fd00:65:0:3::7/128"),
        (Kind.TOO_SHORT, everyone): (
            "10.65.0.0/16",
            "10.64.0.0/14",
            "fd00:65::/48",
            "fd00:64::/30",
        ),
    }


def _from_node21() -> dict[tuple[Kind, tuple[str, ...]], tuple[str, ...]]:
    others = ("node11", "node12", "node22", "outside")
    return {
        # The spines have a default route of the same length, so this one stays in the rack.
        (Kind.DEFAULT_ROUTE, ("node22",)): ("0.0.0.0/0", "::/0"),
        (Kind.FOREIGN_SPECIFIC, others): ("198.51.100.128/25", "2001:db8:100:8000::/49"),
        (Kind.OTHER_CLUSTER, others): ("10.65.5.0/26", "fd00:65:0:5::/122"),
        (Kind.OTHER_CLUSTER, ("node22",)): ("10.65.2.0/26", "fd00:65:0:2::/122"),
        (Kind.INSIDE_BLOCK, others): ("10.65.2.0/27", "fd00:65:0:2::/123"),
        (Kind.SINGLE_ADDRESS, others): ("10.65.2.7/32", "fd00:65:0:2::7/128"),
        (Kind.TOO_SHORT, others): (
            "10.66.0.0/16",
            "10.64.0.0/14",
            "fd00:66::/48",
            "fd00:64::/30",
        ),
    }


def _from_outside() -> dict[tuple[Kind, tuple[str, ...]], tuple[str, ...]]:
    return {
        (Kind.POOL_FROM_OUTSIDE, _SERVERS): (
            "10.65.0.0/16",
            "10.66.0.0/16",
            "10.65.9.0/26",
            "10.65.1.0/27",
            "191.51.100.0/25",
            "191.51.101.128/25",
            "fd00:65::/48",
            "fd00:66::/48",
            "fd00:65:0:9::/122",
            "fd00:65:0:1::/123",
            "fd00:651::/113",
        ),
        # Live blocks and ranges: the fabric prefers its own, the borders believe the outside.
        (Kind.POOL_FROM_OUTSIDE, _BORDERS): (
            "10.65.1.0/26",
            "191.51.100.0/24",
            "fd00:65:0:1::/122",
            "fd00:651::/112",
        ),
    }


def _all() -> tuple[Attack, ...]:
    sources = {"rogue": _from_rogue(), "node21": _from_node21(), "outside": _from_outside()}
    return tuple(
        Attack(kind=kind, attacker=attacker, prefix=ip_network(text), victims=victims)
        for attacker, attacks in sources.items()
        for (kind, victims), texts in attacks.items()
        for text in texts
    )


ATTACKS: tuple[Attack, ...] = _all()
"""Every attack of the drill, IPv4 and IPv6, grouped by attacker."""
