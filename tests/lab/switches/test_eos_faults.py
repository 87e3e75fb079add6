"""Every fault before every request of every step of the EOS adapter: old or new, nothing else."""

from __future__ import annotations

import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from eos_box import ADAPTER, CANDIDATE, WAY_BACK, opened, startup_of
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
from switchbox import SwitchBox

from inventory.errors import DeviceError
from lab.switch.eos.switch import EosSwitch
from policies.dialects.eos import EosDialect
from policies.filters import Direction, SessionKey
from tasks.errors import ConnectError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Adapter, Driver

SPINE = SessionKey("", "10.255.11.0")


class Eos:
    """The platform under test."""

    adapter: Adapter = ADAPTER
    candidate = CANDIDATE
    way_back = WAY_BACK

    def __init__(self, box: SwitchBox) -> None:
        self._box = box
        self._saved = box.control("startup")
        self._driver: Driver | None = None

    @property
    def _switch(self) -> EosSwitch:
        assert isinstance(self._box.switch, EosSwitch)
        return self._box.switch

    @contextmanager
    def driver(self, requests: Requests) -> Iterator[Driver]:
        # No connection lasts longer than a request.
        if self._driver is None:
            self._driver = opened(self._box)
            requests.wrap(self._driver.device.connection, "send")
        yield self._driver
        assert self._driver.config_session is None, "closing it would abort what is committed"

    def tidy(self) -> None:
        store = self._switch._store
        store.startup = self._saved
        store.files.clear()
        self._box.control("reboot")

    def plain(self, running: str) -> str:
        return running

    def litter(self) -> tuple[object, ...]:
        store = self._switch._store
        return (*store.pending(), *store.files, store.timer)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("eos")
    with SwitchBox(EosSwitch, startup_of("tor1"), folder, address="127.41.0.5") as box:
        session = EosDialect().parse(box.control("running")).sessions[SPINE]
        stage = Stage(box, Eos(box), ((session, 4, Direction.IMPORT),), ((SPINE, 4),))
        stage.rehearse()
        yield stage


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.adapters.eos._LOCK_WAIT_S", 0)


#: What each fault says, and which steps it ends when it begins with them.
NO_EAPI, NO_LOGIN = "none of eAPI's", "refuses the login"
EVERY = frozenset(STEPS) - {"refresh"}
ENDS: dict[str, tuple[str, frozenset[str]]] = {
    "babble": (NO_EAPI, EVERY),
    "cut": ("lacks its `end`", frozenset({"running"})),
    "auth-lost": (NO_LOGIN, EVERY),
    "locked": ("night-shift", frozenset({"dry_run", "commit"})),
    "refuse-commit": ("ConfigAgent is not ready", frozenset({"commit", "confirm"})),
    "reboot": ("the timer was faster", frozenset({"confirm"})),
    "skew ahead": ("", frozenset()),
    "skew back": ("", frozenset()),
    "lapse": ("the timer was faster", frozenset({"confirm"})),
}


@pytest.mark.parametrize(("step", "fault"), CASES)
def test_a_fault_at_any_request_leaves_old_or_new(
    stage: Stage, step: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in itertools.count():
        played = play(stage, step, fault, at)
        if not played.struck:
            assert played.error is None
            break
        if at == 0:
            ensure_told(ENDS[fault], step, played)
        ensure_sound(stage, step, fault, played)
        if played.error is not None:
            # As if it were much later.
            with monkeypatch.context() as later:
                later.setattr("tasks.adapters.eos._DEAD_AFTER_S", -1)
                ensure_swept(stage)


#: What an adapter asks of the device, by step. ``open`` asks once; a session's diff is its own.
EXCHANGE = {
    "running": 1,
    "tables": 1,
    "lacks": 1,
    "dry_run": 3,
    "commit": 5,
    "refresh": 0,
    "pending": 1,
    "confirm": 2,
    "revert": 2,
}


def test_no_step_asks_more_than_it_needs(stage: Stage) -> None:
    asked = {}
    for step in STEPS:
        assert play(stage, step, "cut", LATER_S).error is None
        asked[step] = stage.requests.count
    assert asked == EXCHANGE


# Reboots ------------------------------------------------------------------------------------


def test_a_switch_that_is_away_refuses_and_comes_back_by_itself(stage: Stage) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
        began = len(stage.box.daemon.applied)
        stage.box.control("reboot", seconds=0.4)
        with pytest.raises(ConnectError, match="refused"):
            ADAPTER.running(driver)
        answered = None
        while answered is None:
            with suppress(ConnectError):
                answered = ADAPTER.running(driver)
        assert answered == stage.old
        down, up = stage.box.daemon.applied[began:]
        assert down is None
        assert up == stage.box.daemon.applied[0]
        assert not ADAPTER.pending(driver)


# Both directions of a change ------------------------------------------------------------------


@pytest.mark.parametrize("end", ["confirm", "revert", "lapse"])
def test_a_confirmed_change_goes_back_under_a_timer(stage: Stage, end: str) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
        ADAPTER.confirm(driver)
        diff, _ = ADAPTER.dry_run(driver, WAY_BACK)
        ADAPTER.commit(driver, WAY_BACK, diff, TIMER_S)
        assert stage.state == ("old", "new", True)
        match end:
            case "confirm":
                ADAPTER.confirm(driver)
            case "revert":
                ADAPTER.revert(driver, WAY_BACK)
            case _:
                stage.box.control("lapse", seconds=LATER_S)
    assert stage.state == (("old", "old", False) if end == "confirm" else ("new", "new", False))


def test_a_dead_run_s_trial_is_seen_by_the_next(stage: Stage) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
    with stage.driver() as driver:
        assert ADAPTER.shows_trial
        assert ADAPTER.pending(driver)
        with pytest.raises(LockedError, match="waits for its confirmation"):
            stage.commit(driver)
        ADAPTER.revert(driver, "")
    assert stage.state == ("old", "old", False)


@pytest.mark.parametrize("said", [[], [{}], {"sessions": {}}, "x", [{"sessions": []}], [None]])
def test_json_that_is_no_answer_is_an_error(
    stage: Stage, said: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.platform.tidy()
    with stage.driver() as driver, monkeypatch.context() as patched:
        patched.setattr(driver.device, "run_commands", lambda *_, **__: said)
        with pytest.raises(DeviceError, match="none of eAPI's"):
            ADAPTER.pending(driver)


def test_time_of_day_is_no_timer(stage: Stage) -> None:
    stage.platform.tidy()
    with stage.driver() as driver:
        stage.commit(driver)
        left = stage.box.control("pending")
        stage.box.control("skew", seconds=86400)
        assert stage.box.control("pending") == pytest.approx(left, abs=5)
        ADAPTER.revert(driver, "")
        stage.box.control("skew", seconds=-86400)
