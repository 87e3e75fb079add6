"""Every fault before every request of every step of NX-OS's adapters: old or new, nothing else."""

from __future__ import annotations

import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from nxos_box import CHANGE, TRANSPORTS, WAY_BACK, box, connected
from step_faults import (
    CASES,
    LATER_S,
    STEPS,
    TIMER_S,
    Requests,
    Stage,
    ensure_sound,
    ensure_swept,
    ensure_told,
    play,
)

from inventory.errors import DeviceError
from lab.switch.nxos import NxosSwitch
from policies.dialects.nxos import NxosDialect
from policies.dialects.nxos_scheduler import scheduler_lines
from policies.filters import Direction, SessionKey
from tasks.errors import ConnectError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Adapter, Driver

SPINE = SessionKey("", "10.255.11.0")


class Nxos:
    """The platform under test, over one of its transports."""

    candidate = CHANGE
    way_back = WAY_BACK

    def __init__(self, there: SwitchBox, platform: str) -> None:
        self.adapter: Adapter = TRANSPORTS[platform][0]
        self._box, self._platform = there, platform
        self._saved = there.control("startup")

    @property
    def _switch(self) -> NxosSwitch:
        assert isinstance(self._box.switch, NxosSwitch)
        return self._box.switch

    @contextmanager
    def driver(self, requests: Requests) -> Iterator[Driver]:
        with connected(self._box, self._platform) as driver:
            if self._platform == "nxos":
                requests.wrap(driver.device.api, "_send_request")
            else:
                requests.wrap(driver.device, "send_command", "send_config_set")
            yield driver

    def tidy(self) -> None:
        device = self._switch.device
        device.checkpoints.clear()
        device.files.clear()
        device.startup = self._saved
        self._box.control("reboot")

    def plain(self, running: str) -> str:
        lines = running.splitlines(keepends=True)
        ours = scheduler_lines(lines, [False] * len(lines))
        rest = (line for line, our in zip(lines, ours, strict=True) if not our)
        return "".join(line for line in rest if line.strip())

    def litter(self) -> tuple[object, ...]:
        device = self._switch.device
        ours = [line for line in device.configuration.text().splitlines() if "RF-revert" in line]
        return (*device.checkpoints, *device.files, *ours)


@pytest.fixture(scope="module", params=TRANSPORTS)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    platform: str = request.param
    with box(tmp_path_factory.mktemp(platform)) as there:
        session = NxosDialect().parse(there.control("running")).sessions[SPINE]
        slots = ((session, 4, Direction.IMPORT),)
        stage = Stage(there, Nxos(there, platform), slots, ((SPINE, 4),))
        stage.rehearse()
        yield stage


#: What each fault says, over NX-API and over the command line, and which steps it ends when it
#: begins with them.
EVERY = frozenset(STEPS)
FASTER = "the timer was faster"
ENDS: dict[str, tuple[tuple[str, str], frozenset[str]]] = {
    "babble": (("none of NX-API's", "as NX-OS does"), EVERY),
    "cut": (("cut short", "cut short"), frozenset({"running"})),
    "auth-lost": (("refuses the login", "did not answer"), EVERY),
    "locked": (
        ("Configuration is locked", "Configuration is locked"),
        frozenset({"commit", "confirm", "revert"}),
    ),
    "refuse-commit": (("resource is busy", "resource is busy"), frozenset({"commit"})),
    "reboot": ((FASTER, "did not answer"), frozenset({"confirm"})),
    "skew ahead": ((FASTER, FASTER), frozenset({"confirm"})),
    "skew back": (("", ""), frozenset()),
    "lapse": ((FASTER, FASTER), frozenset({"confirm"})),
}


def is_ssh(stage: Stage) -> bool:
    return stage.platform.adapter is TRANSPORTS["nxos_ssh"][0]


def ends(stage: Stage, fault: str) -> tuple[str, frozenset[str]]:
    words, steps = ENDS[fault]
    if is_ssh(stage) and fault == "reboot":
        # It takes the terminal with it.
        return words[1], EVERY
    return words[is_ssh(stage)], steps


#: Over SSH each connection takes its time: one position each, and those in the middle of a change.
TYPED = [
    (step, fault, 0)
    for step, fault in CASES
    if step in {"running", "dry_run", "pending", "confirm", "revert"}
    and fault in {"babble", "cut", "auth-lost"}
] + [("commit", "babble", 6), ("commit", "auth-lost", 9), ("commit", "reboot", 12)]


@pytest.mark.parametrize(("step", "fault"), CASES)
def test_a_fault_at_any_request_leaves_old_or_new(stage: Stage, step: str, fault: str) -> None:
    positions = [at for one, two, at in TYPED if (one, two) == (step, fault)]
    if is_ssh(stage) and not positions:
        pytest.skip("played over NX-API")
    for at in positions if is_ssh(stage) else itertools.count():
        played = play(stage, step, fault, at)
        if not played.struck:
            assert played.error is None
            break
        if at == 0:
            ensure_told(ends(stage, fault), step, played)
        ensure_sound(stage, step, fault, played)
        if played.error is not None:
            ensure_swept(stage)


#: What the adapter asks of the device, by step, over NX-API: a request may hold several commands.
EXCHANGE = {
    "running": 1,
    "tables": 1,
    "lacks": 1,
    "dry_run": 1,
    "commit": 7,
    "refresh": 1,
    "pending": 1,
    "confirm": 5,
    "revert": 7,
}
#: The same over SSH, by command; entering lines counts as one.
TYPED_EXCHANGE = {
    "running": 2,
    "tables": 1,
    "lacks": 2,
    "dry_run": 2,
    "commit": 15,
    "refresh": 1,
    "pending": 2,
    "confirm": 9,
    "revert": 12,
}


def test_no_step_asks_more_than_it_needs(stage: Stage) -> None:
    asked = {}
    for step in STEPS:
        assert play(stage, step, "cut", LATER_S).error is None
        asked[step] = stage.requests.count
    assert asked == (TYPED_EXCHANGE if is_ssh(stage) else EXCHANGE)


def test_a_switch_that_is_away_comes_back_by_itself(stage: Stage) -> None:
    stage.platform.tidy()
    adapter, before = stage.platform.adapter, stage.box.daemon.router
    with suppress(DeviceError), stage.driver() as driver:
        stage.commit(driver)
        began = len(stage.box.daemon.applied)
        stage.box.control("reboot", seconds=0.4)
        with pytest.raises(ConnectError):
            adapter.running(driver)
    answered = None
    while answered is None:
        # Whatever the driver makes of a port where nobody listens.
        with suppress(Exception), stage.driver() as driver:
            answered = adapter.running(driver)
    assert answered == stage.old
    down, up = stage.box.daemon.applied[began:]
    assert down is None
    assert up == before


@pytest.mark.parametrize("end", ["confirm", "revert", "lapse"])
def test_a_confirmed_change_goes_back_under_a_timer(stage: Stage, end: str) -> None:
    stage.platform.tidy()
    adapter = stage.platform.adapter
    with stage.driver() as driver:
        stage.commit(driver)
        adapter.confirm(driver)
        diff, _ = adapter.dry_run(driver, WAY_BACK)
        adapter.commit(driver, WAY_BACK, diff, TIMER_S)
        match end:
            case "confirm":
                adapter.confirm(driver)
            case "revert":
                # Also where somebody's line stands in the way of a plain rollback.
                stage.box.control("edit", lines=["ntp server 192.0.2.13 use-vrf management"])
                adapter.revert(driver, WAY_BACK)
                assert stage.state == ("new", "new", False)
            case _:
                stage.box.control("lapse", seconds=LATER_S)
    assert stage.state == (("old", "old", False) if end == "confirm" else ("new", "new", False))


def test_each_timer_has_a_name_that_only_its_run_confirms(stage: Stage) -> None:
    stage.platform.tidy()
    adapter = stage.platform.adapter
    with stage.driver() as mine, stage.driver() as theirs:
        stage.commit(mine)
        diff, _ = adapter.dry_run(theirs, CHANGE)
        with pytest.raises(LockedError, match="waits for its confirmation already"):
            adapter.commit(theirs, CHANGE, diff, TIMER_S)
        stage.box.control("lapse", seconds=LATER_S)
        stage.commit(theirs)
        with pytest.raises(DeviceError, match="not this run's but RF-revert-"):
            adapter.confirm(mine)
        adapter.confirm(theirs)
    assert stage.state == ("new", "new", False)


def test_a_dead_run_s_trial_is_seen_by_the_next(stage: Stage) -> None:
    stage.platform.tidy()
    adapter = stage.platform.adapter
    with stage.driver() as driver:
        stage.commit(driver)
    with stage.driver() as driver:
        assert adapter.shows_trial
        assert adapter.pending(driver)
        adapter.revert(driver, "")
    assert stage.state == ("old", "old", False)


# The clock ----------------------------------------------------------------------------------


def test_a_clock_set_back_makes_the_timer_late_and_harms_no_one_alive(stage: Stage) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
        stage.box.control("skew", seconds=-3600)
        stage.box.control("lapse", seconds=LATER_S)
        assert stage.state[2], "nobody but the one who waits can tell"
        stage.platform.adapter.revert(driver, "")
        assert stage.state == ("old", "old", False)
        stage.commit(driver)
        assert 0 < stage.box.control("pending") <= TIMER_S + 120, "a new timer is on time"
    stage.box.control("skew", seconds=-3600)
    stage.box.control("lapse", seconds=3600 + LATER_S)
    stage.box.control("skew", seconds=3600)
    assert stage.state == ("old", "old", False)


def test_a_timer_that_the_clock_jumps_over_waits_for_nobody_any_more(stage: Stage) -> None:
    stage.platform.tidy()
    adapter = stage.platform.adapter
    with stage.driver() as driver:
        stage.commit(driver)
        stage.box.control("skew", seconds=3600, skips=True)
        assert stage.state[0] == "new"
        assert not adapter.pending(driver)
        with pytest.raises(DeviceError, match=FASTER):
            adapter.confirm(driver)
        # What the caller does then.
        diff, _ = adapter.dry_run(driver, WAY_BACK)
        adapter.commit(driver, WAY_BACK, diff, TIMER_S)
        adapter.confirm(driver)
        stage.box.control("skew", seconds=-3600)
    assert stage.state == ("old", "old", False)
    assert not any(stage.platform.litter())


def test_a_timer_that_is_about_to_go_off_is_not_confirmed(stage: Stage) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
        left = stage.box.control("pending")
        stage.box.control("skew", seconds=left - 8)
        with pytest.raises(DeviceError, match=r"goes off in \d s: too late"):
            stage.platform.adapter.confirm(driver)
    stage.box.control("lapse", seconds=LATER_S)
    assert stage.state == ("old", "old", False)
