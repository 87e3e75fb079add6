"""Drift of made-up devices, tampered with at random: what is told is all there is, and true."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from fabrics import make_device
from filter_sets import VERSIONS, guards_of, wishes
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from tampering import Generations, generations, tampered

from inventory.fields import Role
from inventory.sessions import Session
from policies.accepts import Judge
from policies.change import apply, steps
from policies.drift import Drift, Kind, drift
from policies.install import install
from policies.managed import Managed, managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.hosts import Device
    from policies.filters import Running
    from policies.guards import WantedGuard
    from policies.managed import Slot

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def device_of(running: Running, *, narrower: bool) -> Device:
    """Return a device of a site that knows all of its sessions."""
    sessions = tuple(
        Session.model_construct(
            neighbor=None if one.is_group else key.name,
            peer_group=key.name if one.is_group else None,
            vrf=key.vrf or None,
            narrower=narrower,
        )
        for key, one in running.sessions.items()
    )
    return replace(make_device("tor1", Role.TOR), sessions=sessions)


def assert_told(running: Running, guards: Sequence[WantedGuard], *, narrower: bool) -> None:
    """Assert that the findings are all that is wrong, and true."""
    wanted = install("tor1", running, guards)
    found = drift(device_of(running, narrower=narrower), running, guards)
    event(", ".join(sorted({one.kind for one in found})) or "clean")
    assert all(one.object and one.text and one.remedy for one in found)
    named = sorted((one.kind, one.object, str(one.version)) for one in found)
    assert all(one != other for one, other in pairwise(named)), "\n".join(str(one) for one in found)
    leaking = leaks(running, wanted.fenced)
    if not wanted.violations:
        todo = steps(managed(running), wanted.managed)
        assert not narrower or (found == ()) == (todo == () and leaking == ())
        mended = apply(running, todo)
        still = drift(device_of(running, narrower=narrower), mended, guards)
        assert not any(one.remedy.startswith("a deploy") for one in still)
        assert unmended(still) == unmended(found)
    judge = Judge(running)
    for version in VERSIONS:
        here = [one for one in found if one.version == version]
        told = PrefixSet.union(version, [one.leaked for one in here if one.leaked])
        leaked = [one.leaked for one in leaking if one.version == version]
        assert told == PrefixSet.union(version, leaked)
        for one in here:
            assert_dropped(judge, one, [key for key in wanted.fenced if key[1] == version])


def unmended(found: Sequence[Drift]) -> list[tuple[Kind, str]]:
    """Return what no deploy is to mend.

    But for closed sessions: a deploy closes one that is not to be open any more.
    """
    return [
        (one.kind, one.object)
        for one in found
        if not one.remedy.startswith("a deploy") and " is closed (" not in one.text
    ]


def assert_dropped(judge: Judge, one: Drift, slots: Sequence[Slot]) -> None:
    """Assert that some session drops each example of what is told to be dropped."""
    for prefix in one.dropped.witnesses(3) if one.dropped else ():
        assert one.kind is Kind.LEFTOVER or any(
            prefix not in judge.session(judge.running.sessions[key], version, direction).may
            for key, version, direction in slots
        )


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(generations(), st.data(), st.booleans())
def test_what_was_tampered_with_is_told(
    case: Generations, data: st.DataObject, narrower: bool
) -> None:
    running, wished, first, second = case
    guards = guards_of(wished, first)
    wanted = install("tor1", running, guards)
    assume(not wanted.violations and wanted.managed != Managed())
    clean = apply(running, steps(managed(running), wanted.managed))
    assert drift(device_of(clean, narrower=True), clean, guards) == ()
    assert_told(running, guards, narrower=narrower)
    assert_told(data.draw(tampered(clean)), guards, narrower=narrower)
    assert_told(clean, guards_of(wished, second), narrower=narrower)
    assert_told(clean, guards_of(data.draw(wishes(clean)), first), narrower=narrower)


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(generations(shared=True), st.booleans())
def test_a_device_that_refuses_guards_is_told_too(case: Generations, narrower: bool) -> None:
    running, wished, first, _ = case
    assert_told(running, guards_of(wished, first), narrower=narrower)
