"""NX-OS's dead-man switch, of a checkpoint and a scheduled job: neither driver has a revert timer.

Armed in this order: the job and its schedule, then the checkpoint. So the checkpoint holds them,
and a rollback to it has nothing to do with the job that carries it out; the job takes itself and
its schedule away once the rollback is done, in commands of their own, which may fail without harm.
Law: :func:`arm` returns only when the device says that all three stand and the job did not run;
what stayed behind of an earlier one is swept away before the next is armed.
"""

from __future__ import annotations

import itertools
import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.ownership import PREFIX
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from tasks.adapters.base import Driver
    from tasks.adapters.nxos_wire import Wire

#: The name of the job, of its schedule and of the checkpoint. All begin with ``RF-``.
NAME = f"{PREFIX}revert"

_SCHEDULES = "show scheduler schedule"
_JOBS = "show scheduler job"
_CHECKPOINTS = "show checkpoint summary"
_SCHEDULE = re.compile(r"^Schedule Name\s*: *(?P<name>\S+)", re.MULTILINE)
_EACH = re.compile(r"^(?=Schedule Name)", re.MULTILINE)
_JOB = re.compile(r"^Job Name\s*: *(?P<name>\S+)", re.MULTILINE)
_CHECKPOINT = re.compile(r"^\s*\d+\) (?P<name>\S+):", re.MULTILINE)
_NOT_YET = re.compile(r"^Last Execution Time\s*: *Yet to be executed", re.MULTILINE)
#: How the platform answers a command of a feature that is off.
_UNKNOWN = "Invalid command"
_START = re.compile(r"time start (?P<at>\d+:\d+:\d+:\d+:\d+)")
_CLOCK = re.compile(r"(\d+:\d+:\d+)\S* .*?([A-Z][a-z]{2}) +(\d+) (\d{4})")
#: More than a job needs to begin.
_JOB_TIME = timedelta(minutes=2)
#: The first line of a configuration.
_BEGINNING = re.compile(r"^version ", re.MULTILINE)
#: As many as the platform keeps for its users (system management guide, "Rollback").
_MAX_CHECKPOINTS = 10
#: What a rollback says when it did all; over NX-API its failure is no error of the request.
_DONE = re.compile(r"completed", re.IGNORECASE)
_ROLLBACK = f"rollback running-config checkpoint {NAME} atomic"
_JOB_LINES = (
    _ROLLBACK,
    "configure terminal",
    f"no scheduler schedule name {NAME}",
    f"no scheduler job name {NAME}",
)


def is_armed(wire: Wire, driver: Driver) -> bool:
    """Return whether a rollback of ours is scheduled and is still to come.

    One that was due while the switch was down, or that somebody saved and a reload brought back,
    never ran and never will.
    """
    blocks = _EACH.split(_scheduler(wire, driver, _SCHEDULES))
    waiting = [
        name for block in blocks if _NOT_YET.search(block) for name in _names(_SCHEDULE, block)
    ]
    return waiting != [] and not _is_overdue(wire, driver, waiting[0])


def _scheduler(wire: Wire, driver: Driver, command: str) -> str:
    """Return what the scheduler shows; nothing where the feature is switched off."""
    try:
        return wire.show(driver, command)
    except RejectedError as error:
        if _UNKNOWN in str(error):
            return ""
        raise


def _is_overdue(wire: Wire, driver: Driver, name: str) -> bool:
    """Return whether the time of a schedule has passed on the device's own clock."""
    lines = iter(wire.show(driver, "show running-config").splitlines())
    head = f"scheduler schedule name {name}"
    below = itertools.dropwhile(lambda line: line.strip() != head, lines)
    starts = (found for line in itertools.islice(below, 1, 4) if (found := _START.search(line)))
    start, clock = next(starts, None), _CLOCK.search(wire.show(driver, "show clock"))
    if start is None or clock is None:
        return False
    due = datetime.strptime(start["at"], "%Y:%m:%d:%H:%M")  # noqa: DTZ007 - both are its local time
    now = datetime.strptime(" ".join(clock.groups()), "%H:%M:%S %b %d %Y")  # noqa: DTZ007 - the same
    return now - due > _JOB_TIME


def arm(wire: Wire, driver: Driver, revert_in: int) -> None:
    """Schedule a rollback to what the device is now; on return the device says that it stands.

    The scheduler counts whole minutes from the last full one: it goes off ``revert_in`` seconds
    from now or up to two minutes later, never earlier.

    Raises:
        LockedError: another one is armed.
        DeviceError: the device did not take it all; nothing of it is left.
    """
    if is_armed(wire, driver):
        raise LockedError(f"a commit waits for its confirmation already: schedule {NAME}")
    sweep(wire, driver)
    minutes = math.ceil(revert_in / 60) + 1
    days, rest = divmod(minutes, 24 * 60)
    try:
        job = (f"scheduler job name {NAME}", *_JOB_LINES, "exit")
        start = f"time start +{days:02}:{rest // 60:02}:{rest % 60:02}"
        schedule = (f"scheduler schedule name {NAME}", f"job name {NAME}", start)
        wire.configure(driver, (*job, *schedule))
        wire.show(driver, f"checkpoint {NAME}")
        _ensure_armed(wire, driver)
    except DeviceError as error:
        sweep(wire, driver)
        raise DeviceError(f"the revert timer can't be armed, nothing was changed: {error}") from (
            error
        )


def _ensure_armed(wire: Wire, driver: Driver) -> None:
    if not is_armed(wire, driver):
        raise DeviceError(f"the device shows no schedule {NAME} that is to run")
    shown = [line.strip() for line in wire.show(driver, f"{_JOBS} name {NAME}").splitlines()]
    if [line for line in shown if line in _JOB_LINES] != list(_JOB_LINES):
        raise DeviceError(f"the device shows a job {NAME} that is not the one it was given")
    if NAME not in _names(_CHECKPOINT, wire.show(driver, _CHECKPOINTS)):
        raise DeviceError(f"the device shows no checkpoint {NAME}")


def roll_back(wire: Wire, driver: Driver) -> None:
    """Bring the device back to the checkpoint, now; the schedule stays armed.

    Raises:
        DeviceError: the device did not say that it is done.
    """
    said = wire.show(driver, _ROLLBACK)
    if not _DONE.search(said):
        words = " ".join(said.split())
        raise DeviceError(f"the rollback did not end well, and the timer stays armed: {words}")


def checkpoint_text(wire: Wire, driver: Driver) -> str:
    """Return the configuration in our checkpoint, without what is printed in front of it."""
    text = wire.show(driver, f"show checkpoint {NAME}")
    begin = _BEGINNING.search(text)
    return text[begin.start() :] if begin else text


def no_room(wire: Wire, driver: Driver) -> str:
    """Return a sentence if the device keeps as many checkpoints of others as it can, else ""."""
    shown = _CHECKPOINT.finditer(wire.show(driver, _CHECKPOINTS))
    theirs = [one["name"] for one in shown if not one["name"].startswith(PREFIX)]
    if len(theirs) < _MAX_CHECKPOINTS:
        return ""
    return (
        f"it keeps {len(theirs)} checkpoints, which leaves no room for ours: "
        f"`no checkpoint {theirs[0]}`, say, makes some"
    )


def disarm(wire: Wire, driver: Driver) -> None:
    """Take the schedule and the job away; the checkpoint stays.

    Raises:
        DeviceError: they are still there.
    """
    found = _names(_SCHEDULE, _scheduler(wire, driver, _SCHEDULES))
    # The schedule first: without it the job never runs.
    lines = [f"no scheduler schedule name {one}" for one in found]
    lines += [
        f"no scheduler job name {one}" for one in _names(_JOB, _scheduler(wire, driver, _JOBS))
    ]
    if not lines:
        return
    wire.configure(driver, lines)
    if _names(_SCHEDULE, _scheduler(wire, driver, _SCHEDULES)):
        raise DeviceError(f"the device still shows the schedule {NAME}")


def sweep(wire: Wire, driver: Driver) -> None:
    """Take away all that is left of a dead-man switch of ours, the checkpoint too."""
    disarm(wire, driver)
    for name in _names(_CHECKPOINT, wire.show(driver, _CHECKPOINTS)):
        wire.show(driver, f"no checkpoint {name}")


def _names(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """Return the names that ``pattern`` finds in ``text`` and that are ours."""
    found = (one["name"] for one in pattern.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name.startswith(PREFIX)))
