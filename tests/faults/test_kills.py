"""P3 and P7 when the jump host dies: kill -9 of a deploy to six platforms, at any moment.

``FAULTS=all`` kills 100 (`make test-faults`); else six.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fault_stage import short_site
from killing import Kill, Killing, Way, kills

if TYPE_CHECKING:
    from collections.abc import Callable

    from fault_stage import Stage

KILLS = kills(100 if os.environ.get("FAULTS") == "all" else 6)


def test_the_kills_are_of_every_kind() -> None:
    for chosen in (kills(6), kills(100)):
        assert {kill.way for kill in chosen} == set(Way)
        assert {kill.step is None for kill in chosen} == {True, False}
    assert len({str(kill) for kill in kills(100)}) == 100


@pytest.fixture
def killing(on_stage: Callable[[str], Stage], tmp_path_factory: pytest.TempPathFactory) -> Killing:
    """Return a site of the mixed fabric; the same record for all kills of this process."""
    stage = on_stage("mixed")
    found = stage.more.get("killing")
    if not isinstance(found, Killing):
        found = Killing(stage, short_site(stage.lab, tmp_path_factory.mktemp("killing")))
        found.measure()
        stage.more["killing"] = found
    return found


@pytest.mark.lab
@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_a_killed_deploy_leaves_all_old_or_all_new(
    killing: Killing, record_property: Callable[[str, object], None], kill: Kill
) -> None:
    seen = killing.kill(kill)
    about = {"way": str(kill.way), "last": seen.last_step or "nothing", "end": seen.end}
    record_property("kill", {**about, "good": not seen.wrong})
    if seen.wrong:
        words = [f"WRONG: {one}" for one in seen.wrong]
        pytest.fail("\n".join([str(kill), *words, *seen.log, str(about)]), pytrace=False)
    killing.stage.is_clean = True
