"""How long an audit of 100, 300 and 1,000 devices takes, and how much memory: recorded answers.

A process of its own audits the configurations of a whole fabric, as from the command line: it reads
the site, parses and judges each device, measures the depth of defence and writes the report as
JSON. Beside it, over the same files, what people do instead: a text diff against the configuration
that is meant to be there, and ciscoconfparse2 with netaddr to compare the prefix-lists. Both say
that something differs; neither says what it lets through, nor where.

Printed: seconds, processor time and the highest resident memory of the process.
"""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from wide_fabric import DRIFTED, drifted_names, write_fabric

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
GIB = 1024**3
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Fabric:
    """A site, the configurations as they are, and as they are meant to be."""

    site: Path
    configs: Path
    golden: Path


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Fabric]:
    made: dict[int, Fabric] = {}

    def of(devices: int) -> Fabric:
        if devices not in made:
            folder = tmp_path_factory.mktemp(f"fabric-{devices}")
            made[devices] = Fabric(*write_fabric(folder, devices))
        return made[devices]

    return of


@dataclass(frozen=True, slots=True)
class Run:
    """What one process needed, and its report."""

    wall_s: float
    processor_s: float
    memory: int
    code: int
    report: dict[str, object]


def audited(fabric: Fabric, folder: Path) -> Run:
    """Audit in a process of its own."""
    out = folder / "report.json"
    command = [sys.executable, "-m", "runbooks", "audit", "--json"]
    command += ["--site", str(fabric.site), "--configs", str(fabric.configs)]
    began = time.perf_counter()
    with out.open("wb") as stdout, (folder / "said").open("wb") as stderr:
        process = subprocess.Popen(command, stdout=stdout, stderr=stderr, cwd=CHECKOUT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        wall_s=time.perf_counter() - began,
        processor_s=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss * 1024,
        code=process.returncode,
        report=json.loads(out.read_bytes()),
    )


@pytest.mark.parametrize("devices", SIZES)
@pytest.mark.benchmark(group="audit")
def test_audit(
    devices: int,
    fabric: Callable[[int], Fabric],
    tmp_path: Path,
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there = fabric(devices)
    found: list[Run] = []
    benchmark.pedantic(lambda: found.append(audited(there, tmp_path)), rounds=1)  # type: ignore[no-untyped-call]
    (run,) = found
    figures = {
        "devices": devices,
        "seconds": round(run.wall_s, 1),
        "processor seconds": round(run.processor_s, 1),
        "processor ms per device": round(1000 * run.processor_s / devices, 1),
        "MiB": run.memory // 1024**2,
    }
    benchmark.extra_info.update(figures)
    with capsys.disabled():
        sys.stdout.write(f"\naudit: {figures}\n")
    states = {one["device"]: one["state"] for one in run.report["devices"]}  # type: ignore[attr-defined]
    assert run.code == 2
    assert len(states) == devices
    assert {name for name, one in states.items() if one == "differs"} == drifted_names(devices)
    assert run.memory < GIB


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
        if listed(path) != listed(fabric.golden / path.name)
    }


@pytest.mark.parametrize("how", [differing_text, differing_lists])
@pytest.mark.benchmark(group="the same 300 devices, by other means")
def test_other_means(
    how: Callable[[Fabric], set[str]], fabric: Callable[[int], Fabric], benchmark: BenchmarkFixture
) -> None:
    there = fabric(ALTERNATIVES)
    found: list[set[str]] = []
    benchmark.pedantic(lambda: found.append(how(there)), rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info["devices"] = ALTERNATIVES
    assert found == [drifted_names(ALTERNATIVES)]
    assert len(found[0]) == ALTERNATIVES // DRIFTED
