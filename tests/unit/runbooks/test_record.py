"""The record: written before it is done, readable whatever became of the run."""

from __future__ import annotations

import errno
import json
import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from builders import SITE, write_site
from plans import make_plan

from inventory.errors import Exit, IncompleteError, InputError, RefusedError
from runbooks import cli
from runbooks.record import Record, find_run, only_run, runs

if TYPE_CHECKING:
    from pathlib import Path

CONFIRMED = '{"at": "t", "step": "end", "status": "confirmed"}\n'


def recorded(root: Path, name: str, *, status: str | None, undoes: str | None = None) -> None:
    """Put a run on record that ended with ``status``; None is one that was killed."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(make_plan(undoes=undoes).text(), encoding="utf-8")
    events = [{"at": "t", "step": "begin", "command": "deploy", "by": "me", "undoes": undoes}]
    if status is not None:
        events.append({"at": "t", "step": "end", "status": status})
    text = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "events.jsonl").write_text(text, encoding="utf-8")


def test_a_run_reads_back_as_it_was_written(tmp_path: Path) -> None:
    plan = make_plan(undoes="earlier")
    record = Record(tmp_path / "runs", "deploy", plan)
    assert [run.status for run in runs(tmp_path / "runs")] == ["killed"]
    record.write("committed", device="tor1", until="é\u2028x")
    record.end("confirmed")
    (run,) = runs(tmp_path / "runs")
    assert (run.name, run.status, run.plan) == (record.run, "confirmed", plan)
    assert (run.first["command"], run.first["undoes"]) == ("deploy", "earlier")
    assert [event["step"] for event in run.events] == ["begin", "committed", "end"]
    assert run.events[1]["until"] == "é\u2028x"


def test_every_step_is_on_disk_before_the_next_one(tmp_path: Path) -> None:
    record = Record(tmp_path, "deploy", make_plan())
    for number in range(3):
        record.write("step", number=number)
        (run,) = runs(tmp_path)
        assert run.events[-1]["number"] == number
    record.end("confirmed")


def test_a_full_disk_does_not_hide_what_the_run_ended_in(tmp_path: Path) -> None:
    record = Record(tmp_path, "deploy", make_plan())
    before = (record.folder / "events.jsonl").read_text()
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, record._file.fileno())
    os.close(full)
    for step in ("prepared", "decision"):
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            record.write(step)
    # What can't be flushed stays in the buffer, and closing the file flushes it once more.
    with pytest.raises(IncompleteError, match=r"^tor1 is not known$"), closing(record):
        raise IncompleteError("tor1 is not known")
    assert (record.folder / "events.jsonl").read_text() == before


def test_runs_of_one_second_have_names_of_their_own(tmp_path: Path) -> None:
    made = [Record(tmp_path, "deploy", make_plan()) for _ in range(4)]
    for record in made:
        record.end("confirmed")
    names = [record.run for record in made]
    assert len(set(names)) == 4
    assert [run.name for run in runs(tmp_path)] == sorted(names)


@pytest.mark.parametrize(
    "rest", ["", '{"at": "t", "ste', '{"at": "t", "step": "end"', "\0\0\0\0", "{"]
)
def test_a_run_that_was_killed_in_the_middle_of_a_line_reads_as_killed(
    rest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = write_site(tmp_path / "site", {"site.yaml": SITE + "runs: runs\n"})
    recorded(site / "runs", "r1", status=None)
    with (site / "runs" / "r1" / "events.jsonl").open("a") as file:
        file.write(rest)
    (run,) = runs(site / "runs")
    assert (run.status, len(run.events)) == ("killed", 1)
    assert cli.run(["runs", "--json", "--site", str(site)]) == Exit.DONE
    (listed,) = json.loads(capsys.readouterr().out)["runs"]
    assert (listed["run"], listed["status"], listed["by"]) == ("r1", "killed", "me")
    assert cli.run(["show", "r1", "--json", "--site", str(site)]) == Exit.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["status"], len(shown["events"])) == ("killed", 1)
    for command in (["runs"], ["show", "r1"]):
        assert cli.run([*command, "--site", str(site)]) == Exit.DONE
        assert "killed" in capsys.readouterr().out


def test_a_run_that_wrote_nothing_yet_is_listed(tmp_path: Path) -> None:
    recorded(tmp_path, "r1", status=None)
    (tmp_path / "r1" / "events.jsonl").write_text("")
    (run,) = runs(tmp_path)
    assert (run.status, dict(run.first)) == ("killed", {})


def test_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    assert runs(tmp_path / "nowhere") == ()
    (tmp_path / "lock").touch()
    (tmp_path / "folder").mkdir()
    assert runs(tmp_path) == ()


Past = list[tuple[str, str | None, str | None]]


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([("r1", "confirmed", None)], "r1"),
        ([("r1", "confirmed", None), ("r2", "confirmed", None)], "r2"),
        ([("r1", "confirmed", None), ("r2", "taken-back", None)], "r1"),
        ([("r1", "confirmed", None), ("r2", None, None), ("r3", "unknown", None)], "r1"),
        (
            [("r1", "confirmed", None), ("r2", "confirmed", None), ("r3", "confirmed", "r2")],
            "r1",
        ),
        ([("r1", "confirmed", None), ("r2", "taken-back", "r1")], "r1"),
        ([("r1", "confirmed", None), ("r2", None, "r1")], "r1"),
        ([("r1", "confirmed", None), ("r2", "confirmed", "r1")], None),
        ([("r1", "taken-back", None)], None),
        ([], None),
    ],
)
def test_the_last_run_that_stands_is_found(
    past: Past, expected: str | None, tmp_path: Path
) -> None:
    for name, status, undoes in past:
        recorded(tmp_path, name, status=status, undoes=undoes)
    if expected is None:
        with pytest.raises(InputError, match="no run stands that could be rolled back"):
            find_run(tmp_path, None)
    else:
        assert find_run(tmp_path, None).name == expected


def test_a_run_is_found_by_its_name_or_refused(tmp_path: Path) -> None:
    recorded(tmp_path, "r1", status=None)
    assert find_run(tmp_path, "r1").name == "r1"
    for name in ("r2", "", "../r1", "lock"):
        with pytest.raises(InputError, match="there is no run"):
            find_run(tmp_path, name)


def test_one_run_at_a_time_and_the_other_says_who(tmp_path: Path) -> None:
    busy = pytest.raises(RefusedError, match=r"another run is going on: .*@.* pid \d+ since ")
    with only_run(tmp_path), busy, only_run(tmp_path):
        pass
    with only_run(tmp_path):
        pass


def test_a_run_that_failed_leaves_the_lock_free(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="over"), only_run(tmp_path):
        raise ValueError("over")
    with only_run(tmp_path):
        assert True
