"""What the virtual IOS-XE switch keeps, prints, refuses and compares, and what it means."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_network
from typing import TYPE_CHECKING

import pytest
from ios_box import startup, tidied, tor1

from lab.switch.ios.bgp import meaning
from lab.switch.ios.config import incremental, printed, read
from lab.switch.meaning import (
    NOTHING_PASSES,
    Branch,
    InPrefixes,
    IsFamily,
    Program,
    Range,
    Verdict,
)
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    with tor1(tmp_path_factory.mktemp("ios")) as made:
        yield made


@pytest.fixture
def box(booted: SwitchBox) -> Iterator[SwitchBox]:
    with tidied(booted):
        yield booted


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_printed_is_read_as_the_same(name: str) -> None:
    text = startup(name)
    assert len(text.splitlines()) > 500
    assert printed(read(text)) == text


def test_lines_are_kept_as_the_switch_writes_them(box: SwitchBox) -> None:
    said = box.control(
        "edit",
        lines=[
            "ip prefix-list B permit 10.1.2.3/8 le 24",
            "ip prefix-list B permit 10.9.0.0/16",
            "ipv6 prefix-list B seq 7 deny 2001:db8::1/32",
            "route-map B",
            "match ip address prefix-list X",
            "match ip address prefix-list Y X",
            "router bgp 65201",
            "address-family ipv6 unicast",
            "neighbor 2001:0db8:ff:11::1 route-map B out",
        ],
    )
    text = box.control("running")
    assert said == []
    assert "ip prefix-list B seq 5 permit 10.0.0.0/8 le 24\n" in text
    assert "ip prefix-list B seq 10 permit 10.9.0.0/16\n" in text
    assert "ipv6 prefix-list B seq 7 deny 2001:DB8::/32\n" in text
    assert "route-map B permit 10 \n match ip address prefix-list X Y\n!\n" in text
    assert "  neighbor 2001:DB8:FF:11::1 route-map B out\n" in text
    assert "neighbor 2001:DB8:FF:11::1 route-map TO-SPINE-V6 out" not in text


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        (["no ip prefix-list MGMT"], ["ip prefix-list MGMT seq 5", "ip prefix-list MGMT seq 10"]),
        (["no ip prefix-list MGMT seq 10"], ["ip prefix-list MGMT seq 10"]),
        (["no route-map FROM-SPINE permit 10"], ["route-map FROM-SPINE permit 10"]),
        (["no route-map FROM-SPINE"], ["route-map FROM-SPINE permit"]),
        (
            ["router bgp 65201", "address-family ipv4", "no neighbor 10.255.11.0 route-map ANY in"],
            ["neighbor 10.255.11.0 route-map FROM-SPINE in"],
        ),
        (["router bgp 65201", "no neighbor 10.255.11.0"], ["neighbor 10.255.11.0 "]),
        (
            ["route-map FROM-SPINE permit 10", "no match community BACKUP"],
            ["route-map FROM-SPINE permit 10 \n description paths marked as backup\n match"],
        ),
    ],
)
def test_no_takes_away_what_it_names(box: SwitchBox, lines: list[str], gone: list[str]) -> None:
    before = box.control("running")
    assert box.control("edit", lines=lines) == []
    after = box.control("running")
    for text in gone:
        assert text in before
        assert text not in after


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("router bgp 65999", "BGP is already running; AS is 65201"),
        ("ip prefix-list MGMT seq 5 permit 10.0.0.0/8", "%Insertion failed"),
        ("ip prefix-list MGMT permit 192.168.100.0/24", "%Insertion failed"),
        ("ip prefix-list N seq 5 permit 10.0.0.0/24 ge 24", "% Invalid prefix range"),
        ("ip prefix-list N seq 5 permit 10.0.0.0/24 ge 30 le 28", "% Invalid prefix range"),
        ("ip prefix-list N seq 5 permit FD00::/8", "% Invalid input detected"),
        ("ip prefix-list N seq 5 permit", "% Incomplete command."),
        ("neighbor 192.0.2.9 route-map X in", "% Invalid input detected"),
        ("rotue-map X permit 10", "% Invalid input detected"),
    ],
)
def test_refused_lines_change_nothing(box: SwitchBox, line: str, words: str) -> None:
    before = box.control("running")
    (said,) = box.control("edit", lines=[line])
    assert said.startswith(words)
    assert box.control("running") == before


def test_a_neighbor_needs_an_as_first(box: SwitchBox) -> None:
    lines = ["router bgp 65201", "address-family ipv4", "neighbor 192.0.2.9 route-map X in"]
    (said,) = box.control("edit", lines=lines)
    assert said == "% Specify remote-as or peer-group commands first"


RUNNING = "router bgp 1\n address-family ipv4\n  neighbor A route-map M in\nlogging host A\n"


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["logging host A", "end"], []),
        (["no logging host A"], ["no logging host A"]),
        (["no logging host"], ["no logging host"]),
        (["no logging ho"], []),
        (["no logging host A", "logging host A"], ["no logging host A"]),
        (
            ["router bgp 1", " address-family ipv4", "  neighbor A route-map N in"],
            ["router bgp 1", " address-family ipv4", "  neighbor A route-map N in"],
        ),
        (["router bgp 1", " address-family ipv4", "  neighbor A route-map m in"], []),
    ],
)
def test_the_incremental_diff_looks_at_each_line_by_itself(
    lines: list[str], shown: list[str]
) -> None:
    assert incremental(RUNNING, lines, ignores_case=True) == shown


# Meaning ---------------------------------------------------------------------------------------

MINIMAL = """\
version 17.9
router bgp 65000
 neighbor 192.0.2.1 remote-as 65001
 address-family ipv4
  neighbor 192.0.2.1 activate
{neighbor}
 exit-address-family
{policies}
end
"""


def imports(neighbor: str, *policies: str) -> Program | None:
    text = MINIMAL.format(neighbor=neighbor, policies="\n".join(policies))
    router = meaning(read(text))
    assert router is not None
    return router.peers[0].families[4].import_policy


NEIGHBOR = "  neighbor 192.0.2.1 route-map M in"


@pytest.mark.parametrize(
    ("policies", "program"),
    [
        ([], NOTHING_PASSES),
        (["route-map M permit 10"], Program((Verdict(accept=True), Verdict(accept=False)))),
    ],
)
def test_an_undefined_route_map_denies(policies: list[str], program: Program) -> None:
    assert imports(NEIGHBOR, *policies) == program


def test_no_policy_lets_everything_through() -> None:
    assert imports("") is None


def test_safe_ebgp_policy_closes_what_has_none() -> None:
    text = MINIMAL.format(neighbor="", policies="").replace(
        "65000\n", "65000\n bgp safe-ebgp-policy\n"
    )
    router = meaning(read(text))
    assert router is not None
    assert router.peers[0].families[4].import_policy == NOTHING_PASSES


def conditions(program: Program | None) -> list[object]:
    assert program is not None
    return [one.condition for one in program.instructions if isinstance(one, Branch)]


def test_an_undefined_list_matches_every_route_of_its_family() -> None:
    lines = ["route-map M deny 10", " match ip address prefix-list NONE", "route-map M permit 20"]
    assert conditions(imports(NEIGHBOR, *lines)) == [IsFamily(4)]


def test_a_prefix_list_and_a_route_map_must_both_permit() -> None:
    program = imports(
        "  neighbor 192.0.2.1 prefix-list L in\n" + NEIGHBOR,
        "ip prefix-list L seq 5 permit 10.0.0.0/8 le 24",
        "ip prefix-list K seq 5 permit 10.1.0.0/16",
        "route-map M permit 10",
        " match ip address prefix-list K",
    )
    ten = Range(ip_network("10.0.0.0/8"), 8, 24)
    one = Range(ip_network("10.1.0.0/16"), 16, 16)
    assert conditions(program) == [InPrefixes(4, ((True, ten),)), InPrefixes(4, ((True, one),))]
    assert program is not None
    assert Verdict(accept=True) in program.instructions
    first_end = [at for at, it in enumerate(program.instructions) if isinstance(it, Branch)][1]
    assert Verdict(accept=True) not in program.instructions[:first_end]


def test_a_template_and_a_group_are_inherited_from() -> None:
    text = """\
version 17.9
router bgp 65000
 template peer-policy T
  route-map NONE in
 exit-peer-policy
 template peer-session S
  remote-as 65009
 exit-peer-session
 neighbor G peer-group
 neighbor G remote-as 65001
 neighbor 192.0.2.1 peer-group G
 neighbor 192.0.2.2 inherit peer-session S
 neighbor 192.0.2.2 shutdown
 address-family ipv4
  neighbor G route-map NONE out
  neighbor 192.0.2.2 inherit peer-policy T
  neighbor 192.0.2.2 next-hop-self
 exit-address-family
end
"""
    router = meaning(read(text))
    assert router is not None
    first, second = router.peers
    assert (first.remote_asn, first.families[4].export_policy) == (65001, NOTHING_PASSES)
    assert first.families[4].import_policy is None
    assert (second.remote_asn, second.is_shut_down) == (65009, True)
    assert second.families[4].import_policy == NOTHING_PASSES
    assert second.families[4].next_hop_self


def test_the_startup_configuration_means_the_labs_bgp(box: SwitchBox) -> None:
    router = box.daemon.router
    assert router is not None
    assert (router.asn, router.router_id) == (65201, IPv4Address("10.255.255.5"))
    assert {(str(one.address), one.remote_asn, *one.families) for one in router.peers} == {
        ("10.255.11.0", 65000, 4),
        ("10.255.21.0", 65000, 4),
        ("2001:db8:ff:11::1", 65000, 6),
        ("2001:db8:ff:21::1", 65000, 6),
    }
    assert {(one.name, one.ranges, one.remote_asn, *one.families) for one in router.dynamic} == {
        ("NODES", (ip_network("172.20.1.0/24"),), 65201, 4),
        ("NODES6", (IPv6Network("2001:db8:20:1::/64"),), 65201, 6),
    }
    (family,) = router.dynamic[0].families.values()
    assert (family.next_hop_self, family.route_reflector_client) == (True, True)
    assert set(router.networks) == {
        ip_network("172.20.1.0/24"),
        ip_network("2001:db8:20:1::/64"),
    }
