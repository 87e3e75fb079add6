"""The bounds of `policies.accepts` against every world that the unknown lines allow."""

from __future__ import annotations

from dataclasses import astuple, replace

from evaluator import map_permits, session_permits, worlds
from filter_sets import LISTS, MAPS, UNIVERSE, prefix_lists, route_maps, semantics
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.accepts import Accepts, Judge, session_accepts
from policies.filters import Ahead, Attachment, Direction, Running, Session, SessionKey, Stanza
from policies.prefix_set import PrefixSet

versions = st.sampled_from((4, 6))


@st.composite
def configurations(draw: st.DrawFn) -> Running:
    return Running(
        lists=draw(prefix_lists(LISTS, fewest=0)),
        route_maps=draw(route_maps(MAPS, (*LISTS, "PL-UNDEFINED"), several=True)),
        sessions={},
        semantics=draw(semantics),
    )


def known(running: Running) -> tuple[bool | None, ...]:
    """Return what is known of broken references; None stands for what isn't."""
    return astuple(replace(running.semantics, ahead=Ahead.WRAP))


def reached(running: Running, name: str) -> list[Stanza]:
    """Return the stanzas that a walk through the map may come by, each as often as it does."""
    found = []
    for stanza in running.route_maps[name].stanzas if name in running.route_maps else ():
        found += [stanza, *(reached(running, stanza.call) if stanza.call else [])]
    return found


@settings(max_examples=400, deadline=None)
@given(configurations(), versions)
def test_a_route_maps_bounds_are_those_of_all_worlds(running: Running, version: int) -> None:
    name = MAPS[0]
    stanzas = reached(running, name)
    unknown = {line for stanza in stanzas for line in stanza.unknown}
    jumps = any(stanza.goes_on for stanza in stanzas)
    judged = Judge(running).route_map(version, name)
    some = list(worlds(unknown, jumps=jumps))
    once = len({id(stanza) for stanza in stanzas}) == len(stanzas)
    for prefix in UNIVERSE[version]:
        said = {map_permits(running, name, prefix, world) for world in some}
        may, must = True in said, said == {True}
        assert prefix in judged.may or not may, f"{prefix} may pass"
        assert prefix not in judged.must or must, f"{prefix} may be dropped"
        if once and not jumps and None not in known(running):
            assert (prefix in judged.may) == may, prefix
            if not unknown and None not in known(running):
                assert (prefix in judged.must) == must, prefix
    assert judged.must <= judged.may


@st.composite
def attached(draw: st.DrawFn) -> tuple[Running, Session]:
    attachment = Attachment(
        route_map=draw(st.sampled_from([None, *MAPS, "UNDEFINED"])),
        prefix_list=draw(st.sampled_from([None, *LISTS, "PL-UNDEFINED"])),
        unknown=draw(st.sampled_from([(), ("filter-list AS-1",)])),
        overrides=draw(st.sampled_from([(), (), (), ("rcf FN()",)])),
    )
    closed = draw(st.booleans())
    session = Session(
        key=SessionKey("", "10.9.0.1"),
        is_group=False,
        group=None,
        is_external=closed,
        closed_without_policy=closed,
        attachments={(4, Direction.IMPORT): attachment},
    )
    return draw(configurations()), session


@settings(max_examples=200, deadline=None)
@given(attached())
def test_a_sessions_bounds_hold_in_all_worlds(case: tuple[Running, Session]) -> None:
    running, session = case
    attachment = session.attachments[4, Direction.IMPORT]
    stanzas = reached(running, attachment.route_map or "")
    unknown = {*attachment.unknown, *(line for stanza in stanzas for line in stanza.unknown)}
    jumps = any(stanza.goes_on for stanza in stanzas)
    judged = session_accepts(running, session, 4, Direction.IMPORT)
    for world in worlds(unknown, jumps=jumps):
        for prefix in UNIVERSE[4]:
            passes = session_permits(running, session, Direction.IMPORT, prefix, world)
            assert prefix in judged.may or not passes
            assert prefix not in judged.must or passes
    if not unknown and not jumps and not attachment.overrides and None not in known(running):
        assert judged == Accepts.exactly(judged.may)
    for absent in ((6, Direction.IMPORT), (4, Direction.EXPORT)):
        assert not session_accepts(running, session, *absent).may


@settings(max_examples=100, deadline=None)
@given(attached(), versions)
def test_what_goes_past_the_route_map_is_counted(
    case: tuple[Running, Session], version: int
) -> None:
    running, session = case
    at = (version, Direction.EXPORT)
    old = session.attachments[4, Direction.IMPORT]
    plain = replace(session, attachments={at: old})
    default = replace(session, attachments={at: replace(old, originates_default=True)})
    other = replace(old, route_map=old.route_map or MAPS[1])
    either = replace(session, attachments={at: replace(other, unsuppress_map=MAPS[2])})
    judge = Judge(running)
    root = UNIVERSE[version][0]
    assert root in judge.session(default, *at).may
    assert judge.session(plain, *at).may <= judge.session(default, *at).may
    assert judge.session(default, *at).must == judge.session(plain, *at).must - PrefixSet.of(root)
    for name in (other.route_map, MAPS[2]):
        alone = replace(session, attachments={at: replace(other, route_map=name)})
        assert judge.session(alone, *at).may <= judge.session(either, *at).may
        assert judge.session(either, *at).must <= judge.session(alone, *at).must
