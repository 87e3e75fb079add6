"""What policies of Junos do to routes, and what groups and neighbors inherit, by running them."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from junos_box import startup
from junos_run import Way, run

from lab.switch.junos.as_paths import PathError, frr_regex
from lab.switch.junos.bgp import router
from lab.switch.junos.check import check
from lab.switch.junos.groups import expanded
from lab.switch.junos.policy import chain_program
from lab.switch.junos.reading import load_set
from lab.switch.junos.tree import Node
from lab.topology import NODES, SWITCHES, sessions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.meaning import Program, Router

BASE = """\
set routing-options router-id 192.0.2.1
set routing-options autonomous-system 65001
"""
P = "set policy-options policy-statement P"


def tree_of(text: str) -> Node:
    tree = Node()
    assert load_set(tree, text) == []
    return tree


def program_of(text: str, chain: Sequence[str], local: dict[str, str] | None = None) -> Program:
    tree = tree_of(text)
    assert [one.message for one in check(tree)] == []
    own = None if local is None else {ip_network(one): kind for one, kind in local.items()}
    return chain_program(expanded(tree).one("policy-options"), chain, local=own)


def passes(program: Program, *prefixes: str, communities: Sequence[str] = ()) -> list[str]:
    ways = [Way(prefix=ip_network(one), communities=frozenset(communities)) for one in prefixes]
    return [str(way.prefix) for way in ways if run(program, way)[0]]


LENGTHS = ["10.0.0.0/7", "10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32", "11.0.0.0/16"]


@pytest.mark.parametrize(
    ("match", "matched"),
    [
        ("exact", ["10.0.0.0/8"]),
        ("orlonger", ["10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32"]),
        ("longer", ["10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32"]),
        ("upto /16", ["10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16"]),
        ("prefix-length-range /9-/16", ["10.0.0.0/9", "10.64.0.0/16"]),
        ("through 10.64.0.0/16", ["10.0.0.0/8", "10.64.0.0/16", "10.0.0.0/9"]),
    ],
)
def test_route_filters_match_by_their_type(match: str, matched: list[str]) -> None:
    text = f"{P} term 1 from route-filter 10.0.0.0/8 {match}\n{P} term 1 then accept\n"
    program = program_of(f"{text}{P} term 2 then reject\n", ["P"])

    assert sorted(passes(program, *LENGTHS)) == sorted(matched)


def test_the_longest_route_filter_of_a_term_decides_alone() -> None:
    text = f"""\
{P} term 1 from route-filter 10.0.0.0/8 orlonger
{P} term 1 from route-filter 10.1.0.0/16 exact
{P} term 1 then accept
{P} term 2 then reject
"""
    program = program_of(text, ["P"])

    assert passes(program, "10.2.0.0/24", "10.1.0.0/16", "10.1.5.0/24") == [
        "10.2.0.0/24",
        "10.1.0.0/16",
    ]


def test_filters_in_terms_of_their_own_do_not_hide_each_other() -> None:
    text = f"""\
{P} term 1 from route-filter 10.1.0.0/16 exact
{P} term 1 then accept
{P} term 2 from route-filter 10.0.0.0/8 orlonger
{P} term 2 then accept
{P} term 3 then reject
"""
    assert passes(program_of(text, ["P"]), "10.1.5.0/24") == ["10.1.5.0/24"]


def test_prefix_lists_are_exact_unless_filtered_and_any_of_them_is_enough() -> None:
    text = f"""\
set policy-options prefix-list A 10.1.0.0/16
set policy-options prefix-list B 10.2.0.0/16
set policy-options prefix-list B 2001:db8::/32
set policy-options prefix-list EMPTY
{P} term 1 from prefix-list A
{P} term 1 from prefix-list-filter B orlonger
{P} term 1 from prefix-list EMPTY
{P} term 1 from route-filter 10.3.0.0/16 exact
{P} term 1 then accept
{P} term 2 then reject
"""
    prefixes = ["10.1.0.0/16", "10.1.1.0/24", "10.2.1.0/24", "10.3.0.0/16", "2001:db8:1::/48"]

    assert passes(program_of(text, ["P"]), *prefixes) == [
        "10.1.0.0/16",
        "10.2.1.0/24",
        "10.3.0.0/16",
        "2001:db8:1::/48",
    ]


def test_a_term_with_an_empty_list_matches_nothing_and_one_without_conditions_all() -> None:
    text = f"""\
set policy-options prefix-list EMPTY
{P} term 1 from prefix-list EMPTY
{P} term 1 then reject
{P} term 2 then accept
"""
    assert passes(program_of(text, ["P"]), "10.0.0.0/8", "::/0") == ["10.0.0.0/8", "::/0"]


def test_conditions_of_different_kinds_must_all_hold() -> None:
    text = f"""\
set policy-options community C members 65000:1
set policy-options community D members 65000:2
{P} term 1 from family inet
{P} term 1 from community C
{P} term 1 from community D
{P} term 1 from route-filter 0.0.0.0/0 orlonger
{P} term 1 then reject
"""
    program = program_of(text, ["P"])

    assert passes(program, "10.0.0.0/8", "::/0", communities=["65000:2"]) == ["::/0"]
    assert passes(program, "10.0.0.0/8", communities=["65000:3"]) == ["10.0.0.0/8"]


CHAIN = """\
set policy-options policy-statement A term 1 from route-filter 10.1.0.0/16 exact
set policy-options policy-statement A term 1 then local-preference 10
set policy-options policy-statement A term 1 then accept
set policy-options policy-statement A term 2 from route-filter 10.2.0.0/16 exact
set policy-options policy-statement A term 2 then metric 20
set policy-options policy-statement A term 2 then next policy
set policy-options policy-statement A term 3 from route-filter 10.3.0.0/16 exact
set policy-options policy-statement A term 3 then as-path-prepend "65001 65001"
set policy-options policy-statement A term 3 then next term
set policy-options policy-statement A term 4 from route-filter 10.4.0.0/16 exact
set policy-options policy-statement A term 4 then reject
set policy-options policy-statement A term 5 from route-filter 10.2.0.0/16 exact
set policy-options policy-statement A term 5 then reject
set policy-options policy-statement B from route-filter 10.2.0.0/16 exact
set policy-options policy-statement B then origin incomplete
set policy-options policy-statement B then accept
"""


@pytest.mark.parametrize(
    ("prefix", "result"),
    [
        ("10.1.0.0/16", (True, ["local-preference 10"])),
        ("10.2.0.0/16", (True, ["metric 20", "origin incomplete"])),
        ("10.3.0.0/16", (False, ["as-path prepend 65001 65001"])),
        ("10.4.0.0/16", (False, [])),
        ("10.5.0.0/16", (False, [])),
    ],
)
def test_a_chain_is_run_until_something_decides(
    prefix: str, result: tuple[bool, list[str]]
) -> None:
    text = f"{CHAIN}set policy-options policy-statement C then reject\n"

    assert run(program_of(text, ["A", "B", "C"]), Way(prefix=ip_network(prefix))) == result


def test_off_the_end_an_import_accepts_and_an_export_what_is_bgps() -> None:
    text = f"{P} term 1 from route-filter 192.0.2.0/24 exact\n{P} term 1 then reject\n"
    local = {"10.9.0.0/24": "direct", "10.8.0.0/24": "static"}
    ways = ["10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24", "192.0.2.0/24"]

    assert passes(program_of(text, ["P"]), *ways) == ["10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24"]
    assert passes(program_of(text, ["P"], local), *ways) == ["10.7.0.0/24"]
    assert passes(program_of("", [], local), *ways) == ["10.7.0.0/24", "192.0.2.0/24"]


@pytest.mark.parametrize(
    ("protocols", "accepted"),
    [
        ("direct", ["10.9.0.0/24"]),
        ("static", ["10.8.0.0/24"]),
        ("bgp", ["10.7.0.0/24"]),
        ("[ direct bgp ]", ["10.9.0.0/24", "10.7.0.0/24"]),
        ("ospf", []),
    ],
)
def test_an_export_tells_protocols_apart(protocols: str, accepted: list[str]) -> None:
    text = f"""\
{P} term 1 from protocol {protocols}
{P} term 1 then accept
{P} term 2 then reject
"""
    local = {"10.9.0.0/24": "direct", "10.8.0.0/24": "static"}

    assert passes(program_of(text, ["P"], local), "10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24") == (
        accepted
    )


SUBROUTINE = """\
set policy-options policy-statement SUB term 1 from route-filter 10.1.0.0/16 orlonger
set policy-options policy-statement SUB term 1 then community add C
set policy-options policy-statement SUB term 1 then accept
set policy-options policy-statement SUB term 2 from route-filter 10.2.0.0/16 orlonger
set policy-options policy-statement SUB term 2 then reject
set policy-options community C members 65000:7
set policy-options policy-statement P term 1 from policy SUB
set policy-options policy-statement P term 1 then metric 5
set policy-options policy-statement P term 1 then accept
set policy-options policy-statement P term 2 then reject
"""


@pytest.mark.parametrize(
    ("prefix", "imported", "exported"),
    [
        (
            "10.1.1.0/24",
            (True, ["community 65000:7 additive", "metric 5"]),
            (True, ["community 65000:7 additive", "metric 5"]),
        ),
        ("10.2.1.0/24", (False, []), (False, [])),
        # What the subroutine does not decide is the protocol's to say.
        ("10.3.1.0/24", (True, ["metric 5"]), (True, ["metric 5"])),
        ("10.9.0.0/24", (True, ["metric 5"]), (False, [])),
    ],
)
def test_a_subroutine_matches_where_it_accepts(
    prefix: str, imported: tuple[bool, list[str]], exported: tuple[bool, list[str]]
) -> None:
    way = Way(prefix=ip_network(prefix))

    assert run(program_of(SUBROUTINE, ["P"]), way) == imported
    assert run(program_of(SUBROUTINE, ["P"], {"10.9.0.0/24": "direct"}), way) == exported


@pytest.mark.parametrize(
    ("expression", "fits", "fails"),
    [
        ("65000 .*", ["65000", "65000 64500"], ["64500 65000", "650001", ""]),
        (".* 64496", ["64496", "65000 64496"], ["64496 65000", "64496 164496"]),
        ("()", [""], ["65000"]),
        ("(64496|64497) .*", ["64497 1", "64496"], ["65000 64496"]),
        ("65000{2,3}", ["65000 65000"], ["65000", "65000 65000 65000 65000"]),
        (". 65000?", ["1", "1 65000"], ["1 2", "1 65000 65000"]),
    ],
)
def test_as_path_expressions_are_over_whole_numbers(
    expression: str, fits: list[str], fails: list[str]
) -> None:
    text = f"""\
set policy-options as-path X "{expression}"
{P} term 1 from as-path X
{P} term 1 then accept
{P} term 2 then reject
"""
    program = program_of(text, ["P"])
    ways = {one: Way(prefix=ip_network("::/0"), as_path=one) for one in [*fits, *fails]}

    assert [one for one, way in ways.items() if run(program, way)[0]] == fits


def test_what_is_no_as_path_expression_is_said_so() -> None:
    with pytest.raises(PathError, match="no AS path expression"):
        frr_regex("65000 x")


def bgp_of(text: str) -> Router:
    tree = tree_of(BASE + text)
    assert [one.message for one in check(tree)] == []
    found = router(tree)
    assert found is not None
    return found


LEVELS = """\
set policy-options policy-statement WIDE then reject
set policy-options policy-statement OPEN then next policy
set policy-options policy-statement GROUP then local-preference 1
set policy-options policy-statement GROUP then accept
set policy-options policy-statement OWN then local-preference 2
set policy-options policy-statement OWN then accept
set protocols bgp group G type external
set protocols bgp group G peer-as 65009
set protocols bgp group G neighbor 192.0.2.9
"""
ANY = Way(prefix=ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        ("", None),
        ("set protocols bgp import WIDE\n", (False, [])),
        (
            "set protocols bgp import WIDE\nset protocols bgp group G import GROUP\n",
            (True, ["local-preference 1"]),
        ),
        (
            (
                "set protocols bgp group G import GROUP\n"
                "set protocols bgp group G neighbor 192.0.2.9 import OWN\n"
            ),
            (True, ["local-preference 2"]),
        ),
        (
            (
                "set protocols bgp group G import WIDE\n"
                "set protocols bgp group G neighbor 192.0.2.9 import OPEN\n"
            ),
            (True, []),
        ),
        (
            (
                "set protocols bgp group G import GROUP\n"
                "set protocols bgp group G neighbor 192.0.2.9 import OWN\n"
                "deactivate protocols bgp group G neighbor 192.0.2.9 import\n"
            ),
            (True, ["local-preference 1"]),
        ),
        (
            (
                "set groups X protocols bgp group <*> import GROUP\n"
                "set apply-groups X\n"
                "set protocols bgp import WIDE\n"
            ),
            (True, ["local-preference 1"]),
        ),
    ],
)
def test_the_innermost_chain_stands_alone(
    lines: str, result: tuple[bool, list[str]] | None
) -> None:
    family = bgp_of(LEVELS + lines).peers[0].families[4]

    if result is None:
        assert family.import_policy is None
    else:
        assert family.import_policy is not None
        assert run(family.import_policy, ANY) == result


def test_families_are_those_of_the_innermost_level_or_the_address() -> None:
    text = """\
set protocols bgp group G type external
set protocols bgp group G peer-as 65009
set protocols bgp group G family inet unicast
set protocols bgp group G family inet6 unicast
set protocols bgp group G neighbor 192.0.2.1
set protocols bgp group G neighbor 192.0.2.2 family inet unicast
set protocols bgp group H type external
set protocols bgp group H neighbor 2001:db8::1 peer-as 65010
set protocols bgp group H neighbor 192.0.2.3 peer-as 65011
set protocols bgp group H neighbor 192.0.2.3 shutdown
"""
    found = bgp_of(text)

    assert {
        str(one.address): (one.remote_asn, set(one.families), one.is_shut_down)
        for one in found.peers
    } == {
        "192.0.2.1": (65009, {4, 6}, False),
        "192.0.2.2": (65009, {4}, False),
        "2001:db8::1": (65010, {6}, False),
        "192.0.2.3": (65011, {4}, True),
    }


def test_no_bgp_without_groups_and_inactive_ones_are_none() -> None:
    text = BASE + LEVELS + "deactivate protocols bgp\n"

    assert router(tree_of(text)) is None
    assert router(tree_of(BASE)) is None


def test_only_the_subnets_that_a_session_announces_are_networks() -> None:
    text = f"""\
set interfaces irb unit 1 family inet address 172.20.1.1/24
set interfaces irb unit 2 family inet address 172.20.9.1/24
set interfaces irb unit 3 family inet6 address 2001:db8:20:1::1/64
set interfaces irb unit 4 family inet address 172.20.8.1/24
deactivate interfaces irb unit 4
set routing-options static route 10.10.0.0/16 discard
{P} term 1 from protocol [ direct static ]
{P} term 1 from route-filter 172.20.1.0/24 exact
{P} term 1 from route-filter 10.0.0.0/8 orlonger
{P} term 1 from route-filter 2001:db8:20::/48 orlonger
{P} term 1 then accept
set protocols bgp group G type external
set protocols bgp group G export P
set protocols bgp group G neighbor 192.0.2.9 peer-as 65009
"""
    networks = bgp_of(text).networks

    assert [str(one) for one in networks] == ["10.10.0.0/16", "172.20.1.0/24"]


@pytest.mark.parametrize("name", SWITCHES)
def test_the_labs_switches_mean_the_labs_sessions(name: str) -> None:
    tree = tree_of(startup(name))
    assert check(tree) == []
    found = router(tree)
    node = NODES[name]

    assert found is not None
    assert (found.asn, found.router_id) == (node.asn, IPv4Address(node.router_id))
    ends = [(one.peer_of(name), one) for one in sessions_of(name)]
    ranges = [one for group in found.dynamic for one in group.ranges]
    fixed = {
        one.address_of(peer): (NODES[peer].asn, set(one.families))
        for peer, one in ends
        if not any(one.address_of(peer) in each for each in ranges)
    }
    assert {one.address: (one.remote_asn, set(one.families)) for one in found.peers} == fixed
    assert [one.name for one in found.dynamic] == (["NODES", "NODES6"] if name == "tor1" else [])
    for group in found.dynamic:
        family = next(iter(group.families.values()))
        assert (group.remote_asn, family.next_hop_self, family.route_reflector_client) == (
            node.asn,
            True,
            True,
        )


def session_program(name: str, address: str, version: int, *, inbound: bool) -> Program:
    found = router(tree_of(startup(name)))
    assert found is not None
    family = next(
        one.families[version] for one in found.peers if one.address == ip_address(address)
    )
    program = family.import_policy if inbound else family.export_policy
    assert program is not None
    return program


RACKS = frozenset({"65000:201"})


@pytest.mark.parametrize(
    ("switch", "peer", "inbound", "way", "result"),
    [
        (
            "border1",
            "203.0.113.1",
            True,
            Way(prefix=ip_network("0.0.0.0/0")),
            (True, ["community 65001:500 additive", "community 65001:501 additive"]),
        ),
        ("border1", "203.0.113.1", False, ANY, (True, ["metric 50"])),
        (
            "border1",
            "10.255.1.1",
            False,
            Way(prefix=ip_network("::/0"), communities=frozenset({"65001:500"})),
            (True, ["metric 10"]),
        ),
        ("border1", "10.255.1.1", False, ANY, (True, [])),
        ("border1", "10.255.1.1", True, ANY, (True, ["community 65001:100 additive"])),
        ("spine1", "10.255.1.0", False, Way(prefix=ip_network("172.20.1.0/24")), (False, [])),
        ("spine1", "10.255.1.0", False, Way(prefix=ip_network("2001:db8:20:1::/64")), (False, [])),
        ("spine1", "10.255.1.0", False, Way(prefix=ip_network("172.20.1.7/32")), (True, [])),
        (
            "spine1",
            "10.255.1.0",
            False,
            Way(prefix=ip_network("10.1.0.0/26"), communities=RACKS),
            (True, ["metric 30"]),
        ),
        ("spine1", "10.255.11.1", True, ANY, (True, ["community 65000:201 additive"])),
        (
            "tor1",
            "10.255.11.0",
            True,
            Way(prefix=ip_network("10.0.0.0/8"), communities=frozenset({"65000:666"})),
            (True, ["local-preference 50"]),
        ),
        ("tor1", "10.255.11.0", True, ANY, (True, ["local-preference 100"])),
        (
            "tor1",
            "10.255.11.0",
            False,
            Way(prefix=ip_network("172.20.1.0/24")),
            (True, ["community 65201:1 additive"]),
        ),
        ("tor1", "10.255.11.0", False, Way(prefix=ip_network("10.255.255.5/32")), (False, [])),
        (
            "tor2",
            "172.20.2.11",
            True,
            ANY,
            (True, ["local-preference 200", "community 65202:66 additive"]),
        ),
        ("tor2", "172.20.2.12", False, ANY, (True, ["metric 5"])),
    ],
)
def test_the_labs_policies_do_what_the_other_platforms_do(
    switch: str, peer: str, inbound: bool, way: Way, result: tuple[bool, list[str]]
) -> None:
    program = session_program(switch, peer, way.prefix.version, inbound=inbound)
    passed, changes = run(program, way)

    assert (passed, sorted(changes)) == (result[0], sorted(result[1]))
