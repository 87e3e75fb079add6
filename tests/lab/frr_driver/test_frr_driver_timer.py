"""The switch takes back by itself what nobody confirms, whatever happens to the client."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from frr_guard import GUARD
from napalm.base.exceptions import CommitConfirmException, CommitError, LockError

from tasks.drivers.frr.config_tree import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mini_frr import MiniFrr

    from tasks.drivers.frr.driver import FRRDriver

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).parents[3]
# What a client process does, up to the point where the test kills it.
CLIENT = """\
import json, sys, time
from tasks.drivers.frr.driver import FRRDriver
args, guard, revert_in = json.loads(sys.argv[1])
driver = FRRDriver(**args)
driver.open()
driver.load_merge_candidate(config=guard)
print("loaded", flush=True)
if revert_in is not None:
    sys.stdin.readline()
    driver.commit_config(revert_in=revert_in or None, message="from a client that dies")
    print("committed", flush=True)
time.sleep(600)
"""


@pytest.fixture
def client(switch: MiniFrr, connect: object) -> Callable[[int | None], subprocess.Popen[str]]:
    """Start a client process; it loads, and commits when it is told to."""
    del connect  # its teardown checks that the switch is as before

    def start(revert_in: int | None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, json.dumps([switch.args, GUARD, revert_in])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        return process

    return start


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("commit\n")
    process.stdin.flush()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_reverts_by_itself(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=1)
    assert until(lambda: switch.running() == before)
    assert until(lambda: not frr.has_pending_commit())
    with pytest.raises(CommitConfirmException, match="reverted by its timer at 20"):
        frr.confirm_commit()
    switch.inside("rm", "-rf", "/var/tmp/napalm-frr/last")
    with pytest.raises(CommitError, match="no commit that could be undone"):
        frr.rollback()
    assert until(lambda: "timer" not in switch.inside("ps", "ax", "-o", "args"))


def test_taking_back_what_waits_leaves_an_earlier_confirmed_commit_alone(
    frr: FRRDriver, switch: MiniFrr
) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60)
    frr.confirm_commit()
    confirmed, saved = switch.running(), switch.inside("cat", "/etc/frr/frr.conf")
    frr.rollback_pending()
    assert switch.running() == confirmed
    more = "route-map FROM-NODE deny 3\n match tag 7\nexit\n"
    for revert_in in (600, 1):
        frr.load_merge_candidate(config=more)
        frr.commit_config(revert_in=revert_in)
        if revert_in == 1:
            # The timer is faster.
            assert until(lambda: not frr.has_pending_commit())
        else:
            assert switch.running() != confirmed
        frr.rollback_pending()
        assert not frr.has_pending_commit()
        assert switch.running() == confirmed
        assert switch.inside("cat", "/etc/frr/frr.conf") == saved
    frr.rollback()
    assert switch.running() != confirmed


def test_it_does_not_revert_before_its_time(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=600)
    deadline = int(switch.inside("cat", "/var/tmp/napalm-frr/pending/deadline")) / 100
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert 570 < deadline - uptime <= 600
    frr.rollback()


def test_it_reverts_after_its_client_was_killed(
    client: Callable[[int | None], subprocess.Popen[str]], switch: MiniFrr
) -> None:
    before = switch.running()
    process = client(8)
    tell(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "committed\n"
    kill(process)
    assert switch.running() != before
    assert until(lambda: switch.running() == before)
    # Nothing is left of it, and the next one can start.
    assert until(lambda: not re.search("timer|flock|cat", switch.inside("ps", "ax", "-o", "comm")))


@pytest.mark.parametrize("seed", range(6))
def test_a_client_killed_during_the_commit_leaves_all_or_nothing(
    client: Callable[[int | None], subprocess.Popen[str]], switch: MiniFrr, seed: int
) -> None:
    before = switch.running()
    process = client(2)
    tell(process)
    time.sleep(random.Random(seed).uniform(0, 0.4))
    kill(process)
    # The switch finishes what it was told or has not begun; then it reverts.
    settled = [before, parse(before + GUARD)]
    assert until(lambda: _idle(switch))
    assert switch.running() == before or parse(switch.running()) == settled[1]
    assert until(lambda: switch.running() == before and _idle(switch))
    assert until(lambda: "timer" not in switch.inside("ps", "ax", "-o", "args"))


@pytest.mark.parametrize("seed", range(6))
def test_a_client_killed_during_a_plain_commit_leaves_all_or_nothing(
    client: Callable[[int | None], subprocess.Popen[str]],
    frr: FRRDriver,
    switch: MiniFrr,
    seed: int,
) -> None:
    before = switch.running()
    process = client(0)
    tell(process)
    time.sleep(random.Random(seed).uniform(0, 0.3))
    kill(process)
    assert until(lambda: _idle(switch))
    assert not frr.has_pending_commit()
    if switch.running() != before:
        assert parse(switch.running()) == parse(before + GUARD)
        assert parse(switch.inside("cat", "/etc/frr/frr.conf")) == parse(before + GUARD)
        frr.rollback()


def _idle(switch: MiniFrr) -> bool:
    commands = switch.inside("ps", "ax", "-o", "args")
    return "commit /" not in commands and "vtysh -f" not in commands


def test_another_connection_confirms(
    client: Callable[[int | None], subprocess.Popen[str]], frr: FRRDriver, switch: MiniFrr
) -> None:
    process = client(60)
    tell(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "committed\n"
    kill(process)
    assert frr.has_pending_commit()
    frr.confirm_commit()
    assert not frr.has_pending_commit()
    assert "RF-OUT6" in switch.inside("cat", "/etc/frr/frr.conf")
    frr.rollback()


def test_closing_neither_confirms_nor_reverts(
    connect: Callable[[], FRRDriver], switch: MiniFrr
) -> None:
    first = connect()
    first.load_merge_candidate(config=GUARD)
    first.commit_config(revert_in=60)
    committed = switch.running()
    first.close()
    second = connect()
    assert switch.running() == committed
    assert second.has_pending_commit()
    second.rollback()
    assert not second.has_pending_commit()


def test_the_timer_is_armed_before_anything_changes(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    # A switch that can't detach a process can't revert by itself.
    switch.inside("mount", "--bind", "/bin/false", "/usr/bin/setsid")
    try:
        frr.load_merge_candidate(config=GUARD)
        with pytest.raises(CommitError, match="could not be armed, so nothing was changed"):
            frr.commit_config(revert_in=60)
    finally:
        switch.inside("umount", "/usr/bin/setsid")
    assert switch.running() == before
    assert not frr.has_pending_commit()


def test_a_stopped_timer_is_noticed(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60)
    switch.inside("sh", "-c", "kill -s KILL -- -$(cat /var/tmp/napalm-frr/pending/pid)")
    assert frr.has_pending_commit()
    with pytest.raises(CommitConfirmException, match="timer was stopped by somebody"):
        frr.confirm_commit()
    frr.rollback()


def test_a_second_candidate_is_refused_by_name(
    frr: FRRDriver, connect: Callable[[], FRRDriver]
) -> None:
    frr.load_merge_candidate(config=GUARD)
    other = connect()
    with pytest.raises(
        LockError, match=r"locked by ringfence \(\S+@\S+, process \d+\) since 20.* UTC$"
    ):
        other.load_merge_candidate(config=GUARD)
    frr.load_merge_candidate(config=GUARD)  # one's own is replaced
    frr.discard_config()
    other.load_merge_candidate(config=GUARD)
    other.close()
    frr.load_merge_candidate(config=GUARD)


def test_a_dead_client_keeps_no_lock(
    client: Callable[[int | None], subprocess.Popen[str]], frr: FRRDriver
) -> None:
    process = client(None)
    with pytest.raises(LockError, match="locked by"):
        frr.load_merge_candidate(config=GUARD)
    kill(process)

    def loads() -> bool:
        try:
            frr.load_merge_candidate(config=GUARD)
        except LockError:
            return False
        return True

    assert until(loads)


def test_a_lost_lock_stops_the_commit(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    frr.load_merge_candidate(config=GUARD)
    switch.kill("timeout")
    with pytest.raises(CommitError, match="the candidate lock was lost"):
        frr.commit_config()
    assert switch.running() == before
