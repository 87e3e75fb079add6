"""One prefix of an IOS-XE switch's BGP table, with all its paths: :func:`entry_text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.ios.show_bgp import printed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.switch.base import Neighbor, Route
    from lab.switch.meaning import Network


NOT_IN_TABLE = "% Network not in table\n"


def entry_text(prefix: Network, paths: Sequence[tuple[Neighbor, Route]]) -> str:
    """Return ``show bgp ipv4|ipv6 unicast PREFIX``; ``paths`` have the best one first.

    Dynamic neighbors carry a star, as everywhere on the platform.
    """
    if not paths:
        return NOT_IN_TABLE
    return (
        f"BGP routing table entry for {str(prefix).upper()}, version 27\n"
        f"Paths: ({len(paths)} available, best #1, table default)\n"
        "  Advertised to update-groups:\n"
        "     1         \n"
        + "".join(line for neighbor, route in paths for line in _path(neighbor, route))
    )


def _path(neighbor: Neighbor, route: Route) -> Iterator[str]:
    address = ("*" if neighbor.group is not None else "") + printed(neighbor.address)
    hop = route.next_hop.upper() if ":" in route.next_hop else route.next_hop
    kind = "external" if route.as_path else "internal"
    best = ", best" if route.is_best else ""
    yield "  Refresh Epoch 1\n"
    yield f"  {route.as_path or 'Local'}\n"
    yield f"    {hop} from {address} (10.255.255.1)\n"
    yield f"      Origin IGP, metric 0, localpref 100, valid, {kind}{best}\n"
    yield "      rx pathid: 0, tx pathid: 0x0\n"
