"""What EOS's BGP says, by eAPI's JSON: :func:`read_tables`, :func:`read_origins`.

The tables of routes have all that was accepted, each path with its peer, whatever address family
the session itself runs over. The driver's own getter is not used: it does not tell which dynamic
neighbor belongs to which peer group.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from tasks.adapters.base import Origin, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import SessionKey
    from tasks.adapters.base import Origins

_NEIGHBORS = ("show ip bgp neighbors vrf all", "show ipv6 bgp peers vrf all")
_DEFAULT_VRF = "default"
_TABLE = {4: "show ip bgp vrf {}", 6: "show ipv6 bgp vrf {}"}
_ENTRY = {4: "show ip bgp {} vrf {}", 6: "show ipv6 bgp {} vrf {}"}
#: How an AS path ends that says where it comes from: IGP, EGP, or not known.
_ORIGINS = (" i", " e", " ?")


def read_tables(
    run: Callable[[list[str]], list[Any]], sessions: Sequence[tuple[SessionKey, int]]
) -> Tables:
    """Return the tables; ``run`` runs commands and returns the JSON of each."""
    wanted = sorted({(key.vrf or _DEFAULT_VRF, version) for key, version in sessions})
    routes = [_TABLE[version].format(vrf) for vrf, version in wanted]
    first, second, *rest = run([*_NEIGHBORS, *routes])
    peers = [*_peers(first), *_peers(second)]
    up = {("" if vrf == _DEFAULT_VRF else vrf, peer) for vrf, peer, _, is_up in peers if is_up}
    accepted = {
        (place, peer): frozenset(prefixes)
        for place, table in zip(wanted, rest, strict=True)
        for peer, prefixes in _accepted(table, place[0]).items()
    }
    found: dict[tuple[SessionKey, int], dict[str, frozenset[Network]]] = {}
    for key, version in sessions:
        vrf = key.vrf or _DEFAULT_VRF
        members = {peer for place, peer, group, _ in peers if (place, group) == (vrf, key.name)}
        found[key, version] = {
            one: accepted[(vrf, version), one]
            for one in sorted(members or {key.name})
            if ((vrf, version), one) in accepted
        }
    return Tables(up=frozenset(up), routes=found)


def read_origins(
    run: Callable[[list[str]], list[Any]], routes: Sequence[tuple[str, Network]]
) -> Origins:
    """Return the paths to each (vrf, prefix); ``run`` as in :func:`read_tables`."""
    commands = [
        _ENTRY[prefix.version].format(prefix, vrf or _DEFAULT_VRF) for vrf, prefix in routes
    ]
    return {
        (vrf, prefix): tuple(_origins(said, vrf or _DEFAULT_VRF, prefix))
        for (vrf, prefix), said in zip(routes, run(commands) if commands else [], strict=True)
    }


def _origins(said: Mapping[str, Any], vrf: str, prefix: Network) -> Iterator[Origin]:
    for found, path in _paths(said, vrf):
        peer = path.get("peerEntry", {}).get("peerAddr")
        if peer and found == prefix:
            as_path = f" {path.get('asPathEntry', {}).get('asPath') or ''}"
            yield Origin(
                neighbor=str(ip_address(peer)),
                next_hop=str(path.get("nextHop") or ""),
                as_path=(as_path[:-2] if as_path.endswith(_ORIGINS) else as_path).strip(),
            )


def _paths(said: Mapping[str, Any], vrf: str) -> Iterator[tuple[Network, Mapping[str, Any]]]:
    """Yield each path of one VRF's table, with its prefix."""
    for prefix, entry in said["vrfs"].get(vrf, {}).get("bgpRouteEntries", {}).items():
        for path in entry["bgpRoutePaths"]:
            yield ip_network(prefix), path


def _peers(said: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None, bool]]:
    """Yield (VRF, address, group, is up) of each neighbor."""
    for vrf, instance in said["vrfs"].items():
        for peer in instance["peerList"]:
            address = str(ip_address(peer["peerAddress"]))
            yield vrf, address, peer.get("peerGroupName"), peer["state"] == "Established"


def _accepted(said: Mapping[str, Any], vrf: str) -> dict[str, set[Network]]:
    """Return what is accepted from each peer, of one VRF's table."""
    found: dict[str, set[Network]] = {}
    for prefix, path in _paths(said, vrf):
        peer = path.get("peerEntry", {}).get("peerAddr")
        if peer:
            found.setdefault(str(ip_address(peer)), set()).add(prefix)
    return found
