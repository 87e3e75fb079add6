"""Traces of single prefixes against the sets of `policies.accepts`, and what they point to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from filter_sets import FRR, LISTS, MAPS, UNIVERSE, prefix_lists, route_maps, semantics
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.accepts import session_accepts
from policies.filters import (
    Attachment,
    Direction,
    PrefixList,
    RouteMap,
    Running,
    Session,
    SessionKey,
    Stanza,
)
from policies.prefix_list import Action, PrefixListEntry, deciding, evaluate
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef, EntryRef, Part, Reference, StanzaRef
from policies.trace import decide, trace

KEY = SessionKey("", "10.9.0.1")
IN = Direction.IMPORT


@st.composite
def configurations(draw: st.DrawFn, *, known: bool) -> Running:
    lists = draw(prefix_lists(LISTS, fewest=int(known)))
    maps = draw(route_maps(MAPS, (*LISTS, "PL-UNDEFINED"), several=True, jumps=not known))
    if known:
        maps = {
            name: RouteMap(name, tuple(replace(one, unknown=()) for one in found.stanzas))
            for name, found in maps.items()
        }
        return Running(lists=lists, route_maps=maps, sessions={}, semantics=FRR)
    for key in [*lists]:
        if draw(st.integers(0, 5)) == 0:
            lists[key] = replace(lists[key], unknown=("permit 10.0.0.0/8 mask 255.0.255.0",))
        elif draw(st.integers(0, 5)) == 0:
            lists[key] = PrefixList(*key, ())
    if draw(st.integers(0, 3)) == 0:
        # Maps that call each other in a circle.
        last, first = maps[MAPS[-1]], draw(st.sampled_from(MAPS))
        called = tuple(replace(one, call=first) for one in last.stanzas)
        maps[MAPS[-1]] = RouteMap(MAPS[-1], called)
    return Running(lists=lists, route_maps=maps, sessions={}, semantics=draw(semantics))


@st.composite
def attachments(draw: st.DrawFn, *, known: bool) -> Attachment:
    either = st.sampled_from([None, *MAPS, "UNDEFINED"])
    one = Attachment(
        route_map=draw(either),
        prefix_list=draw(st.sampled_from([None, None, *LISTS, "PL-UNDEFINED"])),
        originates_default=draw(st.integers(0, 4)) == 0,
        unsuppress_map=draw(st.sampled_from([None, None, None, *MAPS])),
        advertise_map=draw(st.sampled_from([None, None, None, *MAPS])),
    )
    if known:
        return one
    return replace(
        one,
        unknown=draw(st.sampled_from([(), (), ("filter-list AS-1",)])),
        overrides=draw(st.sampled_from([(), (), (), ("rcf FN()",)])),
        closed_when_empty=draw(st.sampled_from([True, False, None])),
    )


def session(at: dict[tuple[int, Direction], Attachment], *, closed: bool = False) -> Session:
    return Session(
        key=KEY,
        is_group=False,
        group=None,
        is_external=True,
        closed_without_policy=closed,
        attachments=at,
    )


versions = st.sampled_from((4, 6))


@settings(max_examples=400, deadline=None)
@given(st.data(), versions, st.booleans(), st.booleans())
def test_a_trace_agrees_with_the_sets(
    data: st.DataObject, version: int, closed: bool, known: bool
) -> None:
    running = data.draw(configurations(known=known))
    attachment = data.draw(attachments(known=known))
    one = session({(version, IN): attachment}, closed=closed)
    judged = session_accepts(running, one, version, IN)
    for prefix in UNIVERSE[version]:
        decided = decide(running, one, version, IN, prefix)
        assert decided.may == (prefix in judged.may), prefix
        assert decided.must == (prefix in judged.must), prefix
        assert trace(running, one, version, IN, prefix) == decided.places
        assert isinstance(decided.places[0], AttachmentRef)
        for place in decided.places:
            assert_refers(running, place, version)
        if known:
            assert_ends_as_decided(running, decided.places, may=decided.may)


def assert_refers(running: Running, place: Reference, version: int) -> None:
    """Assert that the reference is to something, or to what is not there."""
    match place:
        case EntryRef(family, name, index):
            assert family == version
            found = running.lists.get((family, name))
            count = len(found.entries) + len(found.unknown) if found else 0
            assert index is None or index < count
        case StanzaRef(name, seq):
            there = running.route_maps.get(name)
            assert seq is None or (there is not None and there.stanza(seq) is not None)
        case AttachmentRef(key, family, direction):
            assert (key, family, direction) == (KEY, version, IN)


def assert_ends_as_decided(running: Running, places: tuple[Reference, ...], *, may: bool) -> None:
    """Assert that the last stanza, list or attachment says what was decided.

    All is known and nothing goes on, so each place says just one thing.
    """
    before, last = (None, *(one for one in places if not isinstance(one, EntryRef)))[-2:]
    match last:
        case StanzaRef(name, None):
            # Only a call of a map that is nowhere defined is a way through.
            called = isinstance(before, StanzaRef)
            assert may == (called and name not in running.route_maps)
        case StanzaRef(name, seq):
            stanza = running.route_maps[name].stanza(seq or 0)
            assert stanza is not None
            assert may == (stanza.action is Action.PERMIT)
        case AttachmentRef(part=Part.PREFIX_LIST):
            entry = places[-1]
            assert isinstance(entry, EntryRef)
            found = running.lists.get((entry.version, entry.prefix_list))
            permits = (
                found is not None
                and entry.index is not None
                and found.entries[entry.index].action is Action.PERMIT
            )
            assert may == permits
        case AttachmentRef(part=part):
            assert may or part is None


@settings(max_examples=300, deadline=None)
@given(prefix_lists(LISTS), versions)
def test_the_deciding_entry_is_the_one_whose_loss_shows(
    lists: dict[tuple[int, str], PrefixList], version: int
) -> None:
    for (family, _), found in lists.items():
        for prefix in UNIVERSE[version] if family == version else ():
            at = deciding(found.entries, prefix)
            permitted = prefix in evaluate(found.entries, version)
            assert permitted == (at is not None and found.entries[at].action is Action.PERMIT)
            if at is not None:
                entry = found.entries[at]
                other = Action.DENY if entry.action is Action.PERMIT else Action.PERMIT
                flipped = (
                    *found.entries[:at],
                    replace(entry, action=other),
                    *found.entries[at + 1 :],
                )
                assert (prefix in evaluate(flipped, version)) != permitted


def test_entries_are_asked_by_number_and_not_as_they_stand() -> None:
    prefix = UNIVERSE[4][2]
    late = PrefixListEntry(action=Action.PERMIT, prefix=prefix, seq=20)
    early = PrefixListEntry(action=Action.DENY, prefix=prefix, seq=10)
    assert deciding((late, early), prefix) == 1
    assert deciding((late, early), UNIVERSE[4][3]) is None


def test_a_prefix_of_the_other_family_is_refused() -> None:
    with pytest.raises(ValueError, match="no IPv4 prefix"):
        decide(
            Running(lists={}, route_maps={}, sessions={}, semantics=FRR),
            session({(4, IN): Attachment()}),
            4,
            IN,
            UNIVERSE[6][0],
        )


def test_a_sure_way_goes_before_one_that_depends_on_more() -> None:
    stanzas = (
        Stanza(seq=10, action=Action.PERMIT, unknown=("match community C",)),
        Stanza(seq=20, action=Action.PERMIT),
    )
    running = Running(
        lists={}, route_maps={"RM": RouteMap("RM", stanzas)}, sessions={}, semantics=FRR
    )
    one = session({(4, IN): Attachment(route_map="RM")})
    attached = AttachmentRef(KEY, 4, IN, Part.ROUTE_MAP)
    assert trace(running, one, 4, IN, UNIVERSE[4][0]) == (attached, StanzaRef("RM", 20))
    assert session_accepts(running, one, 4, IN).may == PrefixSet.everything(4)
