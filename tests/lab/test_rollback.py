"""Undoing a run, and what is refused because something changed in between."""

from pathlib import Path

import pytest
from site_fixture import configurations, edit, ringfence, unfence

from lab.api import Lab

pytestmark = pytest.mark.lab


def test_rollback_restores_every_configuration_byte_for_byte(lab: Lab, site_path: Path) -> None:
    before = configurations(lab)
    site = str(site_path)
    try:
        assert ringfence("deploy", "--site", site, "--yes").code == 0
        first = configurations(lab)
        edit(
            site_path, "pools.yaml", "10.65.0.0/16, kind: workload", "10.65.0.0/17, kind: workload"
        )
        changed = ringfence("deploy", "--site", site, "--yes", "--accept", "shrink")
        assert changed.code == 0, changed.err
        assert configurations(lab) != first
        assert ringfence("rollback", "--site", site, "--yes").code == 0
        assert configurations(lab) == first
        assert ringfence("rollback", "--site", site, "--yes").code == 0
        assert configurations(lab) == before
        nothing_left = ringfence("rollback", "--site", site, "--yes")
        assert nothing_left.code == 5
        assert "no run stands" in nothing_left.err
    finally:
        unfence(lab)


def test_rollback_refuses_where_later_changes_stand_on_the_run(lab: Lab, site_path: Path) -> None:
    site = str(site_path)
    try:
        first = ringfence("deploy", "--site", site, "--yes", "--json").document["run"]
        edit(site_path, "pools.yaml", "block_size: 26", "block_size: 27")
        later = ringfence("deploy", "--site", site, "--yes", "--accept", "drops-routes")
        assert later.code == 0, later.err
        fenced = configurations(lab)
        refused = ringfence("rollback", first, "--site", site, "--yes")
        assert refused.code == 4
        assert "later changes stand on it" in refused.err
        assert configurations(lab) == fenced
    finally:
        unfence(lab)
        lab.await_peace()


def test_a_plan_is_refused_once_a_device_has_changed(lab: Lab, site_path: Path) -> None:
    site, plan = str(site_path), str(site_path / "plan.json")
    before = configurations(lab)
    assert ringfence("plan", "--site", site, "--out", plan).code == 0
    assert configurations(lab) == before
    words = ("-c", "configure terminal", "-c", "route-map FROM-NODE permit 11")
    lab.run("tor1", ("vtysh", *words))
    try:
        stale = ringfence("deploy", plan, "--site", site)
        assert stale.code == 4
        assert "stale" in stale.err
        assert "tor1" in stale.err
    finally:
        lab.run(
            "tor1", ("vtysh", "-c", "configure terminal", "-c", "no route-map FROM-NODE permit 11")
        )
    assert configurations(lab) == before
    try:
        assert ringfence("deploy", plan, "--site", site).code == 0
    finally:
        unfence(lab)
