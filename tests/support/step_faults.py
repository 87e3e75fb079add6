"""A fault that begins before any request of any step of an adapter: :func:`play`, :class:`Stage`.

A platform's test has a stage; :func:`play` leaves it alone with the fault, ends that, lets the
revert timer run out, and looks at all that the switch then is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from inventory.errors import DeviceError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from switchbox import SwitchBox

    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Adapter, Driver

#: Longer than any revert timer here, with the whole minutes of a scheduler.
LATER_S = 900
TIMER_S = 120

#: A fault: what begins it, and what ends it.
Fault = tuple[tuple[str, Mapping[str, Any]], tuple[str, Mapping[str, Any]] | None]


def lasting(name: str) -> Fault:
    """Return a fault that is on until it is switched off."""
    return ("fault", {"name": name, "on": True}), ("fault", {"name": name, "on": False})


FAULTS: Mapping[str, Fault] = {
    **{one: lasting(one) for one in ("babble", "cut", "auth-lost", "locked", "refuse-commit")},
    "reboot": (("reboot", {"seconds": 0}), None),
    "skew ahead": (("skew", {"seconds": 3600}), ("skew", {"seconds": -3600})),
    "skew back": (("skew", {"seconds": -3600}), ("skew", {"seconds": 3600})),
    "lapse": (("lapse", {"seconds": LATER_S}), None),
}


class Requests:
    """Counts a driver's requests, and strikes before one of them."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._strike: Callable[[], None] = lambda: None
        self.has_struck = False
        self.count = 0

    def arm(self, at: int, strike: Callable[[], None]) -> None:
        """Strike before the request number ``at``, the next one being 0."""
        self._left, self._strike, self.has_struck, self.count = at, strike, False, 0

    def disarm(self) -> None:
        """Strike no more."""
        self._left = None

    def wrap(self, owner: Any, *names: str) -> None:  # noqa: ANN401 - a library's object
        """Count the calls of an object's methods as requests."""
        for name in names:
            setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the call's
            self.count += 1
            if self._left is not None:
                self._left -= 1
                if self._left < 0 and not self.has_struck:
                    self.has_struck = True
                    self._strike()
            return call(*arguments, **options)

        return counted


class Platform(Protocol):
    """What a platform's test brings."""

    candidate: str
    way_back: str

    @property
    def adapter(self) -> Adapter:
        """Return the adapter under test."""

    def driver(self, requests: Requests) -> AbstractContextManager[Driver]:
        """Return an open driver whose requests are counted; a new one, if the last is dead."""

    def tidy(self) -> None:
        """Let the switch be as at the beginning."""

    def plain(self, running: str) -> str:
        """Return a configuration without what a revert timer adds to it."""

    def litter(self) -> tuple[object, ...]:
        """Return what of ours could stay behind beside the configurations."""


@dataclass
class Stage:
    """A switch, and what it was and would be: ``old`` and ``new`` are running configurations."""

    box: SwitchBox
    platform: Platform
    slots: tuple[tuple[Session, int, Direction], ...]
    asked: tuple[tuple[SessionKey, int], ...]
    old: str = ""
    new: str = ""
    diff: str = ""
    requests: Requests = field(default_factory=Requests)

    @property
    def state(self) -> tuple[str, str, bool]:
        """What runs, what is saved ("old", "new", or the text itself), and whether it waits."""
        plain = self.platform.plain
        names = {plain(self.old): "old", plain(self.new): "new"}
        running, startup = (plain(self.box.control(one)) for one in ("running", "startup"))
        pending = self.box.control("pending") is not None
        return names.get(running, running), names.get(startup, startup), pending

    def rehearse(self) -> None:
        """Learn the old and the new configuration."""
        self.old = str(self.box.control("running"))
        with self.driver() as driver:
            adapter = self.platform.adapter
            self.diff, _ = adapter.dry_run(driver, self.platform.candidate)
            self.commit(driver)
            adapter.confirm(driver)
        self.new = str(self.box.control("running"))
        self.platform.tidy()
        assert self.old != self.new

    @contextmanager
    def driver(self) -> Iterator[Driver]:
        """Yield an open driver."""
        with self.platform.driver(self.requests) as driver:
            try:
                yield driver
            finally:
                self.requests.disarm()

    def commit(self, driver: Driver) -> None:
        """Commit the candidate as it was planned."""
        self.platform.adapter.commit(driver, self.platform.candidate, self.diff, TIMER_S)

    def do(self, step: str, driver: Driver) -> object:
        """Do one step of the adapter."""
        adapter, platform = self.platform.adapter, self.platform
        steps: Mapping[str, Callable[[], object]] = {
            "running": lambda: adapter.running(driver),
            "tables": lambda: adapter.tables(driver, self.asked),
            "lacks": lambda: adapter.lacks(driver, self.old),
            "dry_run": lambda: adapter.dry_run(driver, platform.candidate),
            "commit": lambda: self.commit(driver),
            "refresh": lambda: adapter.refresh(driver, self.slots),
            "pending": lambda: adapter.pending(driver),
            "confirm": lambda: adapter.confirm(driver),
            "revert": lambda: adapter.revert(driver, platform.way_back),
        }
        return steps[step]()


STEPS = (
    *("running", "tables", "lacks", "dry_run", "commit", "refresh"),
    *("pending", "confirm", "revert"),
)
#: What takes a trial back.
_GO_BACK = ("reboot", "skew ahead", "lapse")
#: Those that follow a commit.
_ARMED = ("pending", "confirm", "revert")


#: Time does nothing to those that nothing waits in.
CASES = [
    (step, fault)
    for step in STEPS
    for fault in FAULTS
    if step in {"commit", *_ARMED} or fault.partition(" ")[0] not in {"skew", "lapse"}
]


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a step: its answer or error, and the switch right then and in the end."""

    struck: bool
    answer: object
    error: DeviceError | None
    then: tuple[str, str, bool]
    at_last: tuple[str, str, bool]


def play(stage: Stage, step: str, fault: str, at: int) -> Played:
    """Do ``step`` with ``fault`` beginning before its request ``at``; then let time pass.

    Whatever else than a DeviceError is raised is the test's failure.
    """
    stage.platform.tidy()
    begin, end = FAULTS[fault]
    answer: object = None
    error: DeviceError | None = None
    with stage.driver() as driver:
        if step in _ARMED:
            stage.commit(driver)
        stage.requests.arm(at, lambda: stage.box.control(begin[0], **begin[1]))
        try:
            answer = stage.do(step, driver)
        except DeviceError as raised:
            error = raised
        stage.requests.disarm()
        if end is not None and stage.requests.has_struck:
            stage.box.control(end[0], **end[1])
        then = stage.state
    # Also where the clock was set back, which makes a timer late that goes by it.
    stage.box.control("lapse", seconds=LATER_S + 3600)
    return Played(stage.requests.has_struck, answer, error, then, stage.state)


def ensure_told(ends: tuple[str, frozenset[str]], step: str, played: Played) -> None:
    """Assert that a fault that began with a step ended it or not, as ``ends`` has it.

    ``ends`` are words of the error, and the steps.
    """
    words, steps = ends
    assert (played.error is not None) == (step in steps), played
    assert played.error is None or words in str(played.error)


def ensure_sound(stage: Stage, step: str, fault: str, played: Played) -> None:
    """Assert that nothing is between old and new, and no success is wrong.

    A confirmation that a reboot or the timer came into, between two of its requests, is told from
    a good one by the configuration alone, which the caller reads.
    """
    old, new, trial = ("old", "old", False), ("new", "new", False), ("new", "old", True)
    if step == "confirm":
        if played.error is None:
            assert played.then == played.at_last
            assert played.then in ({new, old} if fault in _GO_BACK else {new})
        elif played.at_last not in {old, new}:
            # Nothing waits any more, and it was not saved: the change is taken back as one that
            # is confirmed is.
            assert played.at_last == ("new", "old", False)
            _take_back(stage)
            assert stage.state == old
        return
    assert played.at_last == old
    if played.error is None and step == "commit":
        # Unless the timer ran out, or all was forgotten, before the answer was read.
        assert played.then in {trial, old}
    if played.error is None and step == "revert":
        assert played.then == old


def _take_back(stage: Stage) -> None:
    adapter, way_back = stage.platform.adapter, stage.platform.way_back
    with stage.driver() as driver:
        diff, _ = adapter.dry_run(driver, way_back)
        adapter.commit(driver, way_back, diff, TIMER_S)
        adapter.confirm(driver)


def ensure_swept(stage: Stage) -> None:
    """Assert that the next run finds its way, and leaves nothing behind."""
    with stage.driver() as driver:
        stage.platform.adapter.dry_run(driver, stage.platform.candidate)
        if stage.state[0] == "old":
            stage.commit(driver)
            stage.platform.adapter.revert(driver, "")
    assert not any(stage.platform.litter())
