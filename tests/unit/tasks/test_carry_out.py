"""What is taken back on a device, and what is left alone because it is somebody else's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from policies.change import Attach, apply
from policies.dialects import DIALECTS
from policies.filters import Direction, SessionKey
from policies.managed import digest
from tasks.carry_out import Todo, prepare, take_back
from tasks.dry_run import DryRun
from tasks.errors import HalfwayError, LockedError, StaleError, UntouchedError, VerifyError
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
HALF = f"{HEAD}{ONE}exit\n{MAP.format('RF-a')}end\n"


class Switch:
    """An adapter over a text; ``breaks`` is what stands after a revert that fails."""

    def __init__(self, text: str, *, waits: bool = False, breaks: str | None = None) -> None:
        self.text, self.waits, self.breaks = text, waits, breaks
        self.reverts: list[str] = []
        self.refused: Exception | None = None

    def pending(self, _: object) -> bool:
        return self.waits

    def running(self, _: object) -> str:
        return self.text

    def refresh(self, _: object, __: object) -> None:
        pass

    def commit(self, *_: object) -> None:
        if self.refused is not None:
            raise self.refused

    def revert(self, _: object, way_back: str) -> None:
        self.reverts.append(way_back)
        if self.breaks is not None:
            self.text, self.breaks = self.breaks, None
            raise ConnectionResetError("gone")
        self.text = BEFORE


def todo() -> Todo:
    running = FRR.parse(BEFORE)
    before: Any = Snapshot(BEFORE, running, None)  # type: ignore[arg-type]
    after = FRR.parse(AFTER)
    expected = Expected(running=after, digest=digest(after), fenced={}, before=before, max_lost=0.0)
    return Todo(candidate="c", way_back="planned", dry_run=DryRun("d", expected), slots=())


def host(switch: Switch) -> Any:  # noqa: ANN401 - stands for a Host
    return SimpleNamespace(adapter=switch, driver=object())


def test_what_this_run_made_goes_by_the_planned_way_back() -> None:
    switch = Switch(AFTER)
    take_back(host(switch), DEVICE, todo())
    assert switch.reverts == ["planned"]


def test_what_stopped_half_way_goes_from_where_it_stopped() -> None:
    switch = Switch(AFTER, breaks=HALF)
    with pytest.raises(HalfwayError, match="gone"):
        take_back(host(switch), DEVICE, todo())
    take_back(host(switch), DEVICE, todo(), True)
    assert switch.reverts == ["planned", "no route-map RF-a permit 65535\n"]


def test_somebody_elses_filters_are_left_alone() -> None:
    switch = Switch(OTHER)
    with pytest.raises(VerifyError, match="not what it was"):
        take_back(host(switch), DEVICE, todo())
    assert switch.reverts == []


def test_what_can_not_be_read_is_taken_back_while_it_waits() -> None:
    switch = Switch("no configuration", waits=True)
    take_back(host(switch), DEVICE, todo())
    assert switch.reverts == ["planned"]


@pytest.mark.parametrize("error", [LockedError("held"), StaleError("another diff")])
def test_what_was_not_begun_is_told_apart(error: DeviceError) -> None:
    switch = Switch(BEFORE)
    switch.refused = error
    timers: Any = SimpleNamespace(confirm=60, settle=1)
    with pytest.raises(UntouchedError):
        prepare(host(switch), DEVICE, todo(), timers)
    with pytest.raises(UntouchedError, match="waits for its confirmation"):
        prepare(host(Switch(BEFORE, waits=True)), DEVICE, todo(), timers)


def test_no_foreign_line_is_quoted_whole() -> None:
    old = "tacacs server T1\n key 7 OLD070C\n"
    said = _first_difference(old, old.replace("OLD070C", "NEW094F"))
    assert said == (
        "`key ...` below `tacacs server T1` is gone and `key ...` below `tacacs server T1` is new"
    )


def test_the_made_up_states_are_what_they_are_called() -> None:
    slot = (SessionKey("", "10.0.0.1"), 4, Direction.IMPORT)
    assert digest(apply(FRR.parse(HALF), [Attach(slot, "RF-a")])) == digest(FRR.parse(AFTER))
