"""What the dialect writes, taken by the virtual switch, which reads, judges and prints alone."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from filter_sets import UNIVERSE
from hypothesis import Phase, given, settings
from installing import fence
from junos_box import startup
from junos_configs import Setup, devices

from lab.switch.junos.bgp import router
from lab.switch.junos.check import check
from lab.switch.junos.printing import set_form
from lab.switch.junos.reading import load_set
from lab.switch.junos.tree import Node
from lab.switch.meaning import AsPathMatches, Branch, HasCommunity, InPrefixes, IsFamily, Jump
from lab.switch.meaning import Verdict as End
from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects.junos import JunosDialect
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.meaning import Condition, Program
    from policies.filters import Running
    from policies.prefix_set import Network

JUNOS = JunosDialect()
SWITCHES = ("border1", "border2", "spine1", "spine2", "tor1", "tor2")
POOL = fence("orange", "10.65.0.0/16", "fd00:65::/48")
SAMPLES = {
    4: [*UNIVERSE[4][::3], *POOL.allowed[4].witnesses(2), *(~POOL.allowed[4]).witnesses(4)],
    6: [*UNIVERSE[6][::3], *POOL.allowed[6].witnesses(2), *(~POOL.allowed[6]).witnesses(4)],
}


class Switch:
    """The configuration database of the virtual switch, without its protocol."""

    def __init__(self, text: str) -> None:
        self.tree = Node()
        self.load(text)

    def load(self, text: str) -> None:
        complaints = load_set(self.tree, text)
        assert complaints == []
        assert check(self.tree) == []

    def text(self) -> str:
        return "".join(f"{line}\n" for line in set_form(self.tree))


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
    running = JUNOS.parse(plain)
    assert JUNOS.foreign(plain) == plain
    wanted = install(name, running, everything(running))
    assert wanted.violations == []
    todo = steps(managed(running), wanted.managed)
    switch.load(JUNOS.render(todo, running))
    after = JUNOS.parse(switch.text())
    assert after == apply(running, todo)
    assert leaks(after, wanted.fenced) == ()
    assert JUNOS.foreign(switch.text()) == plain
    agree(switch, after)
    switch.load(JUNOS.render(steps(wanted.managed, Managed()), after))
    assert switch.text() == plain


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(devices())
def test_both_say_the_same_of_made_up_devices(setup: Setup) -> None:
    # The one action of made-up policies that the virtual switch does not know.
    text = setup.text().replace("then default-action reject", "then next term")
    switch = Switch(f"{text}set routing-options router-id 10.0.0.1\n")
    agree(switch, JUNOS.parse(switch.text()))


def agree(switch: Switch, running: Running) -> None:
    """Assert that what the switch does with a route lies within the bounds that are proven."""
    found = router(switch.tree)
    if found is None:
        return
    judge = Judge(running)
    sessions = [(str(one.address), one.families) for one in found.peers]
    sessions += [(one.name, one.families) for one in found.dynamic]
    for name, families in sessions:
        session = running.sessions[SessionKey("", name)]
        assert set(session.versions) >= set(families)
        for version, family in families.items():
            policies = dict(
                zip(Direction, (family.import_policy, family.export_policy), strict=True)
            )
            for way, policy in policies.items():
                bounds = judge.session(session, version, way)
                for prefix in SAMPLES[version]:
                    said = set(verdicts(policy, prefix))
                    assert True not in said or prefix in bounds.may, f"{name} {way} {prefix}"
                    assert prefix not in bounds.must or said == {True}, f"{name} {way} {prefix}"


def verdicts(program: Program | None, prefix: Network) -> Iterator[bool]:
    """Yield what becomes of a route of ``prefix``, for all attributes that a program asks for."""
    if program is None:
        yield True
        return
    asked = {
        one.condition
        for one in program.instructions
        if isinstance(one, Branch) and isinstance(one.condition, HasCommunity | AsPathMatches)
    }
    for bits in product((False, True), repeat=len(asked)):
        yield verdict(program, prefix, dict(zip(asked, bits, strict=True)))


def verdict(program: Program, prefix: Network, world: dict[Condition, bool]) -> bool:
    at = 0
    while True:
        one = program.instructions[at]
        if isinstance(one, End):
            return one.accept
        if isinstance(one, Branch):
            at = one.then if holds(one.condition, prefix, world) else one.otherwise
        else:
            at = one.to if isinstance(one, Jump) else at + 1


def holds(condition: Condition, prefix: Network, world: dict[Condition, bool]) -> bool:
    if isinstance(condition, IsFamily):
        return condition.version == prefix.version
    if not isinstance(condition, InPrefixes):
        return world[condition]
    if condition.version != prefix.version:
        return False
    for permitted, one in condition.ranges:
        if prefix.subnet_of(one.prefix) and one.shortest <= prefix.prefixlen <= one.longest:  # type: ignore[arg-type]
            return permitted
    return False
