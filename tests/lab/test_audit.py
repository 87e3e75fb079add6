"""An audit on the six platforms: what it tells, what it keeps to itself, and how it ends early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from lab_fixture import start_somewhere
from site_fixture import CHECKOUT, Fenced, configurations, ringfence

from lab.topology import SWITCHES
from policies.change import steps
from policies.dialects import DIALECTS
from policies.managed import Managed, managed
from runbooks.audit_report import AuditReport, audit_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Lab

pytestmark = pytest.mark.lab

FORMATS = ("html", "junit", "markdown", "prometheus")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), "mixed")
    yield running
    running.stop()


def look(command: str, site: Path, *more: str) -> tuple[int, AuditReport]:
    done = ringfence(command, "--site", str(site), "--json", *more)
    Draft202012Validator(audit_schema()).validate(done.document)
    report = AuditReport.model_validate(done.document)
    assert report.exit_code == done.code, done.err
    return done.code, report


def states(report: AuditReport) -> dict[str, str]:
    return {one.device: one.state.value for one in report.devices}


@pytest.fixture
def unguarded(lab: Lab, fenced: Fenced) -> Iterator[str]:
    """Take every guard off one switch; put them back afterwards."""
    switch = "tor2"
    dialect = DIALECTS[lab.platform(switch)]
    running = dialect.parse(lab.running_config(switch))
    lab.control(
        switch,
        "edit",
        lines=dialect.render(steps(managed(running), Managed()), running).splitlines(),
    )
    yield switch
    assert ringfence("deploy", "--site", str(fenced.site), "--yes").code == 0


def test_what_is_fenced_is_clean_and_proven_in_every_format(fenced: Fenced, tmp_path: Path) -> None:
    outlets = [word for name in FORMATS for word in (f"--{name}", str(tmp_path / name))]
    code, report = look("audit", fenced.site, *outlets)
    assert (code, report.findings) == (0, ()), report.findings
    assert states(report) == dict.fromkeys(SWITCHES, "clean")
    assert report.complete
    assert {one.state.value for device in report.devices for one in device.sessions} == {
        "proven",
        "free",
    }
    assert not [row for row in report.depth if row.short]
    for name in FORMATS:
        assert (tmp_path / name).stat().st_size > 100
    code, proof = look("verify", fenced.site)
    assert (code, proof.findings, states(proof)) == (0, (), states(report))


def test_without_guards_a_switch_differs_with_witnesses_and_lines(
    fenced: Fenced, unguarded: str, lab: Lab
) -> None:
    before = configurations(lab)
    code, report = look("audit", fenced.site)
    assert code == 2
    assert [name for name, state in states(report).items() if state == "differs"] == [unguarded]
    found = [one for one in report.findings if one.device == unguarded]
    assert {one.kind.value for one in found} == {"missing"}
    text = lab.running_config(unguarded).splitlines()
    for one in found:
        if one.effect.value == "none":
            continue
        assert one.severity.value == "critical"
        assert one.witness
        assert one.lines
        for line in one.lines:
            assert line.number is None or text[line.number - 1].strip() == line.text.strip()
    assert configurations(lab) == before


def test_a_finding_keeps_the_time_when_it_was_first_seen(fenced: Fenced, unguarded: str) -> None:
    _, first = look("audit", fenced.site)
    _, second = look("audit", fenced.site)
    seen = {one.id: one.first_seen for one in first.findings}
    assert seen
    assert None not in seen.values()
    assert {one.id: one.first_seen for one in second.findings} == seen
    assert len(second.history) >= 2
    assert unguarded in {one.device for one in second.findings}


def test_a_fix_is_a_plan_that_mends_and_nothing_is_sent(
    fenced: Fenced, unguarded: str, lab: Lab, tmp_path: Path
) -> None:
    before = configurations(lab)
    plan = tmp_path / "fix.json"
    code, _ = look("audit", fenced.site, "--fix", str(plan))
    assert code == 2
    assert configurations(lab) == before
    assert [
        one["device"] for one in json.loads(plan.read_text())["devices"] if one["candidate"]
    ] == [unguarded]
    done = ringfence("deploy", str(plan), "--site", str(fenced.site))
    assert done.code == 0, done.err
    assert look("audit", fenced.site)[0] == 0


def test_files_of_the_configurations_say_the_same_and_nobody_is_contacted(
    fenced: Fenced, unguarded: str, lab: Lab, tmp_path: Path
) -> None:
    folder = tmp_path / "configs"
    folder.mkdir()
    for switch in SWITCHES:
        (folder / f"{switch}.cfg").write_text(lab.running_config(switch))
    _, live = look("audit", fenced.site)
    site = (fenced.site / "hosts.yaml").read_text()
    try:
        # Nobody is there any more.
        (fenced.site / "hosts.yaml").write_text(site.replace("hostname: 127.", "hostname: 127.9"))
        code, report = look("audit", fenced.site, "--configs", str(folder))
    finally:
        (fenced.site / "hosts.yaml").write_text(site)
    assert code == 2
    assert {one.id for one in report.findings} == {one.id for one in live.findings}
    assert states(report) == states(live)
    assert unguarded in {one.device for one in report.findings}


def test_with_half_of_the_devices_gone_the_report_is_true(
    fenced: Fenced, unguarded: str, lab: Lab
) -> None:
    gone = ("border1", "spine2", "tor1")
    for switch in gone:
        lab.fault(switch, "refuse")
    try:
        code, report = look("audit", fenced.site)
    finally:
        for switch in gone:
            lab.fault(switch, "refuse", on=False)
    assert code == 3
    assert states(report) == {
        name: "unknown" if name in gone else "differs" if name == unguarded else "clean"
        for name in SWITCHES
    }
    assert not report.complete
    assert {one.device for one in report.findings} == {unguarded}
    assert (report.depth, report.notes) == (
        (),
        ("depth was not measured: 3 of 6 devices are known",),
    )
    assert all(one.error and not one.sessions for one in report.devices if one.device in gone)


def _audit_process(site: Path, out: Path) -> subprocess.Popen[bytes]:
    # Not through `make`, which would hear the signal too.
    words = ("-m", "runbooks", "audit", "--site", str(site), "--json")
    with out.open("wb") as stdout:
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=CHECKOUT,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, "COLUMNS": "200"},
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_audit_tells_what_it_saw_and_what_not(
    fenced: Fenced, unguarded: str, lab: Lab, tmp_path: Path, number: signal.Signals
) -> None:
    lab.fault("spine1", "hang")
    out = tmp_path / "audit.json"
    try:
        process = _audit_process(fenced.site, out)
        assert process.stderr is not None
        heard: list[bytes] = []
        # The others have answered; spine1 never does.
        while sum(b"look" in line for line in heard) < len(SWITCHES) - 1:
            line = process.stderr.readline()
            assert line, b"".join(heard)
            heard.append(line)
        process.send_signal(number)
        # Long before the device would have been given up by itself.
        _, rest = process.communicate(timeout=60)
    finally:
        lab.fault("spine1", "hang", on=False)
    document: dict[str, Any] = json.loads(out.read_text())
    report = AuditReport.model_validate(document)
    assert (process.returncode, report.exit_code) == (3, 3), rest
    assert report.interrupted == number.name
    assert states(report) == {
        name: "unknown" if name == "spine1" else "differs" if name == unguarded else "clean"
        for name in SWITCHES
    }
    lost = next(one for one in report.devices if one.device == "spine1")
    assert lost.error is not None
    assert number.name in lost.error
