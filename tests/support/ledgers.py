"""Ledgers for tests: changing one behind ringfence's back, as a crash or a person would."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def forget_end(runs: Path, run: str) -> None:
    """Make ``run``, in the ledger of SQLite in the folder ``runs``, one that was killed."""
    with closing(sqlite3.connect(runs / "ledger.db")) as database, database:
        gone = database.execute(
            "DELETE FROM ringfence_step WHERE run = ? AND step = 'end'", (run,)
        ).rowcount
        database.execute(
            "UPDATE ringfence_run SET status = NULL, ended = NULL WHERE name = ?", (run,)
        )
    assert gone == 1, f"{run} had {gone} ends"
