"""Every step of IOS-XE's adapter under every fault: what it says, and what the switch is then."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from ios_box import CANDIDATE, DIFF, opened, tidied, tor1
from ios_faults import (
    ADAPTER,
    OLD_TEXT,
    STEPS,
    State,
    device,
    healed,
    line,
    new_text,
    outcome,
    state,
)

from inventory.errors import DeviceError
from lab.switch.ios.session import IosCli
from lab.switch.terminal import HangUpError
from tasks.adapters import ios_candidate
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ios_faults import Line, Step
    from switchbox import SwitchBox

    from tasks.adapters.base import Driver


#: Commands to the switch with their seconds; every other fault is switched on and off.
EVENTS = {
    "reboot": ("reboot", 0),
    "clock ahead": ("skew", 86400),
    "clock behind": ("skew", -86400),
    "lapse": ("lapse", 60),
}
FAULTS = ("babble", "cut", "auth-lost", "locked", "refuse-commit", *EVENTS)

#: What the switch's noise looks like in a sentence.
NOISE = re.escape("~x\xfe?f~p}@")
NOT_AUTHORIZED = r"did not take every line: Command authorization failed\."
HELD = "Configuration mode locked exclusively by user 'alice'"

#: The sentence of a step that fails, by fault and step; where there is none, it does well.
SENTENCES: dict[tuple[str, str], str] = {
    ("babble", "running"): "does not come to its `end`",
    ("babble", "tables"): f"does not list its neighbors: {NOISE}",
    ("babble", "dry_run"): f"does not list its files: {NOISE}|takes no file: {NOISE}",
    ("babble", "commit"): f"does not list its files: {NOISE}|takes no file: {NOISE}",
    ("babble", "back"): f"takes no file: {NOISE}",
    ("babble", "refresh"): f"did not renew the routes of NODES: {NOISE}",
    **{
        ("babble", step): f"does not say whether a revert timer runs: {NOISE}"
        for step in ("pending", "confirm", "revert", "back, confirm", "back, revert")
    },
    ("cut", "running"): "does not come to its `end`",
    **{("locked", step): HELD for step in ("commit", "back", "revert", "back, revert")},
    **{("refuse-commit", step): NOT_AUTHORIZED for step in ("commit", "back")},
    **{("lapse", step): "its timer was faster" for step in ("confirm", "back, confirm")},
    **{
        (fault, step): "tor1 .* can't be reached: "
        for fault in ("auth-lost", "reboot")
        for step in STEPS
        if step != "lacks"
    },
    # What is asked for first is a connection for the file, unless the files are to be listed.
    **{
        ("auth-lost", step): "tor1 .* (refuses the login; check|can't be reached: )"
        for step in ("dry_run", "commit", "back")
    },
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    with tor1(tmp_path_factory.mktemp("ios")) as made:
        yield made


@pytest.fixture(scope="module")
def new(box: SwitchBox) -> str:
    """The text of the switch with the change in it."""
    return new_text(box)


@pytest.fixture(scope="module")
def wire(box: SwitchBox) -> Iterator[Line]:
    with line(box) as made:
        yield made


@pytest.fixture(autouse=True)
def tidy(box: SwitchBox, new: str) -> Iterator[None]:
    """Whatever the test does, the next one has the switch as it booted."""
    assert new
    with tidied(box):
        yield


def _befall(box: SwitchBox, fault: str, seconds: int | None = None) -> None:
    if fault in EVENTS:
        command, usual = EVENTS[fault]
        box.control(command, seconds=usual if seconds is None else seconds)
    else:
        box.control("fault", name=fault, on=True)


def _leaves_alone(box: SwitchBox, new: str, one: Step, error: DeviceError | None) -> None:
    """Check that an error which says so leaves no change and no timer behind."""
    if one.is_commit and isinstance(error, RejectedError | LockedError):
        assert state(box) == settled(new, one.starts)


def settled(new: str, which: str) -> State:
    """Return the state of a switch that is the old or the new one for good."""
    text = new if which == "new" else OLD_TEXT
    return State(text, text, is_pending=False)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_step_under_a_fault(box: SwitchBox, wire: Line, new: str, fault: str, step: str) -> None:
    one = STEPS[step]
    driver = wire.driver()
    one.before(driver)
    _befall(box, fault)
    _, error = outcome(lambda: one.act(driver))
    sentence = SENTENCES.get((fault, step))
    if sentence is None:
        assert error is None
    else:
        assert re.search(sentence, str(error))
    _leaves_alone(box, new, one, error)
    ends = one.ends if sentence is None else one.starts
    assert healed(box) == settled(new, ends)
    if _left_behind(box):
        # A connection that dies keeps a file there.
        assert fault == "reboot"
        _sweep(box)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("auth-lost", "tor1 .* refuses the login; check"),
        ("reboot", "tor1 .* can't be reached: "),
        ("babble", ""),
    ],
)
def test_a_login_under_a_fault(box: SwitchBox, fault: str, sentence: str) -> None:
    _befall(box, fault, seconds=60)
    with ExitStack() as stack:
        _, error = outcome(lambda: stack.enter_context(opened(box)))
    if fault == "reboot":
        _befall(box, fault, seconds=0)
    assert re.search(sentence, str(error)) if sentence else error is None


class Befall:
    """What befalls a switch at the ``at``-th command that it is given from now on."""

    def __init__(self, box: SwitchBox, at: int, fault: str) -> None:
        self.box, self.at, self.fault = box, at, fault
        self.seen = 0
        self._reboot: asyncio.Task[None] | None = None

    def line(self) -> Callable[[IosCli, str], Awaitable[str]]:
        """Return what stands in for the terminal's own way of doing a line."""
        do = IosCli.line

        async def line(cli: IosCli, text: str) -> str:
            self.seen += 1
            if self.seen != self.at:
                return await do(cli, text)
            match self.fault:
                case "dies":
                    await do(cli, text)
                    raise HangUpError
                case "reboot":
                    # Of its own: it ends this very connection.
                    self._reboot = asyncio.create_task(self.box.switch.control("reboot", {}))
                    await asyncio.Event().wait()
                case "lapse":
                    await self.box.switch.control("lapse", {"seconds": 60})
                case name:
                    await self.box.switch.control("fault", {"name": name, "on": True})
            return await do(cli, text)

        return line

    def wait(self) -> None:
        """Return once the switch is up again."""
        if self._reboot is not None:
            self.box.do(asyncio.wait_for(self._reboot, 50))


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        *itertools.product(("dies", "reboot", "babble", "locked"), ("commit", "confirm", "revert")),
        # In a commit it is the clock of this machine that tells; see below.
        *itertools.product(("lapse",), ("confirm", "revert")),
    ],
)
def test_a_fault_that_begins_in_the_middle_of_a_step(  # noqa: PLR0917 - fixtures
    box: SwitchBox, wire: Line, new: str, monkeypatch: pytest.MonkeyPatch, fault: str, step: str
) -> None:
    """Whichever command it begins at, the switch is the old or the new one, and says no lie."""
    one = STEPS[step]
    for at in itertools.count(1):
        with tidied(box):
            driver = wire.driver()
            one.before(driver)
            befall = Befall(box, at, fault)
            with monkeypatch.context() as patched:
                patched.setattr(IosCli, "line", befall.line())
                _, error = outcome(partial(one.act, driver))
            befall.wait()
            if befall.seen < at:
                # The step was over before.
                assert error is None
                assert at > 2
                return
            _leaves_alone(box, new, one, error)
            then = healed(box)
            if error is None:
                assert then == settled(new, one.ends)
            elif step == "confirm" and then == State(new, OLD_TEXT, is_pending=False):
                # Confirmed and not saved: it is told to have failed, and can be taken back.
                STEPS["back"].act(wire.driver())
                ADAPTER.confirm(wire.driver())
                assert state(box) == settled(new, "old")
            else:
                assert then in {settled(new, one.starts), settled(new, one.ends)}
            if _left_behind(box):
                _sweep(box)


def test_a_copy_that_comes_after_the_timer_is_no_commit(
    box: SwitchBox, wire: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stalls(driver: Driver, path: str) -> None:
        box.control("lapse", seconds=60)
        ios_candidate.merge(driver, path)
        late = time.monotonic() + 60
        monkeypatch.setattr(time, "monotonic", lambda: late)

    monkeypatch.setattr("tasks.adapters.ios.merge", stalls)
    with pytest.raises(DeviceError, match="had run out before the candidate was copied"):
        ADAPTER.commit(wire.driver(), CANDIDATE, DIFF, 60)


def test_a_way_back_that_fails_is_not_passed_over(box: SwitchBox, wire: Line) -> None:
    driver = wire.driver()
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    device(box).flash.delete(device(box).pending.file)
    with pytest.raises(DeviceError, match="did not take the change back: %Error opening flash:"):
        ADAPTER.revert(driver, "")


def _sweep(box: SwitchBox) -> None:
    """Let a later run find what this one left behind."""
    with pytest.MonkeyPatch.context() as patched, line(box) as later:
        patched.setattr(ios_candidate, "STALE", -60)
        ADAPTER.dry_run(later.driver(), CANDIDATE)
    assert _left_behind(box) == []


def _left_behind(box: SwitchBox) -> list[str]:
    return [name for name in box.control("files") if name.startswith("rf-")]
