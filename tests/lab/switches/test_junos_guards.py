"""Real guards on the virtual Junos switches of the lab: planned, tried, committed, taken back.

What ringfence reads of the device's text is held against what the virtual switch makes of its own
configuration, which share nothing but the text between them.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from installing import fence
from junos_box import Ringfence, box_of, startup
from junos_run import Way, run
from junoscfg.convert import pipeline
from undoing import undo

from lab.switch.junos.bgp import router
from lab.switch.junos.printing import curly, set_form
from lab.switch.junos.reading import load_set
from lab.switch.junos.tree import Node
from lab.topology import SWITCHES
from policies.change import apply, steps
from policies.dialects.junos import JunosDialect
from policies.filters import Direction
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import managed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.switch.meaning import Program, Router
    from policies.filters import Running
    from policies.install import Installation

JUNOS = JunosDialect()
ORANGE = fence("orange", "10.65.0.0/16", "fd00:65::/48")
#: Without lengths of its own a fence lets each prefix through just as it is.
INSIDE = ("10.65.0.0/16", "fd00:65::/48")
OUTSIDE = ("0.0.0.0/0", "10.64.0.0/15", "10.65.3.0/26", "10.66.0.0/16", "::/0", "fd00:65::5/128")


def everywhere(running: Running) -> Installation:
    """Return a guard on every session, both ways."""
    guards = [
        WantedGuard(session=key, is_group=one.is_group, direction=way, fence=ORANGE, may_open=False)
        for key, one in running.sessions.items()
        for way in Direction
    ]
    found = install("switch", running, guards)
    assert found.violations == []
    return found


def candidate_for(running: Running) -> tuple[str, Running]:
    planned = steps(managed(running), everywhere(running).managed)
    return JUNOS.render(planned, running), apply(running, planned)


def way_back_for(running: Running, before: Running) -> str:
    return JUNOS.render(steps(managed(running), managed(before)), running)


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
    with box_of(tmp_path, name) as box, Ringfence(box).connected() as driver:
        adapter = Ringfence(box).adapter
        before = adapter.running(driver)
        running = JUNOS.parse(before)
        candidate, wanted = candidate_for(running)

        diff, would_hold = adapter.dry_run(driver, candidate)
        assert would_hold is not None
        assert JUNOS.parse(would_hold) == wanted
        adapter.commit(driver, candidate, diff, 60)
        adapter.confirm(driver)

        after = adapter.running(driver)
        assert after == would_hold
        assert JUNOS.foreign(after) == JUNOS.foreign(before) == before
        assert candidate_for(JUNOS.parse(after))[0] == ""
        guarded = list(programs(box.daemon.router))
        assert guarded
        for version, program in guarded:
            assert program is not None
            let_out = [one for one in OUTSIDE if ip_network(one).version == version]
            assert [one for one in let_out if run(program, Way(prefix=ip_network(one)))[0]] == []
        undo(adapter, driver, way_back_for(wanted, running))
        assert adapter.running(driver) == before
        assert box.daemon.router == box.daemon.applied[0]


@pytest.mark.parametrize("name", SWITCHES)
def test_what_a_guard_lets_through_is_treated_as_before(name: str) -> None:
    plain, guarded = Node(), Node()
    load_set(plain, startup(name))
    load_set(guarded, startup(name))
    candidate, _ = candidate_for(JUNOS.parse("".join(f"{line}\n" for line in set_form(plain))))
    assert load_set(guarded, candidate) == []

    pairs = list(zip(programs(router(plain)), programs(router(guarded)), strict=True))

    assert pairs
    for (version, before), (_, after) in pairs:
        assert after is not None
        for way in (Way(prefix=ip_network(one)) for one in INSIDE):
            if way.prefix.version == version:
                assert run(after, way) == ((True, []) if before is None else run(before, way))


@pytest.mark.parametrize("name", SWITCHES)
def test_another_reader_finds_the_same_in_brackets_as_in_commands(name: str) -> None:
    tree = Node()
    load_set(tree, startup(name))
    commands = "".join(f"{line}\n" for line in set_form(tree))
    brackets = "".join(f"{line}\n" for line in curly(tree))

    from_brackets = pipeline(brackets, from_format="structured", to_format="set")

    assert from_brackets == pipeline(commands, from_format="set", to_format="set")
    assert len(from_brackets.splitlines()) > 280
