"""What a configuration of Junos means for BGP: what sessions inherit, and the lab's switches."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from junos_box import startup, tree_of
from junos_run import Way, run

from lab.switch.junos.bgp import router
from lab.switch.junos.check import check
from lab.topology import NODES, SWITCHES, sessions_of

if TYPE_CHECKING:
    from lab.switch.meaning import Program, Router

BASE = """\
set routing-options router-id 192.0.2.1
set routing-options autonomous-system 65001
"""
P = "set policy-options policy-statement P"


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
