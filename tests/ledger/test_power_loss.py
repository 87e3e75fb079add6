"""A step that was written survives the loss of power at whatever moment, on SQLite."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import write_site
from ledgers import settings
from plans import make_plan
from power_loss import Disk
from traced_files import Event, traced

from inventory.errors import InputError
from inventory.site import load_site
from runbooks.ledger import Run, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.site import Site

WRITER = Path(__file__).parent.parent / "support" / "ledger_writer.py"
STEPS = 12


def needs_strace() -> None:
    if shutil.which("strace") is None:
        text = "the test of power loss needs strace: sudo apt-get install strace"
        if os.environ.get("CI") == "true":
            pytest.fail(text, pytrace=False)
        pytest.skip(text)


def written(folder: Path, mode: str) -> tuple[Path, list[Event]]:
    """Return the folder of the runs, and what a writer did to it."""
    needs_strace()
    site = write_site(folder / "site", {"site.yaml": settings(None)})
    checkout = str(WRITER.parent.parent.parent)
    command = ["env", f"PYTHONPATH={checkout}", sys.executable, str(WRITER), str(site)]
    events = traced([*command, str(STEPS), mode], site / "runs", folder / "trace")
    return site / "runs", events


def read(site: Site) -> tuple[Run, ...] | str:
    """Return the runs on record, or what is wrong with the ledger."""
    try:
        with open_ledger(site) as ledger:
            found = ledger.runs()
            if any(run.plan != make_plan() or not run.events for run in found):
                return "there is half a run"
    except InputError as error:
        return str(error)
    path = site.path / "runs" / "ledger.db"
    if path.exists():
        try:
            with closing(sqlite3.connect(path)) as database:
                verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            verdict = str(error)
        if verdict != "ok":
            return str(verdict)
    return found


def lost(found: tuple[Run, ...] | str, said: list[str]) -> str | None:
    """Return what is missing of what was ``said`` to be on record."""
    if isinstance(found, str):
        return found
    if len(found) > 1 or (said and not found):
        return f"there are {len(found)} runs"
    for run in found:
        steps = [event.get("device") or event["step"] for event in run.events]
        wanted = ["begin", *(f"tor{number}" for number in range(1, STEPS + 1)), "end"]
        # What was being written may be there, or not; nothing else.
        if steps not in (wanted[: len(said)], wanted[: len(said) + 1]):
            return f"there is {steps}"
        if (run.status == "confirmed") != (steps[-1] == "end"):
            return f"the status is {run.status} after {steps[-1]}"
        if said and said[0] != f"begun {run.name}":
            return f"the run is {run.name}"
    return None


def losses(folder: Path, mode: str, times: int) -> Iterator[str | None]:
    """Yield what each of many losses of power lost: None is nothing."""
    root, events = written(folder, mode)
    site = load_site(root.parent)
    shutil.rmtree(root)
    chance = random.Random(20260101)
    disk, said = Disk(root), []
    for event in events:
        if event.what == "said":
            said.append(event.data.decode().strip())
        else:
            disk.told(event)
        for _ in range(times):
            disk.after_power_loss(root, chance)
            what = lost(read(site), said)
            yield what and f"after {len(said)} acknowledgements: {what}"
            shutil.rmtree(root)
    assert said[-1] == "ended"
    assert len(said) == STEPS + 2


def test_what_was_acknowledged_survives_the_loss_of_power(in_memory: Path) -> None:
    found = list(losses(in_memory, "as-is", 2))
    assert [one for one in found if one] == []
    assert len(found) > 500


@pytest.mark.parametrize("mode", ["OFF", "NORMAL", "FULL"])
def test_a_database_that_syncs_less_is_found_out(mode: str, in_memory: Path) -> None:
    # So that the test above means something. FULL forgets that the journal is gone.
    assert any(losses(in_memory, mode, 2))
