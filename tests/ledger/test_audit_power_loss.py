"""An audit that was remembered survives the loss of power at whatever moment, on SQLite."""

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
from audit_writer import stands
from builders import write_site
from ledgers import settings
from power_loss import Disk
from traced_files import traced

from inventory.errors import InputError
from inventory.site import load_site
from runbooks.ledger.audits import open_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.site import Site

WRITER = Path(__file__).parent.parent / "support" / "audit_writer.py"
AUDITS = 6


def lost(site: Site, said: list[str]) -> str | None:
    """Return what is wrong with the history after the audits ``said`` were acknowledged."""
    path = site.path / "runs" / "ledger.db"
    try:
        with open_history(site) as history:
            found = [one.id for one in history.past()]
        if not found:
            return "there is no audit" if said else None
        with closing(sqlite3.connect(path)) as database:
            verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
            query = "SELECT id FROM ringfence_finding WHERE gone IS NULL"
            standing = {row[0] for row in database.execute(query)}
    except (InputError, sqlite3.DatabaseError) as error:
        return str(error)
    every = [f"a{number:02}" for number in range(AUDITS)]
    # What was being remembered may be there, or not; nothing else, and never a part of it.
    if verdict != "ok" or found not in (every[: len(said)], every[: len(said) + 1]):
        return f"there is {found}: {verdict}"
    return None if standing == stands(len(found) - 1) else f"there stands {standing}"


def losses(folder: Path, mode: str, times: int) -> Iterator[str | None]:
    """Yield what each of many losses of power lost: None is nothing."""
    if shutil.which("strace") is None:
        text = "the test of power loss needs strace: sudo apt-get install strace"
        if os.environ.get("CI") == "true":
            pytest.fail(text, pytrace=False)
        pytest.skip(text)
    site = load_site(write_site(folder / "site", {"site.yaml": settings(None)}))
    root = site.path / "runs"
    checkout = str(WRITER.parent.parent.parent)
    command = ["env", f"PYTHONPATH={checkout}", sys.executable, str(WRITER), str(site.path)]
    events = traced([*command, str(AUDITS), mode], root, folder / "trace")
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
            what = lost(site, said)
            yield what and f"after {said}: {what}"
            shutil.rmtree(root)
    assert len(said) == AUDITS


def test_what_was_remembered_survives_the_loss_of_power(in_memory: Path) -> None:
    found = list(losses(in_memory, "as-is", 2))
    assert [one for one in found if one] == []
    assert len(found) > 200


def test_a_database_that_syncs_less_is_found_out(in_memory: Path) -> None:
    # So that the test above means something: FULL forgets that the journal is gone.
    assert any(losses(in_memory, "FULL", 2))
