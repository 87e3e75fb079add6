"""Where in a route-map a guard may stand, and which map of our own to use. Pure choices.

Read :func:`seats` and :func:`own_map`. Law: what stands already and is whole is kept, so that
a second installation changes nothing; what was tampered with is replaced beside it, never
edited in place.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.filters import Ahead, Stanza
from policies.managed import is_our_stanza
from policies.ownership import PREFIX, is_owned
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from policies.filters import Direction, RouteMap, Running, Semantics
    from policies.guards import Fence
    from policies.managed import Slot

#: Where a map of ours permits what the guard left; the last number every platform takes.
LAST_SEQ = 65535

#: Characters that the end of a name may have: "RF-import.10-" before it, and 63 in all.
_MAX_END = 48

#: In the name of a wrapper, what stands before the name of the policy that it calls.
_BEFORE = "--"
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


def guard_stanza(seq: int, version: int, list_name: str, *, negated: bool = False) -> Stanza:
    """Return a guard: a deny of what its list permits, or does not, and nothing besides."""
    referred = ((version, list_name),)
    if negated:
        return Stanza(seq=seq, action=Action.DENY, none_of=referred)
    return Stanza(seq=seq, action=Action.DENY, lists=referred)


def family_of(stanza: Stanza) -> int | None:
    """Return the family that a guard of ours is for; None if it is not as we make them."""
    if len(stanza.referred) != 1:
        return None
    version, name = stanza.referred[0]
    guard = guard_stanza(stanza.seq, version, name, negated=bool(stanza.none_of))
    return version if is_owned(name) and stanza == guard else None


def first_way_through(found: RouteMap) -> int:
    """Return the number of the first foreign stanza that permits or jumps.

    Foreign denies may stay in front of a guard: they let nothing through.
    """
    return min(
        (
            one.seq
            for one in found.stanzas
            if not is_our_stanza(found.name, one) and (one.action is Action.PERMIT or one.goes_on)
        ),
        default=LAST_SEQ,
    )


def seats(found: RouteMap, versions: Sequence[int]) -> Mapping[int, int] | None:
    """Return the number of each family's guard in a foreign route-map; None without room.

    A guard that stands in front of what lets anything through keeps its number.
    """
    first = first_way_through(found)
    chosen: dict[int, int] = {}
    for one in found.stanzas:
        version = family_of(one)
        if version in versions and version is not None and one.seq < first:
            chosen.setdefault(version, one.seq)
    taken = {one.seq for one in found.stanzas}
    for version in versions:
        if version not in chosen:
            free = next((number for number in range(1, first) if number not in taken), None)
            if free is None:
                return None
            chosen[version] = free
            taken.add(free)
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMap:
    """What a route-map of ours is to be: guards of ``versions``, then ``inner`` or a permit."""

    direction: Direction
    fence: Fence
    versions: tuple[int, ...]
    inner: str | None


def own_map(wanted: OwnMap, running: Running, users: Collection[Slot]) -> str:
    """Return the name of the map of ours for ``wanted``: one that stands and serves, else new.

    The name says what the guard is, so sessions that are fenced alike share a map; ``users``
    are the slots that will be on it. Not free is a name that something refers to without a
    map behind it: the map would be live half made. And a map changes only if its users do not,
    for a session that leaves it, now or on the way back, would meet the change too.
    """
    users_now: dict[str, set[Slot]] = defaultdict(set)
    for session in running.sessions.values():
        for (version, way), one in session.attachments.items():
            if one.route_map is not None:
                users_now[one.route_map].add((session.key, version, way))
    taken = {*running.route_maps, *users_now}
    names = list(_names(wanted, running.semantics, len(taken) + 2))
    for name in names:
        found = running.route_maps.get(name)
        same_users = users_now[name] == set(users)
        if (
            found
            and _is_whole(found, wanted)
            and (same_users or _says(found, wanted, running.semantics))
        ):
            return name
    return next(name for name in names if name not in taken)


def _names(wanted: OwnMap, semantics: Semantics, limit: int) -> Iterator[str]:
    """Yield the names that the map may have, the plainest first."""
    end = f"{wanted.fence.kind}-{wanted.fence.label.replace(_BEFORE, '-')}"
    if len(wanted.versions) == 1:
        end += f"-v{wanted.versions[0]}"
    if wanted.inner is not None and semantics.ahead is Ahead.CHAIN:
        end += f" {wanted.inner}"
    elif wanted.inner is not None:
        named = len(wanted.inner) + len(end) <= _MAX_END and _WORD.fullmatch(wanted.inner)
        end += _BEFORE + (wanted.inner if named else _hash(wanted.inner))
    for number in range(1, limit):
        counted = "" if number == 1 else f".{number}"
        yield f"{PREFIX}{wanted.direction}{counted}-{end}"


def _hash(inner: str) -> str:
    """Return what stands in a name for a policy whose own is too long, or has parameters."""
    return hashlib.sha256(inner.encode()).hexdigest()[:8]


def knows_its_inner(name: str, found: RouteMap | None, ahead: Ahead) -> bool:
    """Return whether a map of ours still says what it stands ahead of, as its name promises."""
    if found is None:
        return False
    last = found.stanzas[-1]
    if last != Stanza(seq=LAST_SEQ, action=Action.PERMIT, call=last.call):
        return False
    mark = " " if ahead is Ahead.CHAIN else _BEFORE
    if last.call is None:
        return mark not in name
    return name.endswith((f"{mark}{last.call}", f"{mark}{_hash(last.call)}"))


def _says(found: RouteMap, wanted: OwnMap, semantics: Semantics) -> bool:
    """Return whether a whole map of ours has the lists of ``wanted`` already."""
    names = [name for stanza in found.stanzas for _, name in stanza.referred]
    screens = [
        wanted.fence.screen(version, sets_only=semantics.sets_only) for version in wanted.versions
    ]
    return names == [one.prefix_list.name for one in screens]


def _is_whole(found: RouteMap, wanted: OwnMap) -> bool:
    """Return whether a map of ours is as we make it: a guard for each family, then its end."""
    *guards, last = found.stanzas
    end = Stanza(seq=LAST_SEQ, action=Action.PERMIT, call=wanted.inner)
    return last == end and [(one.seq, family_of(one)) for one in guards] == list(
        enumerate(wanted.versions, start=1)
    )
