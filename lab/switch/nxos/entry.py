"""One prefix of an NX-OS switch's BGP table, with all its paths: :func:`entry_text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.switch.base import Neighbor, Route
    from lab.switch.meaning import Network

_WORDS = {4: "IPv4 Unicast", 6: "IPv6 Unicast"}
#: Where the switch breaks its lines, in the middle of a word if need be.
_WIDTH = 80


def entry_text(prefix: Network, paths: Sequence[tuple[Neighbor, Route]], asn: int) -> str:
    """Return ``show bgp ipvN unicast PREFIX``: every path to it; nothing if there is none.

    ``paths`` have the best one first; ``asn`` is the switch's own AS.
    """
    if not paths:
        return ""
    lines = [
        f"BGP routing table information for VRF default, address family {_WORDS[prefix.version]}",
        f"BGP routing table entry for {prefix}, version 25",
        f"Paths: ({len(paths)} available, best #1)",
        "Flags: (0x8008001a) (high32 00000000) on xmit-list, is in urib, is best urib route",
        "",
        *(line for neighbor, route in paths for line in _path(neighbor, route, asn)),
    ]
    return "".join(f"{part}\n" for line in lines for part in _broken(line))


def _path(neighbor: Neighbor, route: Route, asn: int) -> Iterator[str]:
    kind = "internal" if neighbor.remote_asn == asn else "external"
    if route.is_best:
        yield "  Advertised path-id 1"
    best = "is best path" if route.is_best else "not best reason: Router Id"
    yield f"  Path type: {kind}, path is valid, {best}, no labeled nexthop, in rib"
    as_path = f"{route.as_path} " if route.as_path else "NONE"
    yield f"  AS-Path: {as_path}, path sourced {kind} to AS"
    yield f"    {route.next_hop} (metric 0) from {neighbor.address} (10.255.255.1)"
    yield "      Origin IGP, MED not set, localpref 100, weight 0"
    yield ""


def _broken(line: str) -> list[str]:
    return [line[at : at + _WIDTH] for at in range(0, len(line), _WIDTH)] or [""]
