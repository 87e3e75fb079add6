"""Junos's BGP tables: :func:`read_tables`, :func:`read_origins`.

By RPCs of its own, not the driver's getter, which mixes two tables that need not agree: it dies
of a neighbor that stands in one of them alone.
"""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from policies.dialects.junos_sessions import GLOBAL
from policies.filters import SessionKey
from tasks.adapters.base import Origin, Tables
from tasks.adapters.junos_words import expected, own_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.fields import Network
    from tasks.adapters.base import Origins

#: The main routing instance, and how its own begin that are Junos's internal ones.
_MASTER = "master"
_INTERNAL = "__"
_TABLES = {4: "inet.0", 6: "inet6.0"}


def read_tables(rpc: Any, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:  # noqa: ANN401
    """Return who is up, and what is accepted from ``sessions``; ``rpc`` is PyEZ's."""
    up: set[tuple[str, str]] = set()
    members: dict[SessionKey, set[str]] = defaultdict(set)
    for vrf in _instances(rpc):
        with own_words():
            shown = rpc.get_bgp_neighbor_information(instance=vrf or _MASTER)
        for peer in _all(shown, "bgp-information", "bgp-peer"):
            if peer.findtext("peer-state", "").strip() != "Established":
                continue
            address = str(ip_address(peer.findtext("peer-address").strip().partition("+")[0]))
            up.add((vrf, address))
            for name in (address, peer.findtext("peer-group", "").strip(), GLOBAL):
                members[SessionKey(vrf, name)].add(address)
    # A neighbor may be asked for by its own name, by its group's and by that of all: once will do.
    of_each: dict[tuple[str, int, str], frozenset[Network]] = {}
    for key, version in sessions:
        for address in members[key]:
            if (key.vrf, version, address) not in of_each:
                of_each[key.vrf, version, address] = _accepted(rpc, key.vrf, version, address)
    routes = {
        (key, version): {one: of_each[key.vrf, version, one] for one in members[key]}
        for key, version in sessions
    }
    return Tables(up=frozenset(up), routes=routes)


def read_origins(rpc: Any, routes: Sequence[tuple[str, Network]]) -> Origins:  # noqa: ANN401
    """Return the paths to each (vrf, prefix), asking for one after the other."""
    found = {}
    for vrf, prefix in routes:
        with own_words():
            shown = rpc.get_route_information(
                destination=str(prefix),
                exact=True,
                protocol="bgp",
                table=_table(vrf, prefix.version),
            )
        found[vrf, prefix] = tuple(
            _origin(path)
            for route in _all(shown, "route-information", "rt")
            if ip_network(route.findtext("rt-destination", "").strip()) == prefix
            for path in route.iterfind("rt-entry")
            if path.findtext("learned-from")
        )
    return found


def _origin(path: Any) -> Origin:  # noqa: ANN401 - PyEZ is not annotated
    hops = (path.findtext("nh/to", "") or path.findtext("protocol-nh/to", "") or "").strip()
    # Junos ends an AS path with its origin: I, E, or ?.
    as_path = " ".join(path.findtext("as-path", "").split()).removeprefix("AS path:").strip()
    return Origin(
        neighbor=str(ip_address(path.findtext("learned-from").strip())),
        next_hop=hops,
        as_path=as_path.rstrip("IE? "),
    )


def _table(vrf: str, version: int) -> str:
    return f"{vrf}.{_TABLES[version]}" if vrf else _TABLES[version]


def _instances(rpc: Any) -> list[str]:  # noqa: ANN401 - PyEZ is not annotated
    """Return the routing instances; the main one is ""."""
    with own_words():
        shown = rpc.get_instance_information()
    found = _all(shown, "instance-information", "instance-core")
    names = [one.findtext("instance-name", "").strip() for one in found]
    return ["" if name == _MASTER else name for name in names if not name.startswith(_INTERNAL)]


def _accepted(rpc: Any, vrf: str, version: int, address: str) -> frozenset[Network]:  # noqa: ANN401
    """Return the routes from a neighbor that the import policy let in; others are hidden."""
    with own_words():
        shown = rpc.get_route_information(
            protocol="bgp", source_gateway=address, table=_table(vrf, version)
        )
    found = _all(shown, "route-information", "rt")
    return frozenset(ip_network(one.findtext("rt-destination").strip()) for one in found)


def _all(reply: Any, whole: str, tag: str) -> list[Any]:  # noqa: ANN401 - PyEZ is not annotated
    """Return the elements ``tag`` of a reply, which is ``whole``; one without any is just True."""
    return [] if reply is True else list(expected(reply, whole).iter(tag))
