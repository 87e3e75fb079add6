"""The VPN families that sessions carry, as the platforms write them: :func:`vpn_family`.

Their routes meet none of a session's unicast policies, and get into the tables of those VRFs that
import them (:mod:`policies.dialects.table_imports`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects.peers import peer_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policies.dialects.hierarchy import Block
    from policies.dialects.peers import Peer

_FAMILY = re.compile(
    r"address-family (?:vpn(?:v|-ipv)(?P<vpn>[46])(?: unicast)?|ipv(?P<frr>[46]) vpn"
    r"|(?P<evpn>(?:l2vpn )?evpn))"
)
_ACTIVE = re.compile(r"neighbor (?P<name>\S+) activate")


def vpn_family(text: str) -> str | None:
    """Return what :class:`policies.filters.Session` calls the family; None if it is no VPN's."""
    found = _FAMILY.fullmatch(text)
    if not found:
        return None
    return "evpn" if found["evpn"] else f"vpnv{found['vpn'] or found['frr']}"


def vpn_families(lines: Iterable[Block]) -> set[str]:
    """Return the families that ``lines`` begin, where they stand below a neighbor."""
    return {family for line in lines if (family := vpn_family(line.text))}


def note_activations(lines: Iterable[Block], peers: Mapping[str, Peer]) -> None:
    """Tell ``peers`` in which VPN families they are activated, below ``address-family``."""
    for line in lines:
        family = vpn_family(line.text)
        for below in line.children if family else ():
            active = _ACTIVE.fullmatch(below.text)
            name = peer_name(active["name"]) if active else ""
            if family and name in peers:
                peers[name].vpns.add(family)
