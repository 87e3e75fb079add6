"""What the dialect writes, taken line by line by the virtual switch, which reads and judges alone.

The bounds that the dialect proves are held against what the switch does with single routes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from config_printer import print_config
from filter_sets import UNIVERSE, Wish, devices, fence_books, guards_of, wishes
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from installing import fence
from nxos_box import startup
from program_runner import Sample, run

from lab.switch.lines import Cursor
from lab.switch.meaning import AsPathMatches, Branch, HasCommunity
from lab.switch.nxos.bgp import read_router
from lab.switch.nxos.device import Device
from lab.topology import SWITCHES
from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects.nxos import NxosDialect
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.switch.meaning import Program
    from policies.filters import Running
    from policies.guards import Fence

NXOS = NxosDialect()
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
POOL = fence("orange", "10.65.0.0/16", "fd00:65::/48")
SAMPLES = {
    version: [
        *UNIVERSE[version][::3],
        *POOL.allowed[version].witnesses(2),
        *(~POOL.allowed[version]).witnesses(4),
    ]
    for version in (4, 6)
}


class Switch:
    """The virtual switch without its protocols."""

    def __init__(self, text: str) -> None:
        self.device = Device("tor1", lambda: None)
        self.device.boot(text)

    def take(self, candidate: str) -> None:
        """Type every line of a candidate."""
        cursor = Cursor(self.device.configuration)
        for line in candidate.splitlines():
            self.device.enter(cursor, line)

    def text(self) -> str:
        return self.device.show_running("show running-config")


def everything(running: Running) -> list[WantedGuard]:
    return [
        WantedGuard(session=key, is_group=one.is_group, direction=way, fence=POOL, may_open=False)
        for key, one in running.sessions.items()
        for way in Direction
        if not key.vrf
    ]


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_the_lab_takes_every_guard_and_gives_it_back(name: str) -> None:
    switch = Switch(startup(name))
    plain = switch.device.configuration.text()
    assert NXOS.foreign(plain) == "".join(
        line for line in plain.splitlines(keepends=True) if line.strip()
    )
    running = NXOS.parse(switch.text())
    wanted = install(name, running, everything(running))
    assert wanted.violations == []
    assert wanted.closed == {}
    todo = steps(managed(running), wanted.managed)
    switch.take(NXOS.render(todo, running))
    after = NXOS.parse(switch.text())
    assert after == apply(running, todo)
    assert leaks(after, wanted.fenced) == ()
    assert NXOS.foreign(switch.text()) == NXOS.foreign(plain)
    agree(switch, after)
    again = install(name, after, everything(after))
    assert steps(managed(after), again.managed) == (), "a second plan is empty"
    switch.take(NXOS.render(steps(wanted.managed, Managed()), after))
    assert switch.device.configuration.text() == plain


def agree(switch: Switch, running: Running) -> None:
    """Assert that what the switch does with a route lies within the bounds that are proven."""
    router = read_router(switch.device.configuration)
    assert router is not None
    judge = Judge(running)
    peers = [(SessionKey("", str(one.address)), one.families) for one in router.peers]
    peers += [
        (SessionKey("", str(prefix)), one.families)
        for one in router.dynamic
        for prefix in one.ranges
    ]
    for key, families in peers:
        session = running.sessions[key]
        assert set(session.versions) == set(families)
        for version, family in families.items():
            both = (family.import_policy, family.export_policy)
            for way, policy in zip(Direction, both, strict=True):
                bounds = judge.session(session, version, way)
                for prefix in SAMPLES[version]:
                    said = set(verdicts(policy, str(prefix)))
                    assert True not in said or prefix in bounds.may, f"{key} {way} {prefix}"
                    assert prefix not in bounds.must or said == {True}, f"{key} {way} {prefix}"


def verdicts(program: Program | None, prefix: str) -> Iterator[bool]:
    """Yield what becomes of a route of ``prefix``, for all communities and paths asked for."""
    if program is None:
        yield True
        return
    asked = [one.condition for one in program.instructions if isinstance(one, Branch)]
    communities = {name for one in asked if isinstance(one, HasCommunity) for name in one.any_of}
    paths = {"", *(one for test in asked if isinstance(test, AsPathMatches) for one in test.any_of)}
    for held in (frozenset[str](), *(frozenset([name]) for name in communities)):
        for path in paths:
            yield run(program, Sample(prefix, held, path.strip("_^$")))[0]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Running, Mapping[str, Fence], Mapping[str, Fence]]:
    return draw(devices(shared=False)), draw(fence_books()), draw(fence_books())


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(cases(), st.data())
def test_made_up_devices_become_what_was_rendered_and_plain_again(
    case: tuple[Running, Mapping[str, Fence], Mapping[str, Fence]], data: st.DataObject
) -> None:
    made_up, first, second = case
    switch = Switch(print_config("nxos", made_up))
    plain = switch.device.configuration.text()
    running = NXOS.parse(switch.text())
    wished: tuple[Wish, ...] = data.draw(wishes(running))
    agree(switch, running)
    for book in (first, second):
        before = NXOS.parse(switch.text())
        wanted = install("tor1", before, guards_of(wished, book))
        assume(not wanted.violations)
        event("installed" if wanted.managed != Managed() else "nothing to do")
        todo = steps(managed(before), wanted.managed)
        switch.take(NXOS.render(todo, before))
        after = NXOS.parse(switch.text())
        assert after == apply(before, todo)
        assert NXOS.foreign(switch.text()) == NXOS.foreign(plain)
        agree(switch, after)
    after = NXOS.parse(switch.text())
    switch.take(NXOS.render(steps(managed(after), Managed()), after))
    assert switch.device.configuration.text() == plain
