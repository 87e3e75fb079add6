"""The command ``ringfence recover``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from inventory.errors import Exit
from runbooks.cli_common import JSON, SITE, Context
from runbooks.ledger import open_ledger
from runbooks.recover import inspect, recover

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runbooks.recover import Recovered
    from runbooks.report import Report

_SAID = {
    "confirmed": "confirmed on every device: the network is as the plan wanted it",
    "taken-back": "taken back on every device: the network is as it was before the run",
    "unknown": "not ended: the state of some device is not known",
    "killed": "not ended",
}
_STYLES = {"confirmed": "green", "taken-back": "green"}


@click.command("recover")
@SITE
@click.option("--check", is_flag=True, help="Say what is unfinished; change nothing. Exits with 2.")
@click.option(
    "--leave",
    multiple=True,
    metavar="DEVICE",
    help="Leave this device as it is: gone for good, or changed by somebody since. On record.",
)
@JSON
def recover_command(*, site_path: Path, check: bool, leave: Sequence[str], as_json: bool) -> int:
    """After a crash: bring what a killed run left behind to one of two states, and say which.

    What was decided is carried out, if every device can still follow; otherwise everything is
    taken back. Needs no answer, and does nothing where no run is unfinished. Exits with 3 if a
    device can't be reached: run it again then.
    """
    if check and leave:
        raise click.UsageError("--check changes nothing, so there is nothing to --leave")
    context = Context("recover", as_json=as_json)
    site = context.site(site_path)
    with open_ledger(site) as ledger:
        if check:
            found = inspect(site, ledger, context.progress)
            code = Exit.DIFFERENCES if found else Exit.DONE
        else:
            found = recover(site, ledger, context.progress, leave=leave)
            code = Exit.INCOMPLETE if any(one.errors for one in found) else Exit.DONE
    _print(context.report, found)
    context.report.document("recover", code, runs=[asdict(one) for one in found])
    return code


def _print(report: Report, found: Sequence[Recovered]) -> None:
    if not found:
        report.line("nothing to recover: every run came to its end", "green")
    for one in found:
        report.line(f"run {one.run}: {_SAID[one.ended]}", _STYLES.get(one.ended, "red"))
        for name, state in one.devices.items():
            report.line(f"  {name}: {state}")
        for error in one.errors:
            report.line(f"  {error}")
