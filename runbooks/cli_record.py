"""The commands ``ringfence runs`` and ``ringfence show``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from inventory.errors import Exit, InputError
from runbooks.cli_common import JSON, SITE, Context
from runbooks.ledger import open_ledger
from runbooks.ledger.became import became
from runbooks.report_record import print_run, print_runs

if TYPE_CHECKING:
    from pathlib import Path

    from runbooks.plan_file import Plan


@click.command("runs")
@SITE
@JSON
def runs_command(*, site_path: Path, as_json: bool) -> int:
    """List every run on record, the newest last."""
    context = Context("runs", as_json=as_json)
    site = context.site(site_path)
    with open_ledger(site) as ledger:
        known = ledger.runs()
    print_runs(context.report, known)
    listed = [
        {
            "run": run.name,
            "status": run.status,
            **run.first,
            "began": run.first.get("at"),
            "ended": run.ended,
            "devices": list(run.devices),
        }
        for run in known
    ]
    context.report.document("runs", Exit.DONE, runs=listed)
    return Exit.DONE


@click.command("show")
@click.argument("run")
@SITE
@JSON
def show_command(*, run: str, site_path: Path, as_json: bool) -> int:
    """Show RUN step by step: who, when, what plan, and what became of each device."""
    context = Context("show", as_json=as_json)
    site = context.site(site_path)
    with open_ledger(site) as ledger:
        found = ledger.find(run)
        events = list(found.events)
        plan, lacks = None, None
        try:
            plan = found.plan
        except InputError as error:
            # The steps can be read all the same.
            lacks = str(error)
    ends = became(plan, events) if plan is not None else ()
    print_run(context.report, found, events, ends)
    if plan is not None:
        context.report.plan(plan, diffs=True)
    else:
        context.report.line(str(lacks), "red")
    content: dict[str, Any] = {
        "run": found.name,
        "status": found.status,
        "began": found.first.get("at"),
        "ended": found.ended,
        "events": events,
        "devices": [asdict(one) for one in ends],
        "plan": _plan(plan),
    }
    if lacks is not None:
        content["plan_error"] = lacks
    context.report.document("show", Exit.DONE, **content)
    return Exit.DONE


def _plan(plan: Plan | None) -> object:
    return None if plan is None else plan.model_dump(mode="json", by_alias=True)
