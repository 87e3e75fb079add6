"""P1, P2 and P5 over made-up devices: installing, changing pools, and taking everything back."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from evaluator import World, session_permits
from filter_sets import (
    UNIVERSE,
    guards_of,
    wishes,
)
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from tampering import Generations, generations, tampered

from policies.change import apply, steps
from policies.install import install
from policies.managed import Managed, is_our_stanza, managed
from policies.ownership import is_owned
from policies.proof import leaks, unsafe

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from policies.change import Step
    from policies.filters import Running
    from policies.guards import WantedGuard
    from policies.managed import Slot

#: Shrinking such devices takes minutes; a failure's seed is printed all the same.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
WORLDS = (
    World(frozenset()),
    World(frozenset({"filter-list AS-1", *(f"match tag RM-A.{seq}" for seq in range(41))})),
)


def foreign(running: Running) -> tuple[object, ...]:
    """Return all that is the operator's: what is configured, not what follows from ours."""
    maps = {
        name: kept
        for name, one in running.route_maps.items()
        if (kept := tuple(s for s in one.stanzas if not is_our_stanza(name, s)))
    }
    attached = {}
    bare = apply(running, steps(managed(running), Managed()))
    for key, session in bare.sessions.items():
        for at, one in session.attachments.items():
            own = None if one.inherited_from else one.route_map
            attached[key, at] = (own, one.prefix_list, one.unknown)
    lists = {key: one for key, one in running.lists.items() if not is_owned(key[1])}
    plain = {key: replace(one, attachments={}) for key, one in running.sessions.items()}
    return lists, maps, attached, plain, running.other_uses, running.routers


def hitless(running: Running, todo: Sequence[Step]) -> None:
    """Assert P2 by brute force: where before and after agree, every moment agrees too."""
    states = [running]
    for step in todo:
        states.append(apply(states[-1], (step,)))
    for key, session in running.sessions.items():
        for version, direction in session.attachments:
            for prefix in UNIVERSE[version]:
                for world in WORLDS:
                    said = [
                        session_permits(one, one.sessions[key], direction, prefix, world)
                        for one in states
                    ]
                    if said[0] == said[-1]:
                        assert set(said) == {said[0]}, f"{key} {direction} {prefix}: {said}"


def assert_unguarded_are_left_alone(after: Running, fenced: Container[Slot]) -> None:
    """Assert that what no guard holds does as it would without ringfence."""
    without = apply(after, steps(managed(after), Managed()))
    for key, session in after.sessions.items():
        for version, direction in session.attachments:
            if (key, version, direction) in fenced:
                continue
            for prefix, world in product(UNIVERSE[version], WORLDS):
                said = [
                    session_permits(one, one.sessions[key], direction, prefix, world)
                    for one in (without, after)
                ]
                assert said[0] == said[1], f"{key} {direction} {prefix}"


def carried_out(running: Running, guards: Sequence[WantedGuard]) -> Running | None:
    """Install and assert all that a change must keep; None where it is refused."""
    wanted = install("tor1", running, guards)
    if wanted.violations:
        event("refused")
        assert all(one.where == "tor1" and one.way_out for one in wanted.violations)
        return None
    event("installed")
    old = managed(running)
    todo = steps(old, wanted.managed)
    after = apply(running, todo)
    assert managed(after) == wanted.managed
    assert steps(wanted.managed, wanted.managed) == ()
    assert foreign(after) == foreign(running)
    assert leaks(after, wanted.fenced) == ()
    assert_unguarded_are_left_alone(after, wanted.fenced)
    assert unsafe(running, todo) is None
    hitless(running, todo)
    again = install("tor1", after, guards)
    assert again.violations == []
    assert steps(managed(after), again.managed) == ()
    assert (again.fenced, again.closed) == (wanted.fenced, wanted.closed)
    back = steps(wanted.managed, old)
    assert apply(after, back) == running
    assert unsafe(after, back) is None
    return after


@settings(max_examples=80, deadline=None, phases=PHASES)
@given(generations())
def test_guards_go_in_change_with_the_pools_and_go_out(case: Generations) -> None:
    running, wished, first, second = case
    one = carried_out(running, guards_of(wished, first))
    assume(one is not None)
    assert one is not None
    two = carried_out(one, guards_of(wished, second))
    assert two is not None
    assert carried_out(two, ()) == running


@settings(max_examples=80, deadline=None, phases=PHASES)
@given(generations(shared=True))
def test_what_is_shared_is_fenced_or_refused(case: Generations) -> None:
    running, wished, first, second = case
    one = carried_out(running, guards_of(wished, first))
    if one is not None:
        assert carried_out(one, guards_of(wished, second)) is not None


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(generations(), st.data())
def test_guards_follow_when_the_sessions_to_guard_change(
    case: Generations, data: st.DataObject
) -> None:
    running, wished, first, second = case
    one = carried_out(running, guards_of(wished, first))
    assume(one is not None)
    assert one is not None
    others = data.draw(wishes(running))
    two = carried_out(one, guards_of(others, second))
    fresh = carried_out(running, guards_of(others, second))
    assert (two is None) == (fresh is None)
    if two is not None and fresh is not None:
        assert decisions(two) == decisions(fresh)


def decisions(running: Running) -> list[bool]:
    """Return what every session does with every prefix."""
    return [
        session_permits(running, session, direction, prefix, world)
        for session in running.sessions.values()
        for version, direction in session.attachments
        for prefix in UNIVERSE[version]
        for world in WORLDS
    ]


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(generations(), st.data())
def test_what_was_tampered_with_is_mended_beside_it(case: Generations, data: st.DataObject) -> None:
    running, wished, first, _ = case
    guards = guards_of(wished, first)
    clean = carried_out(running, guards)
    assume(clean is not None and managed(clean) != Managed())
    assert clean is not None
    broken = data.draw(tampered(clean))
    mended = carried_out(broken, guards)
    ends = {
        name: one.stanzas[-1]
        for name, one in clean.route_maps.items()
        if is_owned(name) and running.semantics.ahead is not None
    }
    maps = broken.route_maps
    if any(name not in maps or maps[name].stanzas[-1] != end for name, end in ends.items()):
        assert mended is None, "what the policy stood ahead of can't be known any more"
        return
    assert mended is not None
    assert decisions(mended) == decisions(clean)
