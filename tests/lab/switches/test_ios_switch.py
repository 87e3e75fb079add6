"""The virtual IOS-XE switch, as NAPALM's driver and an administrator see it."""

from __future__ import annotations

import time
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from ios_box import opened, startup
from napalm.base.exceptions import CommitConfirmException, MergeConfigException
from switchbox import SwitchBox

from lab.switch.ios.bgp import meaning
from lab.switch.ios.config import incremental, printed, read
from lab.switch.ios.switch import IosSwitch
from lab.switch.meaning import (
    NOTHING_PASSES,
    Branch,
    InPrefixes,
    IsFamily,
    Program,
    Range,
    Router,
    Verdict,
)
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver

SPINE1 = ip_address("10.255.11.0")
MERGE = """\
ip prefix-list NEW seq 5 permit 10.65.0.0/16 ge 26 le 26
route-map FROM-SPINE deny 5
 match ip address prefix-list NEW
end
"""
DIFF = "\n".join(f"+{line}" for line in MERGE.splitlines()[:-1])


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    folder: Path = tmp_path_factory.mktemp("ios")
    with SwitchBox(IosSwitch, startup("tor1"), folder, address="127.42.0.2") as made:
        yield made


@pytest.fixture
def box(booted: SwitchBox) -> Iterator[SwitchBox]:
    """The switch as it booted."""
    yield booted
    switch = booted.switch
    assert isinstance(switch, IosSwitch)
    device = switch.device
    device.faults.names.clear()
    device.refusals.clear()
    device.startup = startup("tor1")
    device.minute_s = 60.0
    for name in device.flash.names:
        device.flash.delete(f"flash:{name}")
    booted.do(device.boot())


@pytest.fixture(scope="module")
def connected(booted: SwitchBox) -> Iterator[Driver]:
    """The driver with its own options, as somebody would use it who has not read it."""
    names = {"merge_cfg": "merge_config.txt", "candidate_cfg": "candidate_config.txt"}
    with opened(booted, rollback_cfg="rollback_config.txt", **names) as made:
        yield made


@pytest.fixture
def driver(connected: Driver, box: SwitchBox) -> Driver:
    """The driver, on the switch as it booted."""
    assert box.control("running") == startup("tor1")
    return connected


# Text ------------------------------------------------------------------------------------------


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


def of(box: SwitchBox) -> Router:
    router = box.daemon.router
    assert router is not None
    return router


def test_the_startup_configuration_means_the_labs_bgp(box: SwitchBox) -> None:
    router = of(box)
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


# Taking effect ---------------------------------------------------------------------------------


def policy(box: SwitchBox) -> Program | None:
    return next(one for one in of(box).peers if one.address == SPINE1).families[4].import_policy


def test_a_changed_policy_waits_for_the_soft_clear(box: SwitchBox, driver: Driver) -> None:
    before, count = policy(box), len(box.daemon.applied)
    box.control("edit", lines=MERGE.splitlines())
    attach = ["router bgp 65201", "address-family ipv4", "neighbor 10.255.11.0 route-map N in"]
    box.control("edit", lines=attach)
    assert policy(box) == before
    assert len(box.daemon.applied) == count
    box.daemon.refreshed.clear()
    assert driver.device.send_command("clear bgp ipv4 unicast 10.255.21.0 soft in") == ""
    assert policy(box) == before
    assert driver.device.send_command("clear ip bgp 10.255.11.0 soft in") == ""
    assert policy(box) == NOTHING_PASSES
    assert box.daemon.refreshed == [(ip_address("10.255.21.0"), 4, True), (SPINE1, 4, True)]


def test_a_session_comes_and_goes_at_once(box: SwitchBox) -> None:
    box.control("edit", lines=["router bgp 65201", "neighbor 192.0.2.9 remote-as 65009"])
    assert str(of(box).peers[-1].address) == "192.0.2.9"
    box.control("edit", lines=["router bgp 65201", "no neighbor 192.0.2.9"])
    assert "192.0.2.9" not in {str(one.address) for one in of(box).peers}


# The driver's exchange -------------------------------------------------------------------------


def test_facts(driver: Driver) -> None:
    facts = driver.get_facts()
    assert (facts["hostname"], facts["fqdn"]) == ("tor1", "tor1.fabric.example")
    assert (facts["vendor"], facts["model"]) == ("Cisco", "C9500-48Y4C")
    assert "17.9.4a" in facts["os_version"]
    assert "TwentyFiveGigE1/0/20" in facts["interface_list"]


def test_load_compare_discard(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    driver.load_merge_candidate(config=MERGE)
    assert driver.compare_config() == DIFF
    assert box.control("files") == ["merge_config.txt"]
    driver.discard_config()
    assert driver.compare_config() != DIFF
    assert box.control("running") == before
    # The whole configuration, with its secrets, is on the flash now.
    assert box.control("files") == ["candidate_config.txt", "merge_config.txt"]


def test_commit_with_timer_confirm(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(config=MERGE)
    driver.commit_config(revert_in=300)
    assert driver.has_pending_commit()
    assert 240 < box.control("pending") <= 300
    assert box.control("startup") == startup("tor1")
    driver.confirm_commit()
    assert not driver.has_pending_commit()
    assert box.control("startup") == box.control("running") != startup("tor1")


def test_commit_with_timer_rollback(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(config=MERGE)
    driver.commit_config(revert_in=60)
    driver.rollback()
    assert box.control("running") == startup("tor1")
    assert not driver.has_pending_commit()


def test_the_timer_fires(box: SwitchBox, driver: Driver) -> None:
    box.control("minute", seconds=0.6)
    driver.load_merge_candidate(config=MERGE)
    driver.commit_config(revert_in=60)
    assert "route-map FROM-SPINE deny 5" in box.control("running")
    deadline = time.monotonic() + 20
    while box.control("pending") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert box.control("running") == startup("tor1")


def test_replace(box: SwitchBox, driver: Driver) -> None:
    wanted = startup("tor1").replace("local-preference 200", "local-preference 300")
    driver.load_replace_candidate(config=wanted)
    assert "+ set local-preference 300" in driver.compare_config()
    driver.commit_config()
    assert box.control("running") == box.control("startup") == wanted


def test_without_archive_nothing_can_be_armed(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["archive", "no path"])
    driver.load_merge_candidate(config=MERGE)
    with pytest.raises(CommitConfirmException, match="archive"):
        driver.commit_config(revert_in=60)
    said = driver.device.send_command("configure terminal revert timer 1")
    assert said.startswith("%Please turn config archive on")


def test_invalid_input_is_all_that_the_driver_hears(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(config=MERGE.replace("NEW seq 5", "NEW seq five"))
    with pytest.raises(MergeConfigException, match="Invalid input"):
        driver.commit_config(revert_in=60)
    assert box.control("running") == startup("tor1")
    driver.load_merge_candidate(config="ip prefix-list MGMT seq 5 deny 10.0.0.0/8\nend\n")
    driver.commit_config(revert_in=60)
    assert box.control("pending") is not None


def test_the_driver_takes_an_error_for_a_diff(driver: Driver) -> None:
    driver.load_merge_candidate(config=MERGE.replace("end\n", ""))
    assert "obscure 'error 5'" in driver.compare_config()


def test_the_driver_undoes_a_configured_file_prompt(box: SwitchBox) -> None:
    assert "\nfile prompt quiet\n" in box.control("running")
    with opened(box, auto_file_prompt=True) as made:
        made.load_merge_candidate(config=MERGE)
        made.discard_config()
    assert "file prompt quiet" not in box.control("running")


def test_without_a_quiet_prompt_it_asks(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["no file prompt quiet"])
    device = driver.device
    asked = device.send_command("copy running-config flash:x", expect_string=r"\? ")
    assert "Destination filename [x]?" in asked
    assert "bytes copied" in device.send_command("\n", expect_string="#", cmd_verify=False)
    assert box.control("files") == ["x"]


def test_scp_has_to_be_enabled(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["no ip scp server enable"])
    with pytest.raises(Exception, match="SCP file transfers are not enabled"):
        driver.load_merge_candidate(config=MERGE)
    assert box.control("files") == []


def test_a_reboot_loses_what_was_not_saved(tmp_path: Path) -> None:
    with SwitchBox(IosSwitch, startup("tor1"), tmp_path, address="127.42.0.2") as box:
        with opened(box, read_timeout_override=1) as driver:
            driver.load_merge_candidate(config=MERGE)
            driver.commit_config(revert_in=60)
            box.control("reload")
        assert box.control("pending") is None
        assert box.control("running") == startup("tor1")
        with opened(box) as again:
            assert again.is_alive() == {"is_alive": True}


def test_two_administrators_edit_side_by_side(box: SwitchBox, driver: Driver) -> None:
    said = driver.device.send_config_set(["route-map A permit 10", "set metric 5"])
    assert "tor1(config-route-map)#" in said
    with opened(box) as other:
        other.device.send_config_set(["route-map B permit 10"])
    text = box.control("running")
    assert "route-map A permit 10 \n set metric 5\n" in text
    assert "route-map B permit 10 \n" in text
