"""NAPALM's second drivers, ``nxos_ssh`` and ``iosxr``: from the plan to the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from site_fixture import configurations, make_site, ringfence

from lab.scoreboard import exceptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Lab

pytestmark = pytest.mark.lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    running = start_somewhere(tmp_path / "lab", "second")
    yield running
    running.stop()


def test_a_deploy_and_its_rollback(lab: Lab, tmp_path: Path) -> None:
    site = str(make_site(lab, tmp_path))
    before = configurations(lab)
    done = ringfence("deploy", "--site", site, "--yes")
    assert done.code == 0, done.err
    report = lab.drill()
    assert exceptions(report, "blocked") == []
    assert report.missing == ()
    assert ringfence("plan", "--check", "--site", site).code == 0
    back = ringfence("rollback", "--site", site, "--yes")
    assert back.code == 0, back.err
    assert configurations(lab) == before
