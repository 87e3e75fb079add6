"""What the dialect writes, taken by the virtual switch, which reads, judges and prints alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filter_sets import UNIVERSE
from hypothesis import Phase, given, settings
from installing import fence
from iosxr_box import startup
from program_runner import Sample, run
from rpl_programs import POLICIES, Program, print_program, programs

from lab.switch.iosxr.bgp import meaning_of
from lab.switch.iosxr.edits import merged
from lab.switch.iosxr.policies import Library
from lab.switch.iosxr.tree import parse, show
from lab.switch.iosxr.verify import verified
from lab.switch.meaning import AsPathMatches, Branch, HasCommunity
from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects.xr import XrDialect
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.meaning import Program as Meaning
    from policies.filters import Running

XR = XrDialect()
SWITCHES = ("border1", "border2", "spine1", "spine2", "tor1", "tor2")
POOL = fence("orange", "10.65.0.0/16", "fd00:65::/48")
SAMPLES = {
    4: [*UNIVERSE[4][::3], *POOL.allowed[4].witnesses(2), *(~POOL.allowed[4]).witnesses(4)],
    6: [*UNIVERSE[6][::3], *POOL.allowed[6].witnesses(2), *(~POOL.allowed[6]).witnesses(4)],
}


class Switch:
    """The configuration of the virtual switch, without its protocol."""

    def __init__(self, text: str) -> None:
        self.tree = parse(text)
        self.commits = 0

    def take(self, candidate: str) -> None:
        new = merged(self.tree, parse(candidate))
        assert verified(self.tree, new)[0] == ()
        self.tree = new
        self.commits += 1

    def text(self) -> str:
        about = (
            f"!! IOS XR Configuration 7.3.2\n!! Last configuration change at {self.commits}\n!\n"
        )
        return f"{about}{show(self.tree)}end\n"


def everything(running: Running) -> list[WantedGuard]:
    return [
        WantedGuard(session=key, is_group=one.is_group, direction=way, fence=POOL, may_open=False)
        for key, one in running.sessions.items()
        for way in Direction
    ]


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_the_lab_takes_every_guard_and_gives_it_back(name: str) -> None:
    switch = Switch(startup(name))
    plain = switch.text()
    running = XR.parse(plain)
    kept = [line for line in plain.splitlines() if line.strip() not in ("", "!", "end")]
    assert XR.foreign(plain).splitlines() == [line for line in kept if not line.startswith("!!")]
    wanted = install(name, running, everything(running))
    assert wanted.violations == []
    todo = steps(managed(running), wanted.managed)
    switch.take(XR.render(todo, running))
    after = XR.parse(switch.text())
    assert after == apply(running, todo)
    assert leaks(after, wanted.fenced) == ()
    assert XR.foreign(switch.text()) == XR.foreign(plain)
    agree(switch, after)
    switch.take(XR.render(steps(wanted.managed, Managed()), after))
    assert show(switch.tree) == show(parse(plain))


def agree(switch: Switch, running: Running) -> None:
    """Assert that what the switch does with a route lies within the bounds that are proven."""
    router = meaning_of(switch.tree, Library.of(switch.tree))
    assert router is not None
    judge = Judge(running)
    peers = [(SessionKey("", str(one.address)), one.families) for one in router.peers]
    peers += [
        (SessionKey("", str(prefix)), one.families)
        for one in router.dynamic
        for prefix in one.ranges
    ]
    assert peers
    for key, families in peers:
        session = running.sessions[key]
        assert set(session.versions) == set(families)
        for version, family in families.items():
            for way, policy in zip(
                Direction, (family.import_policy, family.export_policy), strict=True
            ):
                bounds = judge.session(session, version, way)
                for prefix in SAMPLES[version]:
                    said = set(verdicts(policy, str(prefix)))
                    assert True not in said or prefix in bounds.may, f"{key} {way} {prefix}"
                    assert prefix not in bounds.must or said == {True}, f"{key} {way} {prefix}"


def verdicts(program: Meaning | None, prefix: str) -> Iterator[bool]:
    """Yield what becomes of a route of ``prefix``, for all communities and paths asked for."""
    if program is None:
        yield True
        return
    asked = [one.condition for one in program.instructions if isinstance(one, Branch)]
    communities = {name for one in asked if isinstance(one, HasCommunity) for name in one.any_of}
    paths = {"", *(one for test in asked if isinstance(test, AsPathMatches) for one in test.any_of)}
    some = [frozenset(), *(frozenset([name]) for name in communities), frozenset(communities)]
    for held in some:
        for path in paths:
            yield run(program, Sample(prefix, held, path.strip("_^$")))[0]


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
# The virtual switch takes no lengths above a prefix's own.
@given(programs(unknown=True, above=False))
def test_both_say_the_same_of_made_up_policies(program: Program) -> None:
    text = print_program(program)
    judge = Judge(XR.parse(text))
    library = Library.of(parse(text))
    compiled = {name: library.program(name) for name in POLICIES}
    for name, meaning in compiled.items():
        for version in (4, 6):
            said = judge.route_map(version, name)
            for prefix in UNIVERSE[version]:
                fates = set(verdicts(meaning, str(prefix)))
                assert True not in fates or prefix in said.may, f"{name} {prefix}"
                assert prefix not in said.must or fates == {True}, f"{name} {prefix}"
