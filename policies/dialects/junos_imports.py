"""Routes of one routing instance in the table of another, on Junos: :func:`table_imports`.

Two statements bring them there: a rib-group of a session's family, and ``instance-import``. Not
read is what route targets bring together (``vrf-target``, ``vrf-import``, ``auto-export``), nor
what a logical system does. Sources: Juniper, "rib-group (Protocols BGP)", "instance-import".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from policies.dialects.junos_text import joined, leaves
from policies.dialects.peers import peer_name
from policies.filters import TableImport
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.junos_sessions import Scope
    from policies.dialects.junos_text import Tree

Path = tuple[str, ...]

_FAMILIES = {"inet": 4, "inet6": 6}
_TABLES = {"inet.0": 4, "inet6.0": 6}
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
    return (*copied, *_imported(tree))


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
