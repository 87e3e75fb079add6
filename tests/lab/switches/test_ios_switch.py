"""The virtual IOS-XE switch: when a policy takes effect, and the exchange with NAPALM's driver."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from ios_box import opened, startup, tidied, tor1, wait_for_timer
from napalm.base.exceptions import CommitConfirmException, MergeConfigException

from lab.switch.meaning import NOTHING_PASSES, Program, Router

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchbox import SwitchBox

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
    with tor1(tmp_path_factory.mktemp("ios")) as made:
        yield made


@pytest.fixture
def box(booted: SwitchBox) -> Iterator[SwitchBox]:
    with tidied(booted):
        yield booted


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


def of(box: SwitchBox) -> Router:
    router = box.daemon.router
    assert router is not None
    return router


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
    driver.load_merge_candidate(config=MERGE)
    driver.commit_config(revert_in=60)
    assert "route-map FROM-SPINE deny 5" in box.control("running")
    # A moment is left for the timer itself.
    box.control("lapse", seconds=59.8)
    wait_for_timer(box)
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
    with tor1(tmp_path) as box:
        with opened(box) as driver:
            driver.load_merge_candidate(config=MERGE)
            driver.commit_config(revert_in=60)
            driver.device.read_timeout_override = 1
            box.control("reboot")
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


def test_the_archive_keeps_the_last_ten(box: SwitchBox, driver: Driver) -> None:
    for _ in range(12):
        driver.device.send_config_set([], config_mode_command="configure terminal revert timer 1")
        driver.device.send_command("configure revert now")
    kept = [name.rpartition("-")[2] for name in box.control("files")]
    assert len(kept) == 10
    assert [int(number) for number in kept] == list(range(int(kept[0]), int(kept[0]) + 10))
