"""A process that remembers audits, for tests that end it: its arguments are SITE COUNT MODE.

It says the id of each audit that is on record. The audit of number n finds what :func:`stands`
says; ``MODE`` is what SQLite's ``synchronous`` is to be instead of ours, or "as-is".
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from audit_parts import make_finding
from audit_reports import make_report
from ledger_writer import weaken

from inventory.site import load_site
from runbooks.ledger.audits import open_history


def stands(number: int) -> set[str]:
    """Return the ids of what the audit of that number finds: each stands for three audits."""
    return {f"f{one}" for one in range(number, number + 3)}


def main(path: str, count: str, mode: str) -> None:
    """Remember ``count`` audits."""
    if mode != "as-is":
        weaken(mode)
    with open_history(load_site(Path(path))) as history:
        for number in range(int(count)):
            found = [make_finding(id=one, text="x" * 2000) for one in sorted(stands(number))]
            at = f"2026-11-23T10:{number:02}:00.000+00:00"
            report = make_report(
                id=f"a{number:02}", started=at, ended=at, exit_code=2, findings=tuple(found)
            )
            history.remember(report)
            os.write(1, f"{report.id}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
