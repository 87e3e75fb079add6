"""What NAPALM's driver or EOS gets wrong, and the EOS adapter unharmed by it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from eos_box import ADAPTER, ADDED, CANDIDATE, TIMER_S, WAY_BACK, opened, startup_of, state, trust
from napalm import get_network_driver
from pyeapi.eapilib import ConnectionError  # noqa: A004 - pyeapi's own
from switchbox import SwitchBox
from undoing import undo

from inventory.errors import DeviceError
from lab.switch.eos.switch import EosSwitch
from tasks.errors import ConnectError, LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with SwitchBox(EosSwitch, startup_of("tor1"), tmp_path, address="127.41.0.3") as box:
        yield box


@pytest.fixture
def driver(box: SwitchBox) -> Iterator[Driver]:
    driver = opened(box)
    yield driver
    box.control("fault", name="hang", on=False)
    driver.close()


@pytest.mark.parametrize("release", ["4.31.5M", "4.32.2F"])
def test_every_release_tells_of_the_timer(box: SwitchBox, driver: Driver, release: str) -> None:
    box.control("release", version=release)
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert ADAPTER.pending(driver)
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before


def test_a_timer_that_does_not_run_is_noticed(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="no-timer", on=True)
    with pytest.raises(DeviceError, match="its timer does not run"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    # The way back is as good as the way there: it goes in, and that it has no timer is said.
    with pytest.raises(DeviceError, match="its timer does not run"):
        undo(ADAPTER, driver, WAY_BACK)
    assert box.control("running") == before


def test_a_commit_that_fails_leaves_nothing(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="refuse-commit", on=True)
    with pytest.raises(RejectedError, match="ConfigAgent is not ready"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert state(box) == before


def test_a_commit_whose_answer_is_lost_can_be_taken_back(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="lost-commit", on=True)
    with pytest.raises(ConnectError, match="it can't be reached"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    box.control("fault", name="lost-commit", on=False)
    driver.close()
    assert box.control("pending") is not None
    second = opened(box)
    assert ADAPTER.pending(second)
    ADAPTER.revert(second, WAY_BACK)
    second.close()
    assert state(box) == before


def test_close_keeps_the_pending_commit_for_the_next_driver(box: SwitchBox) -> None:
    first = opened(box)
    diff, _ = ADAPTER.dry_run(first, CANDIDATE)
    ADAPTER.commit(first, CANDIDATE, diff, TIMER_S)
    first.close()
    assert box.control("pending") is not None
    second = opened(box)
    assert ADAPTER.pending(second)
    ADAPTER.confirm(second)
    second.close()
    assert "RF-ONLY" in box.control("startup")


def test_the_commit_of_another_run_is_not_confirmed(box: SwitchBox) -> None:
    first, second = opened(box), opened(box)
    diff, _ = ADAPTER.dry_run(first, CANDIDATE)
    ADAPTER.commit(first, CANDIDATE, diff, TIMER_S)
    # Its timer was faster, and another run has committed since.
    ADAPTER.revert(first, "")
    ADAPTER.commit(second, CANDIDATE, diff, TIMER_S)
    with pytest.raises(DeviceError, match="not this run's"):
        ADAPTER.confirm(first)
    assert box.control("pending") is not None
    for driver in (first, second):
        driver.close()


def test_somebody_elses_timed_commit_is_left_alone(box: SwitchBox, driver: Driver) -> None:
    other = opened(box)
    other.load_merge_candidate(config="ip prefix-list THEIRS\n   seq 5 permit 192.0.2.0/24\n")
    other.commit_config(revert_in=TIMER_S)
    before = state(box)
    assert not ADAPTER.pending(driver)
    with pytest.raises(LockedError, match="waits for its confirmation on the device already"):
        ADAPTER.dry_run(driver, CANDIDATE)
    with pytest.raises(LockedError, match="waits for its confirmation on the device already"):
        ADAPTER.commit(driver, CANDIDATE, ADDED, TIMER_S)
    ADAPTER.revert(driver, "")
    after = state(box)
    assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])
    assert after[2] is not None
    other.close()


def test_a_session_of_somebody_else_locks(
    box: SwitchBox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.control("session", name="night-shift")
    before = state(box)
    monkeypatch.setattr("tasks.adapters.eos._LOCK_WAIT_S", 0)
    with pytest.raises(LockedError, match="night-shift"):
        ADAPTER.dry_run(driver, CANDIDATE)
    with pytest.raises(LockedError, match="night-shift"):
        ADAPTER.commit(driver, CANDIDATE, "", TIMER_S)
    assert state(box) == before


def test_the_session_of_a_killed_run_does_not_lock_for_a_day(
    box: SwitchBox, driver: Driver
) -> None:
    box.control("session", name=f"ringfence-{int(time.time()) - 3600}-00aa11bb")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    assert ADDED in diff
    assert state(box)[3] == 0


def test_reverting_saves_nothing_of_others(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["ip prefix-list UNSAVED seq 5 permit 192.0.2.0/24"])
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before
    assert "UNSAVED" not in box.control("startup")


def test_a_reboot_takes_the_pending_commit_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    box.control("reboot")
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    ADAPTER.revert(driver, "")
    assert box.control("running") == before


def test_nothing_secret_is_shown(driver: Driver) -> None:
    secret = "router bgp 65201\n   neighbor 10.255.11.0 password 7 0822455D0A16\n"
    diff, _ = ADAPTER.dry_run(driver, secret)
    assert "password 7 <hidden>" in diff
    assert "0822455D0A16" not in diff
    with pytest.raises(RejectedError) as refused:
        ADAPTER.dry_run(driver, "neighbor 10.255.11.0 password 7 0822455D0A16\n")
    assert "password 7 <hidden>" in str(refused.value)
    assert "0822" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("seconds", [0, -1, 86400])
def test_a_timer_that_eos_does_not_have(driver: Driver, seconds: int) -> None:
    with pytest.raises(DeviceError, match="1 to 86399"):
        ADAPTER.commit(driver, CANDIDATE, "", seconds)


# Who it talks to ------------------------------------------------------------------------------


def test_who_is_not_known_is_not_talked_to(box: SwitchBox) -> None:
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        opened(box, trust(box, ca=False))
    opened(box, trust(box, ca=False, check=False)).close()


@pytest.mark.parametrize("given", [{"transport": "ssh"}, {"eos_transport": "http"}])
def test_only_https_is_spoken(box: SwitchBox, given: dict[str, str]) -> None:
    with pytest.raises(DeviceError, match="over https alone"):
        ADAPTER.options(given, trust(box))


def test_options_are_each_hosts_own(box: SwitchBox) -> None:
    given = {"port": 8443, "lock_disable": False}
    first, second = ADAPTER.options(given, trust(box)), ADAPTER.options(given, trust(box))
    get_network_driver("eos")("192.0.2.1", "nobody", "", optional_args=first)
    assert "lock_disable" not in first
    assert second["lock_disable"] is False
    assert given == {"port": 8443, "lock_disable": False}
    assert first is not second
    assert first["context"] is not second["context"]
    assert first["context"].check_hostname
