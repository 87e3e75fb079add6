"""A Junos running configuration in set form into a filter set: :func:`parse`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.dialects.junos_groups import expand
from policies.dialects.junos_imports import of_bgp, table_imports
from policies.dialects.junos_policy import Policies
from policies.dialects.junos_sessions import scopes
from policies.dialects.junos_text import joined, leaves, read_set, words
from policies.filters import Ahead, Direction, RouteMap, Running, Semantics
from policies.ownership import PREFIX, is_owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.dialects.junos_imports import Found
    from policies.dialects.junos_sessions import Scope
    from policies.dialects.junos_text import Tree
    from policies.filters import Session, SessionKey

#: Neither an undefined policy nor an undefined list can be committed.
SEMANTICS = Semantics(
    undefined_list_matches=None,
    undefined_map_permits=None,
    undefined_call_permits=None,
    undefined_attached_list_permits=None,
    ahead=Ahead.CHAIN,
)
_STATEMENT = ("policy-options", "policy-statement")


@dataclass(frozen=True, slots=True)
class Reading:
    """The filter set of a configuration, with those that read it, who know where it stands."""

    running: Running
    scopes: tuple[Scope, ...]
    policies: Policies
    imports: tuple[Found, ...]


def parse(text: str) -> Running:
    """Return the filter set of a whole configuration.

    Raises:
        ParseError: ``text`` is cut short, or is not the set form of a Junos configuration.
    """
    return read(text).running


def read(text: str) -> Reading:
    """Return the filter set of a whole configuration, and its readers.

    Raises:
        ParseError: as :func:`parse`.
    """
    own, inactive = read_set(text)
    tree, inherited, doubtful = expand(own)
    sessions: dict[SessionKey, Session] = {}
    routers: dict[str, int] = {}
    found = tuple(scopes(tree, inherited=inherited, doubtful=doubtful, inactive=inactive))
    for scope in found:
        sessions.update(scope.sessions())
        if scope.bgp and scope.own_as is not None:
            routers[scope.vrf] = scope.own_as
    policies = Policies(
        tree.get("policy-options", {}),
        {path[2] for path in doubtful if path[:2] == _STATEMENT},
        {path[2] for path in inactive if path[:2] == _STATEMENT and len(path) > len(_STATEMENT)},
    )
    maps = _route_maps(policies, sessions)
    imports = table_imports(tree, found)
    for name in (name for one in imports for name in one.one.route_maps):
        if name not in maps and not is_owned(name):
            maps[name] = of_bgp(policies.chain(words(name), surely=False))
    running = Running(
        lists=dict(sorted(policies.lists.items())),
        route_maps={name: maps[name] for name in sorted(maps)},
        sessions=sessions,
        semantics=SEMANTICS,
        routers=routers,
        other_uses=_other_uses(tree),
        table_imports=tuple(one.one for one in imports),
    )
    return Reading(running, found, policies, imports)


def _route_maps(policies: Policies, sessions: Mapping[SessionKey, Session]) -> dict[str, RouteMap]:
    """Return every chain of ``sessions``, and each policy of ours that is first in none."""
    exports: dict[str, bool] = {}
    for session in sessions.values():
        for (_, direction), one in session.attachments.items():
            if one.route_map is not None:
                exports[one.route_map] = (
                    exports.get(one.route_map, False) or direction is Direction.EXPORT
                )
    maps: dict[str, RouteMap] = {}
    used: set[str] = set()
    for name, exported in exports.items():
        _chain(policies, name, maps, used, exported=exported)
    for name in policies.own:
        if name not in used:
            maps[name] = policies.guarded((name,))
    return maps


def _chain(
    policies: Policies,
    name: str,
    maps: dict[str, RouteMap],
    used: set[str],
    *,
    exported: bool,
) -> None:
    """Judge the chain ``name``, and what stands in it behind a policy of ours."""
    names = words(name)
    if not is_owned(names[0]):
        known = maps.get(name)
        # Said of an import and of an export, the end is no more certain than of the export.
        if known is None or exported:
            maps[name] = policies.chain(names, surely=not exported)
        return
    used.add(names[0])
    maps[name] = policies.guarded(names)
    rest = maps[name].stanzas[-1].call
    if rest is not None:
        _chain(policies, rest, maps, used, exported=exported)


def _other_uses(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Return where a policy of ours is named by anything but a chain or a guard of ours."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in _paths(tree):
        for at, word in enumerate(line):
            if is_owned(word) and not _is_ours(line, at):
                found[word].append(joined(line))
    return {name: tuple(lines) for name, lines in sorted(found.items())}


def _paths(tree: Tree) -> Iterator[tuple[str, ...]]:
    for line in leaves(tree):
        if any(word.startswith(PREFIX) for word in line):
            yield line


def _is_ours(line: tuple[str, ...], at: int) -> bool:
    """Return whether the word is in a policy of ours, or in a chain of a session."""
    if line[:2] == _STATEMENT and is_owned(line[2]):
        return True
    return "bgp" in line and line[at - 1] in ("import", "export")
