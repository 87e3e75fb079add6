"""A device as it is, beside what its guards want of it: :class:`View`. Pure questions."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.change import apply, steps
from policies.drift.words import NOUNS
from policies.filters import SessionKey
from policies.managed import managed, slots_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from policies.drift.words import Nouns
    from policies.errors import Violation
    from policies.filters import Attachment, RouteMap, Running
    from policies.guards import Fence
    from policies.install import Installation
    from policies.managed import Managed, Slot
    from policies.prefix_set import PrefixSet


class View:
    """One device. ``narrower`` are the sessions whose own policy may drop what the pools allow."""

    def __init__(
        self, running: Running, wanted: Installation, narrower: Collection[SessionKey] = ()
    ) -> None:
        self.running = running
        self.wanted = wanted
        self.now: Managed = managed(running)
        self.nouns: Nouns = NOUNS[running.semantics.ahead]
        self._narrower = frozenset(narrower)
        self._judge = Judge(running)

    @cached_property
    def after(self) -> Running:
        """The device after a deploy; of a slot that something is in the way of it says nothing."""
        return apply(self.running, steps(self.now, self.wanted.managed))

    @cached_property
    def _later(self) -> Judge:
        return self._judge if self.after is self.running else Judge(self.after)

    @cached_property
    def users(self) -> Mapping[str, tuple[Slot, ...]]:
        """The slots by the route-map that is attached there, inherited ones included."""
        found: dict[str, list[Slot]] = defaultdict(list)
        for slot in slots_of(self.running):
            name = self.attachment(slot).route_map
            if name is not None:
                found[name].append(slot)
        return {name: tuple(slots) for name, slots in found.items()}

    def attachment(self, slot: Slot) -> Attachment:
        """Return what is attached."""
        key, version, direction = slot
        return self.running.sessions[key].attachments[version, direction]

    def fence(self, slot: Slot) -> Fence:
        """Return the fence that is wanted."""
        return self.wanted.fenced[slot]

    def route_map(self, slot: Slot) -> RouteMap | None:
        """Return the route-map that is attached; None if there is none, or it is not defined."""
        return self.running.route_maps.get(self.attachment(slot).route_map or "")

    def is_narrower(self, slot: Slot) -> bool:
        """Return whether the site says that the session may drop what the pools allow."""
        session = self.running.sessions[slot[0]]
        group = SessionKey(slot[0].vrf, session.group or "")
        return slot[0] in self._narrower or group in self._narrower

    def above(self, slot: Slot) -> Slot | None:
        """Return the same slot of the session's peer group; None if that carries it not."""
        key, version, direction = slot
        group = self.running.sessions.get(
            SessionKey(key.vrf, self.running.sessions[key].group or "")
        )
        here = group is not None and (version, direction) in group.attachments
        return (group.key, version, direction) if group is not None and here else None

    def holder(self, slot: Slot) -> Slot:
        """Return where it is decided what the slot has: there, or on its guarded peer group."""
        one, above = self.attachment(slot), self.above(slot)
        follows = one.route_map is None or one.inherited_from is not None
        return above if follows and above is not None and above in self.wanted.fenced else slot

    def obstacle(self, slot: Slot) -> Violation | None:
        """Return what would keep a deploy from mending the slot."""
        found = self.wanted.obstructed
        return found.get(slot) or found.get(self.holder(slot))

    # What passes, as sets --------------------------------------------------------------------

    def may(self, slot: Slot) -> PrefixSet:
        """Return what may pass now."""
        return self._may(self._judge, self.running, slot)

    def may_later(self, slot: Slot) -> PrefixSet:
        """Return what may pass after a deploy, which nothing is in the way of."""
        return self._may(self._later, self.after, slot)

    @staticmethod
    def _may(judge: Judge, running: Running, slot: Slot) -> PrefixSet:
        key, version, direction = slot
        return judge.session(running.sessions[key], version, direction).may

    def permitted(self, version: int, route_map: str) -> PrefixSet:
        """Return what a route-map of the device may let through."""
        return self._judge.route_map(version, route_map).may
