"""The entry of one prefix in Cisco's BGP tables, as IOS-XE, NX-OS and IOS-XR print it.

:func:`read_paths` reads all three: they write a path's AS path, and below it "HOP from NEIGHBOR
(ROUTER-ID)". Source of the forms: Cisco's command references, `show bgp ipv4 unicast PREFIX`.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.adapters.base import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inventory.fields import Network

#: What any answer has, also one that there is nothing to show: NX-OS prints a heading, or nothing.
_ANSWER = re.compile(r"BGP routing table (?:entry|information) for |not in table|BGP not active")
#: Letters of an answer that is none to quote.
_QUOTED = 200
#: In a VRF, IOS-XE writes the route distinguisher in front.
_ENTRY = re.compile(
    r"BGP routing table entry for (?:\[[^\]]*\]|\S+?:\d+:(?=\d+\.))?(?P<prefix>[0-9A-Fa-f.:]+/\d+)"
)
#: IOS-XE stars dynamic neighbors; what is in parentheses is a metric, a VRF or another hop.
_FROM = re.compile(
    r"\s+(?P<hop>[0-9A-Fa-f.:]+)(?: \([^)]*\))* from \*?(?P<peer>[0-9A-Fa-f.:]+) \([0-9.]+\).*"
)
#: Kept as they came for a soft reconfiguration; the inbound policy denies them.
_DENIED = ("received-only", "received only")
_AS_PATH = "AS-Path:"
_EMPTY = ("Local", "NONE")


def read_paths(text: str, prefix: Network) -> tuple[Origin, ...]:
    """Return the paths to ``prefix`` in the answer to ``show bgp ... PREFIX``.

    None where the answer is about another prefix, or says that there is no such entry.

    Raises:
        DeviceError: the answer is none of these.
    """
    if text.strip() and not _ANSWER.search(text):
        said = redact(" ".join(text.split()))
        raise DeviceError(f"it does not show the paths to {prefix}: {said[:_QUOTED]}")
    return tuple(_paths(text.splitlines(), prefix))


def _paths(lines: Sequence[str], prefix: Network) -> Iterator[Origin]:
    is_meant = False
    since: list[str] = []
    for line in lines:
        if entry := _ENTRY.match(line.strip()):
            is_meant = ip_network(entry["prefix"]) == prefix
            since = []
        elif found := _FROM.fullmatch(line):
            # NX-OS breaks a line at the terminal's width, wherever that is.
            whole = "".join(since)
            if is_meant and not any(words in whole for words in _DENIED):
                yield Origin(
                    neighbor=str(ip_address(found["peer"])),
                    next_hop=str(ip_address(found["hop"])),
                    as_path=_as_path(since, whole),
                )
            since = []
        else:
            since.append(line)


def _as_path(since: Sequence[str], whole: str) -> str:
    """Return the AS path in the lines between two paths; it is what stands last there."""
    if _AS_PATH in whole:
        said = whole.rpartition(_AS_PATH)[2].partition(",")[0]
    else:
        said = next((one for one in reversed(since) if one.strip()), "").partition(", (")[0]
    return "" if said.strip() in _EMPTY else said.strip()
