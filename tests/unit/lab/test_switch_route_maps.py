"""Route-maps of IOS-like text as programs: run on single routes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

import pytest

from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    Condition,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Network,
    Program,
    Verdict,
)
from lab.switch.route_maps import Habits, Policies, prefix_entry, read_policies

LENIENT = Habits(
    undefined_list_matches=True,
    empty_list_matches=True,
    undefined_map_permits=True,
    undefined_attached_list_permits=True,
)
STRICT = Habits(
    undefined_list_matches=False,
    empty_list_matches=False,
    undefined_map_permits=False,
    undefined_attached_list_permits=False,
)


@dataclass(frozen=True)
class Route:
    prefix: Network
    communities: tuple[str, ...] = ()
    as_path: str = ""


def holds(condition: Condition, route: Route) -> bool:
    match condition:
        case InPrefixes(version, ranges):
            for permitted, one in ranges:
                inside = route.prefix.version == version and route.prefix.subnet_of(one.prefix)  # type: ignore[arg-type]
                if inside and one.shortest <= route.prefix.prefixlen <= one.longest:
                    return permitted
            return False
        case IsFamily(version):
            return route.prefix.version == version
        case HasCommunity(any_of):
            return bool(set(any_of) & set(route.communities))
        case AsPathMatches(any_of):
            return any(re.search(one.replace("_", "(^|$| )"), route.as_path) for one in any_of)


def run(program: Program, route: Route) -> tuple[bool, list[str]]:
    """Return the verdict and the changes; fails on a program that breaks its law."""
    at, changes = 0, list[str]()
    while True:
        match program.instructions[at]:
            case Verdict(accept):
                return accept, changes
            case Change(text):
                changes.append(text)
                following = at + 1
            case Jump(to):
                following = to
            case Branch(condition, then, otherwise):
                following = then if holds(condition, route) else otherwise
        assert following > at
        at = following


def policies(text: str, habits: Habits = STRICT) -> Policies:
    """Read ``text`` whose inner lines are indented."""
    blocks: list[tuple[str, list[str]]] = []
    for line in text.strip().splitlines():
        if line.startswith(" "):
            blocks[-1][1].append(line.strip())
        else:
            blocks.append((line, []))
    return read_policies(blocks, habits)


def judged(text: str, route: Route | str, habits: Habits = STRICT) -> bool:
    if isinstance(route, str):
        route = Route(ip_network(route))
    return run(policies(text, habits).program("M"), route)[0]


LISTS = """
ip prefix-list POOLS
 seq 20 permit 10.0.0.0/8 le 24
 seq 10 deny 10.9.0.0/16 le 32
ip prefix-list FLAT seq 5 permit 192.0.2.0/24 ge 30
ip prefix-list FLAT seq 10 permit 198.51.100.0/24
ipv6 prefix-list POOLS seq 5 permit fd00::/8 ge 48 le 64
ip prefix-list EMPTY
ip as-path access-list CUSTOMERS permit ^64496_ any
bgp as-path access-list MIXED seq 5 deny _666$
bgp as-path access-list MIXED seq 10 permit _65000_
ip community-list TAGS permit 65000:1
ip community-list standard TAGS permit 65000:2
ip community-list BOTH permit 65000:1 65000:2
"""


@pytest.mark.parametrize(
    ("match", "prefix", "permitted"),
    [
        ("ip address prefix-list POOLS", "10.1.0.0/16", True),
        ("ip address prefix-list POOLS", "10.1.0.0/25", False),
        ("ip address prefix-list POOLS", "10.9.1.0/24", False),
        ("ip address prefix-list POOLS", "fd00:1::/48", False),
        ("ipv6 address prefix-list POOLS", "fd00:1::/48", True),
        ("ipv6 address prefix-list POOLS", "fd00:1::/65", False),
        ("ip address prefix-list FLAT", "192.0.2.4/30", True),
        ("ip address prefix-list FLAT", "192.0.2.0/24", False),
        ("ip address prefix-list FLAT POOLS", "10.1.0.0/16", True),
        ("ip address prefix-list FLAT POOLS", "198.51.100.0/24", True),
        ("ip address prefix-list FLAT POOLS", "203.0.113.0/24", False),
    ],
)
def test_prefix_lists(match: str, prefix: str, permitted: bool) -> None:
    assert judged(f"{LISTS}route-map M permit 10\n match {match}", prefix) is permitted


@pytest.mark.parametrize("name", ["EMPTY", "NOWHERE"])
@pytest.mark.parametrize(("habits", "matches"), [(LENIENT, True), (STRICT, False)])
def test_a_list_of_nothing(name: str, habits: Habits, matches: bool) -> None:
    deny_then_permit = (
        f"{LISTS}route-map M deny 10\n match ip address prefix-list {name}\nroute-map M permit 20"
    )
    assert judged(deny_then_permit, "10.0.0.0/8", habits) is not matches
    assert judged(deny_then_permit, "fd00::/48", habits) is True


@pytest.mark.parametrize(("habits", "permits"), [(LENIENT, True), (STRICT, False)])
def test_what_is_not_there_on_a_session(habits: Habits, permits: bool) -> None:
    route = Route(ip_network("10.0.0.0/8"))
    found = policies(LISTS, habits)
    assert run(found.program("NOWHERE"), route) == (permits, [])
    assert run(found.list_program("NOWHERE", 4), route) == (permits, [])


def test_a_list_on_a_session() -> None:
    program = policies(LISTS).list_program("POOLS", 4)
    routes = [Route(ip_network(one)) for one in ("10.9.0.0/16", "10.8.0.0/16")]
    assert [run(program, one)[0] for one in routes] == [False, True]


@pytest.mark.parametrize(
    ("match", "as_path", "communities", "permitted"),
    [
        ("as-path CUSTOMERS", "64496 1", (), True),
        ("as-path CUSTOMERS", "1 64496", (), False),
        ("as-path MIXED", "65000 1", (), True),
        ("as-path MIXED", "65000 666", (), False),
        ("as-path NOWHERE", "65000", (), False),
        ("as-path NOWHERE CUSTOMERS", "64496 2", (), True),
        ("community TAGS", "", ("65000:2",), True),
        ("community TAGS", "", ("65000:3",), False),
        ("community BOTH", "", ("65000:1",), False),
        ("community BOTH", "", ("65000:2", "65000:1"), True),
    ],
)
def test_paths_and_communities(
    match: str, as_path: str, communities: tuple[str, ...], permitted: bool
) -> None:
    text = f"{LISTS}route-map M permit 10\n match {match}"
    assert judged(text, Route(ip_network("10.0.0.0/8"), communities, as_path)) is permitted


def test_all_kinds_have_to_match() -> None:
    text = (
        f"{LISTS}route-map M permit 10\n match ip address prefix-list POOLS\n"
        " match community TAGS\n set local-preference 200\n set community 1:1 additive"
    )
    program = policies(text).program("M")
    tagged = Route(ip_network("10.0.0.0/8"), communities=("65000:1",))
    assert run(program, tagged) == (True, ["local-preference 200", "community 1:1 additive"])
    assert run(program, Route(ip_network("10.0.0.0/8"))) == (False, [])
    assert run(program, Route(ip_network("11.0.0.0/8"), ("65000:1",))) == (False, [])


@pytest.mark.parametrize(
    ("rest", "verdict"),
    [
        ("", (True, ["metric 1"])),
        ("route-map M permit 30\n set metric 3\n", (True, ["metric 1", "metric 3"])),
        ("route-map M deny 30\n", (False, ["metric 1"])),
        ("route-map M deny 30\n match ip address prefix-list FLAT\n", (True, ["metric 1"])),
    ],
)
@pytest.mark.parametrize("target", ["", " 30", " 99"])
def test_continue(rest: str, verdict: tuple[bool, list[str]], target: str) -> None:
    text = f"{LISTS}route-map M permit 10\n set metric 1\n continue{target}\n{rest}"
    assert run(policies(text).program("M"), Route(ip_network("10.0.0.0/8"))) == verdict


def test_continue_skips_what_lies_between() -> None:
    text = f"{LISTS}route-map M permit 10\n continue 30\nroute-map M deny 20\nroute-map M permit 30"
    assert judged(text, "10.0.0.0/8") is True
    assert judged(text.replace("continue 30", "continue"), "10.0.0.0/8") is False


def test_stanzas_run_by_number_and_end_in_deny() -> None:
    text = (
        f"{LISTS}route-map M permit 20\nroute-map M deny 10\n match ip address prefix-list POOLS\n"
    )
    assert judged(text, "11.0.0.0/8") is True
    assert judged(text, "10.0.0.0/8") is False
    assert judged(f"{LISTS}route-map M deny 10", "10.0.0.0/8") is False


def test_a_line_that_is_not_understood_is_no_silent_match() -> None:
    with pytest.raises(ValueError, match="match rpki"):
        policies("route-map M permit 10\n match rpki valid")


@pytest.mark.parametrize("text", ["permit 10.0.0.0/8 ge 4", "permit 10.0.0.0/8 ge 30 le 29"])
def test_lengths_out_of_order(text: str) -> None:
    with pytest.raises(ValueError, match="not in order"):
        prefix_entry(text, seq=5)
