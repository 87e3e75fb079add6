"""BGP's tables from IOS-XR's own model, Cisco-IOS-XR-ipv4-bgp-oper.

:func:`paths_filter` is what to ask, :func:`read_tables` reads the answer; for single prefixes these
are :func:`origins_filter` and :func:`read_origins`. The paths are those of ``path-used-table``:
what came through the inbound policy.
"""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from lxml import etree

from policies.dialects.line_ends import lines_of
from tasks.adapters.base import Origin, Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import SessionKey
    from tasks.adapters.base import Origins

_NAMESPACE = "http://cisco.com/ns/yang/Cisco-IOS-XR-ipv4-bgp-oper"
_NS = {"b": _NAMESPACE}
_FAMILIES = {4: "ipv4-unicast", 6: "ipv6-unicast"}
_NEIGHBORS = "<neighbors><neighbor><neighbor-address/><connection-state/></neighbor></neighbors>"
_AF = (
    "<af><af-name>{}</af-name><path-used-table><path><network/><prefix-length/>"
    "<neighbor-address/><route-type/></path></path-used-table></af>"
)
_ENTRY = (
    "<path><network>{}</network><prefix-length>{}</prefix-length><neighbor-address/><route-type/>"
    "<path-information><next-hop/></path-information><attributes-after-policy-in>"
    "<common-attributes><as-path/></common-attributes></attributes-after-policy-in></path>"
)
_LINE = re.compile(r"( *)(\S.*?)\s*")


def paths_filter(sessions: Sequence[tuple[SessionKey, int]]) -> str:
    """Return the subtree filter: who is up, and the paths where ``sessions`` need them."""

    def tables(*, in_vrf: bool) -> str:
        versions = sorted({version for key, version in sessions if bool(key.vrf) == in_vrf})
        afs = "".join(_AF.format(_FAMILIES[version]) for version in versions)
        return f"{_NEIGHBORS}<afs>{afs}</afs>" if afs else _NEIGHBORS

    return _wrapped(
        f"<default-vrf>{tables(in_vrf=False)}</default-vrf>"
        f"<vrfs><vrf><vrf-name/>{tables(in_vrf=True)}</vrf></vrfs>"
    )


def origins_filter(routes: Sequence[tuple[str, Network]]) -> str:
    """Return the subtree filter: the paths to each (vrf, prefix), with their next hops."""

    def tables(vrf: str) -> str:
        afs = ""
        for version, family in _FAMILIES.items():
            entries = "".join(
                _ENTRY.format(prefix.network_address, prefix.prefixlen)
                for where, prefix in routes
                if (where, prefix.version) == (vrf, version)
            )
            if entries:
                afs += (
                    f"<af><af-name>{family}</af-name>"
                    f"<path-used-table>{entries}</path-used-table></af>"
                )
        return f"<afs>{afs}</afs>"

    names = sorted({vrf for vrf, _ in routes})
    vrfs = "".join(
        f"<vrf><vrf-name>{escape(one)}</vrf-name>{tables(one)}</vrf>" for one in names if one
    )
    return _wrapped(
        (f"<default-vrf>{tables('')}</default-vrf>" if "" in names else "")
        + (f"<vrfs>{vrfs}</vrfs>" if vrfs else "")
    )


def _wrapped(active: str) -> str:
    return (
        f'<bgp xmlns="{_NAMESPACE}"><instances><instance><instance-name>default</instance-name>'
        f"<instance-active>{active}</instance-active></instance></instances></bgp>"
    )


def is_address(name: str) -> bool:
    """Return whether a session's name is one neighbor's address."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def read_tables(reply: bytes, running: str, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
    """Return what an answer to :func:`paths_filter` says of ``sessions``.

    ``running`` is the running configuration, for the members of neighbor-groups.
    """
    vrfs = _by_vrf(reply)
    up = {
        (vrf, str(ip_address(one.findtext("b:neighbor-address", "", _NS))))
        for vrf, tables in vrfs.items()
        for one in tables.iterfind("b:neighbors/b:neighbor", _NS)
        if one.findtext("b:connection-state", "", _NS) == "bgp-st-estab"
    }
    groups = group_members(running)
    # Read once: a border has as many sessions as its tables have thousands of paths.
    accepted = {
        (vrf, version): _by_peer(vrfs[vrf], version)
        for vrf, version in {(key.vrf, version) for key, version in sessions}
        if vrf in vrfs
    }
    routes = {}
    for key, version in sessions:
        whom = Whom(key, groups)
        there = accepted.get((key.vrf, version), {})
        routes[key, version] = {peer: some for peer, some in there.items() if peer in whom}
    return Tables(up=frozenset(up), routes=routes)


def _by_peer(tables: etree._Element, version: int) -> dict[str, frozenset[Network]]:
    """Return what is accepted from each neighbor."""
    found: dict[str, set[Network]] = defaultdict(set)
    for route, peer, _ in _paths(tables, version):
        found[peer].add(route)
    return {peer: frozenset(some) for peer, some in found.items()}


def read_origins(reply: bytes, routes: Sequence[tuple[str, Network]]) -> Origins:
    """Return what an answer to :func:`origins_filter` says."""
    found: dict[tuple[str, Network], list[Origin]] = {route: [] for route in routes}
    for vrf, tables in _by_vrf(reply).items():
        for version in _FAMILIES:
            for prefix, peer, path in _paths(tables, version):
                if (vrf, prefix) in found:
                    found[vrf, prefix].append(_origin(peer, path))
    return {route: tuple(some) for route, some in found.items()}


def _origin(peer: str, path: etree._Element) -> Origin:
    hops = [
        path.findtext(f"b:path-information/b:next-hop/b:ipv{one}-address", "", _NS)
        for one in _FAMILIES
    ]
    as_path = path.findtext("b:attributes-after-policy-in/b:common-attributes/b:as-path", "", _NS)
    return Origin(neighbor=peer, next_hop="".join(hops).strip(), as_path=as_path.strip())


def _by_vrf(reply: bytes) -> dict[str, etree._Element]:
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    active = etree.XML(reply, parser).find(".//b:instance-active", _NS)
    return {} if active is None else {_vrf_name(one): one for one in _vrfs(active)}


class Whom:
    """The addresses that one session stands for: itself, a range, or a group's members."""

    def __init__(self, key: SessionKey, groups: Mapping[tuple[str, str], Sequence[str]]) -> None:
        members = groups.get((key.vrf, key.name), ())
        is_group = not is_address(key.name.partition("/")[0])
        self._networks = [ip_network(one) for one in (members if is_group else (key.name,))]
        # A neighbor of its own is no member of the range around it.
        self._not = {
            ip_address(one)
            for (vrf, name), ones in groups.items()
            if vrf == key.vrf and name != key.name
            for one in ones
            if "/" not in one
        }

    def __contains__(self, address: str) -> bool:
        """Return whether a neighbor is one of them."""
        peer = ip_address(address)
        if any(one.num_addresses == 1 and peer in one for one in self._networks):
            return True
        return peer not in self._not and any(peer in one for one in self._networks)


def _vrfs(active: etree._Element) -> Iterator[etree._Element]:
    yield from active.iterfind("b:default-vrf", _NS)
    yield from active.iterfind("b:vrfs/b:vrf", _NS)


def _vrf_name(tables: etree._Element) -> str:
    return str(tables.findtext("b:vrf-name", "", _NS))


def _paths(tables: etree._Element, version: int) -> Iterator[tuple[Network, str, etree._Element]]:
    """Yield the prefix and the neighbor of each path, and the path."""
    for family in tables.iterfind("b:afs/b:af", _NS):
        if family.findtext("b:af-name", "", _NS) != _FAMILIES[version]:
            continue
        for path in family.iterfind("b:path-used-table/b:path", _NS):
            network = path.findtext("b:network", "", _NS)
            peer = path.findtext("b:neighbor-address", "", _NS)
            if peer and path.findtext("b:route-type", "used", _NS) == "used":
                length = path.findtext("b:prefix-length", "", _NS)
                yield ip_network(f"{network}/{length}"), str(ip_address(peer)), path


def group_members(running: str) -> dict[tuple[str, str], list[str]]:
    """Return the addresses and ranges that use each neighbor-group, by (vrf, group).

    Neighbors that use none are there too, below the empty name.
    """
    found: dict[tuple[str, str], list[str]] = {}
    path: list[tuple[int, str]] = []
    neighbor: tuple[str, str] | None = None
    group = ""

    def done() -> None:
        if neighbor is not None:
            found.setdefault((neighbor[0], group), []).append(neighbor[1])

    for raw in lines_of(running):
        line = _LINE.fullmatch(raw)
        if line is None or line[2] == "!":
            continue
        depth, text = len(line[1]), line[2]
        while path and path[-1][0] >= depth:
            path.pop()
        above = [one for _, one in path]
        path.append((depth, text))
        inside = bool(above) and above[0].startswith("router bgp ")
        if text.startswith("neighbor ") and inside:
            done()
            vrf = above[1].removeprefix("vrf ") if len(above) > 1 else ""
            neighbor, group = (vrf, text.split()[1]), ""
        elif (
            text.startswith("use neighbor-group ") and inside and above[-1].startswith("neighbor ")
        ):
            group = text.split()[2]
    done()
    return found
