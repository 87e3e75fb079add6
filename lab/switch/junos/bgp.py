"""What a configuration means for BGP: :func:`router`, with Junos's inheritance and defaults.

Law: what a neighbor says replaces what its group says, and that replaces what stands for all of
BGP, statement by statement and a policy chain as a whole (Junos BGP guide, "import", "export").
Only the main instance is routed; routing-instances are configuration like any other here.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from lab.switch.junos.groups import expanded
from lab.switch.junos.policy import chain_program, sets_next_hop_self
from lab.switch.meaning import (
    Branch,
    DynamicPeers,
    Family,
    InPrefixes,
    IsFamily,
    Jump,
    Peer,
    Router,
    Verdict,
)
from lab.switch.simplify import simplified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.switch.junos.tree import Node
    from lab.switch.meaning import Condition, Network, Program

_FAMILIES = {4: "inet", 6: "inet6"}


def router(tree: Node) -> Router | None:
    """Return the BGP of ``tree``; None if it has none."""
    whole = expanded(tree)
    routing = whole.one("routing-options")
    asn, router_id = routing.value("autonomous-system"), routing.value("router-id")
    bgp = whole.one("protocols", "bgp")
    if asn is None or router_id is None or not any(bgp.all("group")):
        return None
    reader = _Reader(whole, bgp, int(asn), local_routes(whole))
    peers: list[Peer] = []
    dynamic: list[DynamicPeers] = []
    for group in bgp.all("group"):
        peers += [reader.peer(group, neighbor) for neighbor in group.all("neighbor")]
        if any(group.all("allow")):
            dynamic.append(reader.dynamic(group))
    return Router(
        asn=int(asn),
        router_id=IPv4Address(router_id),
        peers=tuple(peers),
        dynamic=tuple(dynamic),
        networks=reader.announced(peers, dynamic),
    )


def local_routes(tree: Node) -> dict[Network, str]:
    """Return the switch's own subnets and static routes: prefix -> protocol."""
    found: dict[Network, str] = {}
    for version, name in _FAMILIES.items():
        static = tree.one("routing-options")
        if version == 6:  # noqa: PLR2004 - IPv6
            static = static.one("rib", "inet6.0")
        for route in static.one("static").all("route"):
            found[ip_network(route.words[1])] = "static"
        for interface in tree.one("interfaces").children.values():
            if any(interface.all("disable")):
                continue
            for unit in interface.all("unit"):
                for address in unit.one("family", name).all("address"):
                    found[ip_interface(address.words[1]).network] = "direct"
    return found


@dataclass(slots=True)
class _Reader:
    tree: Node
    bgp: Node
    asn: int
    local: Mapping[Network, str]

    def peer(self, group: Node, neighbor: Node) -> Peer:
        levels = (neighbor, group, self.bgp)
        address = ip_address(neighbor.words[1])
        return Peer(
            address=address,
            remote_asn=self._remote(levels),
            families=self._families(levels, address.version),
            is_shut_down=any(any(level.all("shutdown")) for level in levels),
        )

    def dynamic(self, group: Node) -> DynamicPeers:
        levels = (group, self.bgp)
        ranges = tuple(ip_network(one) for one in group.values("allow"))
        return DynamicPeers(
            name=group.words[1],
            ranges=ranges,
            remote_asn=self._remote(levels),
            families=self._families(levels, ranges[0].version),
        )

    def announced(
        self, peers: Sequence[Peer], dynamic: Sequence[DynamicPeers]
    ) -> tuple[Network, ...]:
        """Return the local routes that any session announces."""
        programs = [
            (version, family.export_policy)
            for families in (*(one.families for one in peers), *(one.families for one in dynamic))
            for version, family in families.items()
        ]
        return tuple(
            sorted(
                (
                    prefix
                    for prefix in self.local
                    if any(
                        version == prefix.version and program and _accepts(program, prefix)
                        for version, program in programs
                    )
                ),
                key=lambda one: (one.version, int(one.network_address), one.prefixlen),
            )
        )

    def _remote(self, levels: Sequence[Node]) -> int:
        given = _first(levels, "peer-as")
        if given is not None:
            return int(given)
        return self.asn

    def _families(self, levels: Sequence[Node], transport: int) -> dict[int, Family]:
        named = next((level.one("family") for level in levels if any(level.all("family"))), None)
        versions = [
            version
            for version, name in _FAMILIES.items()
            if (transport == version if named is None else any(named.one(name).all("unicast")))
        ]
        imports, exports = _chain(levels, "import"), _chain(levels, "export")
        options = self.tree.one("policy-options")
        incoming = chain_program(options, imports, local=None) if imports else None
        outgoing = chain_program(options, exports, local=self.local)
        return {
            version: Family(
                import_policy=None if incoming is None else simplified(incoming, version),
                export_policy=simplified(outgoing, version),
                next_hop_self=sets_next_hop_self(options, exports),
                route_reflector_client=_first(levels, "cluster") is not None,
            )
            for version in versions
        }


def _first(levels: Sequence[Node], word: str) -> str | None:
    return next((value for level in levels if (value := level.value(word)) is not None), None)


def _chain(levels: Sequence[Node], direction: str) -> tuple[str, ...]:
    return next((chain for level in levels if (chain := level.values(direction))), ())


def _accepts(program: Program, prefix: Network) -> bool:
    """Whether a route of our own with no attributes passes."""
    at = 0
    while True:
        one = program.instructions[at]
        if isinstance(one, Verdict):
            return one.accept
        if isinstance(one, Branch):
            at = one.then if _holds(one.condition, prefix) else one.otherwise
        else:
            at = one.to if isinstance(one, Jump) else at + 1


def _holds(condition: Condition, prefix: Network) -> bool:
    if isinstance(condition, IsFamily):
        return condition.version == prefix.version
    if isinstance(condition, InPrefixes):
        if condition.version != prefix.version:
            return False
        for permitted, one in condition.ranges:
            inside = prefix.prefixlen >= one.prefix.prefixlen and (
                prefix.supernet(new_prefix=one.prefix.prefixlen) == one.prefix
            )
            if inside and one.shortest <= prefix.prefixlen <= one.longest:
                return permitted
        return False
    return False
