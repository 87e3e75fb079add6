"""Routes of one routing instance in the table of another, on Junos: :func:`table_imports`.

Two statements bring them there: a rib-group of a session's family, and ``instance-import``. VPN
routes get into an instance with a ``vrf-target`` or ``vrf-import``, those of EVPN where it has
``ip-prefix-routes``; with ``auto-export`` instances give their routes to those here that share a
``vrf-target`` with them. Not read is which targets the policies of ``vrf-import`` and
``vrf-export`` are about, nor what a logical system does. Sources: Juniper, "rib-group (Protocols
BGP)", "instance-import", "vrf-target", "auto-export", "ip-prefix-routes".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policies.dialects.junos_text import joined, leaves
from policies.dialects.peers import peer_name
from policies.filters import RouteMap, TableImport
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.junos_sessions import Scope
    from policies.dialects.junos_text import Tree
    from policies.filters import Stanza

Path = tuple[str, ...]

_FAMILIES = {"inet": 4, "inet6": 6}
_TABLES = {"inet.0": 4, "inet6.0": 6}
_PROTOCOL = "from protocol "
#: No route that BGP learned, of a VPN or not, is of one of these.
_OTHERS = frozenset(
    {
        "access",
        "access-internal",
        "aggregate",
        "direct",
        "isis",
        "local",
        "ospf",
        "ospf2",
        "ospf3",
        "rip",
        "ripng",
        "static",
    }
)
#: What the main instance is called where instances are named.
_MAIN = "master"


class Found(NamedTuple):
    """An import, and the path of the statement that does it."""

    one: TableImport
    path: Path


def table_imports(tree: Tree, scopes: Sequence[Scope]) -> tuple[Found, ...]:
    """Return what brings routes of one instance into the table of another."""
    groups = tree.get("routing-options", {}).get("rib-groups", {})
    copied = (one for scope in scopes if not scope.elsewhere for one in _copied(scope, groups))
    return (*copied, *_imported(tree), *_of_vpns(tree), *_shared(tree))


def of_bgp(found: RouteMap) -> RouteMap:
    """Return what a policy does with routes of BGP: without terms for other protocols alone."""
    return RouteMap(found.name, tuple(one for one in found.stanzas if not _not_bgp(one)))


def _not_bgp(stanza: Stanza) -> bool:
    said = {one.removeprefix(_PROTOCOL) for one in stanza.unknown if one.startswith(_PROTOCOL)}
    return bool(said) and said <= _OTHERS


def _copied(scope: Scope, groups: Tree) -> Iterator[Found]:
    """Yield what the rib-groups of sessions do with the routes that these accept."""
    for path, body, sessions in _levels(scope):
        level = " of " + " ".join(path[-2:]) if sessions else ""
        for family, version in _FAMILIES.items():
            for safi in ("unicast", "any"):
                named = body.get("family", {}).get(family, {}).get(safi, {}).get("rib-group", {})
                for name in named:
                    group = groups.get(name, {})
                    for table in group.get("import-rib", {}):
                        vrf = _vrf(table, version)
                        if vrf is None or vrf == scope.vrf:
                            continue
                        one = TableImport(
                            vrf=vrf,
                            version=version,
                            source=scope.vrf,
                            said=f"rib-group {name}{level}",
                            route_maps=_chain(group.get("import-policy", {})),
                            sessions=sessions,
                        )
                        yield Found(one, (*path, "family", family, safi, "rib-group", name))


def _levels(scope: Scope) -> Iterator[tuple[Path, Tree, frozenset[str] | None]]:
    """Yield the levels of BGP, each with the names of its sessions; None for all."""
    yield scope.path, scope.bgp, None
    for name, group in scope.bgp.get("group", {}).items():
        inside = group.get("neighbor", {})
        path = (*scope.path, "group", name)
        yield path, group, frozenset({name, *map(peer_name, inside)})
        for peer, body in inside.items():
            yield (*path, "neighbor", peer), body, frozenset({peer_name(peer)})


def _vrf(table: str, version: int) -> str | None:
    """Return the instance whose unicast table of ``version`` it is; None for another table."""
    for name, family in _TABLES.items():
        if family == version and (table == name or table.endswith(f".{name}")):
            return table.removesuffix(name).removesuffix(".")
    return None


def _imported(tree: Tree) -> Iterator[Found]:
    """Yield what ``instance-import`` of an instance takes from others."""
    statements = tree.get("policy-options", {}).get("policy-statement", {})
    instances = tree.get("routing-instances", {})
    tables = [("", tree, ()), *((n, one, ("routing-instances", n)) for n, one in instances.items())]
    for vrf, found, path in tables:
        chain = _chain(found.get("routing-options", {}).get("instance-import", {}))
        for source in dict.fromkeys(_instances(statements, chain)):
            for version in VERSIONS:
                one = TableImport(
                    vrf=vrf,
                    version=version,
                    source="" if source == _MAIN else source,
                    said=f"instance-import {' '.join(chain)}",
                    route_maps=chain,
                )
                if one.source != vrf:
                    yield Found(one, (*path, "routing-options", "instance-import"))


def _of_vpns(tree: Tree) -> Iterator[Found]:
    """Yield what VPN routes get into instances."""
    for vrf, found in tree.get("routing-instances", {}).items():
        path = ("routing-instances", vrf)
        chain = _chain(found.get("vrf-import", {}))
        if "vrf-import" in found or found.get("vrf-target", {}).keys() - {"export"}:
            word = "vrf-import" if "vrf-import" in found else "vrf-target"
            for version in VERSIONS:
                one = TableImport(
                    vrf=vrf,
                    version=version,
                    source="",
                    said=word,
                    family=f"vpnv{version}",
                    route_maps=chain,
                )
                yield Found(one, (*path, word))
        if "ip-prefix-routes" in found.get("protocols", {}).get("evpn", {}):
            for version in VERSIONS:
                one = TableImport(
                    vrf=vrf,
                    version=version,
                    source="",
                    said="ip-prefix-routes",
                    family="evpn",
                    route_maps=chain,
                )
                yield Found(one, (*path, "protocols", "evpn", "ip-prefix-routes"))


def _shared(tree: Tree) -> Iterator[Found]:
    """Yield what instances get from others here that share a target with them."""
    instances = tree.get("routing-instances", {})
    automatic = {
        n for n, one in instances.items() if "auto-export" in one.get("routing-options", {})
    }
    for vrf, here in instances.items():
        for source, there in instances.items():
            shared = _targets(here, "import") & _targets(there, "export")
            if source == vrf or not shared or not automatic & {vrf, source}:
                continue
            for version in VERSIONS:
                one = TableImport(
                    vrf=vrf,
                    version=version,
                    source=source,
                    said=f"vrf-target {min(shared)}",
                )
                yield Found(one, ("routing-instances", vrf, "vrf-target"))


def _targets(instance: Tree, way: str) -> set[str]:
    said = instance.get("vrf-target", {})
    # A policy decides in its place.
    return set() if f"vrf-{way}" in instance else {*said, *said.get(way, {})} - {"import", "export"}


def _instances(statements: Tree, chain: Sequence[str]) -> Iterator[str]:
    """Yield the instances that the policies of a chain name."""
    for name in (word for one in chain for word in one.split()):
        found = statements.get(name, {})
        for term in (found, *found.get("term", {}).values()):
            yield from term.get("from", {}).get("instance", {})


def _chain(said: Tree) -> tuple[str, ...]:
    """Return the chain that ``said`` is, under the name of the route-map that it becomes."""
    names = [word for line in leaves(said) for word in line]
    return (joined(names),) if names else ()
