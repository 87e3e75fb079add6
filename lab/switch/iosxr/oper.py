"""What the router tells of its state over NETCONF: :func:`operational`.

The models are the platform's (Cisco-IOS-XR-ipv4-bgp-oper, and those of
:mod:`lab.switch.iosxr.facts`); of each, only what this router knows is there.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lxml import etree

from lab.switch.iosxr.bgp import VERSIONS, find_bgp
from lab.switch.iosxr.facts import facts
from lab.switch.iosxr.subtree import below, leaf, pick
from lab.switch.netconf import local

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.switch.base import Daemon, Environment, Neighbor, Route
    from lab.switch.iosxr.bgp import Bgp
    from lab.switch.iosxr.tree import Node, Tree
    from lab.switch.meaning import Address
    from lab.switch.netconf import Element

_BGP = "http://cisco.com/ns/yang/Cisco-IOS-XR-ipv4-bgp-oper"
_STATES = {
    "Established": "bgp-st-estab",
    "Active": "bgp-st-active",
    "Connect": "bgp-st-connect",
    "OpenSent": "bgp-st-opensent",
    "OpenConfirm": "bgp-st-openconfirm",
}
_FAMILIES = {"ipv4-unicast": 4, "ipv6-unicast": 6}


async def operational(wanted: Element, tree: Tree, environment: Environment) -> list[Element]:
    """Return what a filter selects of the router's state, one element for each model."""
    makers: Mapping[str, Callable[[], Element]] = {
        f"{{{_BGP}}}bgp": lambda: _bgp(wanted, tree, environment.daemon),
        **facts(environment.name, tree),
    }
    found = []
    for one in wanted:
        maker = makers.get(one.tag) if isinstance(one.tag, str) else None
        if maker is not None:
            picked = pick(one, await asyncio.to_thread(maker))
            if picked is not None:
                found.append(picked)
    return found


def _bgp(wanted: Element, tree: Tree, daemon: Daemon) -> Element:
    """Return all of BGP, but with paths only if the filter asks for them."""
    has_paths = any(local(one) == "path-used-table" for one in wanted.iter() if _is_element(one))
    top = etree.Element(f"{{{_BGP}}}bgp", nsmap={None: _BGP})
    found = find_bgp(tree)
    if not found:
        return top
    instance = below(below(top, "instances"), "instance")
    leaf(instance, "instance-name", "default")
    active = below(instance, "instance-active")
    live = {one.address: one for one in daemon.neighbors()}
    _vrf(below(active, "default-vrf"), found[0], live)
    if has_paths:
        _paths(active[0], live, daemon)
    vrfs = below(active, "vrfs")
    for bgp in found[1:]:
        vrf = below(vrfs, "vrf")
        leaf(vrf, "vrf-name", bgp.vrf)
        _vrf(vrf, bgp, {})
    return top


def _vrf(above: Element, bgp: Bgp, live: Mapping[Address, Neighbor]) -> None:
    process = below(below(above, "global-process-info"), "vrf")
    router_id = [o.line.split()[-1] for o in bgp.node.children if "router-id" in o.line]
    leaf(process, "router-id", (router_id or ["0.0.0.0"])[0])  # noqa: S104 - no such address
    leaf(process, "keep-alive-time", "60")
    leaf(process, "hold-time", "180")
    neighbors = below(above, "neighbors")
    configured = {
        ip_address(one.line.split()[1]): one for one in bgp.neighbors() if "/" not in one.line
    }
    ranges = [(ip_network(o.line.split()[1]), o) for o in bgp.neighbors() if "/" in o.line]
    for address in sorted({*configured, *live}, key=lambda one: (one.version, int(one))):
        inside = (node for network, node in ranges if address in network)
        node = configured.get(address) or next(inside, None)
        if node is not None:
            _neighbor(below(neighbors, "neighbor"), bgp, node, str(address), live.get(address))


def _neighbor(above: Element, bgp: Bgp, node: Node, address: str, now: Neighbor | None) -> None:
    leaf(above, "neighbor-address", address)
    leaf(above, "description", bgp.of_session(node, "description") or "")
    leaf(above, "local-as", str(bgp.asn))
    leaf(above, "remote-as", bgp.of_session(node, "remote-as") or "0")
    state = "bgp-st-idle" if now is None else _STATES.get(now.state, "bgp-st-idle")
    leaf(above, "connection-established-time", str(0 if now is None else now.uptime_s))
    leaf(above, "connection-state", state)
    version = ip_address(address).version
    # Which address of its own a session uses is not told by the daemon.
    own = below(above, "connection-local-address")
    leaf(own, "afi", f"ipv{version}")
    leaf(own, f"ipv{version}-address", "0.0.0.0" if version == 4 else "::")  # noqa: PLR2004, S104
    remote = below(above, "connection-remote-address")
    leaf(remote, "afi", f"ipv{version}")
    leaf(remote, f"ipv{version}-address", address)
    is_down = bgp.of_session(node, "shutdown") is not None
    leaf(above, "is-administratively-shut-down", "true" if is_down else "false")
    leaf(above, "router-id", "0.0.0.0" if now is None else _router_id(now))  # noqa: S104 - none
    for family in bgp.families(node):
        if family not in VERSIONS:
            continue
        number = VERSIONS[family]
        data = below(above, "af-data")
        leaf(data, "af-name", f"ipv{number}")
        leaf(data, "route-policy-in", bgp.of_family(node, family, "route-policy", " in") or "")
        leaf(data, "route-policy-out", bgp.of_family(node, family, "route-policy", " out") or "")
        leaf(data, "prefixes-accepted", str(0 if now is None else now.accepted.get(number, 0)))
        leaf(data, "prefixes-denied", "0")
        sent = 0 if now is None else now.advertised.get(number, 0)
        leaf(data, "prefixes-advertised", str(sent))


def _router_id(now: Neighbor) -> str:
    return str(now.address) if now.address.version == 4 else "0.0.0.1"  # noqa: PLR2004


def _paths(above: Element, live: Mapping[Address, Neighbor], daemon: Daemon) -> None:
    afs = below(above, "afs")
    for family, version in _FAMILIES.items():
        af = below(afs, "af")
        leaf(af, "af-name", family)
        table = below(af, "path-used-table")
        for neighbor in live.values():
            for route in _routes(neighbor, version, daemon):
                path = below(table, "path")
                leaf(path, "network", str(route.prefix.network_address))
                leaf(path, "prefix-length", str(route.prefix.prefixlen))
                leaf(path, "neighbor-address", str(neighbor.address))
                leaf(path, "route-type", "used")
                hop = below(below(path, "path-information"), "next-hop")
                leaf(hop, "afi", f"ipv{version}")
                leaf(hop, f"ipv{version}-address", route.next_hop)
                attributes = below(path, "attributes-after-policy-in")
                leaf(below(attributes, "common-attributes"), "as-path", route.as_path)


def _routes(neighbor: Neighbor, version: int, daemon: Daemon) -> Sequence[Route]:
    if neighbor.state != "Established" or version not in neighbor.accepted:
        return ()
    return daemon.routes_from(neighbor.address, version)


def _is_element(one: Element) -> bool:
    return isinstance(one.tag, str)
