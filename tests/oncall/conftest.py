"""The fixture ``scene``: the lab, and a site of its own with short timers, for one on-call page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from oncall_scenes import Scene
from site_fixture import configurations, edit, make_site, unfence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Lab


@pytest.fixture
def scene(lab: Lab, tmp_path: Path) -> Iterator[Scene]:
    before = configurations(lab)
    site = make_site(lab, tmp_path)
    edit(site, "site.yaml", "confirm: 60, settle: 20", "confirm: 10, settle: 20, patience: 0")
    made = Scene(lab, site)
    yield made
    made.find()
    for speaker in ("rogue", "node21"):
        lab.withdraw(speaker)
    unfence(lab)
    assert configurations(lab) == before
    lab.await_peace()
