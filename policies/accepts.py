"""What a route-map or a session accepts, as exact bounds: :func:`session_accepts`.

A prefix alone does not always decide: a stanza may look at communities or AS paths. So
every answer is two sets: ``may`` holds every prefix that could get through with some
attributes, ``must`` those that get through with any. The proof (P1) is about ``may``.
Law: ``must <= may``, and both are equal where nothing is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.prefix_list import Action, evaluate
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from policies.filters import Attachment, Direction, Running, Session, Stanza

#: Calls deeper than this count as unknown; FRR gives up at the same depth
#: (lib/routemap.h, RMAP_RECURSION_LIMIT).
_MAX_CALLS = 10


@dataclass(frozen=True, slots=True)
class Accepts:
    """What may and what must get through; two sets of one family."""

    may: PrefixSet
    must: PrefixSet

    @classmethod
    def exactly(cls, prefixes: PrefixSet) -> Accepts:
        """Return bounds that agree."""
        return cls(prefixes, prefixes)

    def __and__(self, other: Accepts) -> Accepts:
        return Accepts(self.may & other.may, self.must & other.must)


class Judge:
    """Evaluates the policies of one configuration; every list and map is judged once."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._lists: dict[tuple[int, str], PrefixSet | None] = {}
        self._maps: dict[tuple[int, str], Accepts] = {}

    def permitted(self, version: int, name: str) -> PrefixSet | None:
        """Return what the prefix-list permits; None if it is undefined or empty."""
        key = (version, name)
        if key not in self._lists:
            found = self.running.lists.get(key)
            empty = found is None or not found.entries
            self._lists[key] = None if empty else evaluate(found.entries, version)  # type: ignore[union-attr]
        return self._lists[key]

    def route_map(self, version: int, name: str, depth: int = 0) -> Accepts:
        """Return what the route-map lets through; an undefined one as the platform has it."""
        key = (version, name)
        if key not in self._maps:
            self._maps[key] = self._judge_map(version, name, depth)
        return self._maps[key]

    def _judge_map(self, version: int, name: str, depth: int) -> Accepts:
        nothing, everything = PrefixSet.empty(version), PrefixSet.everything(version)
        found = self.running.route_maps.get(name)
        if found is None:
            permits = self.running.semantics.undefined_map_permits
            return Accepts.exactly(everything if permits else nothing)
        may = must = nothing
        # What may still reach the next stanza, and what does so for certain.
        arrives, surely = everything, everything
        for stanza in found.stanzas:
            matched = self._matched(stanza, version)
            decided = not stanza.unknown
            if stanza.action is Action.PERMIT:
                called = self._called(stanza, version, depth)
                if stanza.goes_on:
                    # Later stanzas may still deny it; falling off the end permits it.
                    may |= arrives & matched & called.may
                    surely -= matched
                    continue
                may |= arrives & matched & called.may
                if decided:
                    must |= surely & matched & called.must
            if decided:
                arrives -= matched
            surely -= matched
        return Accepts(may, must)

    def _called(self, stanza: Stanza, version: int, depth: int) -> Accepts:
        everything, nothing = PrefixSet.everything(version), PrefixSet.empty(version)
        if stanza.call is None:
            return Accepts.exactly(everything)
        if depth >= _MAX_CALLS:
            return Accepts(everything, nothing)
        if stanza.call not in self.running.route_maps:
            permits = self.running.semantics.undefined_call_permits
            return Accepts.exactly(everything if permits else nothing)
        return self.route_map(version, stanza.call, depth + 1)

    def _matched(self, stanza: Stanza, version: int) -> PrefixSet:
        """Return what the stanza's prefix-lists match; they are joined by "and"."""
        matched = PrefixSet.everything(version)
        for family, name in stanza.lists:
            if family != version:
                return PrefixSet.empty(version)
            permitted = self.permitted(version, name)
            if permitted is not None:
                matched &= permitted
            elif not self.running.semantics.undefined_list_matches:
                return PrefixSet.empty(version)
        return matched

    def session(self, session: Session, version: int, direction: Direction) -> Accepts:
        """Return what ``session`` lets through; nothing for a family it does not carry."""
        nothing, everything = PrefixSet.empty(version), PrefixSet.everything(version)
        attachment = session.attachments.get((version, direction))
        if attachment is None:
            return Accepts.exactly(nothing)
        if attachment.is_empty:
            verdict = Accepts.exactly(nothing if session.closed_without_policy else everything)
        else:
            verdict = self._attached(attachment, version)
        if attachment.originates_default:
            verdict = Accepts(verdict.may | _default_route(version), verdict.must)
        return verdict

    def _attached(self, attachment: Attachment, version: int) -> Accepts:
        nothing, everything = PrefixSet.empty(version), PrefixSet.everything(version)
        verdict = Accepts.exactly(everything)
        if attachment.route_map is not None:
            verdict = self.route_map(version, attachment.route_map)
        if attachment.unsuppress_map is not None:
            instead = self.route_map(version, attachment.unsuppress_map)
            verdict = Accepts(verdict.may | instead.may, verdict.must & instead.must)
        if attachment.prefix_list is not None:
            permitted = self.permitted(version, attachment.prefix_list)
            if permitted is None:
                permits = self.running.semantics.undefined_attached_list_permits
                permitted = everything if permits else nothing
            verdict &= Accepts.exactly(permitted)
        if attachment.unknown:
            verdict = Accepts(verdict.may, nothing)
        return verdict


def _default_route(version: int) -> PrefixSet:
    return PrefixSet.from_int_ranges(version, [(0, 0, 0, 0)])


def session_accepts(
    running: Running, session: Session, version: int, direction: Direction
) -> Accepts:
    """Return what one session lets through, in one family and direction."""
    return Judge(running).session(session, version, direction)
