"""`ringfence report FILE`: what was saved is shown again, and what contradicts itself is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from audit_reports import REPORTS, make_report

from policies.drift import Effect
from runbooks.audit_report import DepthRow, SessionState, Severity
from runbooks.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runbooks.audit_report import AuditReport


def saved(tmp_path: Path, report: AuditReport) -> Path:
    path = tmp_path / "report.json"
    path.write_text(report.text(), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_ends_as_it_did(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = REPORTS[name]()
    assert run(["report", str(saved(tmp_path, report))]) == report.exit_code
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "code", "is_taken"),
    [
        ("clean", 1, True),
        ("clean", 3, True),
        ("clean", 4, True),
        ("clean", 2, False),
        ("clean", 5, False),
        ("every_kind", 4, True),
        ("every_kind", 0, False),
        ("every_kind", 1, False),
        ("half_unknown", 0, False),
        ("half_unknown", 2, False),
        ("half_unknown", 4, False),
    ],
)
def test_an_audit_may_have_ended_otherwise_for_what_failed_beside_it(
    name: str, code: int, is_taken: bool, tmp_path: Path
) -> None:
    report = REPORTS[name]().model_copy(update={"exit_code": code, "notes": ("no plan",)})
    assert run(["report", str(saved(tmp_path, report))]) == (code if is_taken else 5)
    silent = report.model_copy(update={"notes": ()})
    assert run(["report", str(saved(tmp_path, silent))]) == 5


def _clean(document: dict[str, Any]) -> None:
    document["exit_code"] = 0


def _whitewashed(document: dict[str, Any]) -> None:
    document["devices"][0]["state"] = "clean"


def _forgotten(document: dict[str, Any]) -> None:
    document["findings"] = []


def _harmless(document: dict[str, Any]) -> None:
    for one in document["findings"]:
        one["severity"] = "note"


def _vanished(document: dict[str, Any]) -> None:
    del document["devices"][0]


def _doubled(document: dict[str, Any]) -> None:
    document["devices"].append(document["devices"][0])


def _answered(document: dict[str, Any]) -> None:
    document["devices"][1]["state"] = "clean"


def _silenced(document: dict[str, Any]) -> None:
    document["devices"][1]["error"] = None


def _complete(document: dict[str, Any]) -> None:
    document["complete"] = True


def _unasked(document: dict[str, Any]) -> None:
    document["devices"][2]["state"] = "unguarded"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_clean, "its exit code is 0, and what it found ends with 3"),
        (_whitewashed, "the state of border1 is `clean`, and by its findings `differs`"),
        (_forgotten, "the state of border1 is `differs`, and by its findings `clean`"),
        (_harmless, "the state of border1 is `differs`, and by its findings `clean`"),
        (_vanished, "it has findings about border1, which is not among its devices"),
        (_doubled, "the device border1 is in it 2 times"),
        (_answered, "the state of spine1 is `clean`, and there is an error"),
        (_silenced, "the state of spine1 is `unknown`, and no error says why"),
        (_complete, "it is complete, and spine1 is unknown"),
        (_unasked, "the state of tor1 is `unguarded`, and a session of it is to have a guard"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_in_a_sentence(
    change: Callable[[dict[str, Any]], None],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = saved(tmp_path, REPORTS["half_unknown"]())
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    assert run(["report", str(path)]) == 5
    out, err = capsys.readouterr()
    why = f"contradicts itself, so it is not as ringfence wrote it: {said}"
    assert (out, err) == ("", f"ringfence: {path}: {why}\n")


def test_what_lets_something_through_is_no_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = REPORTS["every_kind"]()
    first = next(one for one in report.findings if one.effect is Effect.WEAKENED)
    note = first.model_copy(update={"severity": Severity.NOTE})
    findings = tuple(note if one is first else one for one in report.findings)
    path = saved(tmp_path, report.model_copy(update={"findings": findings}))
    assert run(["report", str(path)]) == 5
    assert f"it has a note, {first.kind.value}, that lets something through" in (
        capsys.readouterr().err
    )


def test_what_is_too_shallow_is_a_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = DepthRow(
        attacker="outside", hijack="default-route", victim="orange", depth=1, possible=2, wanted=2
    )
    path = saved(tmp_path, make_report().model_copy(update={"depth": (row,)}))
    assert run(["report", str(path)]) == 5
    assert "default-route from outside is dropped on too few devices, and no finding says so" in (
        capsys.readouterr().err
    )


def test_a_clean_device_does_not_leak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = make_report()
    leaking = report.devices[0].sessions[0].model_copy(update={"state": SessionState.LEAKS})
    device = report.devices[0].model_copy(update={"sessions": (leaking,)})
    report = report.model_copy(update={"devices": (device, *report.devices[1:])})
    assert run(["report", str(saved(tmp_path, report))]) == 5
    assert "the state of border1 is `clean`, and its session NODES leaks" in capsys.readouterr().err


def test_incomplete_names_who_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(saved(tmp_path, make_report(complete=False)))]) == 5
    assert "it is not complete, and no device is unknown" in capsys.readouterr().err


@pytest.mark.parametrize("number", [-1, 10**400])
@pytest.mark.parametrize(
    ("place", "name"),
    [("history", "critical"), ("history", "unknown"), ("depth", "depth"), ("", "min_depth")],
)
def test_a_number_that_nothing_has_is_refused(
    place: str, name: str, number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path, make_report())
    document = json.loads(path.read_text(encoding="utf-8"))
    (document[place][0] if place else document)[name] = number
    path.write_text(json.dumps(document), encoding="utf-8")
    assert run(["report", str(path), "--html", str(tmp_path / "x.html")]) == 5
    at = f"{place}.0.{name}" if place else name
    assert f"is no audit's JSON document: {at}: Input should be " in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()
