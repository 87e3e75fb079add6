"""The BGP tables of an IOS-XE switch, from its configuration and the daemon underneath."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.base import Neighbor
from lab.switch.ios.bgp import meaning
from lab.switch.ios.show_bgp import FAMILY, members_text, neighbor_text, routes_text, summary_text
from lab.switch.ios.show_entry import entry_text
from lab.switch.paths import paths_to

if TYPE_CHECKING:
    from lab.switch.ios.device import Device
    from lab.switch.meaning import Address, Router

_NOT_ACTIVE = "% BGP not active\n"


def find_session(device: Device, name: str, *, is_group: bool) -> Address | str | None:
    """Return the neighbor or group that a command names, None if there is none."""
    router = meaning(device.running)
    if router is None:
        return None
    if is_group:
        return name if any(one.name == name for one in router.dynamic) else None
    try:
        address = ip_address(name)
    except ValueError:
        return None
    return address if any(one.address == address for one in router.peers) else None


async def show_bgp(  # noqa: PLR0911 - an arm for each command
    device: Device, version: int, rest: list[str]
) -> str | None:
    """Return ``show bgp ipv4|ipv6 unicast ...``; None if it is not known."""
    router = meaning(device.running)
    if router is None:
        return _NOT_ACTIVE
    daemon = device.environment.daemon
    everybody = await asyncio.to_thread(daemon.neighbors)
    there = [one for one in everybody if _carries(router, one, version)]
    match rest:
        case ["summary"]:
            return summary_text(there, str(router.router_id), router.asn, version)
        case ["neighbors"]:
            return "".join(
                neighbor_text(one, router.asn, version, _group_of(device, one)) for one in there
            )
        case ["neighbors", address, "routes"]:
            found = [one for one in there if str(one.address) == str(ip_address(address))]
            if not found:
                return f"% No such neighbor or address family - {address}\n"
            routes = await asyncio.to_thread(daemon.routes_from, found[0].address, version)
            return routes_text(routes, str(router.router_id))
        case [prefix] if "/" in prefix:
            return await _entry(device, version, prefix)
        case ["peer-group"]:
            groups = {
                one.name: (
                    one.remote_asn,
                    tuple(other.address for other in there if _group_of(device, other) == one.name),
                )
                for one in router.dynamic
                if version in one.families
            }
            return members_text(groups, version)
    return None


async def _entry(device: Device, version: int, text: str) -> str | None:
    """Return ``show bgp ipv4|ipv6 unicast PREFIX``; None for what is no prefix of the family."""
    try:
        prefix = ip_network(text)
    except ValueError:
        return None
    if prefix.version != version:
        return None
    return entry_text(prefix, await asyncio.to_thread(paths_to, device.environment.daemon, prefix))


async def show_all_summaries(device: Device) -> str:
    """Return ``show bgp all summary``."""
    text = ""
    for version in (4, 6):
        summary = await show_bgp(device, version, ["summary"])
        if summary == _NOT_ACTIVE:
            return _NOT_ACTIVE
        text += f"For address family: {FAMILY[version]}\n{summary}\n"
    return text


async def show_all_neighbors(device: Device) -> str:
    """Return ``show bgp all neighbors``: the neighbors of each family below a heading of it."""
    text = ""
    for version in (4, 6):
        there = await show_bgp(device, version, ["neighbors"])
        if there == _NOT_ACTIVE:
            return _NOT_ACTIVE
        in_vrfs = show_vrf_bgp(device, version)
        text += f"For address family: {FAMILY[version]}\n{there}"
        text += f"For address family: VPNv{version} Unicast\n{in_vrfs}" if in_vrfs else ""
    return text


def show_vrf_bgp(device: Device, version: int) -> str:
    """Return ``show bgp vpnv4|vpnv6 unicast all neighbors``: of VRFs, none of which is up."""
    text = ""
    for router in device.running.root.named("router"):
        for family in router.named("family"):
            vrf = family.groups.get("vrf")
            if vrf is None or family.groups["afi"] != f"ipv{version}":
                continue
            for line in family.named("remote-as"):
                one = Neighbor(
                    address=ip_address(line.groups["peer"]),
                    remote_asn=int(line.groups["asn"]),
                    state="Idle",
                    uptime_s=0,
                    group=None,
                    accepted={},
                    advertised={},
                )
                entry = neighbor_text(one, int(router.groups["asn"]), version, None)
                text += entry.replace(",  remote AS", f",  vrf {vrf},  remote AS", 1)
    return text


def _carries(router: Router, one: Neighbor, version: int) -> bool:
    for dynamic in router.dynamic:
        if dynamic.name == one.group:
            return version in dynamic.families
    return any(peer.address == one.address and version in peer.families for peer in router.peers)


def _group_of(device: Device, one: Neighbor) -> str | None:
    if one.group is not None:
        return one.group
    for router in device.running.root.named("router"):
        for line in router.named("member"):
            if ip_address(line.groups["peer"]) == one.address:
                return line.groups["group"]
    return None
