"""What must hold of an adapter whatever goes wrong, and when: :func:`judge`.

A step of a deploy is taken on a virtual switch with one fault switched on. Law: it does what it
should, or says in a sentence why not; and once the fault is over and the revert timer has run out,
the whole switch is old or new, and takes the next change as if nothing had been.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from inventory.errors import DeviceError
from policies.dialects import DIALECTS
from policies.errors import ParseError
from tasks.adapters.base import Adapter
from tasks.errors import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

TIMER_S = 60
#: What runs, what is saved, and whether a commit waits.
Whole = tuple[str, str, bool]
#: Every fault by the name that tests have for it: the switch's command, and its arguments.
FAULTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{
        name: ("fault", {"name": name, "on": True})
        for name in ("babble", "cut", "auth-lost", "locked", "refuse-commit")
    },
    "reboot": ("reboot", {"seconds": 0.2}),
    "reboot-keeps": ("reboot", {"seconds": 0.2, "keeps": True}),
    "skew-on": ("skew", {"seconds": 3 * TIMER_S}),
    "skew-back": ("skew", {"seconds": -3 * TIMER_S}),
    "lapse": ("lapse", {"seconds": TIMER_S}),
}
#: The steps that a fault can have to do with: before a commit, and while one waits.
_STEPS: Mapping[str, tuple[str, str]] = {
    "babble": ("open running tables dry_run commit", "running tables pending confirm revert"),
    "cut": ("running tables dry_run commit", "running tables confirm revert"),
    "auth-lost": ("open running tables dry_run commit", "running pending confirm revert"),
    "locked": ("dry_run commit", "pending confirm revert"),
    "refuse-commit": ("dry_run commit", "confirm revert"),
    "reboot": ("open running dry_run commit", "running pending confirm revert"),
    "reboot-keeps": ("", "pending confirm revert"),
    "skew-on": ("commit", "pending confirm revert"),
    "skew-back": ("commit", "pending confirm revert"),
    "lapse": ("", "running pending confirm revert"),
}
CASES = [
    (fault, step, waits)
    for fault, steps in _STEPS.items()
    for waits in (False, True)
    for step in steps[waits].split()
]
NAMES = [f"{fault}-{'pending-' if waits else ''}{step}" for fault, step, waits in CASES]
_WITHIN_S = 60.0


class ShowingTrial(Adapter, Protocol):
    """An adapter that says whether it sees a commit that a dead session left."""

    shows_trial: bool


class Connect(Protocol):
    """Opens a driver as ringfence does; closing it never fails."""

    def __call__(self) -> AbstractContextManager[Driver]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A switch, an adapter, and a change with its way back.

    ``hasten`` has a driver wait less for a switch that may not answer any more.
    """

    box: SwitchBox
    adapter: ShowingTrial
    connect: Connect
    platform: str
    change: str
    way_back: str
    hasten: Callable[[Driver], None] = lambda _: None

    def text(self, what: str = "running") -> str:
        """Return a configuration of the switch, without the lines that tell the time."""
        shown = str(self.box.control(what))
        return "".join(one for one in shown.splitlines(True) if not one.startswith("!!"))

    def whole(self) -> Whole:
        """Return all that there is."""
        return self.text(), self.text("startup"), self.box.control("pending") is not None

    def commit(self, driver: Driver, candidate: str) -> None:
        """Commit with the timer."""
        diff, _ = self.adapter.dry_run(driver, candidate)
        self.adapter.commit(driver, candidate, diff, TIMER_S)


def go_there_and_back(bench: Bench) -> None:
    """Take a change that is confirmed back with a timer, in all the ways that can end."""
    old = bench.whole()
    with bench.connect() as driver:
        bench.commit(driver, bench.change)
        bench.adapter.confirm(driver)
        new = bench.whole()
        assert (new[0], new[2]) == (new[1], False)
        assert new[0] != old[0]
        bench.commit(driver, bench.way_back)
        assert bench.whole() == (old[0], new[1], True)
        bench.adapter.revert(driver, bench.change)
        assert bench.whole() == new
        bench.commit(driver, bench.way_back)
        bench.box.control("lapse", seconds=TIMER_S)
        assert bench.whole() == new
    with bench.connect() as driver:
        bench.commit(driver, bench.way_back)
        bench.adapter.confirm(driver)
        assert bench.whole() == old


def judge(bench: Bench, fault: str, step: str, *, waits: bool) -> None:
    """Take ``step`` with ``fault`` on, and assert what must hold."""
    adapter, old = bench.adapter, bench.whole()
    with bench.connect() as driver:
        tables = adapter.tables(driver, [])
        diff, would_hold = adapter.dry_run(driver, bench.change)
        adapter.commit(driver, bench.change, diff, TIMER_S)
        new = (bench.text(), bench.text(), False)
        if not waits:
            adapter.revert(driver, "")
        assert bench.whole() == ((new[0], old[1], True) if waits else old)
        command, arguments = FAULTS[fault]
        bench.hasten(driver)
        bench.box.control(command, **arguments)
        done, value = _taken(bench, driver, step, diff)
        if done and step == "dry_run":
            assert _timeless(value) == _timeless((diff, would_hold))
        elif done and step == "tables":
            assert value == tables
        elif done:
            # What a reboot made one for good waits for nothing: to be judged by who asked.
            is_kept = fault == "reboot-keeps" and bench.whole() == new
            assert _is_true(bench, step, value, old, new) or (step == "revert" and is_kept)
        if command == "fault":
            bench.box.control("fault", name=fault, on=False)
            if bench.whole() == old:
                # Nothing is left behind that lives as long as the session.
                with bench.connect() as other:
                    again = adapter.dry_run(other, bench.change)
                    assert _timeless(again) == _timeless((diff, would_hold))
    if command == "reboot":
        _await_logins(bench)
    # What a session leaves is taken back a moment after its end, on some platforms.
    _await(lambda: bench.whole() in {old, new, (new[0], old[1], True)}, "it stays between the two")
    bench.box.control("lapse", seconds=10 * TIMER_S)
    may_be_new = step == "confirm" or fault == "reboot-keeps"
    assert bench.whole() in ({old, new} if may_be_new else {old})
    _assert_usable(bench, old, new)


def _taken(bench: Bench, driver: Driver, step: str, diff: str) -> tuple[bool, Any]:
    """Take a step; return whether it came to its end, and with what."""
    adapter = bench.adapter
    take: Mapping[str, Callable[[], Any]] = {
        "open": lambda: _opened(bench),
        "running": lambda: _parsed(bench, driver),
        "tables": lambda: adapter.tables(driver, []),
        "dry_run": lambda: adapter.dry_run(driver, bench.change),
        "commit": lambda: adapter.commit(driver, bench.change, diff, TIMER_S),
        "pending": lambda: adapter.pending(driver),
        "confirm": lambda: adapter.confirm(driver),
        "revert": lambda: adapter.revert(driver, bench.way_back),
    }
    try:
        return True, take[step]()
    except DeviceError as error:
        known = error
    except Exception as error:  # noqa: BLE001 - libraries raise anything
        known = translate("tor1", "192.0.2.1", error)
    assert str(known).strip()
    assert ") failed: " not in str(known), f"no sentence for {known.__cause__!r}"
    return False, None


def _opened(bench: Bench) -> None:
    with bench.connect():
        pass


def _parsed(bench: Bench, driver: Driver) -> str:
    """Return the running configuration as a deploy takes it: what is not whole is refused."""
    text = bench.adapter.running(driver)
    try:
        DIALECTS[bench.platform].parse(text)
    except ParseError as error:
        raise DeviceError(str(error)) from error
    return "".join(one for one in text.splitlines(True) if not one.startswith("!!"))


def _timeless(shown: tuple[str, str | None]) -> tuple[str, str]:
    """Return a dry-run's diff and candidate without the lines that tell the time."""
    diff, would_hold = shown
    lines = (would_hold or "").splitlines(keepends=True)
    return diff, "".join(one for one in lines if not one.startswith("!!"))


def _is_true(bench: Bench, step: str, value: object, old: Whole, new: Whole) -> bool:
    """Return whether a step that came to its end did what it should."""
    now = bench.whole()
    # Where the switch tells of no trial, a late confirmation is seen by what runs afterwards.
    is_late = not bench.adapter.shows_trial and now == old
    return {
        "open": True,
        "running": value == now[0],
        "commit": now == (new[0], old[1], True),
        "pending": bool(value) or not now[2],
        "confirm": now == new or is_late,
        "revert": now == old,
    }[step]


def _await_logins(bench: Bench) -> None:
    def takes_them() -> bool:
        with contextlib.suppress(Exception), bench.connect():
            return True
        return False

    _await(takes_them, "the switch takes no logins any more")


def _await(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def _assert_usable(bench: Bench, old: Whole, new: Whole) -> None:
    """Assert that nothing is left behind: the next change goes in, and out again."""
    is_new = bench.whole() == new
    with bench.connect() as driver:
        if bench.adapter.pending(driver):
            # Known from this process alone, whose clock no lab can put forward.
            assert not bench.adapter.shows_trial
            bench.adapter.revert(driver, "")
        assert not bench.adapter.pending(driver)
        bench.commit(driver, bench.way_back if is_new else bench.change)
        bench.adapter.revert(driver, "")
    assert bench.whole() == (new if is_new else old)
