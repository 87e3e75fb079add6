"""What the virtual network consists of, as data; read ``NODES``, ``LINKS`` and ``SESSIONS`` first.

Law: names, AS numbers and addresses stand here once. All that the lab renders, waits for or judges
is derived from this module and from ``lab.prefixes``; nothing here does any I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

VERSIONS = (4, 6)


class Role(StrEnum):
    """What a node is in the network."""

    OUTSIDE = "outside"
    BORDER = "border"
    SPINE = "spine"
    TOR = "tor"
    NODE = "node"
    ROGUE = "rogue"


SWITCH_ROLES = frozenset({Role.BORDER, Role.SPINE, Role.TOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One namespace: a switch (FRR and OpenSSH) or a speaker (BIRD)."""

    name: str
    role: Role
    asn: int
    number: int
    """Unique; the last byte of the router id and, for a switch, of the management address."""

    @property
    def is_switch(self) -> bool:
        """Whether it runs FRR and has a management address."""
        return self.role in SWITCH_ROLES

    @property
    def is_forwarding(self) -> bool:
        """Whether its kernel routes between interfaces."""
        return self.is_switch or self.role is Role.OUTSIDE

    @property
    def router_id(self) -> IPv4Address:
        """Return the BGP identifier, which is no interface's address."""
        return IPv4Address("10.255.255.0") + self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A cable between two nodes; each end's interface is named after the other end."""

    upper: str
    lower: str
    upper_v4: IPv4Interface
    lower_v4: IPv4Interface
    upper_v6: IPv6Interface
    lower_v6: IPv6Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """A ToR's bridge with its servers; the ToR has the first address."""

    tor: str
    v4: IPv4Network
    v6: IPv6Network
    members: Mapping[str, int]
    """Server -> host part: 11 stands for .11 and, in decimal digits, for ::11."""

    def v4_of(self, member: str) -> IPv4Interface:
        """Return the IPv4 address and mask of a server, or of the ToR itself."""
        return IPv4Interface(f"{self.v4[self._host(member)]}/{self.v4.prefixlen}")

    def v6_of(self, member: str) -> IPv6Interface:
        """Return the IPv6 address and mask of a server, or of the ToR itself."""
        return IPv6Interface(f"{self.v6[int(str(self._host(member)), 16)]}/{self.v6.prefixlen}")

    def _host(self, member: str) -> int:
        return 1 if member == self.tor else self.members[member]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One BGP session; ``upper`` is the end nearer to the outside, a ToR is above its servers."""

    upper: str
    lower: str
    upper_address: Address
    lower_address: Address
    families: tuple[int, ...]
    """The IP versions whose routes it carries."""

    @property
    def version(self) -> int:
        """Return the IP version of its transport."""
        return self.upper_address.version

    def peer_of(self, node: str) -> str:
        """Return the other end's name."""
        return self.lower if node == self.upper else self.upper

    def address_of(self, node: str) -> Address:
        """Return the address of the end that is ``node``."""
        return self.upper_address if node == self.upper else self.lower_address


def _fabric_link(number: int, upper: str, lower: str) -> Link:
    return Link(
        upper=upper,
        lower=lower,
        upper_v4=IPv4Interface(f"10.255.{number}.0/31"),
        lower_v4=IPv4Interface(f"10.255.{number}.1/31"),
        upper_v6=IPv6Interface(f"2001:db8:ff:{number}::1/64"),
        lower_v6=IPv6Interface(f"2001:db8:ff:{number}::2/64"),
    )


def _transit_link(number: int, upper: str, lower: str) -> Link:
    first = IPv4Address("203.0.113.0") + 4 * (number - 1)
    return Link(
        upper=upper,
        lower=lower,
        upper_v4=IPv4Interface(f"{first + 1}/30"),
        lower_v4=IPv4Interface(f"{first + 2}/30"),
        upper_v6=IPv6Interface(f"2001:db8:fe:{number}::1/64"),
        lower_v6=IPv6Interface(f"2001:db8:fe:{number}::2/64"),
    )


NODES: Mapping[str, Node] = {
    node.name: node
    for node in (
        Node(name="border1", role=Role.BORDER, asn=65001, number=1),
        Node(name="border2", role=Role.BORDER, asn=65001, number=2),
        Node(name="spine1", role=Role.SPINE, asn=65000, number=3),
        Node(name="spine2", role=Role.SPINE, asn=65000, number=4),
        Node(name="tor1", role=Role.TOR, asn=65201, number=5),
        Node(name="tor2", role=Role.TOR, asn=65202, number=6),
        Node(name="outside", role=Role.OUTSIDE, asn=64500, number=10),
        Node(name="node11", role=Role.NODE, asn=65201, number=11),
        Node(name="node12", role=Role.NODE, asn=65201, number=12),
        Node(name="rogue", role=Role.ROGUE, asn=65201, number=13),
        Node(name="node21", role=Role.NODE, asn=64621, number=21),
        Node(name="node22", role=Role.NODE, asn=64622, number=22),
    )
}
SWITCHES = tuple(name for name, node in NODES.items() if node.is_switch)
SPEAKERS = tuple(name for name, node in NODES.items() if not node.is_switch)

LINKS: tuple[Link, ...] = (
    _transit_link(1, "outside", "border1"),
    _transit_link(2, "outside", "border2"),
    _fabric_link(1, "border1", "spine1"),
    _fabric_link(2, "border1", "spine2"),
    _fabric_link(3, "border2", "spine1"),
    _fabric_link(4, "border2", "spine2"),
    _fabric_link(11, "spine1", "tor1"),
    _fabric_link(12, "spine1", "tor2"),
    _fabric_link(21, "spine2", "tor1"),
    _fabric_link(22, "spine2", "tor2"),
)

RACKS: tuple[Rack, ...] = (
    Rack(
        tor="tor1",
        v4=IPv4Network("172.20.1.0/24"),
        v6=IPv6Network("2001:db8:20:1::/64"),
        members={"node11": 11, "node12": 12, "rogue": 66},
    ),
    Rack(
        tor="tor2",
        v4=IPv4Network("172.20.2.0/24"),
        v6=IPv6Network("2001:db8:20:2::/64"),
        members={"node21": 11, "node22": 12},
    ),
)


def _sessions() -> tuple[Session, ...]:
    found: list[Session] = []
    for link in LINKS:
        pair = (link.upper, link.lower)
        if NODES[link.upper].role is Role.BORDER:
            found.append(_session(pair, link.upper_v4, link.lower_v4, VERSIONS))
        else:
            found.append(_session(pair, link.upper_v4, link.lower_v4, (4,)))
            found.append(_session(pair, link.upper_v6, link.lower_v6, (6,)))
    for rack in RACKS:
        for member in rack.members:
            pair = (rack.tor, member)
            found.append(_session(pair, rack.v4_of(rack.tor), rack.v4_of(member), (4,)))
            found.append(_session(pair, rack.v6_of(rack.tor), rack.v6_of(member), (6,)))
    return tuple(found)


def _session(
    pair: tuple[str, str], upper: Interface, lower: Interface, families: tuple[int, ...]
) -> Session:
    return Session(
        upper=pair[0],
        lower=pair[1],
        upper_address=upper.ip,
        lower_address=lower.ip,
        families=families,
    )


SESSIONS = _sessions()
"""All BGP sessions; borders and spines have one for both families, the others one for each."""


def sessions_of(node: str) -> tuple[Session, ...]:
    """Return the sessions that end at ``node``, in the order of ``SESSIONS``."""
    return tuple(session for session in SESSIONS if node in (session.upper, session.lower))


def cables() -> tuple[tuple[str, str], ...]:
    """Return the pairs of nodes with a veth between them, the upper or the ToR first."""
    fabric = tuple((link.upper, link.lower) for link in LINKS)
    servers = tuple((rack.tor, member) for rack in RACKS for member in rack.members)
    return fabric + servers


def rack_of(node: str) -> Rack | None:
    """Return the rack that ``node`` is in, as its ToR or as a server."""
    return next((rack for rack in RACKS if node == rack.tor or node in rack.members), None)


def management_address(switch: str, subnet: int) -> IPv4Address:
    """Return the loopback address where ``switch`` is managed in lab ``subnet``."""
    return IPv4Address(f"127.{subnet}.0.{NODES[switch].number}")


SSH_USER = "ringfence"
