"""What IOS-XE prints of its BGP, read: :func:`neighbors` and :func:`accepted_routes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from inventory.errors import DeviceError

if TYPE_CHECKING:
    from inventory.models import Network

#: Keeps the lines that :func:`neighbors` needs, on the device: the rest is long.
FILTER = "include BGP neighbor is|Member of peer-group|BGP state ="

_NEIGHBOR = re.compile(r"BGP neighbor is \*?(?P<address>[0-9A-Fa-f.:]+),(?: +vrf (?P<vrf>[^,]+),)?")
_MEMBER = re.compile(r"Member of peer-group (?P<group>\S+)")
_STATE = re.compile(r"BGP state = (?P<state>\w+)")

#: Status codes, then the prefix: a line without one goes on about the prefix above.
_ROUTE = re.compile(
    r"[ *>=a-zA-Z]{3,6}(?P<prefix>(?:[0-9A-F]{1,4}[.:]|::)[0-9A-F.:]*(?:/\d+)?)(?:\s|$)"
)
_TOTAL = re.compile(r"Total number of prefixes (?P<total>\d+)")
_NONE = ("% No such neighbor", "% BGP not active")

_CLASS_A, _CLASS_B = 128, 192


@dataclass(frozen=True, slots=True)
class Neighbor:
    """One neighbor in one family; ``group`` is its peer group, None if it has none."""

    vrf: str
    address: str
    group: str | None
    is_up: bool


def neighbors(text: str) -> tuple[Neighbor, ...]:
    """Return the neighbors in the output of ``show bgp ... neighbors``, in its order."""
    found: list[Neighbor] = []
    for line in text.splitlines():
        if one := _NEIGHBOR.search(line):
            address = str(ip_address(one["address"]))
            found.append(Neighbor(one["vrf"] or "", address, None, is_up=False))
        elif found and (member := _MEMBER.search(line)):
            found[-1] = Neighbor(found[-1].vrf, found[-1].address, member["group"], is_up=False)
        elif found and (state := _STATE.search(line)):
            last = found[-1]
            is_up = state["state"] == "Established"
            found[-1] = Neighbor(last.vrf, last.address, last.group, is_up=is_up)
    return tuple(found)


def accepted_routes(text: str) -> frozenset[Network]:
    """Return the prefixes in the output of ``show bgp ... neighbors X routes``.

    A neighbor that is gone has none.

    Raises:
        DeviceError: the output isn't such a table, or not all of it was understood.
    """
    found = {_prefix(one["prefix"]) for line in text.splitlines() if (one := _ROUTE.match(line))}
    total = _TOTAL.search(text)
    if total is None:
        if any(words in text for words in _NONE):
            return frozenset()
        raise DeviceError(f"it does not list the routes of a neighbor: {' '.join(text.split())}")
    if int(total["total"]) != len(found):
        raise DeviceError(
            f"it lists {total['total']} routes of a neighbor, of which {len(found)} are understood"
        )
    return frozenset(found)


def _prefix(text: str) -> Network:
    """Return a prefix; IOS leaves the length out where it is that of the address' class."""
    if "/" in text:
        return ip_network(text)
    first = IPv4Address(text).packed[0]
    if int(IPv4Address(text)) == 0:
        return ip_network(f"{text}/0")
    length = 8 if first < _CLASS_A else 16 if first < _CLASS_B else 24
    return ip_network(f"{text}/{length}")
