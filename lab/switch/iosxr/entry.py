"""One prefix of an IOS-XR router's BGP table, with all its paths: :func:`entry_text`."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.paths import paths_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.base import Daemon, Neighbor, Route

_NONE = "% Network not in table\n"


def entry_text(vrf: str | None, version: int, text: str, daemon: Daemon) -> str:
    """Return ``show bgp [vrf X] ipvN unicast PREFIX``; BGP runs in the default VRF alone."""
    try:
        prefix = ip_network(text)
    except ValueError:
        return "% Invalid input detected at '^' marker.\n"
    paths = paths_to(daemon, prefix) if vrf is None and prefix.version == version else ()
    if not paths:
        return _NONE
    return (
        f"BGP routing table entry for {prefix}\n"
        "Versions:\n"
        "  Process           bRIB/RIB  SendTblVer\n"
        "  Speaker                 27          27\n"
        "Last Modified: Mar  1 09:00:00.000 for 00:01:00\n"
        f"Paths: ({len(paths)} available, best #1)\n"
        "  Not advertised to any peer\n"
        + "".join(
            line
            for number, (neighbor, route) in enumerate(paths, start=1)
            for line in _path(number, neighbor, route)
        )
    )


def _path(number: int, neighbor: Neighbor, route: Route) -> Iterator[str]:
    kind = "external" if route.as_path else "internal"
    best = ", best, group-best" if route.is_best else ""
    yield f"  Path #{number}: Received by speaker 0\n"
    yield "  Not advertised to any peer\n"
    yield f"  {route.as_path or 'Local'}\n"
    yield f"    {route.next_hop} (metric 3) from {neighbor.address} (10.255.255.1)\n"
    yield f"      Origin IGP, metric 0, localpref 100, valid, {kind}{best}\n"
    yield f"      Received Path ID 0, Local Path ID {int(route.is_best)}, version 27\n"
