"""``show`` commands of the virtual IOS-XR: :func:`executed`."""

from __future__ import annotations

import asyncio
import re
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

from lab.switch.iosxr.bgp import find_bgp
from lab.switch.iosxr.entry import entry_text
from lab.switch.iosxr.facts import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.base import Daemon, Neighbor, Route
    from lab.switch.iosxr.bgp import Bgp
    from lab.switch.iosxr.store import Store

_ROUTES = re.compile(r"show bgp(?: vrf (\S+))? ipv([46]) unicast neighbors (\S+) routes")
_ENTRY = re.compile(r"show bgp(?: vrf (\S+))? ipv([46]) unicast ([0-9a-fA-F.:]+/\d+)")
#: Columns left for an address or a prefix; a longer one has a line of its own.
_ADDRESS = 15
_PREFIX = 18


async def executed(command: str, store: Store, daemon: Daemon) -> str | None:
    """Return what a command prints; None if there is no such command."""
    if command == "show version":
        return f"Cisco IOS XR Software, Version {VERSION}\n"
    if command == "show configuration commit list":
        return "".join(_commits(store))
    found = find_bgp(store.running)
    if command == "show bgp sessions":
        return await asyncio.to_thread(lambda: "".join(_sessions(found, daemon)))
    if entry := _ENTRY.fullmatch(command):
        return await asyncio.to_thread(entry_text, entry[1], int(entry[2]), entry[3], daemon)
    match = _ROUTES.fullmatch(command)
    if match is None:
        return None
    vrf, version, address = match[1] or "", int(match[2]), match[3]
    return await asyncio.to_thread(lambda: "".join(_routes(found, vrf, version, address, daemon)))


def _commits(store: Store) -> Iterator[str]:
    yield "SNo. Label/ID      User              Line     Client       Time Stamp\n"
    yield "~~~~ ~~~~~~~~      ~~~~              ~~~~     ~~~~~~       ~~~~~~~~~~\n"
    for number, one in enumerate(reversed(store.commits), start=1):
        when = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(one.at))
        yield f"{number:<4} {one.number:<13} {one.who:<17} {'vty0':<8} {one.client:<12} {when}\n"


def _sessions(found: tuple[Bgp, ...], daemon: Daemon) -> Iterator[str]:
    yield "\n"
    yield "Neighbor        VRF                   Spk    AS   InQ  OutQ  NBRState     NSRState\n"
    live = {str(one.address): one for one in daemon.neighbors()}
    for bgp in found:
        configured = [node.line.split()[1] for node in bgp.neighbors() if "/" not in node.line]
        names = configured if bgp.vrf else sorted({*configured, *live})
        for name in names:
            now: Neighbor | None = None if bgp.vrf else live.get(name)
            state = "Idle" if now is None else now.state
            asn = 0 if now is None else now.remote_asn
            rest = f"{bgp.vrf or 'default':<20} {0:>4} {asn:>5} {0:>5} {0:>5}  {state:<12} None\n"
            yield (
                f"{name:<{_ADDRESS}} {rest}"
                if len(name) <= _ADDRESS
                else (f"{name}\n{'':<{_ADDRESS}} {rest}")
            )


def _routes(
    found: tuple[Bgp, ...], vrf: str, version: int, address: str, daemon: Daemon
) -> Iterator[str]:
    bgp = next((one for one in found if one.vrf == vrf), None)
    if bgp is None:
        yield f"% The specified VRF {vrf} is not active\n"
        return
    router_id = [o.line.split()[-1] for o in bgp.node.children if "router-id" in o.line]
    yield f"BGP router identifier {''.join(router_id)}, local AS number {bgp.asn}\n"
    yield "Status codes: s suppressed, d damped, h history, * valid, > best\n"
    yield "              i - internal, r RIB-failure, S stale, N Nexthop-discard\n"
    yield "Origin codes: i - IGP, e - EGP, ? - incomplete\n"
    yield "   Network            Next Hop            Metric LocPrf Weight Path\n"
    routes = () if vrf else daemon.routes_from(ip_address(address), version)
    for route in routes:
        yield _route(route)
    yield f"\nProcessed {len(routes)} prefixes, {len(routes)} paths\n"


def _route(route: Route) -> str:
    best = ">" if route.is_best else " "
    prefix = str(route.prefix)
    rest = f"{route.next_hop:<22} {0:>3} {0:>6} {0:>6} {route.as_path} i\n"
    if len(prefix) <= _PREFIX:
        return f"*{best} {prefix:<{_PREFIX}} {rest}"
    return f"*{best} {prefix}\n{'':<{_PREFIX + 3}} {rest}"
