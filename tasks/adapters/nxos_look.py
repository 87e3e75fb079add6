"""What of ours an NX-OS switch shows beside its configuration: :func:`look`, :func:`armed`.

Law: no answer is an answer only if the device also tells the time. What it shows where there is
nothing to show differs by release, and noise looks just the same.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from policies.dialects.line_ends import lines_of
from policies.ownership import PREFIX
from tasks.errors import ConnectError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.adapters.base import Driver
    from tasks.adapters.nxos_wire import Wire

_CLOCK = "show clock"
_SCHEDULES = "show scheduler schedule"
_JOBS = "show scheduler job"
_CHECKPOINTS = "show checkpoint summary"
_SCHEDULE = re.compile(r"^Schedule Name\s*: *(?P<name>\S+)", re.MULTILINE)
_EACH_SCHEDULE = re.compile(r"^(?=Schedule Name)", re.MULTILINE)
_JOB = re.compile(r"^Job Name\s*: *(?P<name>\S+)", re.MULTILINE)
_EACH_JOB = re.compile(r"^(?=Job Name)", re.MULTILINE)
_CHECKPOINT = re.compile(r"^\s*\d+\) (?P<name>\S+):", re.MULTILINE)
_NOT_YET = re.compile(r"^Last Execution Time\s*: *Yet to be executed", re.MULTILINE)
_ONCE = re.compile(
    r"^Schedule Type\s*: .*?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d+) (?P<time>\d+:\d+:\d+) "
    r"(?P<year>\d{4})",
    re.MULTILINE,
)
_START = re.compile(r"time start (?P<at>\d+:\d+:\d+:\d+:\d+)")
_TIME = re.compile(
    r"(?P<time>\d+:\d+:\d+)\S* .*?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d+) (?P<year>\d{4})"
)
#: How the platform answers a command of a feature that is off.
_UNKNOWN = "Invalid command"
#: More than a job needs to begin.
_JOB_TIME = timedelta(minutes=2)
#: As many as the platform keeps for its users (system management guide, "Rollback").
_MAX_CHECKPOINTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """A schedule that is still to run, in ``left`` by the device's own clock; None if not known."""

    name: str
    left: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What there is of ours: names, ``armed`` first of all, and the text of all jobs."""

    armed: Armed | None
    schedules: tuple[str, ...]
    jobs: tuple[str, ...]
    checkpoints: tuple[str, ...]
    job_text: str

    def lines_of(self, job: str) -> tuple[str, ...]:
        """Return the lines that the device shows of a job."""
        shown = (one for one in _EACH_JOB.split(self.job_text) if _names(_JOB, one) == (job,))
        return tuple(line.strip() for one in shown for line in one.splitlines())


def look(wire: Wire, driver: Driver) -> Look:
    """Return what there is of ours, read in one request where the transport can."""
    clock, checkpoints, schedules, jobs = _shown(
        wire, driver, (_CLOCK, _CHECKPOINTS), (_SCHEDULES, _JOBS)
    )
    return Look(
        armed=_armed(wire, driver, clock, schedules),
        schedules=_names(_SCHEDULE, schedules),
        jobs=_names(_JOB, jobs),
        checkpoints=_names(_CHECKPOINT, checkpoints),
        job_text=jobs,
    )


def armed(wire: Wire, driver: Driver) -> Armed | None:
    """Return the rollback of ours that is scheduled and still to come.

    One that was due while the switch was down, that somebody saved and a reload brought back, or
    that the clock jumped over, never ran and never will.
    """
    clock, schedules = _shown(wire, driver, (_CLOCK,), (_SCHEDULES,))
    return _armed(wire, driver, clock, schedules)


def no_room(wire: Wire, driver: Driver) -> str:
    """Return a sentence if the device keeps as many checkpoints of others as it can, else ""."""
    _, shown = _shown(wire, driver, (_CLOCK, _CHECKPOINTS), ())
    found = (one["name"] for one in _CHECKPOINT.finditer(shown))
    theirs = [name for name in found if not name.startswith(PREFIX)]
    if len(theirs) < _MAX_CHECKPOINTS:
        return ""
    return (
        f"it keeps {len(theirs)} checkpoints, which leaves no room for ours: "
        f"`no checkpoint {theirs[0]}`, say, makes some"
    )


def _shown(
    wire: Wire, driver: Driver, always: Sequence[str], scheduler: Sequence[str]
) -> list[str]:
    """Return what each command shows; of the scheduler's nothing where the feature is off.

    Raises:
        ConnectError: the first of them, the clock, can't be read.
    """
    try:
        shown = wire.show_all(driver, (*always, *scheduler))
    except RejectedError as error:
        if not scheduler or _UNKNOWN not in str(error):
            raise
        shown = [*wire.show_all(driver, always), *("" for _ in scheduler)]
    _now(shown[0])
    return shown


def _now(clock: str) -> datetime:
    found = _TIME.search(clock)
    if found is None:
        raise ConnectError("it does not answer as NX-OS does: `show clock` shows no time")
    return _moment(found)


def _armed(wire: Wire, driver: Driver, clock: str, schedules: str) -> Armed | None:
    now = _now(clock)
    for block in _EACH_SCHEDULE.split(schedules):
        names = _names(_SCHEDULE, block)
        if not names or not _NOT_YET.search(block):
            continue
        due = _due(wire, driver, block, names[0])
        if due is None or now - due <= _JOB_TIME:
            return Armed(name=names[0], left=None if due is None else due - now)
    return None


def _due(wire: Wire, driver: Driver, block: str, name: str) -> datetime | None:
    """Return when a schedule is due, as it is shown; else as it is configured."""
    if found := _ONCE.search(block):
        return _moment(found)
    lines = iter(lines_of(wire.show(driver, "show running-config")))
    head = f"scheduler schedule name {name}"
    below = itertools.dropwhile(lambda line: line.strip() != head, lines)
    starts = (found for line in itertools.islice(below, 1, 4) if (found := _START.search(line)))
    start = next(starts, None)
    # Both are the device's local time.
    return None if start is None else datetime.strptime(start["at"], "%Y:%m:%d:%H:%M")  # noqa: DTZ007


def _moment(found: re.Match[str]) -> datetime:
    text = f"{found['year']} {found['month']} {found['day']} {found['time']}"
    try:
        return datetime.strptime(text, "%Y %b %d %H:%M:%S")  # noqa: DTZ007 - the device's local time
    except ValueError:
        raise ConnectError(f"it shows no time that there is: {text}") from None


def _names(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    """Return the names that ``pattern`` finds in ``text`` and that are ours."""
    found = (one["name"] for one in pattern.finditer(text))
    return tuple(dict.fromkeys(name for name in found if name.startswith(PREFIX)))
