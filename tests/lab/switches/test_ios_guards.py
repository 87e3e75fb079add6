"""Real guards on the virtual IOS-XE switches of the lab: planned, tried, committed, taken back.

What ringfence reads of the device's text is held against what the virtual switch makes of its own
configuration, which share nothing but the text between them.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from installing import fence
from ios_box import opened, startup
from junos_run import Way, run
from switchbox import SwitchBox
from undoing import undo

from lab.switch.ios.bgp import meaning
from lab.switch.ios.config import Terminal, printed, read
from lab.switch.ios.switch import IosSwitch
from lab.topology import SWITCHES
from policies.change import apply, steps
from policies.dialects.ios import IosDialect
from policies.filters import Direction, members
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import managed
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lab.switch.lines import Configuration
    from lab.switch.meaning import Program, Router
    from policies.filters import Running
    from policies.guards import Fence

IOS = IosDialect()
ADAPTER = IosAdapter()
ORANGE = fence("orange", "10.65.0.0/16", "fd00:65::/48")
BLUE = fence("orange", "10.65.0.0/16", "10.66.0.0/16", "fd00:66::/48")
#: Without lengths of its own a fence lets each prefix through just as it is.
INSIDE = ("10.65.0.0/16", "fd00:65::/48")
OUTSIDE = ("0.0.0.0/0", "10.64.0.0/15", "10.65.3.0/26", "10.66.0.0/16", "::/0", "fd00:65::5/128")
WAYS = tuple(
    Way(prefix=ip_network(one), communities=communities)
    for one in (*INSIDE, *OUTSIDE, "172.20.1.0/24", "fd00:66::/48")
    for communities in (frozenset[str](), frozenset({"65000:666", "65000:200", "65001:500"}))
)


def candidate_for(running: Running, pools: Fence) -> tuple[str, Running]:
    """Return a guard on every session, both ways, as a candidate, and what it makes."""
    guards = [
        WantedGuard(session=key, is_group=one.is_group, direction=way, fence=pools, may_open=False)
        for key, one in running.sessions.items()
        if not key.vrf
        for way in Direction
    ]
    found = install("switch", running, guards)
    assert found.violations == []
    planned = steps(managed(running), found.managed)
    return IOS.render(planned, running), apply(running, planned)


def way_back_for(running: Running, before: Running) -> str:
    return IOS.render(steps(managed(running), managed(before)), running)


def programs(found: Router | None) -> Iterator[tuple[int, Program | None]]:
    assert found is not None
    for families in [one.families for one in found.peers] + [one.families for one in found.dynamic]:
        for version, family in families.items():
            yield version, family.import_policy
            yield version, family.export_policy


@pytest.mark.parametrize("name", SWITCHES)
def test_a_guard_on_every_session_goes_on_and_off_and_means_what_it_says(
    tmp_path: Path, name: str
) -> None:
    text = startup(name)
    with (
        SwitchBox(IosSwitch, text, tmp_path, name=name, address="127.42.0.3") as box,
        opened(box) as driver,
    ):
        before = ADAPTER.running(driver)
        assert before == text
        running = IOS.parse(before)
        candidate, wanted = candidate_for(running, ORANGE)
        slots = [
            (session, version, way)
            for session in running.sessions.values()
            if not session.key.vrf
            for version in session.versions
            for way in Direction
        ]

        diff, _ = ADAPTER.dry_run(driver, candidate)
        ADAPTER.commit(driver, candidate, diff, 60)
        after = ADAPTER.running(driver)
        assert IOS.parse(after) == wanted
        assert IOS.foreign(after) == IOS.foreign(before)
        assert candidate_for(IOS.parse(after), ORANGE)[0] == ""
        assert box.daemon.applied == [meaning(read(text))]

        ADAPTER.refresh(driver, slots)
        ADAPTER.confirm(driver)
        guarded = list(programs(box.daemon.router))
        assert guarded
        for version, program in guarded:
            assert program is not None
            let_out = [one for one in OUTSIDE if ip_network(one).version == version]
            assert [one for one in let_out if run(program, Way(prefix=ip_network(one)))[0]] == []

        undo(ADAPTER, driver, way_back_for(wanted, running))
        assert ADAPTER.running(driver) == before
        ADAPTER.refresh(driver, slots)
        assert box.daemon.router == box.daemon.applied[0]


def verdicts(router: Router | None) -> list[list[tuple[bool, list[str]]]]:
    """Return what becomes of each route at each place, with what is changed on it."""
    found = []
    for version, program in programs(router):
        ways = [way for way in WAYS if way.prefix.version == version]
        found.append([(True, []) if program is None else run(program, way) for way in ways])
    return found


@pytest.mark.parametrize("name", SWITCHES)
def test_every_line_leaves_a_state_between_the_old_and_the_new(name: str) -> None:
    """P2, for what the switch itself makes of its lines: on, other pools, off."""
    configuration = read(startup(name))
    untouched = IOS.parse(printed(configuration))
    for pools in (ORANGE, BLUE, None):
        running = IOS.parse(printed(configuration))
        if pools is None:
            candidate = way_back_for(running, untouched)
        else:
            candidate, _ = candidate_for(running, pools)
        states = [verdicts(meaning(configuration))]
        terminal = Terminal(configuration)
        for line in candidate.splitlines():
            assert terminal.enter(line) is None
            states.append(verdicts(meaning(configuration)))
        assert len(states) > 10
        for state in states:
            for old, now, new in zip(states[0], state, states[-1], strict=True):
                for before, one, after in zip(old, now, new, strict=True):
                    assert one in (before, after)
        if pools is not None:
            assert candidate_for(IOS.parse(printed(configuration)), pools)[0] == ""
    assert printed(configuration) == startup(name)


def test_groups_have_no_members_that_are_configured() -> None:
    running = IOS.parse(startup("tor1"))
    groups = [one for one in running.sessions.values() if one.is_group]
    assert {one.key.name for one in groups} == {"NODES", "NODES6"}
    assert [members(running, one) for one in groups] == [(), ()]


def typed(base: Configuration, lines: Sequence[str]) -> str:
    terminal = Terminal(base.copy())
    for line in lines:
        terminal.enter(line)
    return printed(terminal.configuration)


def test_a_line_that_is_not_there_is_missed() -> None:
    """Whichever line of a candidate a switch leaves out, it is not what was planned."""
    base = read(startup("tor1"))
    candidate, _ = candidate_for(IOS.parse(printed(base)), ORANGE)
    lines = candidate.splitlines()
    whole = typed(base, lines)
    wanted = IOS.parse(whole), IOS.foreign(whole)
    missed = 0
    for at, line in enumerate(lines):
        text = typed(base, lines[:at] + lines[at + 1 :])
        if text != whole:
            assert (IOS.parse(text), IOS.foreign(text)) != wanted, line
            missed += 1
    assert missed > 20
