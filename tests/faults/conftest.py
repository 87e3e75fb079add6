"""The stages of the fault matrix, one lab for each fabric, and the matrix at the end."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fault_report import matrix, tally
from fault_stage import rehearse, switches_of
from lab_fixture import start_somewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_stage import Stage

#: What tests tell the summary, by the name of their property.
_TOLD = {"fault": matrix, "kill": tally}
#: Names the file that the summary is written to, besides the screen.
_FILE = "FAULTS_MATRIX"


@pytest.fixture(scope="session")
def stages() -> Iterator[dict[str, tuple[Stage, ExitStack]]]:
    """Hold the labs of this process, by fabric."""
    found: dict[str, tuple[Stage, ExitStack]] = {}
    yield found
    for _, end in found.values():
        end.close()


@pytest.fixture
def on_stage(
    stages: dict[str, tuple[Stage, ExitStack]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Stage]]:
    """Return a function that returns the stage of a fabric; one that is spoilt is not used again.

    Whether it is, is told by whether the test came to its end.
    """
    used: list[str] = []

    def stage_of(fabric: str) -> Stage:
        used.append(fabric)
        if fabric not in stages:
            folder = tmp_path_factory.mktemp(f"stage-{fabric}")
            with ExitStack() as end:
                lab = start_somewhere(folder / "lab", fabric)
                end.callback(lab.stop)
                stage = rehearse(lab, folder, switches_of(fabric))
                stages[fabric] = (stage, end.pop_all())
        stage = stages[fabric][0]
        stage.is_clean = False
        return stage

    yield stage_of
    for fabric in used:
        if fabric in stages and not stages[fabric][0].is_clean:
            stages.pop(fabric)[1].close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix and the kills of what was run, also to the file that is named."""
    told: dict[str, list[Any]] = {name: [] for name in _TOLD}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                if name in told and report.when == "call":
                    told[name].append(value)
    text = "\n".join(show(told[name]) for name, show in _TOLD.items() if told[name])
    if not text:
        return
    terminalreporter.section("fault matrix")
    terminalreporter.write_line(text)
    if path := os.environ.get(_FILE):
        Path(path).write_text(text, encoding="utf-8")
