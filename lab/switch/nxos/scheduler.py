"""The scheduler of NX-OS: jobs that run at a time, in minutes; read :class:`Scheduler`.

Jobs and schedules are lines of the running configuration; what became of them is not. Law: a time
that is given from now on is kept as the minute that it means, with the seconds dropped, and what
was due while the switch was down does not run any more. The minute is the clock's: whoever sets
that one moves what is due.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    from lab.switch.lines import Configuration, Node

_START = re.compile(
    r"time start (?:(?P<now>now)|\+(?P<delta>\d+(?::\d+){0,2})|"
    r"(?P<at>\d{4}:\d{1,2}:\d{1,2}:\d{1,2}:\d{2}))(?P<repeat> repeat \S+)?"
)
_STAMP = "%Y:%m:%d:%H:%M"
_NEVER = "Yet to be executed"


class Clock:
    """The switch's own time, in UTC; :meth:`advance` lets it pass faster."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> dt.datetime:
        """Return the time now."""
        return dt.datetime.fromtimestamp(time.time() + self._ahead, tz=dt.UTC)

    def advance(self, seconds: float) -> None:
        """Let so much time have passed; a negative number sets the clock back."""
        self._ahead += seconds


@dataclass(slots=True)
class Executions:
    """What became of one schedule: when it ran last, and how each of its jobs ended."""

    last: dt.datetime | None = None
    status: dict[str, str] = field(default_factory=dict)


class Scheduler:
    """Knows when schedules are due; the switch runs the jobs."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.executions: dict[str, Executions] = {}
        self.running_job: str | None = None
        self._since = clock.now()

    def skew(self, seconds: float, *, skips: bool) -> None:
        """Set the clock by so much; with ``skips``, what it jumps over never runs."""
        self.clock.advance(seconds)
        if seconds < 0:
            # Also what is scheduled from now on comes after the boot.
            self._since += dt.timedelta(seconds=seconds)
        elif skips:
            self._since = self.clock.now()

    def absolute(self, line: str) -> str:
        """Return ``time start ...`` with the minute that it means; other lines as they are.

        Raises:
            RefusedError: the time makes no sense.
        """
        found = _START.fullmatch(line)
        if found is None:
            return line
        at = self.clock.now()
        if found["delta"]:
            days, hours, minutes = (int(one) for one in ("0:0:" + found["delta"]).split(":")[-3:])
            at += dt.timedelta(days=days, hours=hours, minutes=minutes)
        elif found["at"]:
            at = _moment(found["at"])
        return f"time start {at.strftime(_STAMP)}{found['repeat'] or ''}"

    def due(self, configuration: Configuration) -> tuple[Node, ...]:
        """Return the schedules that are to run now and did not yet, once."""
        found = []
        now = self.clock.now()
        for one in configuration.root.named("schedule"):
            at = starts_at(one)
            ran = self.executions.get(one.groups["name"])
            is_done = ran is not None and ran.last is not None
            if at is not None and not is_done and self._since <= at <= now:
                found.append(one)
        return tuple(found)

    def began(self, name: str) -> Executions:
        """Note that a schedule runs now."""
        self.executions[name] = Executions(last=self.clock.now())
        return self.executions[name]

    def forget(self, configuration: Configuration) -> None:
        """Forget schedules that are not configured any more."""
        names = {one.groups["name"] for one in configuration.root.named("schedule")}
        self.executions = {name: one for name, one in self.executions.items() if name in names}

    def show_schedule(self, schedule: Node) -> str:
        """Return ``show scheduler schedule name X``."""
        name = schedule.groups["name"]
        ran = self.executions.get(name, Executions())
        at = starts_at(schedule)
        kind = "No timetable" if at is None else f"Run once on {at:%a %b %e %H:%M:%S %Y}"
        last = _NEVER if ran.last is None else f"{ran.last:%a %b %e %H:%M:%S %Y}"
        rule = "-" * 47
        jobs = "".join(
            f"{job.groups['name']:<36} {ran.status.get(job.groups['name'], '-NA-')}\n"
            for job in schedule.named("job")
        )
        return (
            f"Schedule Name       : {name}\n{'-' * 27}\n"
            f"User Name           : admin\nSchedule Type       : {kind}\n"
            f"Last Execution Time : {last}\n{rule}\n"
            f"     Job Name            Last Execution Status\n{rule}\n{jobs}{'=' * 62}\n"
        )


def starts_at(schedule: Node) -> dt.datetime | None:
    """Return when a schedule runs for the first time; None if it has no such time."""
    for line in schedule.named("time"):
        found = _START.fullmatch(line.text)
        if found is not None and found["at"]:
            return _moment(found["at"])
    return None


def starts_from(line: str) -> str:
    """Return what the platform says of a ``time start`` line; "" of any other."""
    found = _START.fullmatch(line)
    at = _moment(found["at"]) if found is not None and found["at"] else None
    return "" if at is None else f"Schedule starts from {at:%a %b %e %H:%M:%S %Y}\n"


def show_job(job: Node) -> str:
    """Return ``show scheduler job name X``."""
    name = job.groups["name"]
    lines = "".join(f"{one.text}\n" for one in job.named("command"))
    return f"Job Name: {name}\n{'-' * (10 + len(name))}\n{lines}\n{'=' * 62}\n"


def _moment(text: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(text, _STAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        raise RefusedError(f"ERROR: Invalid start time: {text}") from None
