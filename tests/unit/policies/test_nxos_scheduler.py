"""A revert timer of ours is running configuration of NX-OS, and no bystander's."""

from __future__ import annotations

import pytest

from policies.dialects.nxos import NxosDialect

HEAD = "version 10.3(4a)\nbanner motd @\nscheduler job name RF-banner\n@\nfeature scheduler\n"
THEIRS = """\
scheduler job name NIGHTLY
  copy running-config bootflash:nightly.cfg
end-job
scheduler schedule name NIGHTLY
  job name NIGHTLY
  time daily 03:30
"""
OURS = """\
scheduler job name RF-revert
  rollback running-config checkpoint RF-revert atomic
  configure terminal
  no scheduler schedule name RF-revert

end-job

scheduler schedule name RF-revert
  job name RF-revert
  time start 2026:11:23:06:25
"""
TAIL = "ntp server 192.0.2.7\n"


def unindented(text: str) -> str:
    return "".join(line.lstrip(" ") for line in text.splitlines(keepends=True))


@pytest.mark.parametrize("ours", [OURS, unindented(OURS)], ids=["indented", "flat"])
@pytest.mark.parametrize(
    "around",
    [("", THEIRS + TAIL), (THEIRS, TAIL), (TAIL, THEIRS), (THEIRS, "")],
    ids=["first", "behind", "between", "last"],
)
def test_jobs_and_schedules_of_ours_are_not_foreign(ours: str, around: tuple[str, str]) -> None:
    before, after = around
    dialect = NxosDialect()
    plain = HEAD + before + after
    assert dialect.foreign(HEAD + before + ours + after) == dialect.foreign(plain)
    assert dialect.foreign(plain) == plain


@pytest.mark.parametrize("line", [line for line in THEIRS.splitlines() if line != "end-job"])
def test_jobs_of_others_are_foreign_line_by_line(line: str) -> None:
    dialect = NxosDialect()
    whole = HEAD + OURS + THEIRS
    assert dialect.foreign(whole.replace(f"{line}\n", "")) != dialect.foreign(whole)


def test_a_line_that_somebody_adds_to_a_job_of_theirs_named_like_ours_is_seen() -> None:
    dialect = NxosDialect()
    named_alike = THEIRS.replace("NIGHTLY", "X-RF-revert")
    assert dialect.foreign(HEAD + named_alike) == HEAD + named_alike


def test_a_job_without_an_end_hides_nothing_that_stands_behind_it() -> None:
    dialect = NxosDialect()
    cut = OURS.replace("end-job\n", "")
    assert dialect.foreign(HEAD + cut + TAIL) == HEAD + TAIL
    assert TAIL in dialect.foreign(HEAD + cut.split("\n\n")[0] + "\n" + TAIL)
