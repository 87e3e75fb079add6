"""All confirmed or all back: what the engine does, in which order, and what it writes before."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inventory.errors import DeviceError, IncompleteError
from inventory.settings import Timers
from runbooks import engine, way_back
from runbooks.engine import Engine
from runbooks.ledger import SupersededError
from runbooks.progress import Progress
from runbooks.timing import Timing
from tasks.errors import OtherError, UntouchedError
from tasks.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WAVES = (("a", "b"), ("c",), ("d",))
NAMES = tuple(itertools.chain.from_iterable(WAVES))
EACH = [(step, name) for name in NAMES for step in ("prepare", "confirm")]


class World:
    """Devices that only know which state they are in, and a clock that only work moves."""

    def __init__(self, **timers: int) -> None:
        settings = SimpleNamespace(timers=Timers(**{"confirm": 60, "settle": 5, **timers}))
        devices = {name: SimpleNamespace(name=name, platform="frr") for name in NAMES}
        self.site: Any = SimpleNamespace(devices=devices, settings=settings)
        self.now = 1000.0
        self.cost: dict[str, float] = {}
        self.states = dict.fromkeys(NAMES, "old")
        self.log: list[str] = []
        self.steps: list[dict[str, Any]] = []
        self.fails: dict[tuple[str, str], list[Exception]] = {}
        self.took_s = dict.fromkeys(NAMES, 1.0)
        self.forgotten: list[str] = []
        self.when: dict[str, Callable[[], None]] = {}

    # What stands for the fleet

    def each(
        self,
        work: Callable[..., None],
        names: Sequence[str],
        *,
        arguments: Mapping[str, tuple[Any, ...]],
        done: Callable[[Outcome[None]], None],
    ) -> dict[str, Outcome[None]]:
        outcomes: dict[str, Outcome[None]] = {}
        for name in NAMES:
            if name in names:
                try:
                    work(self, *arguments[name])
                    outcomes[name] = Outcome(name)
                except DeviceError as error:
                    outcomes[name] = Outcome(name, error=error)
                done(outcomes[name])
        return outcomes

    def forget(self, names: Sequence[str]) -> None:
        self.forgotten += names

    # What stands for the record

    def write(self, step: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        self._do("write", step)
        self.steps.append({"step": step, **facts})

    def end(self, status: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        self.write("end", status=status, **facts)

    # What stands for the tasks

    def _do(self, step: str, name: str) -> None:
        self.log.append(f"{step} {name}")
        self.when.pop(f"{step} {name}", lambda: None)()
        self.now += self.cost.get(step, 0.0)
        if found := self.fails.get((step, name)):
            raise found.pop(0)

    def prepare(self, _host: object, device: Any, _todo: object) -> None:  # noqa: ANN401
        self._do("prepare", device.name)
        self.states[device.name] = "waits"

    def confirm(self, _host: object, device: Any, _expected: object) -> None:  # noqa: ANN401
        self._do("confirm", device.name)
        self.states[device.name] = "new"

    def take_back(self, _host: object, device: Any, _way: object) -> None:  # noqa: ANN401
        self._do("take_back", device.name)
        self.states[device.name] = "old"

    def run(self) -> None:
        plan = SimpleNamespace(
            waves=WAVES,
            devices=[
                SimpleNamespace(
                    device=name, changes=(), candidate="", way_back="", digest="", digest_after=""
                )
                for name in NAMES
            ],
        )
        dry_run = SimpleNamespace(expected=None)
        prepared: Any = SimpleNamespace(plan=plan, dry_runs=dict.fromkeys(NAMES, dry_run))
        us: Any = self
        timing = Timing(self.site, WAVES, self.took_s)
        Engine(self.site, us, prepared, us, Progress(quiet=True), timing=timing).run()

    def of(self, step: str) -> list[dict[str, Any]]:
        return [one for one in self.steps if one["step"] == step]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(engine, "prepare", made.prepare)
    monkeypatch.setattr(engine, "confirm", made.confirm)
    monkeypatch.setattr(way_back, "take_back", made.take_back)
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    monkeypatch.setattr(time, "sleep", lambda seconds: setattr(made, "now", made.now + seconds))
    return made


def test_everything_waits_until_one_decision_is_on_record(world: World) -> None:
    world.run()
    assert set(world.states.values()) == {"new"}
    assert world.of("decision") == [{"step": "decision", "confirm": list(NAMES), "is_last": True}]
    decided = world.log.index("write decision")
    assert [one for one in world.log[:decided] if one.startswith("confirm")] == []
    assert [one for one in world.log[decided:] if one.startswith("prepare")] == []
    # Each wave is on record before it is begun.
    assert world.log[:3] == ["write prepare", "prepare a", "prepare b"]
    assert world.steps[-1] == {"step": "end", "status": "confirmed"}


@pytest.mark.parametrize(("step", "name"), EACH)
def test_one_failure_anywhere_takes_everything_back(world: World, step: str, name: str) -> None:
    world.fails[step, name] = [DeviceError(f"{name} says no")]
    with pytest.raises(DeviceError, match=f"{name} says no"):
        world.run()
    begun = {one for wave in world.of("prepare") for one in wave["devices"]}
    assert {one["device"] for one in world.of("taken back")} == begun
    assert set(world.states.values()) == {"old"}
    assert world.steps[-1]["status"] == "taken-back"
    assert world.of("failed") == [{"step": "failed", "device": name, "error": f"{name} says no"}]


def test_what_was_not_begun_is_not_taken_back(world: World) -> None:
    world.fails["prepare", "c"] = [UntouchedError("c is somebody else's")]
    with pytest.raises(DeviceError, match="somebody else's"):
        world.run()
    assert [one["device"] for one in world.of("taken back")] == ["a", "b"]
    assert "take_back c" not in world.log


def test_a_run_that_is_too_long_for_its_timers_is_confirmed_in_parts(world: World) -> None:
    world.site.settings = SimpleNamespace(timers=Timers(confirm=60, settle=5, longest=60))
    world.cost["prepare"] = 18.0
    world.run()
    assert set(world.states.values()) == {"new"}
    assert [(one["confirm"], one["is_last"]) for one in world.of("decision")] == [
        (["a", "b"], False),
        (["c"], False),
        (["d"], True),
    ]


@pytest.mark.parametrize(("step", "name"), [("prepare", "d"), ("confirm", "d"), ("confirm", "b")])
def test_parts_that_were_confirmed_go_back_too(world: World, step: str, name: str) -> None:
    world.site.settings = SimpleNamespace(timers=Timers(confirm=60, settle=5, longest=60))
    world.cost["prepare"] = 18.0
    world.fails[step, name] = [DeviceError("no")]
    with pytest.raises(DeviceError, match="no"):
        world.run()
    assert set(world.states.values()) == {"old"}


def test_timers_grow_with_what_the_devices_take(world: World) -> None:
    world.took_s = dict.fromkeys(NAMES, 20.0)
    world.run()
    timers = [max(one["timers"].values()) for one in world.of("prepare")]
    # 3, 2 and 1 waves of 40 s and 5 s for the routes, in three quarters; then 40 s to confirm.
    assert timers == [167, 125, 85]
    assert len(world.of("decision")) == 1


def test_a_wave_that_comes_too_near_to_its_timer_is_taken_back(world: World) -> None:
    world.when["prepare d"] = lambda: setattr(world, "now", world.now + 50)
    with pytest.raises(DeviceError, match="too near to its revert timers"):
        world.run()
    assert "confirm a" not in world.log
    assert set(world.states.values()) == {"old"}


def test_who_can_not_be_taken_back_is_asked_again_when_its_timer_is_over(world: World) -> None:
    world.fails["prepare", "c"] = [DeviceError("gone")]
    world.fails["take_back", "c"] = [DeviceError("still gone"), DeviceError("still gone")]
    with pytest.raises(DeviceError, match="gone"):
        world.run()
    # 60 s of its timer, and 15 s that it may be late.
    assert world.now == pytest.approx(1075, abs=1)
    assert world.forgotten == ["c", "c"]
    assert world.steps[-1]["status"] == "taken-back"


def test_who_stays_away_is_named_and_the_run_is_not_over(world: World) -> None:
    world.fails["prepare", "c"] = [DeviceError("gone")]
    world.fails["take_back", "c"] = [DeviceError("still gone")] * 3
    with pytest.raises(IncompleteError, match=r"not known to be back: still gone .*timer has"):
        world.run()
    assert world.of("unknown") == [{"step": "unknown", "device": "c", "error": "still gone"}]
    assert world.steps[-1]["status"] == "unknown"


def test_nobody_waits_longer_than_the_site_has_patience(world: World) -> None:
    world.site.settings = SimpleNamespace(timers=Timers(confirm=60, settle=5, patience=0))
    world.fails["prepare", "c"] = [DeviceError("gone")]
    world.fails["take_back", "c"] = [DeviceError("still gone"), DeviceError("still gone")]
    with pytest.raises(IncompleteError, match=r"goes by itself within 75 s"):
        world.run()
    assert world.now == 1000.0


def test_somebody_elses_work_is_not_waited_for(world: World) -> None:
    world.fails["prepare", "c"] = [DeviceError("gone")]
    world.fails["take_back", "c"] = [OtherError("theirs")] * 3
    with pytest.raises(IncompleteError, match="theirs"):
        world.run()
    assert world.now == pytest.approx(1010, abs=1)


def test_a_confirmed_device_is_not_waited_for(world: World) -> None:
    world.fails["confirm", "d"] = [DeviceError("no")]
    world.fails["take_back", "a"] = [DeviceError("gone"), DeviceError("gone")]
    with pytest.raises(IncompleteError, match="was confirmed already"):
        world.run()
    assert world.now == 1000.0


@pytest.mark.parametrize("step", ["prepare", "prepared", "decision"])
def test_what_can_not_be_written_takes_everything_back(world: World, step: str) -> None:
    world.fails["write", step] = [OSError(28, "No space left on device")] * 99
    with pytest.raises(OSError, match="No space"):
        world.run()
    assert set(world.states.values()) == {"old"}


@pytest.mark.parametrize("step", ["confirmed", "end"])
def test_what_was_decided_and_done_is_not_contradicted(world: World, step: str) -> None:
    """Whether the last step is on record is not known: neither end may be untrue."""
    world.fails["write", step] = [OSError(28, "No space left on device")] * 99
    with pytest.raises(IncompleteError, match=r"confirmed on every device.*\n.*recover"):
        world.run()
    assert set(world.states.values()) == {"new"}
    assert world.of("decision")[-1]["is_last"]
    assert not any(one.startswith("take_back") for one in world.log)


@pytest.mark.parametrize("step", ["prepare", "prepared", "decision", "failed"])
def test_who_lost_the_site_to_another_host_touches_nothing_any_more(
    world: World, step: str
) -> None:
    world.fails["write", step] = [SupersededError("somebody else has held the site since")] * 99
    world.fails["confirm", "d"] = [DeviceError("no")] if step == "failed" else []
    with pytest.raises(IncompleteError, match="nothing more was done from here"):
        world.run()
    assert not any(one.startswith("take_back") for one in world.log)


def test_that_the_site_is_lost_may_come_out_only_then(world: World) -> None:
    world.fails["prepare", "c"] = [DeviceError("no")]
    world.fails["write", "decision"] = [SupersededError("somebody else has held the site since")]
    with pytest.raises(IncompleteError, match="nothing more was done from here"):
        world.run()
    assert not any(one.startswith("take_back") for one in world.log)


def test_who_failed_to_confirm_has_a_timer_still(world: World) -> None:
    world.fails["confirm", "d"] = [DeviceError("d hangs")]
    world.fails["take_back", "d"] = [DeviceError("d hangs")] * 2
    with pytest.raises(DeviceError, match="d hangs") as raised:
        world.run()
    assert not isinstance(raised.value, IncompleteError)
    assert world.now == pytest.approx(1075, abs=1)
    assert world.steps[-1]["status"] == "taken-back"


def test_untouched_is_on_record_before_the_wave_is_home(world: World) -> None:
    world.fails["prepare", "a"] = [UntouchedError("a is somebody else's")]
    seen: list[str] = []
    world.when["prepare b"] = lambda: seen.extend(one["step"] for one in world.steps)
    with pytest.raises(DeviceError, match="somebody else's"):
        world.run()
    assert seen == ["prepare", "untouched"]


def test_untouched_stays_so_where_the_record_fails(world: World) -> None:
    world.fails["prepare", "b"] = [UntouchedError("b is somebody else's")]
    world.fails["write", "prepared"] = [OSError(28, "No space")] * 9
    with pytest.raises(OSError, match="No space"):
        world.run()
    assert "take_back b" not in world.log
    assert world.states["a"] == "old"


def test_late_routes_do_not_split_the_decision(world: World) -> None:
    world.site.settings = SimpleNamespace(timers=Timers(confirm=120, settle=30, longest=600))
    world.cost["prepare"] = 13.0
    world.run()
    assert len(world.of("decision")) == 1
