"""An audit is on record and told, and what fails of that takes nothing from the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from audit_parts import make_device, make_finding
from audit_reports import ENDED, make_report
from builders import SITE, write_site
from webhook_server import SECRET, Receiver

from inventory.site import load_site
from runbooks.progress import Progress
from runbooks.reports.remembering import remembered

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site
    from runbooks.audit_report import AuditReport


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("RINGFENCE_WEBHOOK_URL", "RINGFENCE_WEBHOOK_URL_FILE"):
        monkeypatch.delenv(name, raising=False)


def make_site(folder: Path) -> Site:
    return load_site(write_site(folder / "site", {"site.yaml": SITE + "runs: runs\n"}))


def make_audit(identity: str, *found: str) -> AuditReport:
    findings = tuple(make_finding(id=one, first_seen=None) for one in found)
    devices = tuple(make_device(name) for name in ("border1", "spine1", "tor1"))
    code = 2 if found else 0
    return make_report(id=identity, findings=findings, devices=devices, exit_code=code, history=())


def test_what_came_and_went_is_told_and_what_stands_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, progress = make_site(tmp_path), Progress(quiet=True)
    with Receiver(200) as receiver:
        monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", receiver.url)
        for identity, found in enumerate([(), ("f",), ("f",), ("f", "g"), ("g",), ("g",)]):
            audit = make_audit(f"a{identity}", *found)
            report, milestones = remembered(site, audit, progress)
            assert {one.first_seen for one in report.findings} <= {ENDED}
            assert [one.id for one in report.history] == [f"a{one}" for one in range(identity + 1)]
            assert milestones is not None
            assert milestones.complete == ENDED
            assert report.notes == ()
    told = [document["ringfence"] for _, document in receiver.seen]
    came_and_went = [
        (one["id"], [new["id"] for new in one["new"]], [gone["id"] for gone in one["gone"]])
        for one in told
    ]
    assert came_and_went == [("a1", ["f"], []), ("a3", ["g"], []), ("a4", [], ["f"])]


def test_a_ledger_that_is_not_there_keeps_nobody_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = make_site(tmp_path)
    (site.path / "runs").touch()
    with Receiver(200) as receiver:
        monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", receiver.url)
        report, milestones = remembered(site, make_audit("a", "f"), Progress(quiet=False))
    (note,) = report.notes
    assert note.startswith("this audit is not on record: the ledger ")
    assert (report.findings[0].first_seen, report.history, milestones) == (None, (), None)
    ((_, document),) = receiver.seen
    assert [one["id"] for one in document["ringfence"]["new"]] == ["f"]
    assert f"ringfence: {note}" in capsys.readouterr().err


def test_a_webhook_that_fails_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = make_site(tmp_path)
    with Receiver(404) as receiver:
        monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", receiver.url)
        report, _ = remembered(site, make_audit("a", "f"), Progress(quiet=False))
    assert report.notes == ("the webhook was not told: it answers with status 404",)
    assert (report.findings[0].first_seen, report.exit_code) == (ENDED, 2)
    out, err = capsys.readouterr()
    assert f"ringfence: {report.notes[0]}" in err
    assert SECRET not in out + err
