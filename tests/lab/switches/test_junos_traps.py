"""What NAPALM's driver of Junos gets wrong, and other administrators: ringfence is unharmed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from jnpr.junos import exception as pyez
from junos_box import GUARD, WAY_BACK, Ringfence, box_of, neighbor, wait_for
from ncclient.operations import TimeoutExpiredError
from paramiko import SSHException
from undoing import undo

from tasks.errors import ConnectError, LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml import etree
    from switchbox import SwitchBox

    from tasks.adapters.base import Driver
    from tasks.adapters.junos import JunosAdapter

OPERATORS = "set system login user carol uid 2020"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with box_of(tmp_path) as made:
        yield made


@pytest.fixture
def ringfence(box: SwitchBox) -> Ringfence:
    return Ringfence(box)


@pytest.fixture
def adapter(ringfence: Ringfence) -> JunosAdapter:
    return ringfence.adapter


@pytest.fixture
def driver(ringfence: Ringfence) -> Iterator[Driver]:
    with ringfence.connected() as made:
        yield made


def committed(adapter: JunosAdapter, driver: Driver, revert_in: int = 120) -> str:
    """Commit the guard until confirmed; return what ran before."""
    before = adapter.running(driver)
    diff, _ = adapter.dry_run(driver, GUARD)
    adapter.commit(driver, GUARD, diff, revert_in)
    return before


def test_the_driver_takes_an_expired_commit_for_a_pending_one(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("fault", name="stale-revision", on=True)
    before = committed(adapter, driver, 60)
    box.control("lapse", seconds=60)
    wait_for(box, before)

    assert driver.has_pending_commit()
    assert not adapter.pending(driver)
    with pytest.raises(VerifyError, match="no commit waits"):
        adapter.confirm(driver)


def test_the_driver_alone_commits_for_good_where_no_timer_was_meant(
    box: SwitchBox, driver: Driver
) -> None:
    driver.load_merge_candidate(config=GUARD)
    driver.commit_config(revert_in=0)

    assert "RF-import-pools" in box.switch.running()
    assert box.control("pending") is None


def test_a_timer_that_the_device_does_not_start_is_noticed(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("fault", name="ignore-confirmed", on=True)
    before = box.switch.running()

    with pytest.raises(VerifyError, match="its timer does not run"):
        committed(adapter, driver)

    assert not adapter.pending(driver)
    with pytest.raises(VerifyError, match="its timer does not run"):
        undo(adapter, driver, WAY_BACK)
    assert box.switch.running() == before


def test_a_warning_in_the_place_of_a_diff_is_no_diff(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("fault", name="diff-warning", on=True)
    driver.load_merge_candidate(config=GUARD)
    assert driver.compare_config() == "Unable to parse diff from response!"
    driver.discard_config()

    with pytest.raises(RejectedError, match="compares nothing"):
        adapter.dry_run(driver, GUARD)
    with pytest.raises(RejectedError, match="compares nothing"):
        adapter.commit(driver, GUARD, "Unable to parse diff from response!", 60)
    assert len(box.control("history")) == 1


def test_a_commit_with_a_warning_is_a_commit(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    diff, _ = adapter.dry_run(driver, GUARD)
    box.control("fault", name="commit-warning", on=True)

    adapter.commit(driver, GUARD, diff, 120)

    assert adapter.pending(driver)
    adapter.confirm(driver)
    assert box.control("pending") is None
    assert "RF-import-pools" in box.switch.running()


def test_pyez_takes_a_commit_with_a_warning_for_a_refusal(box: SwitchBox, driver: Driver) -> None:
    box.control("fault", name="commit-warning", on=True)
    driver.load_merge_candidate(config=GUARD)

    with pytest.raises(pyez.CommitError):
        driver.commit_config()

    assert "RF-import-pools" in box.switch.running()


def test_a_reply_that_is_lost_leaves_a_commit_that_is_found_and_taken_back(
    box: SwitchBox, ringfence: Ringfence, adapter: JunosAdapter
) -> None:
    with ringfence.connected() as driver:
        before = adapter.running(driver)
        diff, _ = adapter.dry_run(driver, GUARD)
        box.control("fault", name="commit-hangs-up", on=True)
        with pytest.raises(ConnectError, match="hung up"):
            adapter.commit(driver, GUARD, diff, 120)
    box.control("fault", name="commit-hangs-up", on=False)

    with ringfence.connected() as driver:
        assert adapter.pending(driver)
        adapter.revert(driver, "")

    assert box.switch.running() == before


@pytest.mark.parametrize("lost", [OSError("Socket is closed"), EOFError(), SSHException("gone")])
@pytest.mark.parametrize("rpc", ["lock-configuration", "unlock-configuration"])
def test_a_session_that_ends_at_the_lock_is_told_as_such(
    adapter: JunosAdapter,
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    rpc: str,
    lost: Exception,
) -> None:
    """PyEZ asks whatever error it meets there for ``xml``, which only ncclient's have."""
    answer = driver.device._rpc_reply

    def dying(command: etree._Element, *args: object, **kwargs: object) -> object:
        if command.tag == rpc:
            raise lost
        return answer(command, *args, **kwargs)

    monkeypatch.setattr(driver.device, "_rpc_reply", dying)

    with pytest.raises(ConnectError, match="hung up"):
        adapter.dry_run(driver, GUARD)
    assert not driver.device.connected


@pytest.mark.parametrize("rpc", ["lock-configuration", "unlock-configuration"])
def test_a_device_that_says_nothing_to_the_lock_is_not_locked_by_somebody_else(
    adapter: JunosAdapter, driver: Driver, monkeypatch: pytest.MonkeyPatch, rpc: str
) -> None:
    """PyEZ raises its ``LockError`` there; the device may have locked all the same."""
    answer = driver.device._rpc_reply

    def silent(command: etree._Element, *args: object, **kwargs: object) -> object:
        if command.tag == rpc:
            raise TimeoutExpiredError("ncclient timed out while waiting for an rpc reply.")
        return answer(command, *args, **kwargs)

    monkeypatch.setattr(driver.device, "_rpc_reply", silent)

    with pytest.raises(ConnectError, match="does not answer"):
        adapter.dry_run(driver, GUARD)
    assert not driver.device.connected


def test_others_uncommitted_edits_are_neither_committed_nor_discarded(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    diff, _ = adapter.dry_run(driver, GUARD)
    before = box.switch.running()
    box.control("uncommitted", lines=[OPERATORS])

    with pytest.raises(LockedError, match="configuration database modified"):
        adapter.dry_run(driver, GUARD)
    with pytest.raises(LockedError, match="configuration database modified"):
        adapter.commit(driver, GUARD, diff, 60)
    with pytest.raises(LockedError, match="configuration database modified"):
        adapter.revert(driver, WAY_BACK)

    assert box.switch.running() == before
    box.control("commit")
    assert OPERATORS in box.switch.running()
    assert "RF-" not in box.switch.running()


def test_edits_that_come_while_a_commit_waits_are_not_confirmed_with_it(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    committed(adapter, driver)
    box.control("uncommitted", lines=[OPERATORS])

    with pytest.raises(LockedError, match="configuration database modified"):
        adapter.confirm(driver)
    with pytest.raises(LockedError, match="configuration database modified"):
        adapter.revert(driver, "")

    assert OPERATORS not in box.switch.running()
    assert box.control("pending") is not None


def test_the_driver_alone_confirms_others_edits_as_well(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    committed(adapter, driver)
    box.control("uncommitted", lines=[OPERATORS])

    driver.confirm_commit()

    assert OPERATORS in box.switch.running()


def test_a_device_that_another_session_has_locked_is_left_alone(
    box: SwitchBox, ringfence: Ringfence, adapter: JunosAdapter, driver: Driver
) -> None:
    with ringfence.connected() as another:
        another.device.cu.lock()
        with pytest.raises(LockedError, match="configuration database locked by"):
            adapter.dry_run(driver, GUARD)
        another.device.cu.unlock()

    adapter.dry_run(driver, GUARD)
    assert len(box.control("history")) == 1


def test_somebody_elses_pending_commit_is_neither_confirmed_nor_taken_back(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    diff, _ = adapter.dry_run(driver, GUARD)
    box.control("uncommitted", lines=[OPERATORS])
    box.control("commit", minutes=5)

    with pytest.raises(LockedError, match="waits for its confirmation"):
        adapter.dry_run(driver, GUARD)
    with pytest.raises(LockedError, match="waits for its confirmation"):
        adapter.commit(driver, GUARD, diff, 60)
    with pytest.raises(LockedError, match="not ours but that of alice"):
        adapter.confirm(driver)
    with pytest.raises(LockedError, match="not ours but that of alice"):
        adapter.revert(driver, WAY_BACK)

    assert OPERATORS in box.switch.running()
    assert 280 < box.control("pending") <= 300


def test_a_commit_of_somebody_else_confirms_ours_and_is_not_rolled_back(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    committed(adapter, driver)
    box.control("edit", lines=[OPERATORS])

    assert not adapter.pending(driver)
    with pytest.raises(VerifyError, match="no commit waits"):
        adapter.confirm(driver)
    adapter.revert(driver, WAY_BACK)
    assert "RF-import-pools" in box.switch.running()
    undo(adapter, driver, WAY_BACK)

    assert OPERATORS in box.switch.running()
    assert "RF-" not in box.switch.running()


def test_a_human_who_comments_like_a_timer_is_not_taken_back(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("uncommitted", lines=[OPERATORS])
    box.control("commit", comment="commit confirmed, rollback in 10mins")

    assert driver.has_pending_commit()
    assert not adapter.pending(driver)
    with pytest.raises(VerifyError, match="no commit waits"):
        adapter.confirm(driver)

    assert OPERATORS in box.switch.running()


def test_a_commit_that_the_timer_is_late_for_still_waits(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("late", seconds=45)
    before = committed(adapter, driver, 60)
    box.control("lapse", seconds=70)

    # A check would confirm it.
    with pytest.raises(LockedError, match="waits for its confirmation"):
        adapter.dry_run(driver, GUARD)
    assert adapter.pending(driver)
    box.control("lapse", seconds=40)

    assert not adapter.pending(driver)
    assert box.switch.running() == before


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_the_clock_tells_nothing_of_a_commit_that_waits(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver, seconds: int
) -> None:
    before = committed(adapter, driver, 60)
    box.control("skew", seconds=seconds)

    assert adapter.pending(driver)
    box.control("lapse", seconds=60)
    assert not adapter.pending(driver)
    assert box.switch.running() == before


def test_a_timer_that_is_faster_than_the_confirmation_is_noticed(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = committed(adapter, driver, 60)
    commit = driver.device.cu.commit

    def too_late() -> None:
        box.control("lapse", seconds=60)
        commit()

    monkeypatch.setattr(driver.device.cu, "commit", too_late)
    with pytest.raises(VerifyError, match="root made one after it"):
        adapter.confirm(driver)

    assert box.switch.running() == before


def test_tables_survive_what_the_drivers_getter_dies_of(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.daemon.set_neighbors(neighbor("10.255.11.0"))
    box.control("fault", name="summary-knows-more", on=True)

    found = driver.get_bgp_neighbors()
    assert "is_up" not in found["global"]["peers"]["192.0.2.99"]
    assert adapter.tables(driver, []).up == {("", "10.255.11.0")}


def test_no_configuration_is_logged(
    ringfence: Ringfence, adapter: JunosAdapter, driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="ncclient"):
        adapter.dry_run(driver, GUARD)
        assert "RF-import-pools" in caplog.text
        caplog.clear()

        with ringfence.connected() as another:
            adapter.dry_run(another, GUARD)

    assert "RF-import-pools" not in caplog.text
