"""The virtual NX-OS by itself: what it prints, refuses, means, and does at a time."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from nxos_box import startup
from program_runner import Sample, run

from lab.switch.lines import Cursor, RefusedError
from lab.switch.meaning import Range
from lab.switch.nxos.bgp import HABITS, read_router
from lab.switch.nxos.device import Device, parse
from lab.switch.nxos.scheduler import Clock, Scheduler
from lab.topology import NODES, SWITCHES, sessions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.meaning import Program, Router

HEAD = "feature bgp\nfeature scheduler\n"
INVALID = "% Invalid command at '^' marker."


def device(text: str = HEAD) -> Device:
    made = Device("tor1", lambda: None)
    made.boot(text)
    return made


def typed(there: Device, text: str) -> str:
    cursor = Cursor(there.configuration)
    for line in text.splitlines():
        there.enter(cursor, line)
    return there.configuration.text()


# Text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_printed_reads_as_the_same(name: str) -> None:
    text = parse(startup(name)).text()
    assert parse(text).text() == text
    assert len(text.splitlines()) > 500


@pytest.mark.parametrize("name", SWITCHES)
def test_no_line_of_a_startup_configuration_is_lost(name: str) -> None:
    def lines(text: str) -> list[str]:
        return sorted(" ".join(line.split()) for line in text.splitlines() if line.strip())

    assert lines(parse(startup(name)).text()) == lines(startup(name))


@pytest.mark.parametrize("name", SWITCHES)
def test_a_startup_configuration_means_the_lab_s_sessions(name: str) -> None:
    router = read_router(parse(startup(name)))
    assert router is not None
    node = NODES[name]
    assert (router.asn, router.router_id) == (node.asn, node.router_id)
    static = {one.address: (one.remote_asn, set(one.families)) for one in router.peers}
    expected = {
        session.address_of(peer): (NODES[peer].asn, set(session.families))
        for session in sessions_of(name)
        if NODES[peer := session.peer_of(name)].asn != node.asn
    }
    assert static == expected
    assert {one.name for one in router.dynamic} == (
        {"NODES", "NODES6"} if name == "tor1" else set()
    )
    assert not [one for one in router.peers if one.is_shut_down]
    static_families = [family for one in router.peers for family in one.families.values()]
    dynamic_families = [family for one in router.dynamic for family in one.families.values()]
    for family in (*static_families, *dynamic_families):
        assert family.import_policy is not None
        assert family.export_policy is not None
    for families, servers in ((static_families, False), (dynamic_families, True)):
        assert {one.route_reflector_client for one in families} <= {servers}
        assert {one.next_hop_self for one in families} <= {servers}


def test_lines_are_kept_in_the_platform_s_form_whatever_way_they_are_typed() -> None:
    text = typed(
        device(""),
        "feature bgp\n"
        "ip prefix-list A permit 10.0.0.1/8 le 24\n"
        "ip   prefix-list A permit 11.0.0.0/8\n"
        "ipv6 prefix-list B seq 7 permit 2001:DB8::/32\n"
        "route-map M\n"
        "match ip address prefix-list A\n"
        "match ip address prefix-list C A\n"
        "router bgp 65000\n"
        "neighbor 2001:DB8:0::1\n"
        "address-family ipv6 unicast\n"
        "route-map OLD in\n"
        "route-map NEW in\n"
        "route-map M deny 10\n",
    )
    assert text == (
        "feature bgp\n\n"
        "ip prefix-list A seq 5 permit 10.0.0.0/8 le 24 \n"
        "ip prefix-list A seq 10 permit 11.0.0.0/8 \n\n"
        "ipv6 prefix-list B seq 7 permit 2001:db8::/32 \n\n"
        "route-map M deny 10 \n"
        "  match ip address prefix-list A C \n\n"
        "router bgp 65000\n"
        "  neighbor 2001:db8::1\n"
        "    address-family ipv6 unicast\n"
        "      route-map NEW in\n"
    )


REMOVALS = [
    ("no ip prefix-list A", ["ip prefix-list A seq 5", "ip prefix-list A seq 10"]),
    ("no ip prefix-list A seq 5", ["ip prefix-list A seq 5"]),
    ("no ip prefix-list A seq 10 permit 11.0.0.0/8", ["ip prefix-list A seq 10"]),
    ("no route-map M deny 1", ["route-map M deny 1", "match ip address prefix-list A"]),
    (
        "no route-map M",
        ["route-map M deny 1", "match ip address prefix-list A", "route-map M permit 10"],
    ),
    # The name is not looked at.
    (
        "router bgp 1\nneighbor 10.0.0.1\naddress-family ipv4 unicast\nno route-map OTHER in",
        ["route-map M in"],
    ),
    (
        "no feature scheduler",
        ["feature scheduler", "scheduler job name J", "checkpoint", "end-job"],
    ),
]


@pytest.mark.parametrize(("lines", "gone"), REMOVALS)
def test_no_takes_away_what_it_names(lines: str, gone: Sequence[str]) -> None:
    text = (
        f"{HEAD}ip prefix-list A seq 5 permit 10.0.0.0/8\n"
        "ip prefix-list A seq 10 permit 11.0.0.0/8\n"
        "route-map M deny 1\n  match ip address prefix-list A\nroute-map M permit 10\n"
        "router bgp 1\n  neighbor 10.0.0.1\n    remote-as 2\n    address-family ipv4 unicast\n"
        "      route-map M in\nscheduler job name J\n  checkpoint\nend-job\n"
    )
    there = device(text)
    before = there.configuration.text().splitlines()
    after = typed(there, lines).splitlines()
    lost = [line.strip() for line in before if line not in after]
    assert [any(line.startswith(one) for one in gone) for line in lost] == [True] * len(gone)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("no such line", INVALID),
        ("route-map M allow 10", INVALID),
        ("ip prefix-list A seq 5 permit 10.0.0.0", INVALID),
        ("ip prefix-list A seq 5 permit 10.0.0.0/33", "% Invalid ip address/mask format"),
        ("ip prefix-list A seq 5 permit 2001:db8::/32", "% Invalid ip address/mask format"),
        ("ip prefix-list A seq 5 permit 10.0.0.0/8 ge 4", "ERROR: Invalid prefix length range"),
        (
            "ip prefix-list A seq 5 permit 10.0.0.0/8 ge 9 le 8",
            "ERROR: Invalid prefix length range",
        ),
        ("route-map M permit 70000", "% Invalid number, range is (0:65535) at '^' marker: 70000"),
        ("router ospf", INVALID),
        ("neighbor 10.0.0.1", INVALID),
    ],
)
def test_lines_that_the_platform_refuses(line: str, words: str) -> None:
    there = device()
    before = there.configuration.text()
    with pytest.raises(RefusedError) as caught:
        typed(there, line)
    assert str(caught.value) == words
    assert there.configuration.text() == before


@pytest.mark.parametrize("line", ["router bgp 65000", "scheduler job name J"])
def test_what_a_feature_brings_is_unknown_without_it(line: str) -> None:
    with pytest.raises(RefusedError, match="Invalid command"):
        typed(device("feature nxapi\n"), line)


# Meaning ----------------------------------------------------------------------------------------

NEIGHBOR = """\
router bgp 65000
  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
"""


def policy(text: str, line: str) -> Program | None:
    router = read_router(parse(f"{HEAD}{text}{NEIGHBOR}      {line}\n"))
    assert router is not None
    return router.peers[0].families[4].import_policy


def test_a_session_without_a_policy_lets_everything_through() -> None:
    assert policy("", "send-community") is None


def verdict(program: Program | None, prefix: str) -> bool:
    assert program is not None
    return run(program, Sample(prefix))[0]


BROKEN = [
    ("", "route-map GONE in", False, False),
    ("route-map M permit 10\n  match ip address prefix-list GONE\n", "route-map M in", True, False),
    ("route-map M deny 10\n  match ip address prefix-list GONE\nroute-map M permit 20\n",
     "route-map M in", False, True),
    ("", "prefix-list GONE in", True, True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "passes_v4", "passes_v6"), BROKEN)
def test_broken_references_mean_what_the_platform_makes_of_them(
    text: str, line: str, passes_v4: bool, passes_v6: bool
) -> None:
    program = policy(text, line)
    assert verdict(program, "10.0.0.0/8") is passes_v4
    assert verdict(program, "2001:db8::/32") is passes_v6


def test_the_habits_are_those_of_the_platform() -> None:
    assert (HABITS.undefined_list_matches, HABITS.empty_list_matches) == (True, True)
    assert HABITS.undefined_map_permits is False
    assert HABITS.undefined_attached_list_permits is True


def test_a_prefix_list_beside_a_route_map_is_not_asked() -> None:
    lists = "ip prefix-list NONE seq 5 deny 0.0.0.0/0 le 32\nroute-map ALL permit 10\n"
    assert verdict(policy(lists, "prefix-list NONE in\n      route-map ALL in"), "10.0.0.0/8")
    assert not verdict(policy(lists, "prefix-list NONE in"), "10.0.0.0/8")


def router_of(below: str) -> Router:
    found = read_router(parse(f"{HEAD}route-map A deny 10\nroute-map B permit 10\n{below}"))
    assert found is not None
    return found


def test_a_neighbor_inherits_from_templates_and_its_own_lines_go_first() -> None:
    router = router_of(
        "router bgp 65000\n"
        "  template peer-policy P\n    route-map A in\n    next-hop-self\n"
        "  template peer-session S\n    remote-as 65001\n    shutdown\n"
        "  template peer T\n    remote-as 65002\n"
        "    address-family ipv4 unicast\n      route-map B in\n      route-map B out\n"
        "    address-family ipv6 unicast\n"
        "  neighbor 10.0.0.1\n    inherit peer T\n    inherit peer-session S\n"
        "    address-family ipv4 unicast\n      inherit peer-policy P 10\n"
    )
    (peer,) = router.peers
    assert (peer.remote_asn, peer.is_shut_down, set(peer.families)) == (65001, True, {4, 6})
    four = peer.families[4]
    assert four.next_hop_self
    assert not verdict(four.import_policy, "10.0.0.0/8")
    assert verdict(four.export_policy, "10.0.0.0/8")
    assert peer.families[6].import_policy is None


def test_prefixes_as_neighbors_take_whoever_connects() -> None:
    router = router_of(
        "router bgp 1.10\n  template peer T\n    remote-as 65001\n    address-family ipv4 unicast\n"
        "  neighbor 10.0.0.0/24\n    inherit peer T\n  neighbor 10.0.1.0/24\n    inherit peer T\n"
        "  neighbor 10.0.2.0/24\n    remote-as 65002\n    shutdown\n"
        "  neighbor 10.0.3.1\n    description nobody knows its AS\n"
    )
    assert router.asn == 65546
    assert router.peers == ()
    assert [(one.name, one.ranges) for one in router.dynamic] == [
        ("from-10.0.0.0-24", (ip_network("10.0.0.0/24"),)),
        ("from-10.0.1.0-24", (ip_network("10.0.1.0/24"),)),
    ]


def test_there_is_no_bgp_without_the_feature() -> None:
    assert read_router(parse(f"router bgp 65000\n{NEIGHBOR}")) is None


def test_lengths_are_exact_unless_they_are_said() -> None:
    lists = (
        "ip prefix-list L seq 5 permit 10.0.0.0/8\n"
        "ip prefix-list L seq 10 permit 11.0.0.0/8 ge 16\n"
        "ip prefix-list L seq 15 permit 12.0.0.0/8 le 16\n"
        "ip prefix-list L seq 20 deny 13.0.0.0/8 eq 9\n"
    )
    program = policy(lists, "prefix-list L in")
    assert program is not None
    (condition,) = [one.condition for one in program.instructions if hasattr(one, "condition")]
    assert condition.ranges == (  # type: ignore[union-attr]
        (True, Range(ip_network("10.0.0.0/8"), 8, 8)),
        (True, Range(ip_network("11.0.0.0/8"), 16, 32)),
        (True, Range(ip_network("12.0.0.0/8"), 8, 16)),
        (False, Range(ip_network("13.0.0.0/8"), 9, 9)),
    )


# Checkpoints and the scheduler -------------------------------------------------------------------


def test_a_rollback_ends_in_the_checkpoint_or_changes_nothing() -> None:
    there = device()
    there.checkpoint("before")
    typed(there, "route-map M permit 10\n")
    changed = there.configuration.text()
    assert "Rollback failed." in there.rollback("nonsense\n")
    assert there.configuration.text() == changed
    assert "Rollback completed successfully." in there.rollback(there.checkpoints["before"].text)
    assert there.configuration.text() == there.checkpoints["before"].text
    assert "Rollback Patch is Empty" in there.rollback(there.checkpoints["before"].text)


def test_checkpoints_have_names_of_their_own_and_are_few() -> None:
    there = device()
    there.checkpoint("a")
    with pytest.raises(RefusedError, match="already exists"):
        there.checkpoint("a")
    with pytest.raises(RefusedError, match="does not exist"):
        there.remove_checkpoint("b")
    for number in range(9):
        there.checkpoint(f"n{number}")
    with pytest.raises(RefusedError, match="Maximum"):
        there.checkpoint("one-too-many")


class Stopped(Clock):
    """A clock that only goes when it is told to."""

    def __init__(self, start: dt.datetime) -> None:
        self.time = start

    def now(self) -> dt.datetime:
        return self.time


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("time start now", "time start 2026:11:23:10:00"),
        ("time start +2", "time start 2026:11:23:10:02"),
        ("time start +01:30", "time start 2026:11:23:11:30"),
        ("time start +01:00:05", "time start 2026:11:24:10:05"),
        ("time start +00:00:02 repeat 00:01:00", "time start 2026:11:23:10:02 repeat 00:01:00"),
        ("time start 2026:12:01:03:30", "time start 2026:12:01:03:30"),
        ("time daily 03:30", "time daily 03:30"),
        ("job name J", "job name J"),
    ],
)
def test_a_time_from_now_is_kept_as_its_minute(said: str, kept: str) -> None:
    clock = Stopped(dt.datetime(2026, 11, 23, 10, 0, 47, tzinfo=dt.UTC))
    assert Scheduler(clock).absolute(said) == kept


def test_the_start_of_a_schedule_is_said() -> None:
    there = device()
    cursor = Cursor(there.configuration)
    assert there.enter(cursor, "scheduler schedule name S") == ""
    said = there.enter(cursor, "time start 2026:12:01:03:30")
    assert said == "Schedule starts from Tue Dec  1 03:30:00 2026\n"


def test_a_time_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(RefusedError, match="Invalid start time"):
        Scheduler(Clock()).absolute("time start 2026:13:01:03:30")


def test_a_schedule_is_due_once_and_not_for_a_time_before_the_boot() -> None:
    clock = Stopped(dt.datetime(2026, 11, 23, 10, 0, 47, tzinfo=dt.UTC))
    scheduler = Scheduler(clock)
    configuration = parse(
        "scheduler schedule name LATER\n  job name J\n  time start 2026:11:23:10:02\n"
        "scheduler schedule name PAST\n  job name J\n  time start 2026:11:23:10:00\n"
        "scheduler schedule name DAILY\n  job name J\n  time daily 03:30\n"
    )

    def due() -> list[str]:
        return [one.groups["name"] for one in scheduler.due(configuration)]

    assert due() == []
    clock.time += dt.timedelta(seconds=73)
    assert due() == ["LATER"]
    scheduler.began("LATER")
    assert due() == []
