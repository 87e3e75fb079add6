"""Route-maps of our own: for which slots there is one, what each is, and its name.

Start with :class:`OwnMaps`. Pure choices. Law: a map that stands and is whole is kept, so that a
second installation changes nothing; what was tampered with is replaced beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.filters import Ahead, SessionKey, Stanza
from policies.managed import slots_of
from policies.ownership import PREFIX
from policies.placement import LAST_SEQ, family_of
from policies.pools import VERSIONS
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policies.filters import Direction, RouteMap, Running, Semantics
    from policies.guards import Fence
    from policies.managed import Slot

#: Characters that the end of a name may have: "RF-import.10-" before it, and 63 in all.
_MAX_END = 48

#: In the name of a wrapper, what stands before the name of the policy that it calls.
_BEFORE = "--"
_WORD = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(slots=True)
class OwnMaps:
    """The slots of ``base`` that get a map of ours, and how each is fenced there.

    ``base`` is the device as it would be without the maps that ringfence attached, ``running``
    as it is, which only lends names.
    """

    running: Running
    base: Running
    fences: dict[Slot, Fence] = field(default_factory=dict)

    def above(self, slot: Slot) -> Slot:
        """Return the same slot of the session's peer group."""
        key, version, direction = slot
        return SessionKey(key.vrf, self.base.sessions[key].group or ""), version, direction

    def follows(self, slot: Slot) -> bool:
        """Return whether the session has here what its peer group has."""
        key, version, direction = slot
        attachment = self.base.sessions[key].attachments[version, direction]
        return attachment.route_map is None or attachment.inherited_from is not None

    def holder(self, slot: Slot) -> Slot:
        """Return where the map that decides ``slot`` is attached: here, or on its group."""
        if slot in self.fences or not self.follows(slot):
            return slot
        return self.above(slot)

    def named(self) -> tuple[dict[str, OwnMap], dict[Slot, str]]:
        """Return the maps by name, and where each is attached; those fenced alike share one."""
        alike: dict[tuple[Direction, str, str, int, str | None], list[Slot]] = defaultdict(list)
        apart = self.base.semantics.other_family_matches is not False
        for slot in slots_of(self.base):
            fence = self.fences.get(self.holder(slot))
            if fence is not None:
                key, version, direction = slot
                inner = self.base.sessions[key].attachments[version, direction].route_map
                family = version if apart else 0
                alike[direction, fence.kind, fence.label, family, inner].append(slot)
        maps: dict[str, OwnMap] = {}
        attachments: dict[Slot, str] = {}
        for (direction, _, _, family, inner), slots in alike.items():
            wanted = OwnMap(
                direction=direction,
                fence=self.fences[self.holder(slots[0])],
                versions=(family,) if family else VERSIONS,
                inner=inner,
            )
            name = own_map(wanted, self.running, slots)
            maps[name] = wanted
            attachments.update({slot: name for slot in slots if slot in self.fences})
        return maps, attachments


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
    return hashlib.sha256(inner.encode("utf-8", "surrogatepass")).hexdigest()[:8]


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
