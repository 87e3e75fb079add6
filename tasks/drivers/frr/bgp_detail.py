"""BGP neighbors in NAPALM's detailed shape: `bgp_neighbors_detail`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.drivers.frr.bgp_neighbors import is_up, neighbors

if TYPE_CHECKING:
    from tasks.drivers.frr.switch import Switch

_UNKNOWN = -1


def bgp_neighbors_detail(switch: Switch, neighbor_address: str = "") -> dict[str, Any]:
    """Return the neighbors by VRF and remote AS; with an address, only that neighbor."""
    result: dict[str, Any] = {}
    for vrf, peers in neighbors(switch).items():
        for name, peer in peers.items():
            if neighbor_address in {"", name}:
                by_as = result.setdefault(vrf, {})
                by_as.setdefault(int(peer["remoteAs"]), []).append(_detail(vrf, name, peer))
    return result


def _detail(vrf: str, name: str, peer: dict[str, Any]) -> dict[str, Any]:
    statistics = peer.get("messageStats", {})
    families = peer.get("addressFamilyInfo", {}).values()
    local = peer.get("hostLocal", "Unknown")
    return {
        "up": is_up(peer),
        "local_as": int(peer["localAs"]),
        "remote_as": int(peer["remoteAs"]),
        "router_id": peer.get("localRouterId", ""),
        "local_address": "" if local == "Unknown" else local,
        "routing_table": vrf,
        "local_address_configured": "updateSource" in peer,
        "local_port": int(peer.get("portLocal", _UNKNOWN)),
        "remote_address": name,
        "remote_port": int(peer.get("portForeign", _UNKNOWN)),
        "multihop": int(peer.get("externalBgpNbrMaxHopsAway", 1)) > 1,
        "multipath": False,
        "remove_private_as": any(_removes_private_as(family) for family in families),
        "import_policy": _policy(families, "routeMapForIncomingAdvertisements"),
        "export_policy": _policy(families, "routeMapForOutgoingAdvertisements"),
        "input_messages": int(statistics.get("totalRecv", _UNKNOWN)),
        "output_messages": int(statistics.get("totalSent", _UNKNOWN)),
        "input_updates": int(statistics.get("updatesRecv", _UNKNOWN)),
        "output_updates": int(statistics.get("updatesSent", _UNKNOWN)),
        "messages_queued_out": int(statistics.get("depthOutq", _UNKNOWN)),
        "connection_state": peer.get("bgpState", ""),
        "previous_connection_state": "",
        "last_event": peer.get("lastResetDueTo", ""),
        "suppress_4byte_as": False,
        "local_as_prepend": False,
        "holdtime": _seconds(peer, "bgpTimerHoldTimeMsecs"),
        "configured_holdtime": _seconds(peer, "bgpTimerConfiguredHoldTimeMsecs"),
        "keepalive": _seconds(peer, "bgpTimerKeepAliveIntervalMsecs"),
        "configured_keepalive": _seconds(peer, "bgpTimerConfiguredKeepAliveIntervalMsecs"),
        # FRR counts what policy accepted; it does not tell which of it is best, or was received.
        "active_prefix_count": _UNKNOWN,
        "received_prefix_count": _UNKNOWN,
        "accepted_prefix_count": _total(peer, "acceptedPrefixCounter"),
        "suppressed_prefix_count": _UNKNOWN,
        "advertised_prefix_count": _total(peer, "sentPrefixCounter"),
        "flap_count": int(peer.get("connectionsDropped", _UNKNOWN)),
    }


def _removes_private_as(family: dict[str, Any]) -> bool:
    return any(key.startswith("privateAsNumsA") for key in family)


def _policy(families: Any, direction: str) -> str:  # noqa: ANN401 - JSON
    """Return the route-maps in use, of all the families, without repetition."""
    names = dict.fromkeys(family[direction] for family in families if direction in family)
    return ", ".join(names)


def _seconds(peer: dict[str, Any], key: str) -> int:
    return int(peer[key]) // 1000 if key in peer else _UNKNOWN


def _total(peer: dict[str, Any], key: str) -> int:
    """Return a counter's sum over the families; -1 unless the session is up."""
    counters = [
        family[key] for family in peer.get("addressFamilyInfo", {}).values() if key in family
    ]
    return sum(counters) if is_up(peer) and counters else _UNKNOWN
