"""The metrics of an audit: as reviewed, and read by Prometheus' own parser and promtool."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from audit_parts import make_device, make_finding, make_past, make_session, make_unknown
from audit_reports import (
    ENDED,
    GOLDEN,
    HISTORY,
    REPORTS,
    clean,
    half_unknown,
    hostile,
    interrupted,
    make_report,
)
from goldens import check_golden
from prometheus_client.parser import text_string_to_metric_families

from runbooks.ledger.audits import Milestones
from runbooks.reports.files import write_atomically
from runbooks.reports.page.text import shown
from runbooks.reports.prometheus import is_whole, milestones_in, render

if TYPE_CHECKING:
    from runbooks.audit_report import AuditReport

#: Of ENDED, and of the milestones below.
NOW, THEN, BEFORE = 1795428007.25, 1795420800.0, 1795417200.5
MILESTONES = Milestones(
    complete="2026-11-23T08:00:00.000+00:00",
    clean="2026-11-23T07:00:00.500+00:00",
    devices={"tor1": "2026-11-23T08:00:00.000+00:00", "spine1": "2026-11-23T07:00:00.500+00:00"},
)


def read(text: str) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Return the series of every family, without the labels that all have; none is there twice."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in found
        assert family.documentation
        assert family.type == "gauge"
        series = found.setdefault(family.name, {})
        for sample in family.samples:
            assert sample.name == family.name
            labels = dict(sample.labels)
            assert labels.pop("command") in {"audit", "verify"}
            assert labels.pop("site")
            key = tuple(sorted(labels.items()))
            assert key not in series
            series[key] = sample.value
    return found


def one(report: AuditReport, name: str, milestones: Milestones | None = None) -> float | None:
    """Return the value of the series ``name`` that has no labels of its own."""
    return read(render(report, milestones))[name].get(())


@pytest.mark.parametrize("name", GOLDEN)
def test_the_metrics_are_as_reviewed(name: str) -> None:
    check_golden(f"reports/{name}.prom", render(REPORTS[name](), MILESTONES))


@pytest.mark.parametrize("name", REPORTS)
def test_promtool_finds_nothing_to_say(name: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: sudo apt-get install prometheus")
    text = render(REPORTS[name](), MILESTONES)
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text.encode(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("name", REPORTS)
def test_the_families_are_the_same_whatever_was_found(name: str) -> None:
    assert list(read(render(REPORTS[name]()))) == list(read(render(make_report())))


def test_what_is_known_of_each_device_and_session() -> None:
    up = make_session(session="a", up=True, family=4)
    report = make_report(
        devices=(
            make_device("tor1", sessions=(up, make_session(session="a", up=False, family=6))),
            make_device("tor2", sessions=(make_session(session="b", up=None),), platform="eos"),
            make_unknown("tor3"),
        )
    )
    found = read(render(report))
    slot = (("device", "tor1"), ("direction", "import"), ("family", "ipv4"), ("session", "a"))
    assert found["ringfence_session_state"][(*slot, ("state", "proven"))] == 1
    assert len(found["ringfence_session_state"]) == 3
    assert found["ringfence_session_up"] == {(("device", "tor1"), ("session", "a")): 1}
    assert found["ringfence_device_up"] == {
        (("device", "tor1"),): 1,
        (("device", "tor2"),): 1,
        (("device", "tor3"),): 0,
    }
    states = {tuple(value for _, value in key) for key in found["ringfence_device_state"]}
    assert states == {
        ("tor1", "frr", "tor", "clean"),
        ("tor2", "eos", "tor", "clean"),
        ("tor3", "eos", "tor", "unknown"),
    }


def test_text_of_a_device_reads_back_as_it_can_be_shown() -> None:
    report = hostile()
    found = read(render(report))
    names = {dict(key)["device"] for key in found["ringfence_device_state"]}
    assert names == {shown(device.device) for device in report.devices}
    (session,) = found["ringfence_session_state"]
    assert dict(session)["session"] == shown(report.devices[0].sessions[0].session)


def test_a_lone_surrogate_loses_no_metrics() -> None:
    report = make_report(
        devices=(make_device("tor1", sessions=(make_session(session="a\ud800"),)),)
    )
    (session,) = read(render(report))["ringfence_session_state"]
    assert dict(session)["session"] == "a⟨U+D800⟩"


def test_what_comes_twice_is_one_series() -> None:
    finding = make_finding()
    device = make_device("tor1", sessions=(make_session(), make_session()))
    report = make_report(devices=(device, device), findings=(finding, finding))
    found = read(render(report))
    assert list(found["ringfence_device_findings"].values()) == [2]
    assert list(found["ringfence_session_state"].values()) == [1]


@pytest.mark.parametrize(
    ("report", "complete", "clean"),
    [
        (make_report(), NOW, NOW),
        (make_report(exit_code=2), NOW, BEFORE),
        (half_unknown(), THEN, BEFORE),
        (interrupted(), THEN, BEFORE),
        # It says so itself, and nothing is unknown.
        (make_report(complete=False), THEN, BEFORE),
        # A device is unknown, whatever it says of itself.
        (make_report(devices=(make_unknown(),)), THEN, BEFORE),
        # Nobody asked one of the site's devices.
        (make_report(not_asked=("tor9",)), THEN, BEFORE),
        # The history knows that it looked at some devices alone.
        (
            make_report(history=(*HISTORY, make_past(id=make_report().id, complete=False))),
            THEN,
            BEFORE,
        ),
    ],
)
def test_only_a_complete_audit_moves_the_times_of_the_last_one(
    report: AuditReport, complete: float, clean: float
) -> None:
    assert one(report, "ringfence_audit_time_seconds", MILESTONES) == NOW
    assert one(report, "ringfence_audit_last_complete_time_seconds", MILESTONES) == complete
    assert one(report, "ringfence_audit_last_clean_time_seconds", MILESTONES) == clean


def test_where_none_was_complete_there_is_no_time() -> None:
    assert one(interrupted(), "ringfence_audit_last_complete_time_seconds") is None
    assert one(interrupted(), "ringfence_audit_complete") == 0


def test_a_device_keeps_the_time_when_it_was_clean() -> None:
    found = read(render(half_unknown(), MILESTONES))["ringfence_device_last_clean_time_seconds"]
    assert found == {(("device", "spine1"),): BEFORE, (("device", "tor1"),): NOW}


def test_a_device_that_nobody_asked_keeps_its_time_too() -> None:
    report = make_report(devices=(make_device("tor1"),), not_asked=("spine1", "tor9"))
    found = read(render(report, MILESTONES))["ringfence_device_last_clean_time_seconds"]
    assert found == {(("device", "spine1"),): BEFORE, (("device", "tor1"),): NOW}


def test_without_a_history_the_file_itself_remembers(tmp_path: Path) -> None:
    path = tmp_path / "rf.prom"
    write_atomically(path, render(make_report(exit_code=2), MILESTONES))
    kept = milestones_in(path, interrupted())
    assert (kept.complete, kept.clean) == (ENDED, MILESTONES.clean)
    assert kept.devices == dict.fromkeys(("border1", "spine1", "tor1"), ENDED)
    # And again, through any number of audits that were cut short.
    write_atomically(path, render(interrupted(), kept))
    assert milestones_in(path, interrupted()) == kept


def test_what_is_no_file_is_not_read() -> None:
    assert milestones_in(Path("/dev/zero"), make_report()) == Milestones(devices={})


@pytest.mark.parametrize("fields", [{"site": "dc2"}, {"command": "verify"}])
def test_the_file_of_another_site_or_command_says_nothing(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    write_atomically(tmp_path / "rf.prom", render(make_report()))
    kept = milestones_in(tmp_path / "rf.prom", make_report(**fields))
    assert kept == Milestones(devices={})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"nonsense {",
        b"ringfence_audit_last_complete_time_seconds",
        b'ringfence_audit_last_complete_time_seconds{site="dc1",command="audit"} NaN\n',
        b'ringfence_audit_last_complete_time_seconds{site="dc1",command="audit"} 1e300\n',
        None,
    ],
)
def test_a_file_that_is_none_of_ours_says_nothing(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "rf.prom").write_bytes(content)
    assert milestones_in(tmp_path / "rf.prom", make_report()) == Milestones(devices={})


def test_files_are_not_the_network() -> None:
    report = clean().model_copy(update={"history": ()})
    assert is_whole(report)
    assert not is_whole(report.model_copy(update={"source": "backups"}))
