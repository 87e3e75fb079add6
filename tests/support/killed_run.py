"""Runs ringfence and dies by SIGKILL beside the record's Nth step: see :func:`main`.

``python killed_run.py before|after NUMBER COMMAND...``: NUMBER counts from 1; 0 never comes.
"""

from __future__ import annotations

import os
import signal
import sys

from runbooks import cli
from runbooks.ledger.record import Record


def main() -> None:
    """Patch the record, then be the command line."""
    when, number = sys.argv[1], int(sys.argv[2])
    write, written = Record.write, 0

    def doomed(self: Record, step: str, **facts: object) -> None:
        nonlocal written
        written += 1
        if (when, written) == ("before", number):
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, step, **facts)
        if (when, written) == ("after", number):
            os.kill(os.getpid(), signal.SIGKILL)

    Record.write = doomed  # type: ignore[method-assign]
    cli.main(sys.argv[3:])


if __name__ == "__main__":
    main()
