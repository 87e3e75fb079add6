"""Our own jobs and schedules in an NX-OS configuration: :func:`scheduler_lines`.

A commit's revert timer is a job and a schedule, and both are running configuration for as long as
it is armed. Releases differ in whether they indent what is in them, so a job ends at its
``end-job``, and a schedule at the first line that is neither indented nor one of a schedule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.ownership import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = re.compile(rf"scheduler (?P<kind>job|schedule) name {re.escape(PREFIX)}\S+\s*")
_ANY_HEAD = "scheduler "
_IN_SCHEDULE = ("job name ", "time ", " ", "\t")
_END_OF_JOB = "end-job"


def scheduler_lines(lines: Sequence[str], literal: Sequence[bool]) -> list[bool]:
    """Return, line by line, whether it is of a job or a schedule of ours; free text never is."""
    found = [False] * len(lines)
    for at, (line, is_free) in enumerate(zip(lines, literal, strict=True)):
        head = None if is_free else _HEAD.fullmatch(line)
        if head is not None:
            end = _end_of_job(lines, at) if head["kind"] == "job" else None
            last = _end_of_schedule(lines, at) if end is None else end
            found[at : last + 1] = [not free for free in literal[at : last + 1]]
    return found


def _end_of_job(lines: Sequence[str], head: int) -> int | None:
    """Return where the job's last line is; None if it has none before the next job begins."""
    for at in range(head + 1, len(lines)):
        if lines[at].strip() == _END_OF_JOB:
            return at
        if lines[at].startswith(_ANY_HEAD):
            break
    return None


def _end_of_schedule(lines: Sequence[str], head: int) -> int:
    last = head
    while last + 1 < len(lines) and lines[last + 1].startswith(_IN_SCHEDULE):
        last += 1
    return last
