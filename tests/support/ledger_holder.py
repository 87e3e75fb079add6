"""A process that holds a site until it is told to go: its arguments are SITE COMMAND [RUN].

It says "held", or what it was refused with, and exits as the command line would; with RUN it
begins a run first. A line on stdin ends it; "write" on a line writes a step, and it says what
became of it.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from plans import make_plan

from inventory.errors import RingfenceError
from inventory.site import load_site
from runbooks.ledger import open_ledger


def main(path: str, command: str, *run: str) -> int:
    """Hold the site of ``path``; returns the exit code."""
    try:
        with open_ledger(load_site(Path(path))) as ledger, ledger.hold(command):
            if not run:
                _say("held")
                sys.stdin.readline()
                return 0
            with closing(ledger.begin(command, make_plan())) as record:
                _say(f"held {record.run}")
                for line in sys.stdin:
                    if line != "write\n":
                        record.end("taken-back")
                        return 0
                    try:
                        record.write("decision", confirm=["tor1"])
                        _say("written")
                    except OSError as error:
                        _say(f"not written: {error}")
    except RingfenceError as error:
        _say(str(error))
        return int(error.exit_code)
    return 0


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
