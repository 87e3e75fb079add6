"""A deploy over switches that answer late, beside plain ``nornir_napalm.napalm_configure``.

Both go to the same six virtual switches with the same candidates, each round trip 50 ms late. The
plain task loads, compares and commits; a deploy also reads, judges, dry-runs, arms timers,
verifies and confirms. Printed: seconds, and the round trips that went over each switch's wire.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from lab_fixture import start_somewhere
from nornir import InitNornir
from nornir.core.inventory import ConnectionOptions
from nornir_napalm.plugins.tasks import napalm_configure
from site_fixture import configurations, edit, make_site, ringfence, unfence

from inventory.site import load_site
from tasks.adapters import ADAPTERS
from tasks.adapters.base import Trust
from tasks.adapters.iosxr_trust import pinned_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_benchmark.fixture import BenchmarkFixture

    from lab.api import Lab

pytestmark = pytest.mark.lab

LATE_MS = 50
#: One of each role, so that a canary takes all three in one wave: every platform once.
TRIOS = (("tor1", "spine1", "border1"), ("tor2", "spine2", "border2"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), "mixed")
    yield running
    running.stop()


@pytest.fixture
def late(lab: Lab) -> Iterator[Lab]:
    before = configurations(lab)
    for switch in before:
        lab.fault(switch, "delay", ms=LATE_MS)
    yield lab
    for switch in before:
        lab.fault(switch, "delay", on=False)
    unfence(lab)
    assert configurations(lab) == before


def measured(lab: Lab, names: Sequence[str], work: Callable[[], None]) -> tuple[float, list[int]]:
    """Return the seconds that ``work`` takes, and the round trips to each switch."""
    lab.reset_traffic()
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    return took, [lab.traffic(name).round_trips for name in names]


def deploying(site: Path, names: Sequence[str]) -> Callable[[], None]:
    def deploy() -> None:
        done = ringfence("deploy", "--site", str(site), "--yes", "--limit", ",".join(names))
        assert done.code == 0, done.err

    return deploy


def plain(site_path: Path, candidates: Mapping[str, str]) -> Callable[[], None]:
    """Return what people would write without ringfence: the plugin's own task, as it stands."""
    site = load_site(site_path)
    trust = Trust(ssh=site.settings.ssh, tls=site.settings.tls, folder=site.path)
    files = {f"{kind}_file": str(site_path / f"{kind}s.yaml") for kind in ("host", "group")}
    files["defaults_file"] = str(site_path / "defaults.yaml")
    everything = InitNornir(
        inventory={"plugin": "SimpleInventory", "options": files}, logging={"enabled": False}
    )
    nornir = everything.filter(filter_func=lambda host: host.name in candidates)
    for host in nornir.inventory.hosts.values():
        platform = str(host.platform)
        optional = ADAPTERS[platform].options({"port": host.port}, trust)
        if platform == "iosxr_netconf":
            # Our adapter made ncclient insist on host keys, in this process.
            known_hosts = trust.path(str(site.settings.ssh.known_hosts))
            optional["hostkey_b64"] = pinned_key(known_hosts, str(host.hostname), host.port or 0)
        host.connection_options["napalm"] = ConnectionOptions(
            password=site.password(), extras={"optional_args": optional}
        )

    def push(task: Any) -> None:  # noqa: ANN401 - nornir's
        task.run(napalm_configure, configuration=candidates[task.host.name], dry_run=False)

    def configure() -> None:
        results = nornir.run(push)
        nornir.close_connections()
        assert not results.failed, {name: str(one[-1].exception) for name, one in results.items()}

    return configure


def candidates_of(site: Path, names: Sequence[str], folder: Path) -> dict[str, str]:
    out = folder / "plan.json"
    limit = ",".join(names)
    planned = ringfence("plan", "--site", str(site), "--limit", limit, "--out", str(out))
    assert planned.code == 0, planned.err
    plan = json.loads(out.read_text(encoding="utf-8"))
    return {one["device"]: one["candidate"] for one in plan["devices"]}


@pytest.mark.parametrize("trio", TRIOS, ids=",".join)
def test_one_wave_takes_what_its_slowest_device_takes(
    late: Lab,
    tmp_path: Path,
    trio: Sequence[str],
    benchmark: BenchmarkFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = make_site(late, tmp_path)
    edit(site, "site.yaml", "settle: 20", "settle: 10")
    names = [name for name in configurations(late) if name in trio]
    alone: dict[str, tuple[float, int]] = {}
    for name in names:
        took, (trips,) = measured(late, [name], deploying(site, [name]))
        alone[name] = took, trips
        unfence(late)
    candidates = candidates_of(site, names, tmp_path)
    one_plain = {
        name: measured(late, [name], plain(site, {name: candidates[name]})) for name in names
    }
    unfence(late)
    all_plain, _ = measured(late, names, plain(site, candidates))
    unfence(late)
    found: list[tuple[float, list[int]]] = []
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: found.append(measured(late, names, deploying(site, names))), rounds=1
    )
    took, trips_all = found[0]
    slowest = max(seconds for seconds, _ in alone.values())
    lines = [f"{LATE_MS} ms late             deploy  trips     napalm  trips"]
    for name, trips in zip(names, trips_all, strict=True):
        seconds, (plain_trips,) = one_plain[name]
        lines.append(
            f"{name:8} {late.platform(name):14} {alone[name][0]:6.1f} s {trips:6}"
            f"   {seconds:6.1f} s {plain_trips:6}"
        )
    lines.append(
        f"all three in one wave: {took:.1f} s, {took / slowest:.2f} times the slowest alone; "
        f"napalm_configure on all: {all_plain:.1f} s"
    )
    with capsys.disabled():
        sys.stdout.write("\n\n" + "\n".join(lines) + "\n")
