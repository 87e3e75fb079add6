"""The virtual Junos switch, as PyEZ and NAPALM's driver use it; see the adapter's tests, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jnpr.junos.exception import CommitError, ConfigLoadError, LockError, RpcError
from junos_box import GUARD, Ringfence, box_of, neighbor, wait_for
from napalm.base.exceptions import CommitConfirmException, MergeConfigException

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

SOON_S = 0.5
NAME = "set system host-name changed"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with box_of(tmp_path) as made:
        yield made


@pytest.fixture
def ringfence(box: SwitchBox) -> Ringfence:
    return Ringfence(box)


@pytest.fixture
def driver(ringfence: Ringfence) -> Iterator[Driver]:
    with ringfence.connected() as made:
        yield made


def host_name(box: SwitchBox) -> str:
    lines = box.switch.running().splitlines()
    return next(line for line in lines if line.startswith("set system host-name"))


@pytest.mark.parametrize(
    ("action", "lists"),
    [("replace", ["10.9.0.0/16"]), ("merge", ["10.1.0.0/16", "10.9.0.0/16"])],
)
def test_only_what_is_tagged_is_replaced_and_only_where_asked(
    driver: Driver, action: str, lists: list[str]
) -> None:
    cu = driver.device.cu
    cu.lock()
    cu.load("set policy-options prefix-list L 10.1.0.0/16", format="set")
    tagged = "policy-options { replace: prefix-list L { 10.9.0.0/16; } }"

    cu.load(tagged, format="text", merge=action == "merge")

    text = driver.get_config(retrieve="candidate", format="set")["candidate"]
    begin = "set policy-options prefix-list L "
    found = [line for line in text.splitlines() if line.startswith(begin)]
    assert [line.removeprefix(begin) for line in found] == lists


def test_untagged_text_merges_so_that_old_prefixes_stay(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(
        config="policy-options {\n prefix-list MGMT-NETS { 10.0.0.0/8; }\n}"
    )
    driver.commit_config()

    members = [line for line in box.switch.running().splitlines() if "prefix-list MGMT" in line]
    assert [line.split()[-1] for line in members] == [
        "10.0.0.0/8",
        "192.0.2.0/24",
        "192.168.100.0/24",
        "MGMT-NETS",
    ]


def test_a_comment_before_commands_makes_the_driver_take_them_for_text(driver: Driver) -> None:
    with pytest.raises(MergeConfigException, match="syntax error"):
        driver.load_merge_candidate(config=f"# ours\n{GUARD}")


def test_an_override_replaces_all_there_is(box: SwitchBox, driver: Driver) -> None:
    driver.load_replace_candidate(config="system {\n    host-name bare;\n}\n")
    driver.commit_config()

    assert box.switch.running() == "set system host-name bare\n"
    assert box.daemon.router is None


@pytest.mark.parametrize("form", ["text", "set", "xml"])
def test_the_configuration_comes_in_three_forms(box: SwitchBox, driver: Driver, form: str) -> None:
    found = driver.device.rpc.get_config(options={"format": form, "database": "committed"})

    if form == "set":
        assert (found.tag, found.text) == ("configuration-set", f"\n{box.switch.running()}")
    elif form == "text":
        assert found.tag == "configuration-text"
        assert found.text.splitlines()[1].startswith("## Last commit: ")
        assert box.control("text") in found.text
    else:
        groups = found.findall("protocols/bgp/group")
        assert [one.findtext("name") for one in groups] == ["SPINES", "NODES", "NODES6", "OLD-RR"]
        assert groups[0].findtext("import") == "FROM-SPINE"


def test_a_lock_keeps_others_out_and_goes_with_its_session(
    box: SwitchBox, ringfence: Ringfence
) -> None:
    before = box.switch.running()
    with ringfence.connected() as first, ringfence.connected() as second:
        first.device.cu.lock()
        first.device.cu.load(NAME, format="set")
        with pytest.raises(LockError, match="configuration database locked by"):
            second.device.cu.lock()
        with pytest.raises(ConfigLoadError, match="configuration database locked by"):
            second.device.cu.load("set system domain-name other.example", format="set")
        with pytest.raises(CommitError, match="configuration database locked by"):
            second.device.cu.commit()
        first.close()
        second.device.cu.lock()
        assert second.device.cu.diff() is None

    assert box.switch.running() == before


def test_giving_the_lock_back_discards_what_was_not_committed(driver: Driver) -> None:
    cu = driver.device.cu
    cu.lock()
    cu.load(NAME, format="set")
    assert cu.diff() == "\n[edit system]\n-   host-name tor1;\n+   host-name changed;\n"
    cu.unlock()

    assert cu.diff() is None


def test_without_a_lock_the_candidate_is_everybodys(box: SwitchBox, ringfence: Ringfence) -> None:
    with ringfence.connected() as first, ringfence.connected() as second:
        first.device.cu.load(NAME, format="set")
        first.close()
        with pytest.raises(LockError, match="configuration database modified"):
            second.device.cu.lock()
        second.device.cu.commit()

    assert host_name(box) == NAME


def test_a_commit_waits_until_it_is_confirmed(box: SwitchBox, driver: Driver) -> None:
    cu = driver.device.cu
    cu.load(NAME, format="set")
    cu.commit(confirm=3)

    assert 170 < box.control("pending") <= 180
    assert box.control("history")[0] == ("ringfence", "commit confirmed, rollback in 3mins")
    assert driver.has_pending_commit()
    cu.commit()
    assert box.control("pending") is None
    assert not driver.has_pending_commit()
    assert host_name(box) == NAME


def test_a_check_confirms_as_well_but_not_where_it_fails(box: SwitchBox, driver: Driver) -> None:
    cu = driver.device.cu
    cu.load(NAME, format="set")
    cu.commit(confirm=3)
    cu.load("set protocols bgp import NOBODY", format="set")
    with pytest.raises(CommitError, match="NOBODY referenced but not defined"):
        cu.commit_check()
    assert box.control("pending") is not None

    cu.rollback(0)
    cu.commit_check()
    assert box.control("pending") is None


def test_an_unconfirmed_commit_goes_and_the_history_tells(box: SwitchBox, driver: Driver) -> None:
    before = box.switch.running()
    driver.device.cu.load(NAME, format="set")
    driver.device.cu.commit(confirm=1)
    assert host_name(box) == NAME

    # A moment is left for the timer itself.
    box.control("lapse", seconds=59.8)
    wait_for(box, before)

    assert [user for user, _ in box.control("history")] == ["root", "ringfence", "root"]
    assert driver.device.cu.diff() is None
    assert driver.device.cu.diff(rb_id=1).splitlines()[2:] == [
        "-   host-name changed;",
        "+   host-name tor1;",
    ]


def test_another_confirmed_commit_puts_the_end_off_and_goes_back_all_the_way(
    box: SwitchBox, driver: Driver
) -> None:
    before = box.switch.running()
    cu = driver.device.cu
    cu.load(NAME, format="set")
    cu.commit(confirm=1)
    box.control("minute", seconds=SOON_S)
    cu.load("set system domain-name later.example", format="set")
    cu.commit(confirm=1)

    wait_for(box, before)


def test_the_drivers_rollback_undoes_whatever_was_last(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(config=GUARD)
    driver.commit_config()
    box.control("edit", lines=["set system domain-name somebody.else"])

    driver.rollback()

    assert "somebody.else" not in box.switch.running()
    assert "RF-import-pools" in box.switch.running()


def test_the_driver_gives_the_lock_back_when_it_refuses_a_time(
    box: SwitchBox, driver: Driver
) -> None:
    driver.load_merge_candidate(config=GUARD)

    with pytest.raises(CommitConfirmException, match="multiple of 60"):
        driver.commit_config(revert_in=90)

    box.control("edit", lines=["set system domain-name somebody.else"])
    assert "RF-" not in box.switch.running()


def load_and_commit(driver: Driver, lines: str) -> None:
    driver.device.cu.load(lines, format="set")
    driver.device.cu.commit()


@pytest.mark.parametrize(
    ("lines", "messages"),
    [
        (
            ["set protocols bgp group SPINES export NOBODY"],
            [
                "Policy error: Policy NOBODY referenced but not defined",
                "BGP: export list not applied",
                "configuration check-out failed",
            ],
        ),
        (
            ["delete policy-options policy-statement CUSTOMER-IN"],
            [
                "Policy error: Policy CUSTOMER-IN referenced but not defined",
                "BGP: import list not applied",
                "configuration check-out failed",
            ],
        ),
        (
            ["set policy-options policy-statement X from prefix-list NONE"],
            [
                "Policy error: Prefix-list NONE referenced but not defined",
                "configuration check-out failed",
            ],
        ),
        (
            ["set policy-options policy-statement X term 1 from policy X"],
            ["Policy error: Policy X calls itself", "configuration check-out failed"],
        ),
        (
            ["set policy-options policy-statement X term 1 then community add NONE"],
            [
                "Policy error: Community NONE referenced but not defined",
                "configuration check-out failed",
            ],
        ),
        (
            ["deactivate policy-options policy-statement FROM-SPINE"],
            [
                "Policy error: Policy FROM-SPINE referenced but not defined",
                "BGP: import list not applied",
                "configuration check-out failed",
            ],
        ),
        (
            [
                "set policy-options policy-statement FROM-SPINE term rest from color 7",
            ],
            ["syntax error"],
        ),
        (
            ["set policy-options policy-statement FROM-SPINE term rest from tag 7"],
            ["this virtual switch has no from tag 7", "configuration check-out failed"],
        ),
    ],
)
def test_what_can_not_be_committed_changes_nothing(
    box: SwitchBox, driver: Driver, lines: Sequence[str], messages: list[str]
) -> None:
    before = box.switch.running()
    applied = len(box.daemon.applied)

    with pytest.raises((CommitError, ConfigLoadError)) as caught:
        load_and_commit(driver, "\n".join(lines))

    assert [one["message"] for one in caught.value.errs] == messages
    assert box.switch.running() == before
    assert len(box.daemon.applied) == applied


def test_only_commits_reach_the_daemon_and_only_those_that_change_something(
    box: SwitchBox, driver: Driver
) -> None:
    assert len(box.daemon.applied) == 1
    driver.load_merge_candidate(config=GUARD)
    assert len(box.daemon.applied) == 1
    driver.commit_config()
    assert len(box.daemon.applied) == 2
    driver.confirm_commit()
    assert len(box.daemon.applied) == 2
    first, second = (made.peers[0] for made in box.daemon.applied if made is not None)
    assert first.families[4].export_policy == second.families[4].export_policy
    assert first.families[4].import_policy != second.families[4].import_policy


def test_unknown_rpcs_are_refused(driver: Driver) -> None:
    with pytest.raises(RpcError, match="syntax error"):
        driver.device.rpc.get_ospf_neighbor_information()


def test_the_drivers_getters_work(box: SwitchBox, driver: Driver) -> None:
    box.daemon.set_neighbors(
        neighbor("10.255.11.0"),
        neighbor("10.255.21.0", state="Connect"),
        neighbor("172.20.1.11", group="NODES", asn=65201),
    )

    found = driver.get_bgp_neighbors()["global"]
    assert found["router_id"] == "10.255.255.5"
    assert {name: peer["is_up"] for name, peer in found["peers"].items()} == {
        "10.255.11.0": True,
        "10.255.21.0": False,
        "172.20.1.11": True,
    }
    assert found["peers"]["10.255.11.0"]["address_family"]["ipv4"] == {
        "received_prefixes": 2,
        "accepted_prefixes": 2,
        "sent_prefixes": 1,
    }
    assert driver.device.facts["version"] == "21.4R3.15"
    assert driver.device.facts["hostname"] == "tor1"


def test_somebody_elses_edits_are_refused_like_ours(box: SwitchBox) -> None:
    before = box.switch.running()

    with pytest.raises(Exception, match="NOBODY referenced but not defined"):
        box.control("edit", lines=["set protocols bgp import NOBODY"])

    assert box.switch.running() == before
