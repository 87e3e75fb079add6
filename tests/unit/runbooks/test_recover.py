"""A killed run comes to one of two ends: which, is decided by its record and its devices."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest

from inventory.errors import DeviceError, IncompleteError, InputError
from inventory.settings import Timers
from runbooks import recover as recovering
from runbooks import way_back
from runbooks.progress import Progress
from runbooks.recover import inspect, recover
from runbooks.unfinished import State, Unfinished, state_of
from tasks.adapters import ADAPTERS
from tasks.errors import VerifyError
from tasks.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

NAMES = ("a", "b")
AT = datetime.now(UTC).isoformat(timespec="milliseconds")
PLANS = [
    SimpleNamespace(device=name, digest="old", digest_after="new", way_back="back", changes=())
    for name in NAMES
]
BEGUN: list[dict[str, Any]] = [
    {"step": "begin"},
    {"step": "prepare", "at": AT, "devices": ["a"], "timers": {"a": 60}},
    {"step": "prepared", "device": "a"},
    {"step": "prepare", "at": AT, "devices": ["b"], "timers": {"b": 90}},
    {"step": "prepared", "device": "b"},
]
DECIDED: list[dict[str, Any]] = [
    *BEGUN,
    {"step": "decision", "confirm": ["a", "b"], "is_last": True},
]


class World:
    """A ledger with one unfinished run, and the devices that it touched."""

    def __init__(self, path: Path, events: Sequence[Mapping[str, Any]]) -> None:
        self.events: list[dict[str, Any]] = [dict(one) for one in events]
        devices = {name: SimpleNamespace(name=name, platform="frr") for name in NAMES}
        settings = SimpleNamespace(timers=Timers(patience=0))
        self.site: Any = SimpleNamespace(path=path, devices=devices, settings=settings)
        #: What each device holds, and whether it waits for its confirmation.
        self.states: dict[str, tuple[str, bool]] = dict.fromkeys(NAMES, ("new", True))
        self.away: set[str] = set()
        self.held = 0
        self.may_wait: bool | None = None
        self.full: set[str] = set()

    # What stands for the ledger and the record

    @contextmanager
    def hold(self, command: str) -> Iterator[None]:
        assert command == "recover"
        self.held += 1
        yield

    def unfinished(self) -> tuple[Any, ...]:
        if self.status not in ("killed", "unknown"):
            return ()
        plan = SimpleNamespace(devices=PLANS)
        run = SimpleNamespace(name="r", status=self.status, events=tuple(self.events), plan=plan)
        return (run,)

    @property
    def status(self) -> str:
        last = self.events[-1]
        return str(last["status"]) if last["step"] == "end" else "killed"

    def resume(self, run: str) -> Self:
        assert run == "r"
        assert self.held
        return self

    def write(self, step: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        if step in self.full:
            raise OSError(28, "No space left on device")
        self.events.append({"step": step, **facts})

    def end(self, status: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        self.write("end", status=status, **facts)

    def close(self) -> None:
        pass

    # What stands for the fleet, and the tasks

    def fleet(self, _site: object, names: Sequence[str]) -> Self:
        self.names = list(names)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def forget(self, names: Sequence[str]) -> None:
        pass

    def each(
        self,
        work: Callable[..., Any],
        names: Sequence[str] | None = None,
        *,
        arguments: Mapping[str, tuple[Any, ...]],
        done: Callable[[Outcome[Any]], None],
    ) -> dict[str, Outcome[Any]]:
        outcomes: dict[str, Outcome[Any]] = {}
        for name in self.names if names is None else names:
            try:
                if name in self.away:
                    outcomes[name] = Outcome(name, error=DeviceError(f"{name} is away"))
                else:
                    outcomes[name] = Outcome(name, work(self, *arguments[name]))
            except DeviceError as error:
                outcomes[name] = Outcome(name, error=error)
            done(outcomes[name])
        return outcomes

    def look(self, _host: object, device: Any) -> tuple[bool, str]:  # noqa: ANN401
        found, waits = self.states[device.name]
        return waits, found

    def finish(self, _host: object, device: Any, after: str) -> None:  # noqa: ANN401
        if self.states[device.name][0] != after:
            raise VerifyError("not the planned ones")
        self.states[device.name] = after, False

    def take_back(self, _host: object, device: Any, way: Any) -> None:  # noqa: ANN401
        self.may_wait = way.may_wait
        if self.states[device.name][0] not in (way.before, way.after):
            raise VerifyError(f"{device.name} is not what it was")
        self.states[device.name] = way.before, False

    def recover(self, **how: Any) -> Any:  # noqa: ANN401 - the one result
        us: Any = self
        (found,) = recover(self.site, us, Progress(quiet=True), **how)
        return found


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, DECIDED)
    monkeypatch.setattr(recovering, "Fleet", made.fleet)
    monkeypatch.setattr(recovering, "look", made.look)
    monkeypatch.setattr(recovering, "finish", made.finish)
    monkeypatch.setattr(way_back, "take_back", made.take_back)
    return made


STATES = [("old", False), ("old", True), ("new", False), ("new", True)]


@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize(("a", "b"), list(itertools.product(STATES, STATES)))
def test_whatever_is_found_all_devices_end_alike(
    world: World, decided: bool, a: tuple[str, bool], b: tuple[str, bool]
) -> None:
    world.events = [dict(one) for one in (DECIDED if decided else BEGUN)]
    world.states = {"a": a, "b": b}
    found = world.recover()
    forward = decided and a[0] == b[0] == "new"
    end = "new" if forward else "old"
    assert world.states == dict.fromkeys(NAMES, (end, False))
    assert found.ended == world.status == ("confirmed" if forward else "taken-back")
    assert found.devices == dict.fromkeys(NAMES, end)
    us: Any = world
    assert recover(world.site, us, Progress(quiet=True)) == ()


def test_the_decision_is_on_record_before_it_is_carried_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(_host: object, device: Any, _after: str) -> None:  # noqa: ANN401
        assert world.events[-1]["step"] == "decision"
        world.states[device.name] = "new", False

    monkeypatch.setattr(recovering, "finish", finish)
    world.recover()
    assert [one["step"] for one in world.events[-4:]] == [
        "decision",
        "confirmed",
        "confirmed",
        "end",
    ]


def test_a_trial_that_nobody_can_see_counts_only_if_it_was_confirmed_on_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ADAPTERS["frr"], "shows_trial", False)
    world.states = dict.fromkeys(NAMES, ("new", False))
    world.events += [{"step": "confirmed", "device": "a"}]
    assert world.recover().ended == "taken-back"
    world.events = [*DECIDED, *({"step": "confirmed", "device": name} for name in NAMES)]
    world.states = dict.fromkeys(NAMES, ("new", False))
    assert world.recover().ended == "confirmed"


def test_nobody_moves_while_a_decided_device_can_not_be_seen(world: World) -> None:
    world.away = {"b"}
    found = world.recover()
    assert (found.ended, found.errors) == ("unknown", ("b is away",))
    assert found.devices == {"a": "waits", "b": "unknown"}
    assert world.states == dict.fromkeys(NAMES, ("new", True))
    # The timer of the one that could be seen runs out; so both go back.
    world.away, world.states["a"] = set(), ("old", False)
    assert world.recover().ended == "taken-back"
    assert world.states == dict.fromkeys(NAMES, ("old", False))


def test_who_is_away_is_asked_again_by_the_next(world: World) -> None:
    world.events = [dict(one) for one in BEGUN]
    world.away = {"b"}
    found = world.recover()
    assert (found.ended, found.devices) == ("unknown", {"a": "old", "b": "unknown"})
    assert "--leave b" in found.errors[0]
    world.away = set()
    assert world.recover().ended == "taken-back"


def test_somebody_elses_work_is_left_when_told_so(world: World) -> None:
    world.states["b"] = "theirs", False
    assert world.recover().ended == "unknown"
    assert world.states == {"a": ("old", False), "b": ("theirs", False)}
    found = world.recover(leave=["b"])
    assert (found.ended, found.devices) == ("taken-back", {"a": "old", "b": "left"})
    assert world.states["b"] == ("theirs", False)


def test_a_decided_run_goes_on_without_a_device_that_is_left(world: World) -> None:
    world.away = {"b"}
    found = world.recover(leave=["b"])
    assert (found.ended, found.devices) == ("confirmed", {"a": "new", "b": "left"})


def test_only_what_was_begun_can_be_left(world: World) -> None:
    with pytest.raises(InputError, match="--leave c: no unfinished run has begun that device"):
        world.recover(leave=["c"])


def test_a_device_that_the_site_lost_is_named(world: World) -> None:
    world.events = [dict(one) for one in BEGUN]
    del world.site.devices["b"]
    found = world.recover()
    assert found.ended == "unknown"
    assert "b: the site does not have it any more" in found.errors[0]


def test_looking_changes_nothing(world: World) -> None:
    world.states = {"a": ("new", True), "b": ("theirs", False)}
    before = list(world.events)
    us: Any = world
    (found,) = inspect(world.site, us, Progress(quiet=True))
    assert (found.ended, found.devices) == ("killed", {"a": "waits", "b": "other"})
    assert (world.events, world.held) == (before, 0)


@pytest.mark.parametrize(
    ("more", "touched", "decided", "confirmed"),
    [
        ([], NAMES, False, ()),
        ([{"step": "untouched", "device": "a"}], ("b",), False, ()),
        ([{"step": "decision", "confirm": ["a"], "is_last": False}], NAMES, False, ()),
        ([DECIDED[-1], {"step": "confirmed", "device": "a"}], NAMES, True, ("a",)),
        ([DECIDED[-1], {"step": "failed", "device": "a"}], NAMES, True, ()),
        ([DECIDED[-1], {"step": "decision", "take_back": ["a", "b"]}], NAMES, False, ()),
        ([{"step": "end", "status": "unknown", "left": ["a"]}], ("b",), False, ()),
    ],
)
def test_what_the_steps_add_up_to(
    more: list[dict[str, Any]], touched: Sequence[str], decided: bool, confirmed: Sequence[str]
) -> None:
    run: Any = SimpleNamespace(
        name="r", events=[*BEGUN, *more], plan=SimpleNamespace(devices=PLANS)
    )
    found = Unfinished.of(run)
    assert (found.touched, found.decided) == (tuple(touched), decided)
    assert found.confirmed == frozenset(confirmed)
    assert found.timers == {"a": 60, "b": 90}


@pytest.mark.parametrize(
    ("waits", "found", "state"),
    [
        (True, "new", State.WAITS),
        (False, "new", State.NEW),
        (False, "old", State.OLD),
        # Armed, and not yet changed: its own way back leads to the same.
        (True, "old", State.OLD),
        (False, "theirs", State.OTHER),
    ],
)
def test_a_device_is_judged_by_its_filters(waits: bool, found: str, state: State) -> None:
    plan: Any = PLANS[0]
    assert state_of(plan, waits, found) == state


@pytest.mark.parametrize("step", ["recover", "decision", "confirmed", "end"])
def test_what_can_not_be_written_leaves_the_run_unfinished(world: World, step: str) -> None:
    world.full = {step}
    with pytest.raises(IncompleteError, match="run r is not ended"):
        world.recover()
    world.full = set()
    assert world.recover().ended == "confirmed"
    assert set(world.states.values()) == {("new", False)}


@pytest.mark.parametrize(
    ("ago_s", "more", "may_wait"),
    [
        (60, [], True),
        (3600, [], False),
        (3600, [{"step": "decision", "take_back": ["a"]}], True),
    ],
)
def test_what_waits_long_after_our_timers_is_not_ours(
    world: World, ago_s: int, more: list[dict[str, Any]], may_wait: bool
) -> None:
    at = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat(timespec="milliseconds")
    world.events = [{**one, "at": at} for one in [*BEGUN, *more]]
    assert world.recover().ended == "taken-back"
    assert world.may_wait is may_wait
