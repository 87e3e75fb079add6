"""NX-OS's dead-man switch, of a checkpoint and a scheduled job: neither driver has a revert timer.

Armed in this order: the job and its schedule, then the checkpoint. So the checkpoint holds them,
and a rollback to it has nothing to do with the job that carries it out; the job takes itself and
its schedule away once the rollback is done, in commands of their own, which may fail without harm.
Each one has a name of its own, so that no run takes another's for its own.

Laws: :func:`arm` returns only when the device says that all three stand and go off in time; what
stayed behind of an earlier one is swept away before the next is armed.

The scheduler goes by the clock on the wall. Whoever sets that one forward lets the job run early,
or, should the platform skip what is jumped over, not at all: then nothing waits any more, which
:func:`tasks.adapters.nxos_look.look` tells, and a change is taken back by its own lines. Whoever
sets it back lets the job run later by as much: for as long as the process that armed it lives, that
one does not depend on it; after a crash the device waits so much longer, or for a ``recover``.
"""

from __future__ import annotations

import math
import re
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.ownership import PREFIX
from tasks.adapters.nxos_look import armed, look
from tasks.errors import LockedError

if TYPE_CHECKING:
    from tasks.adapters.base import Driver
    from tasks.adapters.nxos_look import Look
    from tasks.adapters.nxos_wire import Wire

#: What the name of a job, of its schedule and of its checkpoint begins with.
NAME = f"{PREFIX}revert"

#: The first line of a configuration.
_BEGINNING = re.compile(r"^version ", re.MULTILINE)
#: What a rollback says when it did all; over NX-API its failure is no error of the request.
_DONE = re.compile(r"completed", re.IGNORECASE)
#: A schedule's minute is rounded up; this much more the device may take to tell of it.
_SLACK = timedelta(seconds=90)
#: A confirmation takes three requests.
_TOO_NEAR = timedelta(seconds=10)


def _job_lines(name: str) -> tuple[str, ...]:
    return (
        f"rollback running-config checkpoint {name} atomic",
        "configure terminal",
        f"no scheduler schedule name {name}",
        f"no scheduler job name {name}",
    )


def arm(wire: Wire, driver: Driver, revert_in: int) -> str:
    """Schedule a rollback to what the device is now, and return its name.

    The scheduler counts whole minutes from the last full one: it goes off ``revert_in`` seconds
    from now or up to two minutes later, never earlier.

    Raises:
        LockedError: another one is armed.
        DeviceError: the device did not take it all; nothing of it is left.
    """
    there = look(wire, driver)
    if there.armed is not None:
        raise LockedError(
            f"a commit waits for its confirmation already: schedule {there.armed.name}"
        )
    sweep(wire, driver, there)
    name = f"{NAME}-{secrets.token_hex(4)}"
    minutes = math.ceil(revert_in / 60) + 1
    days, rest = divmod(minutes, 24 * 60)
    try:
        job = (f"scheduler job name {name}", *_job_lines(name), "exit")
        start = f"time start +{days:02}:{rest // 60:02}:{rest % 60:02}"
        schedule = (f"scheduler schedule name {name}", f"job name {name}", start)
        wire.configure(driver, (*job, *schedule))
        wire.show(driver, f"checkpoint {name}")
        _ensure_armed(look(wire, driver), name, timedelta(seconds=revert_in))
    except DeviceError as error:
        # Where the device can't be asked any more, the next call sweeps.
        with suppress(DeviceError):
            sweep(wire, driver, look(wire, driver))
        raise DeviceError(f"the revert timer can't be armed, nothing was changed: {error}") from (
            error
        )
    return name


def _ensure_armed(there: Look, name: str, revert_in: timedelta) -> None:
    if there.armed is None or there.armed.name != name:
        raise DeviceError(f"the device shows no schedule {name} that is to run")
    if [one for one in there.lines_of(name) if one in _job_lines(name)] != list(_job_lines(name)):
        raise DeviceError(f"the device shows a job {name} that is not the one it was given")
    if name not in there.checkpoints:
        raise DeviceError(f"the device shows no checkpoint {name}")
    left = there.armed.left
    if left is not None and not revert_in - _SLACK < left < revert_in + _SLACK:
        raise DeviceError(
            f"its clock is being set: the schedule {name} would run in {left.total_seconds():.0f} "
            f"s, not in {revert_in.total_seconds():.0f} s"
        )


def roll_back(wire: Wire, driver: Driver, name: str) -> None:
    """Bring the device back to the checkpoint ``name``, now; its schedule stays armed.

    Raises:
        DeviceError: the device did not say that it is done.
    """
    said = wire.show(driver, _job_lines(name)[0])
    if not _DONE.search(said):
        words = " ".join(said.split())
        raise DeviceError(f"the rollback did not end well, and the timer stays armed: {words}")


def checkpoint_text(wire: Wire, driver: Driver, name: str) -> str:
    """Return the configuration in a checkpoint, without what is printed in front of it."""
    text = wire.show(driver, f"show checkpoint {name}")
    begin = _BEGINNING.search(text)
    return text[begin.start() :] if begin else text


def disarm(wire: Wire, driver: Driver, there: Look) -> None:
    """Take the schedule away in time, and the job; the checkpoint stays.

    Raises:
        DeviceError: it goes off about now, or is still there.
    """
    left = None if there.armed is None else there.armed.left
    if left is not None and left < _TOO_NEAR:
        raise DeviceError(f"the revert timer goes off in {left.total_seconds():.0f} s: too late")
    _remove(wire, driver, there)


def _remove(wire: Wire, driver: Driver, there: Look) -> None:
    # The schedule first: without it the job never runs.
    lines = [f"no scheduler schedule name {one}" for one in there.schedules]
    lines += [f"no scheduler job name {one}" for one in there.jobs]
    if not lines:
        return
    wire.configure(driver, lines)
    # A job that runs can't be removed, nor its schedule.
    if (left := armed(wire, driver)) is not None:
        raise DeviceError(f"the device still shows the schedule {left.name}")


def sweep(wire: Wire, driver: Driver, there: Look) -> None:
    """Take away all that is left of dead-man switches of ours, the checkpoints too."""
    _remove(wire, driver, there)
    forget(wire, driver, there)


def forget(wire: Wire, driver: Driver, there: Look) -> None:
    """Take away our checkpoints."""
    for name in there.checkpoints:
        wire.show(driver, f"no checkpoint {name}")
