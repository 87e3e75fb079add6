"""What a switch's configuration means for its BGP, whatever platform it is written for.

Start with :class:`Router`. A virtual switch reads its own configuration into one of these, and
``lab.switch.daemon`` makes an FRR daemon behave so. Law: everything that a platform does by default
is said here in full: a session without a policy has None where everything passes, and a program
that rejects where nothing does. All values are immutable; equal meanings are equal values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Range:
    """Prefixes inside ``prefix`` (itself included) whose length is ``shortest`` to ``longest``."""

    prefix: Network
    shortest: int
    longest: int


@dataclass(frozen=True, slots=True)
class InPrefixes:
    """True of routes of family ``version`` that the ranges permit: the first that holds decides.

    ``ranges`` are (is permitted, range), in order; what none holds is not permitted. A route of
    the other family never matches.
    """

    version: int
    ranges: tuple[tuple[bool, Range], ...]


@dataclass(frozen=True, slots=True)
class IsFamily:
    """True of every route of family ``version``."""

    version: int


@dataclass(frozen=True, slots=True)
class HasCommunity:
    """True of routes with any of these communities, such as "65000:200"."""

    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AsPathMatches:
    """True of routes whose AS path fits any of these regular expressions (FRR's syntax)."""

    any_of: tuple[str, ...]


Condition = InPrefixes | IsFamily | HasCommunity | AsPathMatches


@dataclass(frozen=True, slots=True)
class Branch:
    """Go on at instruction ``then`` if ``condition`` holds, else at ``otherwise``; both later."""

    condition: Condition
    then: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at instruction ``to``, which comes later."""

    to: int


@dataclass(frozen=True, slots=True)
class Change:
    """Change an attribute of the route, in FRR's words after ``set``: "local-preference 200"."""

    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end: the route, as changed so far, passes or does not."""

    accept: bool


Instruction = Branch | Jump | Change | Verdict


@dataclass(frozen=True, slots=True)
class Program:
    """A policy: runs from instruction 0, only ever forward, to a :class:`Verdict`.

    The last instruction is a verdict, and no jump leads past it.
    """

    instructions: tuple[Instruction, ...]


NOTHING_PASSES = Program((Verdict(accept=False),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One address family of a peer or group; None for a policy means that everything passes."""

    import_policy: Program | None = None
    export_policy: Program | None = None
    next_hop_self: bool = False
    route_reflector_client: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A neighbor with an address of its own; groups of the platform are resolved already."""

    address: Address
    remote_asn: int
    families: Mapping[int, Family]
    is_shut_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicPeers:
    """Whoever connects from ``ranges``; ``name`` is the group's own name on the platform."""

    name: str
    ranges: tuple[Network, ...]
    remote_asn: int
    families: Mapping[int, Family]


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """The BGP of one switch, default VRF. ``networks`` are what it announces by itself."""

    asn: int
    router_id: IPv4Address
    peers: tuple[Peer, ...] = ()
    dynamic: tuple[DynamicPeers, ...] = ()
    networks: tuple[Network, ...] = field(default=())
