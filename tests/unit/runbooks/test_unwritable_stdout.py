"""A result that can't be printed: what was done keeps its exit code, and stderr says why."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from builders import SITE, make_site, write_site
from plans import make_plan

from inventory.errors import Exit
from runbooks import cli
from runbooks.deploy import Deployed
from runbooks.report import Report
from runbooks.report_record import print_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}"
TOLD = "ringfence: stdout can't be written: {}\n"


class Unwritable(io.StringIO):
    """Refuses what is written, or, with ``late``, only to flush it."""

    def __init__(self, error: Exception, *, late: bool) -> None:
        super().__init__()
        self.error = error
        self.late = late

    def write(self, text: str) -> int:
        """Raise, or keep ``text`` for a flush that will."""
        if not self.late:
            raise self.error
        return super().write(text)

    def flush(self) -> None:
        """Raise."""
        raise self.error


ERRORS = {
    "full disk": (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), TOLD.format(FULL)),
    "lost terminal": (OSError(errno.EIO, "gone"), TOLD.format("[Errno 5] gone")),
    "closed": (ValueError("closed"), TOLD.format("closed")),
    # Who stops reading, as `| head` does, knows that and wants no remark.
    "no reader": (BrokenPipeError(), ""),
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("why", ERRORS)
def test_a_confirmed_run_stays_a_confirmed_run(  # noqa: PLR0917 - the cases' and pytest's
    why: str,
    as_json: bool,
    late: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error, told = ERRORS[why]
    site = make_site(tmp_path)
    # Nothing is contacted: what a deploy does is not what this is about.
    done = Deployed(make_plan(), "run")
    monkeypatch.setattr(cli, "deploy", lambda *_, **__: done)
    monkeypatch.setattr(sys, "stdout", Unwritable(error, late=late))
    arguments = ["deploy", "--yes", "--site", str(site.path), *(["--json"] if as_json else [])]
    assert cli.run(arguments) == Exit.DONE
    assert capsys.readouterr().err == told


def test_a_failure_that_can_not_be_printed_keeps_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = write_site(tmp_path, {"hosts.yaml": ""})
    monkeypatch.setattr(sys, "stdout", Unwritable(ERRORS["full disk"][0], late=False))
    assert cli.run(["plan", "--json", "--site", str(site)]) == Exit.BAD_INPUT
    first, *_, last = capsys.readouterr().err.splitlines(keepends=True)
    assert first.startswith(f"ringfence: {site}/hosts.yaml")
    assert last == TOLD.format(FULL)


def test_a_report_that_could_not_be_written_says_so_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Unwritable(ERRORS["full disk"][0], late=False))
    report = Report(as_json=False)
    report.plan(make_plan(), diffs=True)
    print_runs(report, ())
    report.line("more")
    assert capsys.readouterr().err == TOLD.format(FULL)


def test_a_command_without_any_stdout_ends_as_it_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = write_site(tmp_path, {"site.yaml": SITE + "runs: runs\n"})
    monkeypatch.setattr(sys, "stdout", None)
    for more in ([], ["--json"]):
        assert cli.run(["runs", "--site", str(site), *more]) == Exit.DONE


@pytest.mark.parametrize("arguments", [["runs"], ["runs", "--json"], ["schema", "pools"]])
def test_the_process_ends_with_the_code_of_its_command(
    arguments: Sequence[str], tmp_path: Path
) -> None:
    # Python ends with 120 where it can't flush stdout in the end.
    site = write_site(tmp_path, {"site.yaml": SITE + "runs: runs\n"})
    code = Exit.FAILED if arguments[0] == "schema" else Exit.DONE
    with Path("/dev/full").open("w") as full:
        ended = _run(arguments, site, stdout=full, stderr=subprocess.PIPE)
        assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr
        assert FULL in ended.stderr
        assert _run(arguments, site, stdout=full, stderr=full).returncode == code


def _run(
    arguments: Sequence[str], site: Path, *, stdout: IO[str], stderr: IO[str] | int
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbooks", *arguments],
        env={**os.environ, "RINGFENCE_SITE": str(site)},
        stdout=stdout,
        stderr=stderr,
        text=True,
        check=False,
    )
