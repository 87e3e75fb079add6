"""One route at a time: what a session does with a prefix, by brute force and without set algebra.

`World` fixes all that prefixes alone don't decide. Law: written from the platforms' manuals and
independent of `policies.accepts`, which it is the oracle of.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.filters import Direction, Running, Session, Stanza
    from policies.prefix_set import Network


@dataclass(frozen=True)
class World:
    """Which unknown lines hold for the route, and what a route meets that was sent on.

    ``falls_off`` is what becomes of it at the end of the map; ``jumps_out`` whether the jump
    leads past all later stanzas; ``broken`` what a broken reference does where that is not known.
    """

    holds: frozenset[str]
    falls_off: bool = True
    jumps_out: bool = False
    broken: bool = False


def worlds(unknown: set[str], *, jumps: bool) -> Iterator[World]:
    """Yield every world for these unknown lines."""
    lines = sorted(unknown)
    for broken, *bits in product((False, True), repeat=len(lines) + 1):
        holds = frozenset(line for line, bit in zip(lines, bits, strict=True) if bit)
        if jumps:
            yield World(holds, falls_off=True, broken=broken)
            yield World(holds, falls_off=False, broken=broken)
            yield World(holds, jumps_out=True, broken=broken)
        else:
            yield World(holds, broken=broken)


def list_permits(running: Running, name: str, prefix: Network) -> bool | None:
    """Return what the prefix-list says of ``prefix``; None if it is undefined or empty."""
    found = running.lists.get((prefix.version, name))
    if found is None or not found.entries:
        return None
    for entry in sorted(found.entries, key=lambda one: one.seq or 0):
        inside = prefix.subnet_of(entry.prefix)  # type: ignore[arg-type]
        low = entry.prefix.prefixlen if entry.ge is None else entry.ge
        high = entry.le
        if high is None:
            high = low if entry.ge is None else prefix.max_prefixlen
        if inside and low <= prefix.prefixlen <= high:
            return entry.action is Action.PERMIT
    return False


def _known(said: bool | None, world: World) -> bool:
    return world.broken if said is None else said


def _match(running: Running, version: int, name: str, prefix: Network, world: World) -> bool:
    if version != prefix.version:
        found, semantics = running.lists.get((version, name)), running.semantics
        known = semantics.other_family_matches
        if found is not None and not found.entries and semantics.empty_list_matches != known:
            known = None
        return _known(known, world)
    if running.lists[version, name].unknown if (version, name) in running.lists else False:
        return world.broken
    said = list_permits(running, name, prefix)
    semantics = running.semantics
    is_there = (version, name) in running.lists
    known = semantics.empty_list_matches if is_there else semantics.undefined_list_matches
    return _known(known, world) if said is None else said


def _matches(running: Running, stanza: Stanza, prefix: Network, world: World) -> bool:
    for some in (*((one,) for one in stanza.lists), *stanza.any_of):
        if not any(_match(running, *one, prefix, world) for one in some):
            return False
    for version, name in stanza.none_of:
        if version != prefix.version or _match(running, version, name, prefix, world):
            return False
    return all(line in world.holds for line in stanza.unknown)


def map_permits(running: Running, name: str, prefix: Network, world: World) -> bool:
    """Return whether the route-map lets ``prefix`` through; maps must not call in circles."""
    found = running.route_maps.get(name)
    if found is None:
        return _known(running.semantics.undefined_map_permits, world)
    was_sent_on = False
    for stanza in sorted(found.stanzas, key=lambda one: one.seq):
        if not _matches(running, stanza, prefix, world):
            continue
        if stanza.action is Action.DENY:
            return False
        if stanza.call is not None:
            if stanza.call in running.route_maps:
                called = map_permits(running, stanza.call, prefix, world)
            else:
                called = _known(running.semantics.undefined_call_permits, world)
            if not called:
                return False
        if not stanza.goes_on or world.jumps_out:
            return True
        was_sent_on = True
    return was_sent_on and world.falls_off


def session_permits(
    running: Running, session: Session, direction: Direction, prefix: Network, world: World
) -> bool:
    """Return whether the session lets ``prefix`` through."""
    attachment = session.attachments.get((prefix.version, direction))
    if attachment is None:
        return False
    if attachment.is_empty:
        closed = session.closed_without_policy or attachment.closed_when_empty
        return not _known(closed, world)
    if attachment.overrides:
        return world.broken
    if attachment.route_map is not None and not map_permits(
        running, attachment.route_map, prefix, world
    ):
        return False
    if attachment.prefix_list is not None:
        said = list_permits(running, attachment.prefix_list, prefix)
        if said is None:
            semantics = running.semantics
            is_there = (prefix.version, attachment.prefix_list) in running.lists
            said = _known(
                semantics.empty_attached_list_permits
                if is_there
                else semantics.undefined_attached_list_permits,
                world,
            )
        asked = attachment.route_map is None or _known(running.semantics.list_beside_map, world)
        if asked and not said:
            return False
    return all(line in world.holds for line in attachment.unknown)
