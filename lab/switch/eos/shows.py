"""What EOS's ``show`` commands answer in JSON: facts, sessions and BGP.

The keys are those of eAPI; of each answer there is what drivers and operators read of it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from lab.switch.eos.bgp import router
from lab.switch.eos.reading import MODEL
from lab.switch.eos.store import MAX_COMPLETED, MAX_PENDING, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.switch.base import Neighbor, Route
    from lab.switch.eos.store import Store
    from lab.switch.lines import Node
    from lab.switch.meaning import Address

Json = dict[str, Any]

#: From this release on a commit timer is told of apart from its session.
_TIMER_APART = (4, 32)


def version(store: Store) -> Json:
    """``show version``."""
    return {
        "modelName": MODEL,
        "internalVersion": f"{store.release}-lab",
        "version": store.release,
        "serialNumber": f"LAB{store.name.upper()}",
        "systemMacAddress": "00:1c:73:00:00:01",
        "architecture": "x86_64",
        "uptime": store.uptime,
        "bootupTimestamp": store.wall - store.uptime,
        "memTotal": 8099732,
        "memFree": 5579572,
    }


def hostname(store: Store) -> Json:
    """``show hostname``."""
    name = next((one.groups["name"] for one in store.running.root.named("hostname")), "localhost")
    return {"hostname": name, "fqdn": name}


def interfaces(store: Store) -> Json:
    """``show interfaces``: those that are configured."""
    found: Json = {}
    for node in store.running.root.children.values():
        if node.command.enters == "interface":
            below = [line.text for line in node.children.values()]
            described = [text.split(" ", 1)[1] for text in below if text.startswith("description ")]
            is_down = "shutdown" in below
            found[node.groups["name"]] = {
                "name": node.groups["name"],
                "description": described[0] if described else "",
                "interfaceStatus": "disabled" if is_down else "connected",
                "lineProtocolStatus": "down" if is_down else "up",
                "mtu": 9214,
                "bandwidth": 25_000_000_000,
                "physicalAddress": "00:1c:73:00:00:01",
            }
    return {"interfaces": found}


def sessions(store: Store, *, detail: bool) -> Json:
    """``show configuration sessions``, whose form depends on the release when in ``detail``."""
    found: Json = {}
    timer = store.timer
    store.pending()  # those that are too old are not shown any more
    is_apart = tuple(int(one) for one in store.release.split(".")[:2]) >= _TIMER_APART
    for one in store.sessions.values():
        waits = timer is not None and timer.session == one.name
        done = "committed" if is_apart and detail else "completed"
        state = str(one.state) if one.state is State.PENDING else done
        found[one.name] = {"state": state, "description": "", "commitUser": "", "instances": {}}
        if one.state is State.COMPLETED:
            found[one.name]["commitUser"] = one.user
        if waits and not is_apart and timer is not None:
            found[one.name] |= {"state": "pendingCommitTimer", "commitBy": timer.ends}
    answer: Json = {
        "sessions": found,
        "maxSavedSessions": MAX_COMPLETED,
        "maxOpenSessions": MAX_PENDING,
        "mergeOnCommit": False,
        "saveToStartupConfigOnCommit": False,
    }
    if detail and is_apart and timer is not None:
        answer |= {
            "commitTimerSessionName": timer.session,
            "commitTimerExpireTime": timer.ends,
        }
    return answer


# BGP ----------------------------------------------------------------------------------------


def bgp_summary(store: Store, neighbors: Sequence[Neighbor], family: int) -> Json:
    """``show ip bgp summary vrf all``, ``show ipv6 bgp summary vrf all``."""
    peers = {
        str(one.address): {
            "peerState": _state(store, one),
            "asn": str(one.remote_asn),
            "version": 4,
            "prefixAccepted": one.accepted.get(family, 0),
            "prefixReceived": one.accepted.get(family, 0),
            "upDownTime": store.wall - one.uptime_s,
            "underMaintenance": False,
            "inMsgQueue": 0,
            "outMsgQueue": 0,
        }
        for one in neighbors
        if one.state != "Established" or family in one.accepted
    }
    return {"vrfs": _with_others(store, {"peers": peers}, {"peers": {}})}


def bgp_neighbors(store: Store, neighbors: Sequence[Neighbor], family: int) -> Json:
    """``show ip bgp neighbors vrf all``, ``show ipv6 bgp peers vrf all``: by their addresses."""
    own = _own(store)
    peers = []
    for one in neighbors:
        if one.address.version == family:
            is_up = one.state == "Established"
            peers.append(
                {
                    "peerAddress": str(one.address),
                    "localAsn": own["asn"],
                    "asn": str(one.remote_asn),
                    "routerId": str(one.address) if family == 4 and is_up else "0.0.0.0",  # noqa: PLR2004, S104
                    "state": _state(store, one),
                    "idleReason": "Administratively shut down" if _is_shut(store, one) else "",
                    "establishedTime": one.uptime_s if is_up else 0,
                    "prefixesReceived": one.accepted.get(4, 0),
                    "prefixesSent": one.advertised.get(4, 0),
                    "v6PrefixesReceived": one.accepted.get(6, 0),
                    "v6PrefixesSent": one.advertised.get(6, 0),
                }
            )
            if one.group is not None:
                peers[-1] |= {"peerGroupName": one.group, "dynamic": True}
    return {"vrfs": _with_others(store, {"peerList": peers}, {"peerList": []})}


def vrfs(store: Store) -> tuple[str, ...]:
    """Return the names of the VRFs that have BGP, the default one first."""
    found = [one.named("vrf") for one in store.running.root.named("bgp")]
    return ("default", *(vrf.groups["name"] for some in found for vrf in some))


def bgp_table(
    store: Store, routes: Mapping[Address, Sequence[Route]], vrf: str = "default"
) -> Json:
    """``show ip bgp``, ``show ipv6 bgp``: what is accepted, by prefix, each with its peer."""
    entries: Json = {}
    for peer, accepted in routes.items():
        for route in accepted:
            entry = entries.setdefault(
                str(route.prefix),
                {
                    "address": str(route.prefix.network_address),
                    "maskLength": route.prefix.prefixlen,
                    "bgpRoutePaths": [],
                },
            )
            entry["bgpRoutePaths"].append(
                {
                    "nextHop": route.next_hop,
                    "asPathEntry": {"asPath": f"{route.as_path} i".strip(), "asPathType": None},
                    "routeType": {"valid": True, "active": route.is_best},
                    "peerEntry": {"peerAddr": str(peer)},
                }
            )
    return {"vrfs": {vrf: {"vrf": vrf, **_own(store), "bgpRouteEntries": entries}}}


def _own(store: Store) -> Json:
    meaning = router(store.running)
    if meaning is None:
        return {"routerId": "0.0.0.0", "asn": "0"}  # noqa: S104 - not an address that is bound
    return {"routerId": str(meaning.router_id), "asn": str(meaning.asn)}


def _with_others(store: Store, own: Json, none: Json) -> Json:
    """Return an answer by VRF; BGP runs in the default VRF alone."""
    found: Json = {"default": {"vrf": "default", **_own(store), **own}}
    for instance in store.running.root.named("bgp"):
        for vrf in instance.named("vrf"):
            name = vrf.groups["name"]
            found[name] = {"vrf": name, **_own(store), **none}
    return found


def _is_shut(store: Store, one: Neighbor) -> bool:
    def is_its(line: Node) -> bool:
        return ip_address(line.groups["peer"]) == one.address

    instances = store.running.root.named("bgp")
    return any(is_its(line) for instance in instances for line in instance.named("shutdown"))


def _state(store: Store, one: Neighbor) -> str:
    return "Idle" if _is_shut(store, one) else one.state
