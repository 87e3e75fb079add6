"""From one configuration to another, in an order that never leaves a hole."""

from __future__ import annotations

import re

import pytest
from frr_configs import configurations
from hypothesis import given

from tasks.drivers.frr.config_tree import Tree, parse
from tasks.drivers.frr.differ import Steps, steps, touched
from tasks.drivers.frr.merge import merge


def carry_out(tree: Tree, way: Steps) -> Tree:
    for commands in way.files():
        tree = merge(tree, "\n".join(commands))
    return tree


@given(configurations(), configurations())
def test_the_steps_lead_there(old: Tree, new: Tree) -> None:
    assert carry_out(old, steps(old, new)) == new


@given(configurations(), configurations())
def test_the_same_differ_leads_back(old: Tree, new: Tree) -> None:
    assert carry_out(carry_out(old, steps(old, new)), steps(new, old)) == old


@given(configurations())
def test_no_difference_is_no_step(tree: Tree) -> None:
    assert steps(tree, tree) == Steps(define=(), refer=(), retire=(), remove=())
    assert touched(tree, tree) == ([], [])


def references(tree: Tree) -> set[tuple[str, str]]:
    """Return who refers to what: stanzas to lists, sessions to route-maps."""
    found: set[tuple[str, str]] = set()
    for line, below in tree.items():
        for inner, lowest in below.items():
            match = re.match(r"match (ip|ipv6) address prefix-list (\S+)", inner)
            if match:
                found.add((line, f"{match[1]} prefix-list {match[2]}"))
            for each in lowest:
                session = re.match(r"(neighbor \S+) route-map (\S+) (in|out)", each)
                if session:
                    found.add((f"{inner} {session[1]} {session[3]}", f"route-map {session[2]}"))
    return found


def dangling(tree: Tree) -> set[tuple[str, str]]:
    names = {" ".join(line.split()[:3]) for line in tree} | {
        " ".join(line.split()[:2]) for line in tree
    }
    return {reference for reference in references(tree) if reference[1] not in names}


@given(configurations(), configurations())
def test_nothing_ever_refers_to_what_is_not_there(old: Tree, new: Tree) -> None:
    tree = old
    for commands in steps(old, new).files():
        tree = merge(tree, "\n".join(commands))
        assert dangling(tree) == set()


@given(configurations(), configurations())
def test_a_session_that_stays_is_never_without_its_policy(old: Tree, new: Tree) -> None:
    sessions = {
        who
        for who, what in references(old)
        if what.startswith("route-map") and who in dict(references(new))
    }
    way = steps(old, new)
    assert not [
        command
        for command in way.refer
        if (match := re.match(r" +no (neighbor \S+) route-map \S+ (in|out)", command))
        and f"address-family ipv4 unicast {match[1]} {match[2]}" in sessions
        and f"address-family ipv6 unicast {match[1]} {match[2]}" in sessions
    ]
    for commands in way.files():
        old = merge(old, "\n".join(commands))
        assert sessions <= {who for who, _ in references(old)}


GUARDED = """\
ip prefix-list N seq 5 permit any
route-map A deny 1
 match ip address prefix-list N"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "route-map A permit 10",
            f"{GUARDED}\nroute-map A permit 10",
            Steps(
                define=("ip prefix-list N seq 5 permit any",),
                refer=("route-map A deny 1", " match ip address prefix-list N"),
                retire=(),
                remove=(),
            ),
            id="a guard comes: the list first, header and match together, no exit between",
        ),
        pytest.param(
            f"{GUARDED}\nroute-map A permit 10",
            "route-map A permit 10",
            Steps(
                define=(),
                refer=("no route-map A deny 1",),
                retire=(),
                remove=("no ip prefix-list N",),
            ),
            id="a guard goes: the stanza in one command, the list last",
        ),
        pytest.param(
            GUARDED,
            GUARDED.replace("list N", "list M"),
            Steps(
                define=("ip prefix-list M seq 5 permit any",),
                refer=("route-map A deny 1", " match ip address prefix-list M"),
                retire=(),
                remove=("no ip prefix-list N",),
            ),
            id="a guard changes: one overwriting match between list and list",
        ),
        pytest.param(
            "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n address-family ipv4 unicast\n"
            "  neighbor 10.0.0.1 route-map A in\nroute-map A permit 10",
            "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n address-family ipv4 unicast\n"
            "  neighbor 10.0.0.1 route-map B in\nroute-map B permit 10",
            Steps(
                define=(),
                refer=(
                    "route-map B permit 10",
                    "router bgp 1",
                    " address-family ipv4 unicast",
                    "  neighbor 10.0.0.1 route-map B in",
                    " exit-address-family",
                ),
                retire=("no route-map A",),
                remove=(),
            ),
            id="a session changes maps: new map, one overwriting command, old map",
        ),
        pytest.param(
            "router bgp 1\n neighbor 10.0.0.1 remote-as 2\n address-family ipv4 unicast\n"
            "  neighbor 10.0.0.1 route-map A in\n  network 10.0.0.0/8",
            "router bgp 1\n address-family ipv4 unicast\n  network 10.0.0.0/8",
            Steps(
                define=(),
                refer=("router bgp 1", " no neighbor 10.0.0.1"),
                retire=(),
                remove=(),
            ),
            id="a neighbor goes at once, never first its policy",
        ),
        pytest.param(
            "ip prefix-list N seq 5 permit 10.0.0.0/8\nip prefix-list N seq 10 permit 11.0.0.0/8",
            "ip prefix-list N seq 10 permit 11.0.0.0/8\nip prefix-list N seq 15 permit 10.0.0.0/8",
            Steps(
                define=(
                    "no ip prefix-list N seq 5 permit 10.0.0.0/8",
                    "ip prefix-list N seq 15 permit 10.0.0.0/8",
                ),
                refer=(),
                retire=(),
                remove=(),
            ),
            id="an entry moves: it leaves first, in the same transaction",
        ),
        pytest.param(
            "interface eth0\n description x\n ip address 10.0.0.1/24",
            "",
            Steps(
                define=(),
                refer=("interface eth0", " no ip address 10.0.0.1/24", " no description"),
                retire=(),
                remove=(),
            ),
            id="an interface is emptied, not removed",
        ),
    ],
)
def test_order(old: str, new: str, expected: Steps) -> None:
    assert steps(parse(old), parse(new)) == expected
