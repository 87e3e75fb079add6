"""What IOS-XE prints of its BGP, read: :func:`neighbors` and :func:`accepted_routes`.

Law: an answer that is not understood whole is an error; "nobody is up" has to be said by the
switch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.redact import redact

if TYPE_CHECKING:
    from inventory.fields import Network

#: Keeps the lines that :func:`neighbors` needs, on the device: the rest is long. The headings
#: inside a neighbor's own part are indented, and so is its description.
FILTER = "include ^For address family|^BGP neighbor is|^ +Member of peer-group|^ +BGP state ="

_FAMILY = re.compile(r"For address family: (?P<family>\S.*?)\s*")
_NEIGHBOR = re.compile(
    r"BGP neighbor is \*?(?P<address>[0-9A-Fa-f.:]+),(?: +vrf (?P<vrf>[^,]+),)?.*"
)
_MEMBER = re.compile(r" +Member of peer-group (?P<group>\S+).*")
_STATE = re.compile(r" +BGP state = (?P<state>\w+).*")
_SAID_BESIDES = re.compile(r"\s*|% BGP not active|Load for five secs.*|Time source is .*")
_VERSIONS = {"IPv4 Unicast": 4, "IPv6 Unicast": 6, "VPNv4 Unicast": 4, "VPNv6 Unicast": 6}

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

    version: int
    vrf: str
    address: str
    group: str | None
    is_up: bool


def neighbors(text: str) -> tuple[Neighbor, ...]:
    """Return the unicast neighbors in ``show bgp all neighbors``, as :data:`FILTER` leaves it.

    They come in its order, by family. Source of the form: Cisco's IOS BGP command reference.

    Raises:
        DeviceError: there is a line that does not belong there.
    """
    found: list[Neighbor] = []
    version: int | None = None
    for line in text.splitlines():
        if family := _FAMILY.fullmatch(line):
            version = _VERSIONS.get(family["family"])
        elif one := _NEIGHBOR.fullmatch(line):
            # Of a family that is none of ours it is read all the same, and left out.
            address = str(ip_address(one["address"]))
            found.append(Neighbor(version or 0, one["vrf"] or "", address, None, is_up=False))
        elif found and (member := _MEMBER.fullmatch(line)):
            found[-1] = replace(found[-1], group=member["group"])
        elif found and (state := _STATE.fullmatch(line)):
            found[-1] = replace(found[-1], is_up=state["state"] == "Established")
        elif not _SAID_BESIDES.fullmatch(line):
            raise DeviceError(f"it does not list its neighbors: {redact(' '.join(line.split()))}")
    return tuple(one for one in found if one.version)


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
