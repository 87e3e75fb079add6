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
        self._lists: dict[tuple[int, str], Accepts | None] = {}
        self._maps: dict[tuple[int, str], Accepts] = {}

    def permitted(self, version: int, name: str) -> PrefixSet | None:
        """Return what the prefix-list permits; None if it is undefined, empty or unclear."""
        found = self._list(version, name)
        return found.may if found is not None and found.may == found.must else None

    def _list(self, version: int, name: str) -> Accepts | None:
        """Return what the prefix-list permits; None if it is undefined or empty."""
        key = (version, name)
        if key not in self._lists:
            found = self.running.lists.get(key)
            if found is not None and found.unknown:
                self._lists[key] = _either(None, version)
            elif found is None or not found.entries:
                self._lists[key] = None
            else:
                self._lists[key] = Accepts.exactly(evaluate(found.entries, version))
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
            return _either(self.running.semantics.undefined_map_permits, version)
        may = must = nothing
        # What may still reach the next stanza, and what does so for certain.
        arrives, surely = everything, everything
        for stanza in found.stanzas:
            matched = self._matched(stanza, version)
            if stanza.unknown:
                matched = Accepts(matched.may, nothing)
            called = self._called(stanza, version, depth)
            if stanza.goes_on:
                # Later stanzas may still deny it; falling off the end permits it. A deny that
                # goes on counts too: platforms differ in what they make of one.
                may |= arrives & matched.may & called.may
                surely -= matched.may
                continue
            if stanza.action is Action.PERMIT:
                may |= arrives & matched.may & called.may
                must |= surely & matched.must & called.must
            arrives -= matched.must
            surely -= matched.may
        return Accepts(may, must)

    def _called(self, stanza: Stanza, version: int, depth: int) -> Accepts:
        if stanza.call is None:
            return _either(True, version)
        if depth >= _MAX_CALLS:
            return _either(None, version)
        if stanza.call not in self.running.route_maps:
            return _either(self.running.semantics.undefined_call_permits, version)
        return self.route_map(version, stanza.call, depth + 1)

    def _matched(self, stanza: Stanza, version: int) -> Accepts:
        """Return what the stanza's prefix-lists may match, and what they must."""
        matched = _either(True, version)
        for family, name in stanza.lists:
            matched &= self._match(family, name, version)
        for some in stanza.any_of:
            each = [self._match(family, name, version) for family, name in some]
            matched &= Accepts(
                PrefixSet.union(version, [one.may for one in each]),
                PrefixSet.union(version, [one.must for one in each]),
            )
        for family, name in stanza.none_of:
            matched &= self._not_permitted(family, name, version)
        return matched

    def _not_permitted(self, family: int, name: str, version: int) -> Accepts:
        """Return what is of the list's family and not permitted by it."""
        if family != version:
            return _either(False, version)
        said = self._match(family, name, version)
        return Accepts(~said.must, ~said.may)

    def _match(self, family: int, name: str, version: int) -> Accepts:
        semantics = self.running.semantics
        if family != version:
            return _either(other_family_matches(self.running, family, name), version)
        return self._said(
            version, name, semantics.undefined_list_matches, semantics.empty_list_matches
        )

    def _said(self, version: int, name: str, undefined: bool | None, empty: bool | None) -> Accepts:
        """Return what the prefix-list permits; ``undefined`` or ``empty`` if it is that."""
        is_there = (version, name) in self.running.lists
        return self._list(version, name) or _either(empty if is_there else undefined, version)

    def session(self, session: Session, version: int, direction: Direction) -> Accepts:
        """Return what ``session`` lets through; nothing for a family it does not carry."""
        attachment = session.attachments.get((version, direction))
        if attachment is None:
            return _either(False, version)
        if attachment.is_empty:
            closed = session.is_closed(version, direction)
            verdict = _either(None if closed is None else not closed, version)
        else:
            verdict = self._attached(attachment, version)
        if attachment.originates_default:
            # A route-map of its own may keep it from being made up, and the table's own default
            # route is then not sent in its place.
            default = _default_route(version)
            verdict = Accepts(verdict.may | default, verdict.must - default)
        if session.is_unjudged(version):
            verdict = Accepts(PrefixSet.everything(version), verdict.must)
        return verdict

    def _attached(self, attachment: Attachment, version: int) -> Accepts:
        if attachment.overrides:
            return _either(None, version)
        verdict = _either(True, version)
        if attachment.route_map is not None:
            verdict = self.route_map(version, attachment.route_map)
        if attachment.unsuppress_map is not None:
            instead = self.route_map(version, attachment.unsuppress_map)
            verdict = Accepts(verdict.may | instead.may, verdict.must & instead.must)
        if attachment.advertise_map is not None:
            # What it permits is announced without the route-map, or withdrawn (FRR,
            # bgpd/bgp_conditional_adv.c); nobody says that other platforms ask the route-map.
            when = self.route_map(version, attachment.advertise_map)
            verdict = Accepts(verdict.may | when.may, verdict.must - when.may)
        if attachment.prefix_list is not None:
            semantics = self.running.semantics
            permitted = self._said(
                version,
                attachment.prefix_list,
                semantics.undefined_attached_list_permits,
                semantics.empty_attached_list_permits,
            )
            asked = attachment.route_map is None or semantics.list_beside_map
            # Not known is not counted on: what may pass without it may pass.
            if asked is None:
                verdict = Accepts(verdict.may, (verdict & permitted).must)
            elif asked:
                verdict &= permitted
        if attachment.unknown:
            verdict = Accepts(verdict.may, PrefixSet.empty(version))
        return verdict


def other_family_matches(running: Running, family: int, name: str) -> bool | None:
    """Return whether a match on a list of ``family`` holds for the other family; None: not known.

    A list without an entry may answer before it looks at the prefix (FRR, lib/plist.c).
    """
    semantics, found = running.semantics, running.lists.get((family, name))
    is_empty = found is not None and not (found.entries or found.unknown)
    if is_empty and semantics.empty_list_matches is not semantics.other_family_matches:
        return None
    return semantics.other_family_matches


def _either(known: bool | None, version: int) -> Accepts:
    """Return everything for True, nothing for False, and any of it for None, not known."""
    everything, nothing = PrefixSet.everything(version), PrefixSet.empty(version)
    return Accepts(nothing if known is False else everything, everything if known else nothing)


def _default_route(version: int) -> PrefixSet:
    return PrefixSet.from_int_ranges(version, [(0, 0, 0, 0)])


def session_accepts(
    running: Running, session: Session, version: int, direction: Direction
) -> Accepts:
    """Return what one session lets through, in one family and direction."""
    return Judge(running).session(session, version, direction)
