"""What is taken back on a device, and what is left alone because it is somebody else's."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from policies.dialects import DIALECTS
from policies.managed import digest
from tasks.carry_out import Todo, WayBack, finish, prepare, take_back
from tasks.dry_run import DryRun
from tasks.errors import LockedError, StaleError, UntouchedError, VerifyError
from tasks.snapshot import Snapshot
from tasks.verify import Expected, _first_difference

if TYPE_CHECKING:
    from inventory.errors import DeviceError

FRR = DIALECTS["frr"]
DEVICE: Any = SimpleNamespace(name="tor1", hostname="h", platform="frr")
HEAD = "frr version 8.4.4\nfrr defaults datacenter\nrouter bgp 65000\n"
ONE = " neighbor 10.0.0.1 remote-as 65001\n"
FAMILY = " address-family ipv4 unicast\n  neighbor 10.0.0.1 route-map {} in\n exit-address-family\n"
BEFORE = f"{HEAD}{ONE}exit\nend\n"
MAP = "route-map {} permit 65535\nexit\n"
AFTER = f"{HEAD}{ONE}{FAMILY.format('RF-a')}exit\n{MAP.format('RF-a')}end\n"
OTHER = f"{HEAD}{ONE}{FAMILY.format('RF-b')}exit\n{MAP.format('RF-b')}end\n"
WAY = WayBack(
    candidate="back",
    before=digest(FRR.parse(BEFORE)),
    after=digest(FRR.parse(AFTER)),
    slots=(),
    timer_s=60,
)


class Switch:
    """An adapter over a text; what a commit makes of it is ``made``, until the timer fires.

    ``undo`` is what stands there once the timer has fired: None where nothing waits.
    """

    def __init__(self, text: str, *, undo: str | None = None) -> None:
        self.text, self.undo = text, undo
        self.made = {"c": AFTER, "back": BEFORE}
        self.said: list[str] = []
        self.refused: Exception | None = None
        self.dies_in = ""

    def _say(self, word: str) -> None:
        self.said.append(word)
        if word == self.dies_in:
            self.dies_in = ""
            raise ConnectionResetError("gone")

    def pending(self, _: object) -> bool:
        return self.undo is not None

    def running(self, _: object) -> str:
        return self.text

    def refresh(self, _: object, __: object) -> None:
        self._say("refresh")

    def dry_run(self, _: object, candidate: str) -> tuple[str, None]:
        return f"diff of {candidate}", None

    def commit(self, _: object, candidate: str, diff: str, revert_in: int) -> None:
        if self.refused is not None:
            raise self.refused
        assert (diff, revert_in) == (f"diff of {candidate}", 60)
        self.undo, self.text = self.text, self.made[candidate]
        self._say(f"commit {candidate}")

    def confirm(self, _: object) -> None:
        assert self.undo is not None
        self._say("confirm")
        self.undo = None

    def save(self, _: object) -> None:
        self._say("save")

    def revert(self, _: object, __: str) -> None:
        assert self.undo is not None
        self.text, self.undo = self.undo, None
        self._say("revert")

    def fire(self) -> None:
        if self.undo is not None:
            self.text, self.undo = self.undo, None


def todo() -> Todo:
    running = FRR.parse(BEFORE)
    before: Any = Snapshot(BEFORE, running, None)  # type: ignore[arg-type]
    after = FRR.parse(AFTER)
    expected = Expected(running=after, digest=digest(after), fenced={}, before=before, max_lost=0.0)
    return Todo(
        candidate="c",
        dry_run=DryRun("diff of c", expected),
        slots=(),
        timer_s=60,
        settle_s=1,
        deadline=time.monotonic() + 60,
    )


def host(switch: Switch) -> Any:  # noqa: ANN401 - stands for a Host
    return SimpleNamespace(adapter=switch, driver=object())


def test_a_change_that_waits_goes_back_by_the_devices_own_way() -> None:
    switch = Switch(AFTER, undo=BEFORE)
    take_back(host(switch), DEVICE, WAY)
    assert (switch.text, switch.undo, switch.said) == (BEFORE, None, ["revert", "refresh"])


def test_a_confirmed_change_goes_back_under_a_timer_of_its_own() -> None:
    switch = Switch(AFTER)
    take_back(host(switch), DEVICE, WAY)
    assert (switch.text, switch.undo) == (BEFORE, None)
    assert switch.said == ["commit back", "confirm", "refresh"]


@pytest.mark.parametrize("step", ["commit back", "confirm", "refresh"])
@pytest.mark.parametrize("fires", [False, True])
def test_a_way_back_that_broke_off_is_gone_again_from_either_state(step: str, fires: bool) -> None:
    switch = Switch(AFTER)
    switch.dies_in = step
    with pytest.raises(ConnectionResetError):
        take_back(host(switch), DEVICE, WAY)
    if fires:
        switch.fire()
    # Never anything in between, once nothing waits any more.
    assert switch.text in {BEFORE, AFTER}
    take_back(host(switch), DEVICE, WAY)
    assert (switch.text, switch.undo) == (BEFORE, None)


def test_a_way_back_that_leads_elsewhere_is_not_confirmed() -> None:
    switch = Switch(AFTER)
    switch.made = {"back": OTHER}
    with pytest.raises(VerifyError, match="does not lead"):
        take_back(host(switch), DEVICE, WAY)
    assert (switch.text, switch.undo, "confirm" in switch.said) == (AFTER, None, False)


@pytest.mark.parametrize(
    ("may_be_saved", "said"), [(True, ["save", "refresh"]), (False, ["refresh"])]
)
def test_what_went_back_is_saved_where_the_change_may_have_been(
    may_be_saved: bool, said: list[str]
) -> None:
    switch = Switch(BEFORE)
    take_back(host(switch), DEVICE, replace(WAY, may_be_saved=may_be_saved))
    assert switch.said == said


def test_somebody_elses_filters_are_left_alone() -> None:
    switch = Switch(OTHER)
    with pytest.raises(VerifyError, match="not what it was"):
        take_back(host(switch), DEVICE, WAY)
    assert (switch.text, switch.said) == (OTHER, [])


def test_what_can_not_be_read_is_taken_back_while_it_waits() -> None:
    switch = Switch("no configuration", undo=BEFORE)
    take_back(host(switch), DEVICE, WAY)
    assert switch.text == BEFORE


@pytest.mark.parametrize("error", [LockedError("held"), StaleError("another diff")])
def test_what_was_not_begun_is_told_apart(error: DeviceError) -> None:
    switch = Switch(BEFORE)
    switch.refused = error
    with pytest.raises(UntouchedError):
        prepare(host(switch), DEVICE, todo())
    with pytest.raises(UntouchedError, match="waits for its confirmation"):
        prepare(host(Switch(BEFORE, undo=OTHER)), DEVICE, todo())


def test_what_is_verified_too_late_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    settles: list[float] = []
    monkeypatch.setattr("tasks.carry_out.verify_routes", lambda *a: settles.append(a[-1]))
    monkeypatch.setattr("tasks.carry_out.verify_config", lambda *_: FRR.parse(AFTER))
    prepare(host(Switch(BEFORE)), DEVICE, todo())
    late = replace(todo(), deadline=time.monotonic() - 1)
    with pytest.raises(VerifyError, match="too late, its revert timer of 60 s is near"):
        prepare(host(Switch(BEFORE)), DEVICE, late)
    assert settles == [1, 0.0]


def test_finishing_confirms_what_waits_and_nothing_else() -> None:
    waiting, done, gone = Switch(AFTER, undo=BEFORE), Switch(AFTER), Switch(BEFORE)
    finish(host(waiting), DEVICE, WAY.after)
    finish(host(done), DEVICE, WAY.after)
    assert (waiting.text, waiting.undo, waiting.said) == (AFTER, None, ["confirm", "save"])
    # Who confirmed it may have died before it was saved.
    assert done.said == ["save"]
    with pytest.raises(VerifyError, match="not the planned ones any more"):
        finish(host(gone), DEVICE, WAY.after)


def test_no_foreign_line_is_quoted_whole() -> None:
    old = "tacacs server T1\n key 7 OLD070C\n"
    said = _first_difference(old, old.replace("OLD070C", "NEW094F"))
    assert said == (
        "`key ...` below `tacacs server T1` is gone and `key ...` below `tacacs server T1` is new"
    )


def test_who_was_only_asked_is_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bool:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(Switch, "pending", refuse)
    with pytest.raises(UntouchedError, match="can't be reached: refused"):
        prepare(host(Switch(BEFORE)), DEVICE, todo())


def test_a_commit_that_waits_after_our_timers_is_somebody_elses() -> None:
    switch = Switch(OTHER, undo=BEFORE)
    with pytest.raises(LockedError, match="it is somebody else's"):
        take_back(host(switch), DEVICE, replace(WAY, may_wait=False))
    assert (switch.text, switch.undo, switch.said) == (OTHER, BEFORE, [])
