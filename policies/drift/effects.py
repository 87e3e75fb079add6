"""What each guarded slot lets through and what it loses, by cause: :func:`felt_by`.

Three causes can be told of one slot, of disjoint prefixes: its guard's, what passes although the
guard is whole, and what the session's own policy drops although the guard would let it pass.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from policies.drift.cause import Cause, cause_of
from policies.drift.kinds import Kind
from policies.drift.report import Felt
from policies.drift.words import session_name, slot_name
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef, EntryRef, StanzaRef
from policies.trace import trace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.drift.view import View
    from policies.managed import Slot
    from policies.references import Reference

#: How lines begin that hold for all sessions, in the words of :class:`policies.filters.Session`.
_SAID_ONCE = ("apply-group ", "BGP instance ")


def felt_by(view: View, slot: Slot) -> Iterator[tuple[Cause, Felt]]:
    """Yield every cause that ``slot`` feels, and what it does there."""
    cause = cause_of(view, slot)
    allowed, now = view.fence(slot).allowed[slot[1]], view.may(slot)
    leaked = now - allowed
    lost = PrefixSet.empty(slot[1])
    # What a deploy, as far as one is possible, makes of the slot.
    later = now if cause is None or view.obstacle(slot) else view.may_later(slot)
    if cause is not None:
        stays = later - allowed if not view.obstacle(slot) else PrefixSet.empty(slot[1])
        leaked, past = leaked - stays, stays
        lost = _lost(view, slot, cause, later) - now
        yield cause, Felt(slot, leaked or None, lost or None)
    else:
        past = leaked
    if past:
        yield _past_the_guard(view, slot), Felt(slot, past, None)
    held = PrefixSet.empty(slot[1])
    if _counts(view, slot, cause):
        held = allowed - later - now - lost
    if held:
        yield _own_policy(view, slot, held, guarded=cause is None), Felt(slot, None, held)


def _lost(view: View, slot: Slot, cause: Cause, later: PrefixSet) -> PrefixSet:
    """Return what would pass but for ``cause``."""
    allowed = view.fence(slot).allowed[slot[1]]
    if view.obstacle(slot):
        # What a deploy would make of it can't be told: all that is allowed, for `only`.
        return allowed if view.fence(slot).kind == "out" else PrefixSet.empty(slot[1])
    if cause.kind is Kind.DETACHED and slot in view.wanted.closed:
        homes = {one.route_map for one in cause.references if isinstance(one, StanzaRef)}
        passed = [view.permitted(slot[1], name) for name in homes]
        return PrefixSet.union(slot[1], passed) & allowed
    return later & allowed


def _counts(view: View, slot: Slot, cause: Cause | None) -> bool:
    """Return whether it is a finding that the session's own policy drops what is allowed.

    A session that is guarded by ``never`` may drop what it likes, but not all for want of a policy.
    """
    if view.is_narrower(slot):
        return False
    if slot in view.wanted.closed:
        return cause is None
    return view.fence(slot).kind == "out" and (cause is None or not view.obstacle(slot))


def _past_the_guard(view: View, slot: Slot) -> Cause:
    """Return why something passes a slot whose guard is whole: it does not ask the guard."""
    one, holder = view.attachment(slot), view.holder(slot)
    there = view.attachment(holder)
    past = attrgetter("overrides", "unsuppress_map", "advertise_map", "originates_default")
    if past(one) != past(there):
        holder = slot
    if one.overrides:
        why = f"lines that may decide instead of its policy ({', '.join(one.overrides)})"
    elif one.unsuppress_map:
        why = f"an unsuppress-map ({one.unsuppress_map}), which goes past its policy"
    elif one.advertise_map:
        why = f"an advertise-map ({one.advertise_map}), which may go past its policy"
    elif one.originates_default:
        why = "a default route that the device makes up for it (default-originate)"
    elif shared := _said_once(view, slot):
        return Cause(
            kind=Kind.WEAKENED,
            object=shared,
            what=f"{shared} may go past the policy of every session",
            mended="no deploy mends it: take that away",
        )
    elif families := view.running.sessions[slot[0]].unjudged:
        holder, why = slot, f"{' and '.join(families)}, which may go past its policy"
    else:
        why = "something that goes past the guard"
    return Cause(
        kind=Kind.WEAKENED,
        object=slot_name(view.running, holder),
        what=f"{session_name(view.running, holder[0])} has {why}",
        mended="no deploy mends it: take that away",
        references=(AttachmentRef(*holder),),
    )


def _said_once(view: View, slot: Slot) -> str:
    """Return what is said once for all sessions and may go past the policy of ``slot``; "" if none.

    One line of IOS-XR, told once: what a configuration group gives to whom is not known.
    """
    found = view.running.sessions[slot[0]].unjudged
    return " and ".join(one for one in found if one.startswith(_SAID_ONCE))


def _own_policy(view: View, slot: Slot, held: PrefixSet, *, guarded: bool) -> Cause:
    """Return where the session's own policy drops ``held``.

    Where the guard is not as it is to be, it may drop the same: it is looked at as it will be.
    """
    holder, witness = view.holder(slot), held.witness()
    if slot in view.wanted.closed:
        return Cause(
            kind=Kind.NARROWED,
            object=slot_name(view.running, holder),
            what=f"{session_name(view.running, holder[0])} is closed ({view.wanted.closed[slot]})",
            mended="no deploy mends it: give it a policy, or say open: true or narrower: true of "
            "the session",
            references=(AttachmentRef(*holder),),
        )
    running = view.running if guarded else view.after
    session = running.sessions[slot[0]]
    places = trace(running, session, slot[1], slot[2], witness) if witness else ()
    where = _line(view, places) or slot_name(view.running, holder)
    return Cause(
        kind=Kind.NARROWED,
        object=where,
        what=f"{where} is your own, and drops what the pools allow",
        mended="no deploy mends it: change that, or say narrower: true of the session",
    )


def _line(view: View, places: Sequence[Reference]) -> str | None:
    """Return the last stanza of a trace; its last prefix-list where there is none."""
    for one in reversed(places):
        if isinstance(one, StanzaRef):
            end = f"the end of {view.nouns.a_map(one.route_map)}"
            return end if one.seq is None else view.nouns.a_stanza(one.route_map, one.seq)
    for one in reversed(places):
        if isinstance(one, EntryRef):
            return view.nouns.a_list(one.version, one.prefix_list)
    return None
