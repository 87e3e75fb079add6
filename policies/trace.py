"""Which places of a configuration let one prefix through a session, or drop it: :func:`trace`.

It is :mod:`policies.accepts` for a single prefix, with the evidence kept: the law is that
``decide(...).may == (prefix in session_accepts(...).may)``, and the same for ``must``. The last
place of a trace is the one that decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.accepts import other_family_matches
from policies.prefix_list import Action, deciding
from policies.references import AttachmentRef, EntryRef, Part, StanzaRef

if TYPE_CHECKING:
    from policies.filters import Attachment, Direction, Running, Session, Stanza
    from policies.prefix_set import Network
    from policies.references import Reference

#: As deep as :mod:`policies.accepts` follows calls.
_MAX_CALLS = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one prefix, and the places that say so, the deciding one last.

    ``may`` is whether it could get through with some attributes, ``must`` whether it does with
    any. With ``may`` the places are those of one way through, else those that drop it.
    """

    may: bool
    must: bool
    places: tuple[Reference, ...] = ()

    def at(self, *before: Reference) -> Decision:
        """Return the same decision, reached by way of ``before``."""
        return Decision(self.may, self.must, (*before, *self.places))


def trace(
    running: Running, session: Session, version: int, direction: Direction, prefix: Network
) -> tuple[Reference, ...]:
    """Return the places that let ``prefix`` through ``session``, or that drop it.

    From the attachment to the place that decides, which is the last: an entry of a prefix-list,
    a stanza, or the attachment itself. Where several ways lead through, the first that holds
    whatever the route's attributes goes before those that depend on them.
    """
    return decide(running, session, version, direction, prefix).places


def decide(
    running: Running, session: Session, version: int, direction: Direction, prefix: Network
) -> Decision:
    """Return whether ``prefix`` may get through ``session``, and the places that say so.

    Raises:
        ValueError: ``prefix`` is not of the family ``version``.
    """
    if prefix.version != version:
        raise ValueError(f"{prefix} is no IPv{version} prefix")
    attachment = session.attachments.get((version, direction))
    here = AttachmentRef(session.key, version, direction)
    if attachment is None:
        return Decision(may=False, must=False, places=(here,))
    if attachment.is_empty:
        closed = session.is_closed(version, direction)
        decision = _either(None if closed is None else not closed, here)
    else:
        decision = _Walk(running, prefix).attached(attachment, here)
    if attachment.originates_default and prefix.prefixlen == 0:
        made_up = AttachmentRef(session.key, version, direction, Part.DEFAULT)
        places = decision.places if decision.may else (made_up,)
        return Decision(may=True, must=False, places=places)
    if session.is_unjudged(version) and not decision.may:
        return Decision(may=True, must=False, places=(here,))
    return decision


def _either(known: bool | None, *places: Reference) -> Decision:
    """Return a yes for True, a no for False, and either for None, not known."""
    return Decision(known is not False, known is True, places)


class _Walk:
    """Follows one prefix through one configuration; every map is walked once."""

    def __init__(self, running: Running, prefix: Network) -> None:
        self._running = running
        self._prefix = prefix
        self._maps: dict[str, Decision] = {}

    def attached(self, attachment: Attachment, here: AttachmentRef) -> Decision:
        """Return what all that is attached does with the prefix."""

        def part(which: Part) -> AttachmentRef:
            return AttachmentRef(here.session, here.version, here.direction, which)

        if attachment.overrides:
            return _either(None, part(Part.OTHER))
        decision = _either(True)
        if attachment.route_map is not None:
            decision = self.route_map(attachment.route_map).at(part(Part.ROUTE_MAP))
        if attachment.unsuppress_map is not None:
            instead = self.route_map(attachment.unsuppress_map).at(part(Part.UNSUPPRESS_MAP))
            first = decision if decision.may or not instead.may else instead
            decision = Decision(
                decision.may or instead.may, decision.must and instead.must, first.places
            )
        if attachment.advertise_map is not None:
            when = self.route_map(attachment.advertise_map).at(part(Part.ADVERTISE_MAP))
            first = decision if decision.may or not when.may else when
            decision = Decision(
                decision.may or when.may, decision.must and not when.may, first.places
            )
        if attachment.prefix_list is not None:
            asked = attachment.route_map is None or self._running.semantics.list_beside_map
            permitted = self._attached_list(attachment.prefix_list).at(part(Part.PREFIX_LIST))
            if asked is None:
                # Not known is not counted on: what may pass without it may pass.
                decision = Decision(decision.may, decision.must and permitted.must, decision.places)
            elif asked:
                decision = _both(permitted, decision)
        if attachment.unknown:
            places = decision.places or (part(Part.OTHER),)
            decision = Decision(decision.may, must=False, places=places)
        return decision if decision.places else decision.at(here)

    def route_map(self, name: str, depth: int = 0) -> Decision:
        """Return what the route-map does with the prefix."""
        if name not in self._maps:
            self._maps[name] = self._walked(name, depth)
        return self._maps[name]

    def _walked(self, name: str, depth: int) -> Decision:
        found = self._running.route_maps.get(name)
        end = StanzaRef(name, None)
        if found is None:
            return _either(self._running.semantics.undefined_map_permits, end)
        # Whether the prefix may still reach the next stanza, and whether it does for certain.
        arrives = surely = True
        must = False
        ways: list[tuple[bool, Decision]] = []
        drop = Decision(may=False, must=False, places=(end,))
        for stanza in found.stanzas:
            # Called also where the prefix does not get: of maps that call each other in a
            # circle, the walk that comes first decides, and it is to be that of `accepts`.
            called = self._called(stanza, depth)
            if not arrives:
                continue
            matched = self._matched(stanza).at(StanzaRef(name, stanza.seq))
            certain = matched.must and not stanza.unknown
            permits = stanza.action is Action.PERMIT
            through = _both(matched, called) if permits or stanza.goes_on else None
            if through is not None and through.may:
                ways.append((certain and called.must and not stanza.goes_on, through))
            if not stanza.goes_on:
                must = must or (permits and surely and certain and called.must)
                if certain:
                    arrives = False
                    drop = through or matched
            surely = surely and not matched.may
        sure = [way for certain, way in ways if certain]
        if ways:
            return Decision(may=True, must=must, places=(*sure, ways[0][1])[0].places)
        return Decision(may=False, must=False, places=drop.places)

    def _called(self, stanza: Stanza, depth: int) -> Decision:
        if stanza.call is None:
            return _either(True)
        if depth >= _MAX_CALLS:
            return _either(None, StanzaRef(stanza.call, None))
        if stanza.call not in self._running.route_maps:
            permits = self._running.semantics.undefined_call_permits
            return _either(permits, StanzaRef(stanza.call, None))
        return self.route_map(stanza.call, depth + 1)

    def _matched(self, stanza: Stanza) -> Decision:
        """Return whether the stanza's prefix-lists match, with the entries that say so."""
        matched = _either(True)
        for family, name in stanza.lists:
            matched = _both(matched, self._match(family, name))
        for some in stanza.any_of:
            matched = _both(matched, _any([self._match(*one) for one in some]))
        for family, name in stanza.none_of:
            said = self._match(family, name)
            if family != self._prefix.version:
                matched = _both(matched, _either(False))
            else:
                matched = _both(matched, Decision(not said.must, not said.may, said.places))
        return matched

    def _match(self, family: int, name: str) -> Decision:
        semantics = self._running.semantics
        if family != self._prefix.version:
            return _either(other_family_matches(self._running, family, name))
        return self._said(name, semantics.undefined_list_matches, semantics.empty_list_matches)

    def _attached_list(self, name: str) -> Decision:
        semantics = self._running.semantics
        return self._said(
            name, semantics.undefined_attached_list_permits, semantics.empty_attached_list_permits
        )

    def _said(self, name: str, undefined: bool | None, empty: bool | None) -> Decision:
        """Return what the prefix-list does with the prefix; ``undefined`` or ``empty`` if so."""
        version = self._prefix.version
        is_there = (version, name) in self._running.lists
        known = empty if is_there else undefined
        return self._list(name) or _either(known, EntryRef(version, name, None))

    def _list(self, name: str) -> Decision | None:
        """Return what the prefix-list does with the prefix; None if it is undefined or empty."""
        version = self._prefix.version
        found = self._running.lists.get((version, name))
        if found is not None and found.unknown:
            return _either(None, EntryRef(version, name, len(found.entries)))
        if found is None or not found.entries:
            return None
        index = deciding(found.entries, self._prefix)
        permits = index is not None and found.entries[index].action is Action.PERMIT
        return _either(permits, EntryRef(version, name, index))


def _both(one: Decision, other: Decision) -> Decision:
    """Return what two conditions say that must both hold; a drop is shown by what drops."""
    if one.may and not other.may:
        # What leads there stays: the stanza whose call drops, say.
        return Decision(may=False, must=False, places=(*one.places, *other.places))
    if not one.may:
        return Decision(may=False, must=False, places=one.places)
    return Decision(may=True, must=one.must and other.must, places=(*one.places, *other.places))


def _any(some: list[Decision]) -> Decision:
    """Return what alternatives say of which one must hold, by the one that holds most surely."""
    best = next((one for one in some if one.must), None)
    best = best or next((one for one in some if one.may), None)
    if best is not None:
        return Decision(may=True, must=best.must, places=best.places)
    return Decision(may=False, must=False, places=tuple(at for one in some for at in one.places))
