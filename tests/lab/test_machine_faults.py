"""What can happen to an FRR switch, seen through the real driver; and that nothing stays of it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from napalm.base.exceptions import (
    CommitConfirmException,
    CommitError,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    LockError,
)

from lab.topology import sessions_of
from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lab.api import Lab

pytestmark = pytest.mark.lab

SWITCH = "tor1"
LINE = "ip prefix-list RF-TEST seq 5 permit 10.0.0.0/8"
CANDIDATE = f"{LINE}\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of its own: what a reboot shows is what this module saved, in FRR's own form."""
    running = start_somewhere(tmp_path_factory.mktemp("lab"))
    running.run(SWITCH, ["vtysh", "-c", "write memory"])
    yield running
    running.stop()


@pytest.fixture
def connect(lab: Lab) -> Iterator[Callable[[], FRRDriver]]:
    """Open drivers on the switch; afterwards all of it is as it was, and its sessions are up."""
    before = _whole(lab)
    opened: list[FRRDriver] = []
    options = {
        "port": lab.ssh_port,
        "use_keys": True,
        "key_file": str(lab.ssh_key),
        "alt_host_keys": True,
        "alt_key_file": str(lab.known_hosts),
    }

    def make() -> FRRDriver:
        driver = FRRDriver(lab.address(SWITCH), lab.ssh_user, "", 20, options)
        driver.open()
        opened.append(driver)
        return driver

    yield make
    for driver in opened:
        driver.close()
    lab.await_peace()
    assert _whole(lab) == before


def _whole(lab: Lab) -> tuple[str, str, list[str], None]:
    """Return the configurations, running and saved, what a session would find, and the timer."""
    found = lab.run(SWITCH, ["ls", "-A", "/run/lab/bin", "/tmp"], check=False).stdout.split()
    kept = [name for name in found if name in {"vtysh", "date", ".bashrc"}]
    pending = lab.control(SWITCH, "pending")
    return lab.running_config(SWITCH), lab.control(SWITCH, "startup"), kept, pending


@pytest.fixture
def frr(connect: Callable[[], FRRDriver]) -> FRRDriver:
    return connect()


@contextmanager
def fault(lab: Lab, name: str) -> Iterator[None]:
    lab.fault(SWITCH, name)
    try:
        yield
    finally:
        lab.fault(SWITCH, name, on=False)


def test_babble_is_all_that_a_session_hears(lab: Lab, frr: FRRDriver) -> None:
    running = frr.get_config("running")["running"]
    with fault(lab, "babble"):
        assert "~~##@@" in frr.get_config("running")["running"]
        with pytest.raises(CommitConfirmException, match=r"no answer, but .*~~##@@"):
            frr.has_pending_commit()
        with pytest.raises(LockError):
            frr.load_merge_candidate(config=CANDIDATE)
        # The lab's own look is another one.
        assert lab.running_config(SWITCH) == running
    assert frr.get_config("running")["running"] == running
    assert not frr.has_pending_commit()


def test_babble_in_a_commit_leaves_it_to_the_timer(lab: Lab, frr: FRRDriver) -> None:
    before = lab.running_config(SWITCH)
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=60)
    with fault(lab, "babble"):
        lab.fault(SWITCH, "lapse", seconds=60)
        assert lab.running_config(SWITCH) == before
    assert not frr.has_pending_commit()


def test_a_cut_configuration_has_its_first_half(lab: Lab, frr: FRRDriver) -> None:
    whole = frr.get_config("running")["running"]
    with fault(lab, "cut"):
        assert frr.get_config("running")["running"] == whole[: len(whole) // 2]
        frr.load_merge_candidate(config=CANDIDATE)
        with pytest.raises(CommitError):
            frr.commit_config(revert_in=60)
        # That it stands can't be seen, so it is taken back.
        assert LINE not in lab.running_config(SWITCH)
    assert frr.get_config("running")["running"] == whole


def test_lost_keys_end_the_sessions_and_refuse_new_ones(
    lab: Lab, frr: FRRDriver, connect: Callable[[], FRRDriver]
) -> None:
    with fault(lab, "auth-lost"):
        with pytest.raises(ConnectionClosedException):
            frr.get_config("running")
        with pytest.raises(ConnectAuthError, match="does not accept the login of ringfence"):
            connect()
    assert connect().get_config("running")["running"] == lab.running_config(SWITCH)


def test_somebody_else_holds_the_configuration(lab: Lab, frr: FRRDriver) -> None:
    with fault(lab, "locked"):
        lab.fault(SWITCH, "locked")
        with pytest.raises(LockError, match=r"locked by somebody \(admin@another-host"):
            frr.load_merge_candidate(config=CANDIDATE)
    frr.load_merge_candidate(config=CANDIDATE)
    # He waits until it is free, and has it then.
    with fault(lab, "locked"):
        frr.discard_config()
        for _ in range(1000):
            if "somebody" in lab.run(SWITCH, ["cat", "/var/tmp/napalm-frr/holder"]).stdout:
                break
            time.sleep(0.02)
        with pytest.raises(LockError, match="locked by somebody"):
            frr.load_merge_candidate(config=CANDIDATE)


def test_a_commit_is_refused_in_frr_s_words_and_a_way_back_is_not(lab: Lab, frr: FRRDriver) -> None:
    frr.load_merge_candidate(config=CANDIDATE)
    with (
        fault(lab, "refuse-commit"),
        pytest.raises(CommitError, match=r"everything is back; in its words: % Configuration fail"),
    ):
        frr.commit_config(revert_in=60)
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=60)
    with fault(lab, "refuse-commit"):
        frr.rollback()
    assert LINE not in lab.running_config(SWITCH)


def test_a_configuration_that_can_t_be_saved_is_not_confirmed(lab: Lab, frr: FRRDriver) -> None:
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=60)
    with (
        _no_save(lab),
        pytest.raises(CommitConfirmException, match=r"could not be saved: .*No space left"),
    ):
        frr.confirm_commit()
    frr.rollback()


@contextmanager
def _no_save(lab: Lab) -> Iterator[None]:
    lab.control(SWITCH, "fault", name="no-save", on=True)
    yield
    lab.control(SWITCH, "fault", name="no-save", on=False)


def test_time_that_lapses_counts_for_the_timer(lab: Lab, frr: FRRDriver) -> None:
    before = lab.running_config(SWITCH)
    lab.fault(SWITCH, "lapse", seconds=1000)
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=600)
    assert 500 < lab.control(SWITCH, "pending") <= 600
    lab.fault(SWITCH, "lapse", seconds=300)
    assert 200 < lab.control(SWITCH, "pending") <= 300
    assert frr.has_pending_commit()
    assert LINE in lab.running_config(SWITCH)
    lab.fault(SWITCH, "lapse", seconds=300)
    assert lab.running_config(SWITCH) == before
    with pytest.raises(CommitConfirmException, match="reverted by its timer"):
        frr.confirm_commit()


def test_a_commit_can_be_confirmed_after_time_has_lapsed(lab: Lab, frr: FRRDriver) -> None:
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=600)
    lab.fault(SWITCH, "lapse", seconds=300)
    frr.confirm_commit()
    lab.fault(SWITCH, "lapse", seconds=1000)
    assert LINE in lab.control(SWITCH, "startup")
    frr.rollback()


@pytest.mark.parametrize("seconds", [-86400, 86400])
def test_a_clock_that_jumps_moves_no_timer(lab: Lab, frr: FRRDriver, seconds: int) -> None:
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=600)
    day = _day(frr)
    lab.fault(SWITCH, "skew", seconds=seconds)
    assert _day(frr) != day
    assert 500 < lab.control(SWITCH, "pending") <= 600
    assert frr.has_pending_commit()
    lab.fault(SWITCH, "skew", seconds=-seconds)
    frr.rollback()


def _day(frr: FRRDriver) -> str:
    assert frr.device is not None
    return frr.device.shell("date +%d")


def test_a_reboot_ends_everything_and_runs_what_was_saved(
    lab: Lab, frr: FRRDriver, connect: Callable[[], FRRDriver]
) -> None:
    before = lab.running_config(SWITCH)
    daemons = _daemons(lab)
    frr.load_merge_candidate(config=CANDIDATE)
    frr.commit_config(revert_in=600)
    lab.fault(SWITCH, "reboot", seconds=2)
    with pytest.raises(ConnectionClosedException):
        frr.get_config("running")
    with pytest.raises(ConnectionException, match="refuses the connection"):
        connect()
    lab.await_peace()
    assert lab.running_config(SWITCH) == before
    assert lab.control(SWITCH, "pending") is None
    after = _daemons(lab)
    assert sorted(after.values()) == sorted(daemons.values()) == ["bgpd", "zebra"]
    assert not set(after) & set(daemons)
    driver = connect()
    assert not driver.has_pending_commit()
    with pytest.raises(CommitConfirmException, match="lost in a restart of the switch"):
        driver.confirm_commit()


def _daemons(lab: Lab) -> dict[int, str]:
    """Return the routing daemons of this switch: process id -> name."""
    script = "for d in zebra bgpd; do echo $(cat /run/frr/$d.pid) $d; done"
    lines = lab.run(SWITCH, ["sh", "-c", script]).stdout.splitlines()
    return {int(number): name for number, name in (line.split() for line in lines)}


def test_a_confirmed_commit_outlives_a_reboot(lab: Lab, connect: Callable[[], FRRDriver]) -> None:
    driver = connect()
    driver.load_merge_candidate(config=CANDIDATE)
    driver.commit_config(revert_in=600)
    driver.confirm_commit()
    lab.fault(SWITCH, "reboot", seconds=0)
    lab.await_peace()
    assert LINE in lab.running_config(SWITCH)
    connect().rollback()


def test_a_reboot_takes_nobody_else_with_it(lab: Lab, frr: FRRDriver) -> None:
    others = [one for one in sessions_of("spine1") if SWITCH not in {one.upper, one.lower}]
    before = [_uptime(lab, one.address_of(one.peer_of("spine1"))) for one in others]
    frr.close()
    lab.fault(SWITCH, "reboot", seconds=0)
    lab.await_peace()
    after = [_uptime(lab, one.address_of(one.peer_of("spine1"))) for one in others]
    assert len(others) > 2
    assert after == before


def _uptime(lab: Lab, neighbor: object) -> int:
    """Return when spine1's session with a neighbor was established, in seconds since 1970."""
    shown = lab.network.bgpd_json("spine1", f"show bgp neighbors {neighbor} json")
    return int(shown[str(neighbor)]["bgpTimerUpEstablishedEpoch"])
