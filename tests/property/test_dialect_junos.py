"""Junos, both ways: what is written reads back, nothing else moves, and policies judged right."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from filter_sets import UNIVERSE, VERSIONS, fence_books, guards_of, wishes
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from junos_configs import NAMES, Setup, devices, setups
from junos_device import JunosDevice

from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects.junos import JunosDialect
from policies.dialects.junos_sessions import GLOBAL
from policies.filters import Direction, SessionKey
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filter_sets import Wish

    from policies.filters import Running
    from policies.guards import Fence

JUNOS = JunosDialect()
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
IMPORT, EXPORT = Direction


def below_all_of_bgp(running: Running) -> set[SessionKey]:
    return {
        key
        for key, one in running.sessions.items()
        if key.name == GLOBAL or GLOBAL in {at.inherited_from for at in one.attachments.values()}
    }


def carry_out(device: JunosDevice, wanted: Managed) -> Running:
    """Take the device to ``wanted`` in one commit; assert the law of dialects."""
    before = JUNOS.parse(device.text())
    todo = steps(managed(before), wanted)
    candidate = JUNOS.render(todo, before)
    assert bool(candidate) == bool(todo)
    device.take(candidate)
    after = JUNOS.parse(device.text())
    assert after == apply(before, todo)
    assert managed(after) == wanted
    return after


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(devices(), fence_books(), fence_books(), st.data())
def test_what_is_written_reads_back(
    setup: Setup, first: Mapping[str, Fence], second: Mapping[str, Fence], data: st.DataObject
) -> None:
    device = JunosDevice(setup.text())
    plain = device.text()
    running = JUNOS.parse(plain)
    assert JUNOS.foreign(plain) == plain
    every: tuple[Wish, ...] = data.draw(wishes(running))
    # All of BGP is no session to guard; a group that follows it is guarded by its neighbors.
    wished = tuple(one for one in every if not (one[1] and one[0] in below_all_of_bgp(running)))
    for book in (first, second):
        wanted = install("tor1", JUNOS.parse(device.text()), guards_of(wished, book))
        assume(not wanted.violations)
        event("installed" if wanted.managed != Managed() else "nothing to do")
        after = carry_out(device, wanted.managed)
        assert leaks(after, wanted.fenced) == ()
        assert JUNOS.foreign(device.text()) == plain
        again = install("tor1", after, guards_of(wished, book))
        assert again.managed == wanted.managed
    assert carry_out(device, Managed()) == running
    assert device.text() == plain


def judged(setup: Setup, chain: tuple[str, ...], direction: Direction) -> tuple[Running, str]:
    """Return the device with one session that has the chain, and the session's name."""
    head = "protocols bgp group G"
    lines = [f"{head} type external", f"{head} neighbor 10.0.0.1 peer-as 65009"]
    lines += [f"{head} family {family} unicast" for family in ("inet", "inet6")]
    lines += [f"{head} {direction} {name}" for name in chain]
    return JUNOS.parse(Setup(setup.policies, setup.members, tuple(lines)).text()), "10.0.0.1"


chains = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple)


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(setups(), chains, st.sampled_from(Direction))
def test_bounds_hold_for_every_route(
    setup: Setup, chain: tuple[str, ...], direction: Direction
) -> None:
    running, name = judged(setup, chain, direction)
    judge = Judge(running)
    tags = sorted({t.tag for one in chain for t in setup.policies[one] if t.tag})
    worlds = [
        frozenset(tag for tag, bit in zip(tags, bits, strict=True) if bit)
        for bits in product((False, True), repeat=len(tags))
    ]
    for version in VERSIONS:
        bounds = judge.session(running.sessions[SessionKey("", name)], version, direction)
        for prefix in UNIVERSE[version]:
            said = {setup.verdict([*chain], prefix, world) for world in worlds}
            if None in said:
                said = said - {None} | ({True} if direction is IMPORT else {True, False})
            assert True not in said or prefix in bounds.may, f"{prefix} may pass"
            assert prefix not in bounds.must or said == {True}, f"{prefix} need not pass"


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(setups(plain=True), chains)
def test_what_prefixes_decide_is_exact(setup: Setup, chain: tuple[str, ...]) -> None:
    running, name = judged(setup, chain, IMPORT)
    judge = Judge(running)
    for version in VERSIONS:
        bounds = judge.session(running.sessions[SessionKey("", name)], version, IMPORT)
        assert bounds.may == bounds.must
        for prefix in UNIVERSE[version]:
            said = setup.verdict([*chain], prefix, frozenset())
            assert (prefix in bounds.may) == (said is not False)
