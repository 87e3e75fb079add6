"""The daemon under the virtual switches, against the real bgpd with a BIRD that sends it routes."""

from __future__ import annotations

import os
import random
import re
import time
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mini_frr
import pytest

from lab import vty
from lab.errors import LabError
from lab.switch.daemon import FrrDaemon
from lab.switch.frr_delta import delta
from lab.switch.meaning import (
    NOTHING_PASSES,
    AsPathMatches,
    Branch,
    Change,
    DynamicPeers,
    Family,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Peer,
    Program,
    Range,
    Router,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mini_frr import MiniFrr

    from lab.switch.meaning import Address, Condition, Instruction, Network

pytestmark = pytest.mark.lab

BIRD4, BIRD6 = IPv4Address("10.9.0.2"), IPv6Address("2001:db8:9::2")
ADDRESSES: dict[int, Address] = {4: BIRD4, 6: BIRD6}
COMMUNITIES = ("65000:1", "65000:2", "65000:3")
PASSES = Program((Verdict(accept=True),))


@dataclass(frozen=True)
class Sent:
    """A route that BIRD announces."""

    prefix: Network
    communities: frozenset[str]
    as_path: tuple[int, ...]

    def bird(self) -> str:
        words = [f"bgp_community.add(({one.replace(':', ',')}));" for one in self.communities]
        # BIRD prepends its own number itself when it sends the route.
        words += [f"bgp_path.prepend({one});" for one in reversed(self.as_path[1:])]
        return f"route {self.prefix} blackhole {{ {' '.join(words)} }};"


def sent_routes(dice: random.Random) -> list[Sent]:
    nets = [f"10.{x}.{y}.0/{n}" for x in (1, 2) for y in (0, 64) for n in (18, 24, 26, 32)]
    nets += [f"fd00:{x}::{y}/{n}" for x in (1, 2) for y in (0, 8) for n in (64, 125, 128)]
    nets += ["0.0.0.0/0", "::/0", "10.0.0.0/8", "fd00::/16"]
    return [
        Sent(
            ip_network(net, strict=False),
            frozenset(dice.sample(COMMUNITIES, dice.randint(0, 2))),
            (64601, *dice.choices((64998, 64999, 649), k=dice.randint(0, 2))),
        )
        for net in dict.fromkeys(nets)
    ]


SENT = {str(one.prefix): one for one in sent_routes(random.Random(5))}


@dataclass(frozen=True)
class Verdicted:
    """What becomes of a route."""

    local_pref: int
    communities: frozenset[str]


def holds(condition: Condition, route: Sent, communities: frozenset[str]) -> bool:
    prefix = route.prefix
    match condition:
        case IsFamily(version):
            return prefix.version == version
        case HasCommunity(any_of):
            return bool(communities & set(any_of))
        case AsPathMatches(any_of):
            path = " ".join(map(str, route.as_path))
            return any(re.search(one.replace("_", r"(?:^|\s|$)"), path) for one in any_of)
        case InPrefixes(version, ranges):
            for is_permitted, one in ranges:
                if (
                    prefix.version == version == one.prefix.version
                    and prefix.subnet_of(one.prefix)  # type: ignore[arg-type]
                    and one.shortest <= prefix.prefixlen <= one.longest
                ):
                    return is_permitted
            return False


def interpreted(program: Program, route: Sent) -> Verdicted | None:
    """Return what ``program`` makes of ``route``, by the words of ``lab.switch.meaning`` alone."""
    at, local_pref, communities = 0, 100, route.communities
    while True:
        match program.instructions[at]:
            case Verdict(accept):
                return Verdicted(local_pref, communities) if accept else None
            case Jump(to):
                at = to
            case Branch(condition, then, otherwise):
                at = then if holds(condition, route, communities) else otherwise
            case Change(text):
                word, value = text.split()[:2]
                local_pref = int(value) if word == "local-preference" else local_pref
                added = {value} if text.endswith("additive") else set()
                communities = communities | added
                at += 1


def some_range(dice: random.Random, version: int) -> tuple[bool, Range]:
    prefix = dice.choice([one.prefix for one in SENT.values() if one.prefix.version == version])
    longest = prefix.max_prefixlen
    low = dice.randint(0, longest)
    return dice.random() < 0.7, Range(prefix, low, dice.choice((longest, low, prefix.prefixlen)))


def some_condition(dice: random.Random) -> Condition:
    version = dice.choice((4, 6))
    ranges = tuple(some_range(dice, version) for _ in range(dice.randint(0, 5)))
    expressions = ("^64601_64998", "_649$", "_64999_", "^64601$", "649")
    return dice.choice(
        (
            InPrefixes(version, ranges),
            InPrefixes(version, ranges),
            IsFamily(version),
            HasCommunity(tuple(dice.sample(COMMUNITIES, dice.randint(0, 2)))),
            AsPathMatches(tuple(dice.sample(expressions, dice.randint(0, 2)))),
        )
    )


def some_program(dice: random.Random) -> Program:
    length = dice.randint(1, 14)
    made: list[Instruction] = []
    for at in range(length):
        further = range(at + 1, length + 1)
        made.append(
            dice.choice(
                (
                    Branch(some_condition(dice), dice.choice(further), dice.choice(further)),
                    Branch(some_condition(dice), dice.choice(further), at + 1),
                    Branch(some_condition(dice), at + 1, dice.choice(further)),
                    Jump(dice.choice(further)),
                    Change(f"local-preference {dice.randint(1, 500)}"),
                    Change(f"community {dice.choice(COMMUNITIES)} additive"),
                    Verdict(accept=dice.random() < 0.5),
                )
            )
        )
    return Program((*made, Verdict(accept=dice.random() < 0.5)))


BIRD = """\
router id 10.9.0.2;
protocol device {{}}
protocol static s4 {{ ipv4; {routes4} }}
protocol static s6 {{ ipv6; {routes6} }}
template bgp up {{ connect delay time 1; connect retry time 1; error wait time 1, 2; }}
protocol bgp b4 from up {{
  local 10.9.0.2 as 64601; neighbor 10.9.0.1 as 65000;
  ipv4 {{ import all; export where source = RTS_STATIC; }};
}}
protocol bgp b6 from up {{
  local 2001:db8:9::2 as 64601; neighbor 2001:db8:9::1 as 65000;
  ipv6 {{ import all; export where source = RTS_STATIC; }};
}}
"""


class Bench:
    """A bgpd with nothing configured, the daemon in front of it, and BIRD."""

    def __init__(self, frr: MiniFrr) -> None:
        self.frr = frr
        routes = {
            version: " ".join(r.bird() for r in SENT.values() if r.prefix.version == version)
            for version in (4, 6)
        }
        text = BIRD.format(routes4=routes[4], routes6=routes[6])
        (frr.base / "bird.conf").write_text(text)
        frr.inside("birdc", "-s", str(frr.base / "bird.ctl"), "configure")
        for number in (1, 2, 3):
            frr.inside("ip", "addr", "add", f"10.77.{number}.1/24", "dev", "lo")
        outside = frr._process.pid
        pid = Path(f"/proc/{outside}/task/{outside}/children").read_text().split()[0]
        self.terminal = Path(f"/proc/{pid}/root/run/frr/bgpd.vty")
        self.daemon = FrrDaemon(self.terminal)

    def bird_has(self) -> set[str]:
        said = self.frr.inside(
            "birdc", "-s", str(self.frr.base / "bird.ctl"), "show route protocol b4"
        )
        return set(re.findall(r"^(\S+/\d+)", said, re.MULTILINE))

    def running(self) -> list[str]:
        """Return bgpd's configuration, without order and without what is no peer's or policy's."""
        return sorted(vty.ask(self.terminal, "show running-config").splitlines())

    def show(self, command: str) -> Any:  # noqa: ANN401 - FRR's JSON
        return vty.ask_json(self.terminal, command)

    def refreshed(self, address: Address) -> int:
        """Return how often BIRD has sent all its routes again, to the last one."""
        # BIRD says where they begin and where they end, in a message each (RFC 7313).
        return int(self._stats(address)["routeRefreshRecv"]) // 2

    def have_refreshed(self, counts: list[int]) -> bool:
        return [self.refreshed(address) for address in ADDRESSES.values()] == counts

    def is_quiet(self) -> bool:
        """Return whether BIRD has answered all that it was asked for."""
        stats = [self._stats(address) for address in ADDRESSES.values()]
        return all(one["routeRefreshRecv"] == 2 * one["routeRefreshSent"] for one in stats)

    def _stats(self, address: Address) -> Any:  # noqa: ANN401 - FRR's JSON
        return self.show(f"show bgp neighbors {address} json")[str(address)]["messageStats"]

    def table(self, version: int) -> dict[str, Verdicted]:
        found = self.show(f"show bgp ipv{version} unicast json detail").get("routes", {})
        # The first entry is about the prefix, the second is the one path.
        return {prefix: _verdicted(paths[1]) for prefix, paths in found.items()}


def _verdicted(path: Any) -> Verdicted:  # noqa: ANN401 - FRR's JSON
    communities = frozenset(path.get("community", {}).get("list", ()))
    return Verdicted(path.get("locPrf", 100), communities)


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def settle(now: Callable[[], Any], expected: object) -> None:
    """Wait until it is so, or long enough to say that it will never be."""
    deadline = time.monotonic() + 5
    while now() != expected and time.monotonic() < deadline:
        time.sleep(0.01)


def router(**imports: Program | None) -> Router:
    """Return the router with a session to BIRD in each family."""
    return Router(
        asn=65000,
        router_id=IPv4Address("10.9.0.1"),
        peers=tuple(
            Peer(
                address=ADDRESSES[version],
                remote_asn=64601,
                families={version: Family(import_policy=imports.get(f"v{version}"))},
            )
            for version in (4, 6)
        ),
    )


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


def established(bench: Bench) -> list[int]:
    about = bench.show("show bgp neighbors json")
    return [about[str(one)]["connectionsEstablished"] for one in ADDRESSES.values()]


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


def shifted(program: Program) -> tuple[Instruction, ...]:
    """Return the instructions of ``program`` with room for one in front."""

    def one(instruction: Instruction) -> Instruction:
        match instruction:
            case Branch(condition, then, otherwise):
                return Branch(condition, then + 1, otherwise + 1)
            case Jump(to):
                return Jump(to + 1)
            case other:
                return other

    return tuple(map(one, program.instructions))


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


EVERYTHING = Range(ip_network("0.0.0.0/0"), 0, 32)


def some_router(dice: random.Random) -> Router:
    """Return a router with some of the neighbors and groups that there may be."""

    def policy() -> Program | None:
        return dice.choice((None, NOTHING_PASSES, PASSES, some_program(dice)))

    def families(*, is_internal: bool) -> dict[int, Family]:
        return {
            version: Family(
                import_policy=policy(),
                export_policy=policy(),
                next_hop_self=dice.random() < 0.3,
                route_reflector_client=is_internal and dice.random() < 0.5,
            )
            for version in dice.sample((4, 6), dice.randint(1, 2))
        }

    asn = dice.choice((65000, 65000, 65000, 65001))
    peers = [
        Peer(
            address=ip_address(text),
            remote_asn=remote,
            families=families(is_internal=remote == asn),
            is_shut_down=dice.random() < 0.2,
        )
        for text in ("10.9.0.3", "10.9.0.4", "2001:db8:9::5")
        for remote in (dice.choice((64700, asn)),)
        if dice.random() < 0.7
    ]
    groups = [
        DynamicPeers(
            name=name,
            ranges=tuple(map(ip_network, dice.sample(ranges, dice.randint(1, 2)))),
            remote_asn=asn,
            families=families(is_internal=True),
        )
        for name, ranges in (
            ("NODES", ("10.80.0.0/16", "10.81.0.0/16")),
            ("a group of 6's", ("fd00:80::/32", "fd00:81::/32")),
        )
        if dice.random() < 0.7
    ]
    nets = tuple(map(ip_network, ("10.77.1.0/24", "10.77.2.0/24", "fd00:77::/64")))
    return Router(
        asn=asn,
        router_id=IPv4Address(dice.choice(("10.9.0.1", "10.9.0.9"))),
        peers=tuple(peers),
        dynamic=tuple(groups),
        networks=tuple(dice.sample(nets, dice.randint(0, 3))),
    )


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


NEVER = (Verdict(accept=False),)


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
