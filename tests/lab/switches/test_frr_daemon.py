"""The daemon under the virtual switches, against the real bgpd with a BIRD that sends it routes."""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from functools import partial
from ipaddress import IPv4Address, ip_network
from typing import TYPE_CHECKING

import mini_frr
import pytest
from frr_bench import ADDRESSES, BIRD4, Bench, established, router, settle, until
from frr_programs import PASSES, SENT, interpreted, shifted, some_program, some_router

from lab.errors import LabError
from lab.switch.frr_delta import delta
from lab.switch.meaning import (
    NOTHING_PASSES,
    AsPathMatches,
    Branch,
    Change,
    DynamicPeers,
    Family,
    InPrefixes,
    IsFamily,
    Peer,
    Program,
    Range,
    Router,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.lab

EVERYTHING = Range(ip_network("0.0.0.0/0"), 0, 32)
NEVER = (Verdict(accept=False),)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    frr = mini_frr.MiniFrr(running="frr defaults traditional\nhostname mini\n")
    try:
        yield Bench(frr)
    finally:
        frr.stop()


@pytest.fixture
def up(bench: Bench) -> Bench:
    """Return the bench with both sessions up and everything accepted."""
    bench.daemon.apply(router())
    until(lambda: len(bench.table(4)) + len(bench.table(6)) == len(SENT), "no routes from BIRD")
    until(bench.is_quiet, "BIRD does not come to an end")
    return bench


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_judge_as_they_are_meant_to(up: Bench, seed: int) -> None:
    dice = random.Random(seed)
    before = established(up)
    for number in range(12):
        program = some_program(dice)
        # So that no two are the same: the map is a new one and BIRD is asked for its routes again.
        program = Program((Change(f"weight {seed * 100 + number + 1}"), *shifted(program)))
        counts = [up.refreshed(address) + 1 for address in ADDRESSES.values()]
        up.daemon.apply(router(v4=program, v6=program))
        until(partial(up.have_refreshed, counts), "BIRD was not asked for its routes")
        for version in ADDRESSES:
            expected = {
                text: verdict
                for text, route in SENT.items()
                if route.prefix.version == version
                and (verdict := interpreted(program, route)) is not None
            }
            # All are judged; what is rejected leaves the table a moment later.
            settle(partial(up.table, version), expected)
            assert up.table(version) == expected, program
    assert established(up) == before


def test_what_is_exported_is_judged_too(up: Bench) -> None:
    own = tuple(ip_network(f"10.77.{number}.0/24") for number in (1, 2, 3))

    def exporting(program: Program | None) -> Router:
        one = router()
        family = Family(import_policy=NOTHING_PASSES, export_policy=program)
        return replace(
            one, networks=own, peers=(replace(one.peers[0], families={4: family}), one.peers[1])
        )

    def of_the_switch() -> set[str]:
        return up.bird_has() - set(SENT)

    up.daemon.apply(exporting(None))
    until(lambda: of_the_switch() == {str(one) for one in own}, "nothing is exported")
    only = Program(
        (
            Branch(InPrefixes(4, ((False, Range(own[0], 24, 24)), (True, EVERYTHING))), 1, 2),
            Verdict(accept=True),
            Verdict(accept=False),
        )
    )
    up.daemon.apply(exporting(only))
    until(lambda: of_the_switch() == {str(one) for one in own[1:]}, "the policy is not followed")
    up.daemon.apply(exporting(NOTHING_PASSES))
    until(lambda: of_the_switch() == set(), "nothing should be exported")


@pytest.mark.parametrize("seed", range(4))
def test_the_way_there_does_not_matter(bench: Bench, seed: int) -> None:
    dice = random.Random(seed)
    routers: list[Router | None] = [some_router(dice) for _ in range(6)]
    for one in (*routers, None, some_router(dice)):
        bench.daemon.apply(one)
    last = some_router(dice)
    bench.daemon.apply(last)
    changed = bench.running()
    bench.daemon.apply(None)
    assert not [line for line in bench.running() if re.match("route-map|ip|bgp (com|as)", line)]
    bench.daemon.apply(last)
    assert bench.running() == changed


def test_nothing_is_sent_for_what_is_equal() -> None:
    one = some_router(random.Random(1))
    same = delta(one, some_router(random.Random(1)))
    assert (same.create, same.undo, same.switch, same.remove) == ((), (), (), ())


def test_a_switch_of_policies_is_one_line_between_new_and_old_lists() -> None:
    old = router(v4=Program((Branch(IsFamily(4), 1, 2), Verdict(accept=True), *NEVER)))
    new = router(v4=Program((Branch(InPrefixes(4, ((True, EVERYTHING),)), 1, 2), *NEVER, *NEVER)))
    steps = delta(old, new)
    assert steps.switch[0::4] == ("router bgp 65000", "exit")
    assert steps.switch[1:4:2] == ("address-family ipv4 unicast", "exit-address-family")
    word, address, kind, name, way = steps.switch[2].split()
    assert (word, address, kind, way) == ("neighbor", "10.9.0.2", "route-map", "in")
    assert f"no route-map {name} optimization" in steps.create
    assert steps.create[0].startswith("ip prefix-list ")
    assert [line.split()[:2] for line in steps.remove] == [["no", "route-map"]]


def test_a_long_list_judges_as_a_short_one_does(up: Bench) -> None:
    others = [ip_network((0x14000000 + number * 256, 24)) for number in range(600)]
    ranges = [(number % 7 != 0, Range(one, 24, 32)) for number, one in enumerate(others)]
    wanted = [one.prefix for one in SENT.values() if one.prefix.version == 4]
    # The longest first, so that each is judged by an entry of its own.
    wanted.sort(key=lambda one: -one.prefixlen)
    ranges[::60] = [(number % 2 == 0, Range(wanted[number], 0, 32)) for number in range(10)]
    program = Program(
        (Branch(InPrefixes(4, tuple(ranges)), 1, 2), Verdict(accept=True), Verdict(accept=False))
    )
    up.daemon.apply(router(v4=program))
    expected = {
        text: verdict
        for text, route in SENT.items()
        if route.prefix.version == 4 and (verdict := interpreted(program, route)) is not None
    }
    assert len(expected) > 3
    settle(partial(up.table, 4), expected)
    assert up.table(4) == expected


def test_a_policy_that_bgpd_refuses_changes_nothing(up: Bench) -> None:
    before, sessions = up.running(), established(up)
    bad = Program(
        (Branch(AsPathMatches(("^64601_",)), 1, 2), Change("nonsense 5"), Verdict(accept=True))
    )
    with pytest.raises(LabError, match="set nonsense 5"):
        up.daemon.apply(router(v4=bad))
    assert up.running() == before
    up.daemon.apply(router(v4=NOTHING_PASSES))
    until(lambda: up.table(4) == {}, "the next one is not followed")
    assert established(up) == sessions


@pytest.mark.parametrize("length", [10, 600])
def test_a_refused_line_in_the_middle_of_many_changes_nothing(up: Bench, length: int) -> None:
    before = up.running()
    ranges = tuple(
        (True, Range(ip_network((0x14000000 + n * 256, 24)), 24, 32)) for n in range(length)
    )
    bad = Program((Branch(InPrefixes(4, ranges), 1, 2), Change("nonsense 5"), Verdict(accept=True)))
    with pytest.raises(LabError, match="set nonsense 5"):
        up.daemon.apply(router(v4=bad))
    assert up.running() == before


def test_a_neighbor_that_bgpd_refuses_leaves_no_bgp_and_the_next_meaning_counts(
    bench: Bench,
) -> None:
    own = Peer(
        address=IPv4Address("10.9.0.1"),
        remote_asn=64700,
        families={4: Family(import_policy=some_program(random.Random(3)))},
    )
    bench.daemon.apply(router(v4=PASSES))
    with pytest.raises(LabError, match="local system"):
        bench.daemon.apply(replace(router(v4=NOTHING_PASSES), peers=(own,)))
    assert not [line for line in bench.running() if re.search("router bgp|^route-map|M-|L-", line)]
    bench.daemon.apply(router())
    until(lambda: len(bench.table(4)) > 0, "BGP does not come back")


def test_neighbors_and_their_routes_are_told(up: Bench) -> None:
    first = Branch(InPrefixes(4, ((True, Range(ip_network("10.1.0.0/16"), 24, 26)),)), 1, 2)
    up.daemon.apply(router(v4=Program((first, Verdict(accept=True), *NEVER))))
    expected = [
        (str(one.prefix), "10.9.0.2", " ".join(map(str, one.as_path)), True)
        for one in SENT.values()
        if one.prefix.version == 4
        and str(one.prefix).startswith("10.1.")
        and 24 <= one.prefix.prefixlen <= 26
    ]

    def told() -> list[tuple[str, str, str, bool]]:
        return [
            (str(one.prefix), one.next_hop, one.as_path, one.is_best)
            for one in up.daemon.routes_from(BIRD4, 4)
        ]

    until(lambda: len(told()) == len(expected), "too many routes")
    assert told() == sorted(expected, key=lambda one: ip_network(one[0]))
    of4, of6 = up.daemon.neighbors()
    assert (of4.address, of4.remote_asn, of4.state, of4.group) == (
        BIRD4,
        64601,
        "Established",
        None,
    )
    assert dict(of4.accepted) == {4: len(expected)}
    assert dict(of6.accepted) == {6: sum(one.prefix.version == 6 for one in SENT.values())}


def test_a_dynamic_neighbor_belongs_to_its_group(bench: Bench) -> None:
    group = DynamicPeers(
        name="the nodes",
        ranges=(ip_network("10.9.0.0/24"),),
        remote_asn=64601,
        families={4: Family(import_policy=NOTHING_PASSES)},
    )
    one = Router(asn=65000, router_id=IPv4Address("10.9.0.1"), dynamic=(group,))
    bench.daemon.apply(one)
    until(lambda: [n.state for n in bench.daemon.neighbors()] == ["Established"], "nobody came")
    (node,) = bench.daemon.neighbors()
    assert (node.address, node.group) == (BIRD4, "the nodes")
    opened = replace(group, families={4: Family(import_policy=PASSES)})
    bench.daemon.apply(replace(one, dynamic=(opened,)))
    until(
        lambda: dict(bench.daemon.neighbors()[0].accepted) == {4: len(bench.table(4))} != {4: 0},
        "the members do not follow",
    )
    asked = bench.refreshed(BIRD4)
    bench.daemon.refresh("the nodes", 4, inbound=True)
    until(lambda: bench.refreshed(BIRD4) == asked + 1, "nobody was asked")


@pytest.mark.parametrize("version", [4, 6])
def test_a_refresh_asks_for_the_routes_again(up: Bench, version: int) -> None:
    asked = up.refreshed(ADDRESSES[version])
    up.daemon.refresh(ADDRESSES[version], version, inbound=True)
    until(lambda: up.refreshed(ADDRESSES[version]) == asked + 1, "BIRD was not asked")
    up.daemon.refresh(ADDRESSES[version], version, inbound=False)
