"""A candidate applied to a configuration."""

from __future__ import annotations

import pytest
from frr_configs import configurations
from hypothesis import given

from tasks.drivers.frr.config_tree import Tree, parse, render
from tasks.drivers.frr.merge import merge

BGP = """\
router bgp 65000
 neighbor NODES peer-group
 neighbor NODES remote-as 64601
 neighbor 10.0.0.1 peer-group NODES
 neighbor 10.0.0.1 description one
 neighbor 10.0.0.9 remote-as 64999
 bgp listen range 10.1.0.0/24 peer-group NODES
 address-family ipv4 unicast
  neighbor NODES route-map A in
  neighbor 10.0.0.9 route-map B in
 exit-address-family
exit
"""


@given(configurations())
def test_nothing_changes_nothing(tree: Tree) -> None:
    assert merge(tree, "") == tree


@given(configurations())
def test_what_is_there_already_changes_nothing(tree: Tree) -> None:
    assert merge(tree, render(tree)) == tree


@given(configurations())
def test_a_whole_configuration_builds_up_from_nothing(tree: Tree) -> None:
    assert merge({}, render(tree)) == tree


@pytest.mark.parametrize(
    ("before", "candidate", "after"),
    [
        # Written as people do, kept as FRR prints it
        (
            "",
            "ip prefix-list A seq 5 permit 10.1.2.3/16 le 26 ge 24",
            "ip prefix-list A seq 5 permit 10.1.0.0/16 ge 24 le 26",
        ),
        ("", "ipv6 prefix-list A seq 5 deny FD00::/48", "ipv6 prefix-list A seq 5 deny fd00::/48"),
        ("", "ip  prefix-list A   seq 5 permit any", "ip prefix-list A seq 5 permit any"),
        (
            "",
            "route-map A permit 10\n description  The A::B/24   way",
            "route-map A permit 10\n description The A::B/24 way",
        ),
        (
            "",
            "interface eth0\n ip address 10.0.0.1/24\n ipv6 address FD00::1/64",
            "interface eth0\n ip address 10.0.0.1/24\n ipv6 address fd00::1/64",
        ),
        # Numbers that FRR gives
        (
            "ip prefix-list A seq 7 permit 10.1.0.0/16",
            "ip prefix-list A permit 10.2.0.0/16\nip prefix-list A permit 10.3.0.0/16",
            ("ip prefix-list A seq 7 permit 10.1.0.0/16\n"
            "ip prefix-list A seq 12 permit 10.2.0.0/16\n"
            "ip prefix-list A seq 17 permit 10.3.0.0/16"),
        ),
        (
            "bgp as-path access-list L seq 7 permit ^1_",
            "bgp as-path access-list L permit ^2_",
            ("bgp as-path access-list L seq 7 permit ^1_\n"
            "bgp as-path access-list L seq 10 permit ^2_"),
        ),
        (
            "ip prefix-list A seq 7 permit 10.1.0.0/16",
            "ip prefix-list A permit 10.1.0.0/16",
            "ip prefix-list A seq 7 permit 10.1.0.0/16",
        ),
        # One value overwrites the other
        (
            "ip prefix-list A seq 5 permit 10.1.0.0/16",
            "ip prefix-list A seq 5 deny 10.2.0.0/16",
            "ip prefix-list A seq 5 deny 10.2.0.0/16",
        ),
        (
            "route-map A permit 10\n match ip address prefix-list X\n match ip address Y",
            "route-map A deny 10\n match ip address prefix-list Z",
            "route-map A deny 10\n match ip address prefix-list Z\n match ip address Y",
        ),
        # Removals: by name, by number, by content, ignoring what FRR ignores
        ("route-map A permit 10\nroute-map A deny 20", "no route-map A", ""),
        ("route-map A permit 1\nroute-map A deny 2", "no route-map A deny 1", "route-map A deny 2"),
        ("ip prefix-list A seq 5 permit any\nip prefix-list AB seq 5 permit any",
         "no ip prefix-list A", "ip prefix-list AB seq 5 permit any"),
        ("ip prefix-list A seq 5 permit 10.1.0.0/16", "no ip prefix-list A seq 5", ""),
        ("ip prefix-list A seq 5 permit 10.1.0.0/16", "no ip prefix-list A permit 10.1.0.0/16", ""),
        (
            "ip prefix-list A seq 5 permit 10.1.0.0/16",
            "no ip prefix-list A permit 10.1.0.0/16 le 24",
            "ip prefix-list A seq 5 permit 10.1.0.0/16",
        ),
        ("route-map A permit 10\n set metric 5", "route-map A permit 10\n no set metric",
         "route-map A permit 10"),
        # Negations that are configuration
        (
            "router bgp 1\n neighbor fd00::1 remote-as 2",
            "router bgp 1\n address-family ipv4 unicast\n  no neighbor fd00::1 activate",
            ("router bgp 1\n neighbor fd00::1 remote-as 2\n address-family ipv4 unicast\n"
            "  no neighbor fd00::1 activate"),
        ),
        (
            "router bgp 1\n address-family ipv4 unicast\n  no neighbor fd00::1 activate",
            "router bgp 1\n address-family ipv4 unicast\n  neighbor fd00::1 activate",
            "router bgp 1",
        ),
        (
            "router bgp 1\n no bgp default ipv4-unicast",
            "router bgp 1\n address-family ipv4 unicast\n  neighbor 10.0.0.1 activate",
            ("router bgp 1\n no bgp default ipv4-unicast\n address-family ipv4 unicast\n"
            "  neighbor 10.0.0.1 activate"),
        ),
        ("router bgp 1\n no bgp ebgp-requires-policy", "router bgp 1\n bgp ebgp-requires-policy",
         "router bgp 1\n bgp ebgp-requires-policy"),
        ("router bgp 1", "router bgp 1\n no timers bgp", "router bgp 1"),
        # Sessions
        (
            BGP,
            "router bgp 65000\n address-family ipv4 unicast\n  no neighbor NODES route-map BAD in",
            BGP.replace("  neighbor NODES route-map A in\n", ""),
        ),
        (
            BGP,
            "router bgp 65000\n no neighbor 10.0.0.9",
            BGP.replace(" neighbor 10.0.0.9 remote-as 64999\n", "").replace(
                "  neighbor 10.0.0.9 route-map B in\n", ""
            ),
        ),
        (
            BGP,
            "router bgp 65000\n no neighbor NODES peer-group",
            ("router bgp 65000\n neighbor 10.0.0.9 remote-as 64999\n address-family ipv4 unicast\n"
            "  neighbor 10.0.0.9 route-map B in"),
        ),
    ],
)  # fmt: skip
def test_merge(before: str, candidate: str, after: str) -> None:
    assert merge(parse(before), candidate) == parse(after)


@pytest.mark.parametrize(
    "candidate",
    ["match ip address prefix-list A", "neighbor 10.0.0.1 route-map A in", "no set metric",
     "route-map A permit 10\nmatch ip address prefix-list A"],
)  # fmt: skip
def test_a_line_outside_of_its_context_is_refused(candidate: str) -> None:
    with pytest.raises(ValueError, match="stands outside of any context"):
        merge({}, candidate)


def test_merging_leaves_its_input_alone() -> None:
    tree = parse(BGP)
    merge(tree, "router bgp 65000\n no neighbor NODES peer-group")
    assert tree == parse(BGP)
