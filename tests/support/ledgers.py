"""Ledgers for tests: where one is, and changing one behind ringfence's back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from builders import SITE

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


def settings(url: str | None) -> str:
    """Return a site.yaml with its ledger at ``url``; None is the file of SQLite."""
    return SITE + "runs: runs\n" + (f"ledger: {{url: '{url}'}}\n" if url else "")


class Told(Protocol):
    """What the fixture ``told`` returns."""

    def __call__(self, path: Path, commands: tuple[list[str], ...] | None = None) -> str:
        """Return the one sentence that each of ``commands``, by default all, refuses with."""
        ...
