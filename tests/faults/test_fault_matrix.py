"""P3 and P7 under faults: platform x step x fault, each ends old or new, and says so truly.

``FAULTS=all`` plays the whole matrix (`make test-faults`), ``FAULTS=100`` a choice of so many; else
a fixed sample of it is played.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from fault_cases import PLACES, Case, Kind, Span, Step, all_cases, chosen, sample
from fault_run import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from fault_stage import Stage

CASES = chosen(os.environ.get("FAULTS", ""))


def test_the_sample_has_every_platform_step_fault_and_span() -> None:
    cases = sample()
    assert {case.platform for case in cases} == set(PLACES)
    assert {case.step for case in cases} == set(Step)
    assert {case.kind for case in cases} == set(Kind)
    assert {case.span for case in cases} == set(Span)
    assert set(cases) <= set(all_cases())
    assert set(chosen("100")) < set(chosen("all"))


@pytest.mark.lab
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_switch_ends_old_or_new_and_all_say_so(
    on_stage: Callable[[str], Stage],
    record_property: Callable[[str, object], None],
    case: Case,
) -> None:
    stage = on_stage(case.fabric)
    judged = play(stage, case)
    about = {name: str(getattr(case, name)) for name in ("platform", "step", "kind", "span")}
    record_property("fault", {**about, "cell": judged.cell, "took_s": judged.played.took_s})
    if judged.wrong:
        pytest.fail(str(judged), pytrace=False)
    stage.is_clean = True
