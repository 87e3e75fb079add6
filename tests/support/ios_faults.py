"""An IOS-XE switch under a fault: the adapter's steps, and the state that a switch is in.

Read :data:`STEPS` first: what was done before the fault, and what is tried under it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ios_box import CANDIDATE, DIFF, WAY_BACK, opened, startup

from inventory.errors import DeviceError
from lab.switch.ios.switch import IosSwitch
from policies.dialects.ios import IosDialect
from policies.filters import Direction, SessionKey
from tasks.adapters.ios import IosAdapter
from tasks.errors import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosAdapter()
OLD_TEXT = startup("tor1")
WAY_BACK_DIFF = "-no route-map FROM-NODE deny 5\n-no ip prefix-list RF-P-1"
#: Longer than any revert timer.
HOURS = 3 * 3600


@dataclass(frozen=True, slots=True)
class State:
    """All that outlives a connection: two configurations, and whether one goes back by itself."""

    running: str
    startup: str
    is_pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``before`` is done on a healthy switch, ``act`` is tried under a fault.

    ``starts`` and ``ends`` say whether the switch is changed for good before it, and after it has
    done well and all timers have run out.
    """

    before: Callable[[Driver], None]
    act: Callable[[Driver], object]
    starts: str
    ends: str

    @property
    def is_commit(self) -> bool:
        """Whether a refusal means that nothing was changed."""
        return self.act in {_commit, _way_back}


def _nothing(driver: Driver) -> None:
    del driver


def _commit(driver: Driver) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)


def _confirmed(driver: Driver) -> None:
    _commit(driver)
    ADAPTER.confirm(driver)


def _way_back(driver: Driver) -> None:
    ADAPTER.commit(driver, WAY_BACK, WAY_BACK_DIFF, 60)


def _going_back(driver: Driver) -> None:
    _confirmed(driver)
    _way_back(driver)


def _refresh(driver: Driver) -> None:
    session = IosDialect().parse(OLD_TEXT).sessions[SessionKey("", "NODES")]
    ADAPTER.refresh(driver, [(session, 4, Direction.IMPORT)])


def _revert(driver: Driver) -> None:
    ADAPTER.revert(driver, "")


def _step(
    act: Callable[[Driver], object],
    before: Callable[[Driver], None] = _nothing,
    starts: str = "old",
    ends: str = "old",
) -> Step:
    return Step(before=before, act=act, starts=starts, ends=ends)


#: By name; those that begin with "back" take a confirmed change back under a timer.
STEPS = {
    "running": _step(ADAPTER.running),
    "tables": _step(lambda driver: ADAPTER.tables(driver, [])),
    "lacks": _step(lambda driver: ADAPTER.lacks(driver, OLD_TEXT)),
    "dry_run": _step(lambda driver: ADAPTER.dry_run(driver, CANDIDATE)),
    "commit": _step(_commit),
    "refresh": _step(_refresh, _commit),
    "pending": _step(ADAPTER.pending, _commit),
    "confirm": _step(ADAPTER.confirm, _commit, ends="new"),
    "revert": _step(_revert, _commit),
    "back": _step(_way_back, _confirmed, starts="new", ends="new"),
    "back, confirm": _step(ADAPTER.confirm, _going_back, starts="new"),
    "back, revert": _step(_revert, _going_back, starts="new", ends="new"),
}


def device(box: SwitchBox) -> Any:  # noqa: ANN401 - the device's parts are not typed here
    """Return the inner device of a box."""
    assert isinstance(box.switch, IosSwitch)
    return box.switch.device


def state(box: SwitchBox) -> State:
    """Return what the switch is now, asked behind its management's back."""
    return State(box.control("running"), box.control("startup"), box.control("pending") is not None)


def healed(box: SwitchBox) -> State:
    """Take all faults away, let every timer run out, and return what the switch is then."""
    for name in tuple(device(box).faults.names):
        box.control("fault", name=name, on=False)
    box.control("lapse", seconds=HOURS)
    return state(box)


def new_text(box: SwitchBox) -> str:
    """Return what the change makes of the switch."""
    with opened(box) as driver:
        _commit(driver)
        text = str(box.control("running"))
        _revert(driver)
    assert state(box) == State(OLD_TEXT, OLD_TEXT, is_pending=False)
    return text


class Line:
    """A connection to a switch, made anew once it is dead."""

    def __init__(self, box: SwitchBox) -> None:
        self._box = box
        self._stack = ExitStack()
        self._driver: Driver | None = None

    def driver(self) -> Driver:
        """Return a driver that is open."""
        if self._driver is None or not self._driver.device.remote_conn.transport.is_active():
            self.close()
            self._driver = self._stack.enter_context(opened(self._box))
        return self._driver

    def close(self) -> None:
        """Close what is open."""
        self._driver = None
        self._stack.close()
        self._stack = ExitStack()


@contextmanager
def line(box: SwitchBox) -> Iterator[Line]:
    """Give a connection, which is closed at the end."""
    made = Line(box)
    try:
        yield made
    finally:
        made.close()


def outcome(act: Callable[[], object]) -> tuple[object, DeviceError | None]:
    """Return what ``act`` returns, or its error as the program tells it."""
    try:
        return act(), None
    except DeviceError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 - as the program does for each device
        return None, translate("tor1", "127.42.0.1", error)
