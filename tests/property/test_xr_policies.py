"""What policies of IOS-XR accept, against running them one route at a time."""

from __future__ import annotations

from itertools import chain, combinations

from filter_sets import UNIVERSE, VERSIONS
from hypothesis import Phase, assume, event, given, settings
from rpl_programs import MAYBE, POLICIES, TESTS, Program, accepts, print_program, programs

from policies.accepts import Judge
from policies.dialects.xr import XrDialect

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
UNKNOWN = (*TESTS, MAYBE)
WORLDS = [
    frozenset(some)
    for some in chain.from_iterable(combinations(UNKNOWN, n) for n in range(len(UNKNOWN) + 1))
]


@settings(max_examples=150, deadline=None, phases=PHASES)
@given(programs(unknown=False))
def test_what_prefixes_decide_is_known_exactly(program: Program) -> None:
    running = XrDialect().parse(print_program(program))
    judge = Judge(running)
    for name in POLICIES:
        # One with more paths than are followed may accept anything.
        assume(not any(one.unknown for one in running.route_maps[name].stanzas))
        for version in VERSIONS:
            said = judge.route_map(version, name)
            assert said.may == said.must
            for route in UNIVERSE[version]:
                accepted = accepts(program, name, route, frozenset())
                assert (route in said.may) == accepted, f"{name} about {route}"
                event(f"accepted: {accepted}")


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(programs(unknown=True))
def test_what_else_is_asked_may_be_answered_either_way(program: Program) -> None:
    judge = Judge(XrDialect().parse(print_program(program)))
    name = POLICIES[0]
    for version in VERSIONS:
        said = judge.route_map(version, name)
        assert said.must <= said.may
        for route in UNIVERSE[version]:
            fates = {accepts(program, name, route, world) for world in WORLDS}
            assert route in said.may or True not in fates, f"{route} gets through"
            assert route not in said.must or False not in fates, f"{route} may be dropped"
            event(f"exact: {(route in said.may) == (True in fates)}")
