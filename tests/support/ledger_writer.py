"""A process that keeps a record, for tests that end it: its arguments are SITE STEPS MODE.

It says "begun RUN" and then, after each step that is on record, its number; ``MODE`` is what
SQLite's ``synchronous`` is to be instead of ours, or "as-is".
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from plans import make_plan

from inventory.site import load_site
from runbooks.ledger import open_ledger, sqlite


def main(path: str, count: str, mode: str) -> None:
    """Write ``count`` steps, then the end."""
    if mode != "as-is":
        weaken(mode)
    with open_ledger(load_site(Path(path))) as ledger, ledger.hold("deploy"):
        record = ledger.begin("deploy", make_plan())
        _say(f"begun {record.run}")
        for number in range(1, int(count) + 1):
            record.write("prepared", device=f"tor{number}", error="x" * (number * 301 % 5000))
            _say(str(number))
        record.end("confirmed")
        _say("ended")


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def weaken(mode: str) -> None:
    """Make SQLite's ``synchronous`` be ``mode`` from now on."""
    connect = sqlite._connect

    def weak(uri: str, *, writes: bool) -> Any:  # noqa: ANN401 - the driver's own connection
        connection = connect(uri, writes=writes)
        if writes:
            connection.execute(f"PRAGMA synchronous={mode}")
        return connection

    sqlite._connect = weak


if __name__ == "__main__":
    main(*sys.argv[1:])
