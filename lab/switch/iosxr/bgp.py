"""``router bgp`` of a configuration: where each setting of a neighbor comes from.

Start with :func:`find_bgp`, then :class:`Bgp`. What a neighbor does not say itself it inherits, in
the platform's order: for the session from its session-group, then its neighbor-group; for an
address family from the af-group it uses there, then from its neighbor-group's family, and so on
upwards (Cisco, "Implementing BGP", configuration groups). :func:`meaning_of` makes it the router
that a daemon can be; what such a router has no word for (limits, timers, passwords, aggregates) is
carried and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import NOTHING_PASSES, DynamicPeers, Family, Peer, Router

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.iosxr.policies import Library
    from lab.switch.iosxr.tree import Node, Tree
    from lab.switch.meaning import Network

VERSIONS = {"ipv4 unicast": 4, "ipv6 unicast": 6}


@dataclass(frozen=True, slots=True)
class Bgp:
    """One ``router bgp`` block; ``vrf`` is "" or the name of the VRF whose neighbors it has."""

    node: Node
    top: Node
    vrf: str = ""

    @property
    def asn(self) -> int:
        """Return the AS number."""
        return int(self.top.line.split()[-1])

    def neighbors(self) -> Iterator[Node]:
        """Yield the neighbors, those of ranges included, as written."""
        yield from (one for one in self.node.children if one.line.startswith("neighbor "))

    def of_session(self, node: Node, word: str) -> str | None:
        """Return the words after ``word`` where they come from; "" for a bare word."""
        for child in node.children:
            words = child.line.split(maxsplit=1)
            if words[0] == word:
                return words[1] if len(words) > 1 else ""
        for kind in ("session-group", "neighbor-group"):
            group = self._group(node, kind)
            if group is not None and (found := self.of_session(group, word)) is not None:
                return found
        return None

    def families(self, node: Node) -> tuple[str, ...]:
        """Return the address families of a neighbor or group, inherited ones included."""
        own = [one.line.removeprefix("address-family ") for one in _families(node)]
        group = self._group(node, "neighbor-group")
        inherited = self.families(group) if group is not None else ()
        return tuple(dict.fromkeys([*own, *inherited]))

    def of_family(self, node: Node, family: str, word: str, last: str = "") -> str | None:
        """Return what stands between ``word`` and ``last`` in a family, wherever from."""
        for below in _families(node):
            if below.line == f"address-family {family}":
                found = self._in_family(below, family, word, last)
                if found is not None:
                    return found
        group = self._group(node, "neighbor-group")
        return None if group is None else self.of_family(group, family, word, last)

    def _in_family(self, below: Node, family: str, word: str, last: str) -> str | None:
        for child in below.children:
            if child.line.split()[0] == word and child.line.endswith(last):
                return child.line.removeprefix(word).removesuffix(last).strip()
        for child in below.children:
            if child.line.startswith("use af-group "):
                line = f"af-group {child.line.split()[-1]} address-family {family}"
                group = next((one for one in self.top.children if one.line == line), None)
                if group is not None:
                    return self._in_family(group, family, word, last)
        return None

    def _group(self, node: Node, kind: str) -> Node | None:
        name = self.group_of(node, kind)
        line = f"{kind} {name}"
        return next((one for one in self.top.children if name and one.line == line), None)

    def group_of(self, node: Node, kind: str = "neighbor-group") -> str | None:
        """Return the name of the group that a neighbor or group uses itself."""
        use = f"use {kind} "
        return next(
            (o.line.removeprefix(use) for o in node.children if o.line.startswith(use)), None
        )


def find_bgp(tree: Tree) -> tuple[Bgp, ...]:
    """Return the BGP of the default VRF and of each other VRF; () without BGP."""
    top = next((node for node in tree if node.mode == "bgp"), None)
    if top is None:
        return ()
    vrfs = (Bgp(one, top, one.line.split()[1]) for one in top.children if one.mode == "bgp-vrf")
    return (Bgp(top, top), *vrfs)


def meaning_of(tree: Tree, library: Library) -> Router | None:
    """Return what the default VRF's BGP means, which must be free of faults; None without one."""
    found = find_bgp(tree)
    if not found:
        return None
    bgp = found[0]
    return Router(
        asn=bgp.asn,
        router_id=IPv4Address(_router_id(bgp)),
        peers=tuple(
            Peer(
                address=ip_address(node.line.split()[1]),
                remote_asn=int(bgp.of_session(node, "remote-as") or 0),
                families=_meaning_of_families(bgp, node, library),
                is_shut_down=bgp.of_session(node, "shutdown") is not None,
            )
            for node in bgp.neighbors()
            if "/" not in node.line
        ),
        dynamic=tuple(_dynamic(bgp, library)),
        networks=tuple(_networks(bgp)),
    )


def _dynamic(bgp: Bgp, library: Library) -> Iterator[DynamicPeers]:
    """Yield the ranges; those that use one group and are alike in all are one."""
    found: dict[str, list[DynamicPeers]] = {}
    for node in bgp.neighbors():
        if "/" not in node.line or bgp.of_session(node, "shutdown") is not None:
            continue
        network: Network = ip_network(node.line.split()[1], strict=False)
        name = bgp.group_of(node) or str(network)
        one = DynamicPeers(
            name=name,
            ranges=(network,),
            remote_asn=int(bgp.of_session(node, "remote-as") or 0),
            families=_meaning_of_families(bgp, node, library),
        )
        found.setdefault(name, []).append(one)
    for name, ranges in found.items():
        kinds: dict[tuple[object, ...], list[DynamicPeers]] = {}
        for one in ranges:
            kinds.setdefault((one.remote_asn, *sorted(one.families.items())), []).append(one)
        for number, alike in enumerate(kinds.values()):
            yield DynamicPeers(
                name=name if not number else f"{name}-{number}",
                ranges=tuple(one.ranges[0] for one in alike),
                remote_asn=alike[0].remote_asn,
                families=alike[0].families,
            )


def _meaning_of_families(bgp: Bgp, node: Node, library: Library) -> dict[int, Family]:
    is_external = int(bgp.of_session(node, "remote-as") or 0) != bgp.asn
    found: dict[int, Family] = {}
    for family in bgp.families(node):
        if family not in VERSIONS:
            continue
        policies = []
        for direction in (" in", " out"):
            attached = bgp.of_family(node, family, "route-policy", direction)
            # An eBGP session without a policy takes nothing and gives nothing.
            none = NOTHING_PASSES if is_external else None
            policies.append(none if attached is None else library.program(attached))
        found[VERSIONS[family]] = Family(
            import_policy=policies[0],
            export_policy=policies[1],
            next_hop_self=bgp.of_family(node, family, "next-hop-self") is not None,
            route_reflector_client=(
                bgp.of_family(node, family, "route-reflector-client") is not None
            ),
        )
    return found


def _router_id(bgp: Bgp) -> str:
    return next(
        (o.line.split()[-1] for o in bgp.node.children if o.line.startswith("bgp router-id ")),
        "0.0.0.0",  # noqa: S104 - no router id, not an address to listen on
    )


def _networks(bgp: Bgp) -> Iterator[Network]:
    for family in _families(bgp.node):
        if family.line.removeprefix("address-family ") in VERSIONS:
            for child in family.children:
                if child.line.startswith("network "):
                    yield ip_network(child.line.split()[1], strict=False)


def _families(node: Node) -> Iterator[Node]:
    yield from (one for one in node.children if one.line.startswith("address-family "))
