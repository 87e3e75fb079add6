"""Each platform in every role: a fabric of it alone is fenced, found clean, and opened again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from site_fixture import configurations, make_site, ringfence

from lab.fabrics import FRR, PLATFORMS
from lab.scoreboard import exceptions
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Lab

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(params=[name for name in PLATFORMS if name != FRR])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("fabric")
    running = start_somewhere(folder, dict.fromkeys(SWITCHES, request.param))
    yield running
    running.stop()


def test_a_fabric_of_one_platform(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> None:
    site = str(make_site(lab, tmp_path_factory.mktemp("site")))
    before = configurations(lab)
    done = ringfence("deploy", "--site", site, "--yes")
    assert done.code == 0, done.err
    report = lab.drill()
    assert exceptions(report, "blocked") == []
    assert report.missing == ()
    assert ringfence("plan", "--check", "--site", site).code == 0
    assert ringfence("audit", "--site", site).code == 0
    back = ringfence("rollback", "--site", site, "--yes")
    assert back.code == 0, back.err
    assert configurations(lab) == before
