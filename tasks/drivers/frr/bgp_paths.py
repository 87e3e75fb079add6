"""The paths to single prefixes, from bgpd's own JSON: :func:`paths`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from tasks.drivers.frr.bgp_neighbors import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.drivers.frr.switch import Switch

#: What FRR writes for an AS path without any AS.
_EMPTY = "Local"


def paths(switch: Switch, wanted: Sequence[tuple[str, str]]) -> list[list[dict[str, str]]]:
    """Return the paths to each (vrf, prefix), in one round trip.

    Each path has ``neighbor``, ``hostname``, ``next_hop`` and ``as_path``. A prefix or a VRF that
    is not there has none.

    Raises:
        CommandErrorException: vtysh does not take a command.
        ValueError: a prefix is none, or a VRF's name is none.
    """
    commands = []
    for vrf, prefix in wanted:
        network = ipaddress.ip_network(prefix)
        one = Wanted(str(network.network_address), vrf, network.version)
        one.check()
        commands.append(f"show bgp {one.inside}ipv{network.version} unicast {network} json")
    answers = switch.vtysh_json(commands)
    return [[_path(one) for one in answer.get("paths", [])] for answer in answers]


def _path(said: dict[str, Any]) -> dict[str, str]:
    peer = said.get("peer", {})
    hops = said.get("nexthops", [])
    # Of an IPv6 route the link-local hop is the one that is used, and tells nobody anything.
    hop: dict[str, Any] = next((one for one in hops if one.get("scope") != "link-local"), {})
    as_path = str(said.get("aspath", {}).get("string", ""))
    return {
        "neighbor": str(peer.get("interface") or peer.get("peerId", "")),
        "hostname": str(peer.get("hostname", "")),
        "next_hop": str(hop.get("ip", "")),
        "as_path": "" if as_path == _EMPTY else as_path,
    }
