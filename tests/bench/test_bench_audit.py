"""How long an audit of 100, 300 and 1,000 devices takes, and how much memory: recorded answers.

A process of its own runs ``ringfence audit`` on a whole fabric of six platforms. The devices are
those of the lab, asked once; what they answered - whether a commit waits, the running
configuration, the neighbors, the accepted routes of each session, the paths to what is illegal - is
played to the unmodified drivers where they would open a socket (:mod:`played_wires`). All else is
as on any night: Nornir's threads, a ledger with the audits of four days, each report format. No
TCP, TLS or SSH is in the figures, and no device's own time to answer.

Beside it, over the same configurations, what people do instead: a text diff against what is meant
to be there, and ciscoconfparse2 with netaddr to compare the prefix-lists of those that have some
(FRR, EOS, IOS-XE, NX-OS). Both say that something differs; neither says what it lets through, nor
where, and neither knows a route.

Printed: seconds, processor time and the highest resident memory of the process; and what a device
more costs from one size to the next, which does not grow where growth is linear.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from wide_fabric import DRIFTED, drifted_names, nodes_of, write_fabric
from wide_tables import illegal_names

from inventory.site import load_site
from policies.drift import Kind
from runbooks.audit_report import AuditReport
from runbooks.ledger.audits import new_audit_id, open_history

with warnings.catch_warnings():
    # What they warn about as they are imported is not ours to mend.
    warnings.simplefilter("ignore")
    netaddr = pytest.importorskip("netaddr")
    ciscoconfparse2 = pytest.importorskip("ciscoconfparse2")

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

SIZES = (100, 300, 1000)
ALTERNATIVES = 300
#: The dialects whose lists ciscoconfparse2 is asked about.
LISTED = ("frr", "eos", "ios", "nxos")
#: Audits before the one that is measured, one every hour.
EARLIER = 100
GIB = 1024**3
#: Seconds for the largest fabric, on two cores.
LIMIT_S = 60
#: How much dearer a device may be in the second step of growth than in the first.
GROWTH = 1.5
CHECKOUT = Path(__file__).resolve().parents[2]
PLAYER = CHECKOUT / "tests" / "support" / "played_audit.py"
FORMATS = ("html", "junit", "markdown", "prometheus")


@dataclass(frozen=True, slots=True)
class Fabric:
    """A site, the configurations as they are and as they are meant to be, and what was recorded."""

    devices: int
    site: Path
    configs: Path
    golden: Path
    tape: Path
    since: str


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Fabric]:
    made: dict[int, Fabric] = {}

    def of(devices: int) -> Fabric:
        if devices not in made:
            folder = tmp_path_factory.mktemp(f"fabric-{devices}")
            site, configs, golden = write_fabric(folder, devices)
            asked = ringfence(["record", devices, configs, folder / "tape"], site, folder)
            since = remember(site, asked.report)
            made[devices] = Fabric(devices, site, configs, golden, folder / "tape", since)
        return made[devices]

    return of


def remember(site: Path, seen: AuditReport) -> str:
    """Write what was seen into a new ledger, hour after hour; return when it was seen first."""
    loaded = load_site(site)
    shutil.rmtree(loaded.file(loaded.settings.runs))
    ends = [datetime.now(UTC) - timedelta(hours=back) for back in range(EARLIER, 0, -1)]
    with open_history(loaded) as history:
        for end in ends:
            told = {
                "id": new_audit_id(),
                "started": (end - timedelta(minutes=1)).isoformat(timespec="milliseconds"),
                "ended": end.isoformat(timespec="milliseconds"),
            }
            history.remember(seen.model_copy(update=told))
    return ends[0].isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Run:
    """What one process needed, and its report."""

    wall_s: float
    processor_s: float
    memory: int
    code: int
    report: AuditReport


def ringfence(how: list[object], site: Path, folder: Path, *more: object) -> Run:
    """Audit in a process of its own; ``how`` is where the answers come from."""
    command = [sys.executable, PLAYER, *how, "audit", "--json", "--site", site, *more]
    paths = (CHECKOUT, PLAYER.parent)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "RINGFENCE_PASSWORD": "recorded",
    }
    out = folder / "report.json"
    began = time.perf_counter()
    with out.open("wb") as stdout, (folder / "said").open("wb") as stderr:
        process = subprocess.Popen(
            [str(one) for one in command], stdout=stdout, stderr=stderr, env=environment
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        wall_s=time.perf_counter() - began,
        processor_s=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss * 1024,
        code=process.returncode,
        report=AuditReport.model_validate_json(out.read_bytes()),
    )


@pytest.fixture(scope="module")
def runs() -> dict[int, Run]:
    """Return what was measured so far, by the number of devices."""
    return {}


@pytest.mark.parametrize("devices", SIZES)
@pytest.mark.benchmark(group="audit")
def test_audit(  # noqa: PLR0917 - pytest's fixtures
    devices: int,
    fabric: Callable[[int], Fabric],
    runs: dict[int, Run],
    tmp_path: Path,
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = fabric(devices)
    files = [one for name in FORMATS for one in (f"--{name}", tmp_path / name)]
    is_quiet = os.getloadavg()[0] < 1

    def audit() -> None:
        runs[devices] = ringfence(["play", there.tape], there.site, tmp_path, *files)

    benchmark.pedantic(audit, rounds=1)  # type: ignore[no-untyped-call]
    run = runs[devices]
    figures = {
        "devices": devices,
        "seconds": round(run.wall_s, 1),
        "processor seconds": round(run.processor_s, 1),
        "processor ms per device": round(1000 * run.processor_s / devices, 1),
        "MiB": run.memory // 1024**2,
        "KiB of reports": sum(one.stat().st_size for one in tmp_path.iterdir()) // 1024,
    }
    benchmark.extra_info.update(figures)
    with capsys.disabled():
        sys.stdout.write(f"\naudit: {figures}\n")
    is_right(there, run)
    assert run.memory < GIB
    assert run.processor_s < LIMIT_S
    # A machine that is busy with something else says nothing about the time on the wall.
    assert not is_quiet or run.wall_s < LIMIT_S
    if runs.keys() == set(SIZES):
        ratio = more(runs, 300, 1000) / more(runs, 100, 300)
        with capsys.disabled():
            sys.stdout.write(f"audit: a device more costs {ratio:.2f} times as much at the end\n")
        assert ratio < GROWTH


def more(runs: dict[int, Run], few: int, many: int) -> float:
    """Return the processor seconds that a device costs between two sizes."""
    return (runs[many].processor_s - runs[few].processor_s) / (many - few)


def is_right(fabric: Fabric, run: Run) -> None:
    """Assert that the report has what the fabric was made with, and nothing else."""
    drifted, illegal = drifted_names(fabric.devices), illegal_names(fabric.devices)
    states = {one.device: str(one.state) for one in run.report.devices}
    routes = [one for one in run.report.findings if one.kind is Kind.ILLEGAL_ROUTE]
    sessions = [one for device in run.report.devices for one in device.sessions]
    platforms = {one.platform for one in run.report.devices}
    assert run.code == 2
    assert platforms == {node.platform for node in nodes_of(fabric.devices)}
    assert len(platforms) == 6
    assert states == {
        node.name: "differs" if node.name in drifted | illegal.keys() else "clean"
        for node in nodes_of(fabric.devices)
    }
    assert {one.device: (one.origin or "").split(",")[0] for one in routes} == illegal
    assert all("AS path 64512" in (one.origin or "") for one in routes)
    assert {one.up for one in sessions} == {True, None}
    assert {one.first_seen for one in run.report.findings} == {fabric.since}


# What people use instead ------------------------------------------------------------------------


def differing_text(fabric: Fabric) -> set[str]:
    """Return the devices whose text is not the one that is meant to be there."""
    found = set()
    for path in fabric.configs.iterdir():
        is_now = path.read_text(encoding="utf-8").splitlines()
        meant = (fabric.golden / path.name).read_text(encoding="utf-8").splitlines()
        if list(difflib.unified_diff(meant, is_now, lineterm="")):
            found.add(path.stem)
    return found


def listed(path: Path) -> dict[str, object]:
    """Return the addresses that each of our prefix-lists permits, by its name."""
    parsed = ciscoconfparse2.CiscoConfParse(path.read_text(encoding="utf-8").splitlines())
    found: dict[str, object] = {}
    for line in parsed.find_objects(r"^ip(v6)? prefix-list RF-"):
        texts = [one.text for one in line.children] or [line.text]
        for words in (text.split() for text in texts):
            if "permit" in words:
                net = netaddr.IPNetwork(words[words.index("permit") + 1])
                name = line.text.split()[2]
                found[name] = found.get(name, netaddr.IPSet()) | netaddr.IPSet([net])
    return found


def differing_lists(fabric: Fabric) -> set[str]:
    """Return the devices whose lists permit other addresses than those that are meant."""
    return {
        path.stem
        for path in fabric.configs.iterdir()
        if path.stem in with_lists(fabric.devices)
        and listed(path) != listed(fabric.golden / path.name)
    }


@cache
def with_lists(devices: int) -> frozenset[str]:
    """Return the devices whose platform has lines called prefix-list."""
    return frozenset(node.name for node in nodes_of(devices) if node.dialect in LISTED)


@pytest.mark.parametrize("how", [differing_text, differing_lists])
@pytest.mark.benchmark(group="the same 300 devices, by other means")
def test_other_means(
    how: Callable[[Fabric], set[str]], fabric: Callable[[int], Fabric], benchmark: BenchmarkFixture
) -> None:
    there = fabric(ALTERNATIVES)
    found: list[set[str]] = []
    benchmark.pedantic(lambda: found.append(how(there)), rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info["devices"] = ALTERNATIVES
    drifted = drifted_names(ALTERNATIVES)
    assert len(drifted) == ALTERNATIVES // DRIFTED
    if how is differing_lists:
        drifted &= with_lists(ALTERNATIVES)
        assert len(drifted) > len(LISTED)
    assert found == [drifted]
