"""What a device, or a file, says reaches a person as text: no command, and no silence."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from plans import make_device_plan, make_plan

from runbooks.cli import run
from runbooks.progress import Progress
from runbooks.report import Report
from runbooks.streams import Steady, plain

if TYPE_CHECKING:
    from pathlib import Path

#: Clears the screen, sets its title, turns text round, and holds what UTF-8 has no bytes for.
HOSTILE = "\x1b[2J\x1b]0;x\x07\u202e\x9b1A [red] \ud800 \x0c"
SHOWN = "\\x1b[2J\\x1b]0;x\\x07\\u202e\\x9b1A [red] \\ud800 \\x0c"


def test_a_plan_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    diff = f"+ first{HOSTILE}\n+ second\n"
    device = make_device_plan(device_diff=diff, closed=(HOSTILE,))
    Report(as_json=False).plan(make_plan(device, findings=(HOSTILE,)), diffs=True)
    lines = capsys.readouterr().out.splitlines()
    assert f"note: {SHOWN}" in lines
    assert f"  left closed: {SHOWN}" in lines
    # What stands behind it is still said, and stays one line.
    at = lines.index(f"  + first{SHOWN}")
    assert lines[at + 1] == "  + second"


def test_progress_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Progress().say(HOSTILE)
    assert capsys.readouterr().err == f"{SHOWN}\n"


def test_an_error_commands_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan\x1b[2J.json"
    assert run(["deploy", str(path), "--yes"]) == 5
    said = capsys.readouterr().err
    assert [one for one in said if not one.isprintable()] == ["\n"]
    assert "plan\\x1b[2J.json" in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_terminal_has_no_character_for_silences_nothing(encoding: str) -> None:
    raw = io.BytesIO()
    lost: list[Exception] = []
    stream = Steady(io.TextIOWrapper(raw, encoding=encoding), lost.append)
    for text in ("a\ud800\n", "b\u65e5\n", "c\n"):
        stream.write(text)
    stream.flush()
    first, second, third = raw.getvalue().decode(encoding).splitlines()
    assert (first, second, third) == ("a?", "b\u65e5" if encoding == "utf-8" else "b?", "c")
    assert lost == []


def test_a_whole_plan_is_shown_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    report = Report(as_json=False)
    report.line("ol\xe9 \u65e5")
    report.line("last")
    report.text("")
    assert raw.getvalue().decode("ascii").splitlines() == ["ol? ?", "last"]
    assert plain("ol\xe9") == "ol\xe9"
