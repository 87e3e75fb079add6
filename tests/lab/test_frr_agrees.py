"""The proof against FRR itself: what a bgpd lets through is what is said of its configuration.

Random filter sets, and random routes from a real neighbor on each session, both ways and in both
families. Whatever is decided by prefixes alone must come out as :mod:`policies.accepts` says; what
is not may come out either way, and nothing else may come out at all.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import mini_frr
import pytest
from frr_sets import some_set
from frr_verdicts import Court

from policies.accepts import Judge
from policies.change import steps
from policies.dialects.frr import FrrDialect
from policies.filters import Direction, Running, Session, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import install
from policies.managed import managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks
from policies.trace import decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frr_sets import FilterSet
    from frr_verdicts import Trial

pytestmark = pytest.mark.lab

FRR = FrrDialect()
SESSIONS = 24
PREFIXES = 60
#: Each is some 5,500 decisions over 24 sessions.
SEEDS = range(1, 4)
MANY_SEEDS = range(100, 120)
AT_LEAST = 10_000


@pytest.fixture(scope="module")
def court() -> Iterator[Court]:
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    made = Court(SESSIONS)
    try:
        yield made
    finally:
        made.stop()


@dataclass
class Count:
    """How many decisions came out how, and those that came out as nobody said."""

    decided: Counter[bool] = field(default_factory=Counter)
    either: Counter[bool] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return self.decided.total() + self.either.total()

    def __str__(self) -> str:
        return (
            f"{self.all} decisions: {self.decided[True]} let through and {self.decided[False]} "
            f"dropped as said, {self.either[True]} and {self.either[False]} of those that "
            f"prefixes don't decide, {len(self.wrong)} otherwise than said"
        )


def session_of(running: Running, address: str) -> Session:
    """Return the session of a neighbor; of a dynamic one that is its group's."""
    found = running.sessions.get(SessionKey("", address))
    return found or running.sessions[SessionKey("", "DYNAMIC")]


def compare(case: FilterSet, trial: Trial, count: Count) -> None:
    """Hold each decision of FRR against what is said of its configuration, by set and by trace."""
    running = FRR.parse(trial.running)
    judge = Judge(running)
    for (address, version, direction), through in trial.verdicts.items():
        session = session_of(running, address)
        said = judge.session(session, version, direction)
        for prefix in case.universe[version]:
            may, must, does = prefix in said.may, prefix in said.must, prefix in through
            decision = decide(running, session, version, direction, prefix)
            assert (decision.may, decision.must) == (may, must)
            (count.decided if may == must else count.either)[does] += 1
            if (does and not may) or (must and not does):
                count.wrong.append(f"{session.key} {direction} {prefix}: {does}, {may=}, {must=}")


def agree(court: Court, seeds: range) -> Count:
    count = Count()
    for seed in seeds:
        case = some_set(random.Random(seed), sessions=SESSIONS, prefixes=PREFIXES)
        compare(case, court.try_(case), count)
    print(count)  # noqa: T201 - the figure is what the test is for
    assert count.wrong == []
    return count


def test_ten_thousand_decisions_of_frr_are_those_that_are_said(court: Court) -> None:
    count = agree(court, SEEDS)
    assert count.decided.total() >= AT_LEAST
    # Neither is all let through, nor all dropped, nor all left open.
    assert min(*count.decided.values(), *count.either.values()) > AT_LEAST // 50


@pytest.mark.slow
def test_a_hundred_thousand_decisions_of_frr_are_those_that_are_said(court: Court) -> None:
    assert agree(court, MANY_SEEDS).decided.total() >= 8 * AT_LEAST


# Guards ---------------------------------------------------------------------------------------


def some_fence(dice: random.Random, case: FilterSet, kind: str) -> Fence:
    allowed = {}
    for version, nets in case.universe.items():
        pools = PrefixSet.union(
            version,
            [
                PrefixSet.of(net, dice.randint(net.prefixlen, net.max_prefixlen), net.max_prefixlen)
                for net in dice.sample(nets[1:], 6)
            ],
        )
        allowed[version] = ~pools if kind == "in" else pools
    lists = {version: deny_list(kind, "a", version, ~one) for version, one in allowed.items()}
    return Fence(kind, "a", allowed, lists)


def some_guards(dice: random.Random, case: FilterSet, running: Running) -> list[WantedGuard]:
    """Return guards that find a place on the device: each is tried beside those before it."""
    fences = [some_fence(dice, case, kind) for kind in ("out", "in")]
    found: list[WantedGuard] = []
    for key, session in running.sessions.items():
        for direction in Direction:
            one = WantedGuard(
                session=key,
                is_group=session.is_group,
                direction=direction,
                fence=dice.choice(fences),
                may_open=dice.random() < 0.5,
            )
            if not install("mini", running, [*found, one]).violations:
                found.append(one)
    return found


def test_what_is_proven_fenced_is_fenced(court: Court) -> None:
    dice = random.Random(7)
    case = some_set(dice, sessions=SESSIONS, prefixes=PREFIXES, maps=5 * SESSIONS)
    wanted: list[WantedGuard] = []

    def guarded(text: str) -> str:
        running = FRR.parse(text)
        wanted.extend(some_guards(dice, case, running))
        return FRR.render(
            steps(managed(running), install("mini", running, wanted).managed), running
        )

    trial = court.try_(case, guarded)
    count = Count()
    compare(case, trial, count)
    assert count.wrong == []
    running = FRR.parse(trial.running)
    fenced = install("mini", running, wanted).fenced
    # An unsuppress-map goes past every guard, which the proof tells.
    leaking = {(one.session, one.version, one.direction) for one in leaks(running, fenced)}
    assert len(leaking) < len(fenced) // 10
    got_through, inside, outside = [], 0, 0
    for (address, version, direction), through in trial.verdicts.items():
        slot = session_of(running, address).key, version, direction
        fence = fenced.get(slot) if slot not in leaking else None
        for prefix in case.universe[version] if fence else ():
            allowed = fence is not None and prefix in fence.allowed[version]
            inside += allowed and prefix in through
            outside += not allowed
            if prefix in through and not allowed:
                got_through.append((address, direction, prefix))
    print(f"{outside} prefixes outside of the fences, {inside} inside that got through")  # noqa: T201
    assert got_through == []
    assert min(outside, inside) > 100
