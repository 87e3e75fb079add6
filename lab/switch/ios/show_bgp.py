"""What an IOS-XE switch says of its BGP: neighbors, summaries, and the routes it accepted.

The texts are those of IOS-XE 17: dynamic neighbors carry a star, long IPv6 prefixes break the
line, and a prefix of its class's own length is printed without that length.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.switch.base import Neighbor, Route
    from lab.switch.meaning import Address, Network

FAMILY = {4: "IPv4 Unicast", 6: "IPv6 Unicast"}
_UP = "Established"
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800
_CLASS_A, _CLASS_B, _CLASS_C = 128, 192, 224

_CODES = (
    "Status codes: s suppressed, d damped, h history, * valid, > best, i - internal, \n"
    "              r RIB-failure, S Stale, m multipath, b backup-path, f RT-Filter, \n"
    "              x best-external, a additional-path, c RIB-compressed, \n"
    "              t secondary path, L long-lived-stale,\n"
    "Origin codes: i - IGP, e - EGP, ? - incomplete\n"
    "RPKI validation codes: V valid, I invalid, N Not found\n"
    "\n"
)


def printed(address: Address | str) -> str:
    """Return an address as IOS-XE prints it: IPv6 in upper case."""
    return str(address).upper() if isinstance(address, IPv6Address) else str(address)


def uptime(seconds: int) -> str:
    """Return a span of time as BGP prints it: 00:01:02, 1d02h, 3w4d."""
    if seconds < _DAY:
        minutes, rest = divmod(seconds, _MINUTE)
        return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
    if seconds < _WEEK:
        return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02}h"
    return f"{seconds // _WEEK}w{seconds % _WEEK // _DAY}d"


def prefix_text(prefix: Network) -> str:
    """Return a prefix as the BGP table prints it."""
    if isinstance(prefix, IPv4Network):
        first = prefix.network_address.packed[0]
        by_class = 8 if first < _CLASS_A else 16 if first < _CLASS_B else 24
        if prefix.prefixlen == by_class and first < _CLASS_C and int(prefix.network_address):
            return str(prefix.network_address)
        return str(prefix)
    return str(prefix).upper()


def neighbor_text(one: Neighbor, own_as: int, version: int, members_of: str | None) -> str:
    """Return the entry of ``show bgp ... neighbors`` for one neighbor."""
    star = "*" if one.group is not None else ""
    link = "internal" if one.remote_asn == own_as else "external"
    address = printed(one.address)
    group = f" Member of peer-group {members_of} for session parameters\n" if members_of else ""
    group += f" Belongs to the subnet range group of {members_of}\n" if star else ""
    state = one.state + (f", up for {uptime(one.uptime_s)}" if one.state == _UP else "")
    counts = one.accepted.get(version, 0), one.advertised.get(version, 0)
    return (
        f"BGP neighbor is {star}{address},  remote AS {one.remote_asn}, {link} link\n"
        f"{group}"
        f"  BGP version 4, remote router ID 10.255.255.1\n"
        f"  BGP state = {state}\n"
        "  Neighbor sessions:\n"
        f"    {int(one.state == _UP)} active, is not multisession capable (disabled)\n"
        "  Neighbor capabilities:\n"
        "    Route refresh: advertised and received(new)\n"
        "    Four-octets ASN Capability: advertised and received\n"
        f"    Address family {FAMILY[version]}: advertised and received\n"
        "  Default minimum time between advertisement runs is 0 seconds\n"
        "\n"
        f" For address family: {FAMILY[version]}\n"
        f"  Session: {address}\n"
        "                                 Sent       Rcvd\n"
        "  Prefix activity:               ----       ----\n"
        f"    Prefixes Current:      {counts[1]:>10} {counts[0]:>10}\n"
        "                                   Outbound    Inbound\n"
        "  Local Policy Denied Prefixes:    --------    -------\n"
        "\n"
    )


def summary_text(neighbors: Iterable[Neighbor], router_id: str, own_as: int, version: int) -> str:
    """Return ``show bgp ipv4|ipv6 unicast summary``."""
    text = (
        f"BGP router identifier {router_id}, local AS number {own_as}\n"
        "BGP table version is 27, main routing table version 27\n"
        "\n"
        "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
    )
    dynamic = 0
    for one in neighbors:
        dynamic += one.group is not None
        name = ("*" if one.group is not None else "") + printed(one.address)
        name = f"{name}\n{'':15}" if len(name) > 15 else f"{name:15}"  # noqa: PLR2004 - the column
        up = one.state == _UP
        last = one.accepted.get(version, 0) if up else one.state
        when = uptime(one.uptime_s) if up else "never"
        text += (
            f"{name} 4 {one.remote_asn:>12}      42      42       27    0    0 {when:8} {last:>8}\n"
        )
    if dynamic:
        text += "* Dynamically created based on a listen range command\n"
        text += f"Dynamically created neighbors: {dynamic}, Subnet ranges: 1\n"
    return text


def routes_text(routes: Iterable[Route], router_id: str) -> str:
    """Return ``show bgp ... neighbors X routes``: what was accepted from a neighbor."""
    lines = []
    for route in routes:
        status = " *>  " if route.is_best else " *   "
        network = prefix_text(route.prefix)
        head = f"{status} {network:17}"
        if len(network) > 16:  # noqa: PLR2004 - the column's width
            head = f"{status} {network}\n{'':23}"
        hop = route.next_hop.upper() if ":" in route.next_hop else route.next_hop
        tail = f" {hop:20}"
        if len(hop) > 19:  # noqa: PLR2004 - the column's width
            tail = f" {hop}\n{'':44}"
        path = f"{route.as_path} i" if route.as_path else "i"
        lines.append(f"{head}{tail}     0    100      0 {path}")
    if not lines:
        return "\nTotal number of prefixes 0 \n"
    return (
        f"BGP table version is 27, local router ID is {router_id}\n{_CODES}"
        "     Network          Next Hop            Metric LocPrf Weight Path\n"
        + "".join(f"{line}\n" for line in lines)
        + f"\nTotal number of prefixes {len(lines)} \n"
    )


def members_text(groups: Mapping[str, tuple[int, tuple[Address, ...]]], version: int) -> str:
    """Return ``show bgp ... peer-group``: groups by name, with AS and members."""
    return "".join(
        f"BGP peer-group is {name},  remote AS {asn}\n"
        "  BGP version 4\n"
        "\n"
        f" For address family: {FAMILY[version]}\n"
        f"  BGP neighbor is {name}, peer-group, members:\n"
        f"  {' '.join(printed(one) for one in members)} \n"
        "\n"
        for name, (asn, members) in groups.items()
    )
