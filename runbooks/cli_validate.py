"""The command ``ringfence validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from inventory.errors import Exit
from policies.errors import LimitError
from policies.guards import wanted_guards
from policies.pools import check_pools
from runbooks.cli_common import JSON, SITE, Context

if TYPE_CHECKING:
    from pathlib import Path


@click.command("validate")
@SITE
@JSON
def validate_command(*, site_path: Path, as_json: bool) -> int:
    """Check the site's files: the first thing that CI does with a change of them. Contacts nothing.

    Needs neither keys nor passwords. Exits with 5 and every mistake, each with file and line, and
    with 4 where a limit refuses the pools.
    """
    context = Context("validate", as_json=as_json)
    site = context.site(site_path)
    broken, findings = check_pools(site)
    if broken:
        raise LimitError(broken)
    guards = wanted_guards(site)
    counts = {
        "devices": len(site.devices),
        "sessions": sum(len(one.sessions) for one in site.devices.values()),
        "guards": sum(len(one) for one in guards.values()),
    }
    for finding in findings:
        context.report.line(f"note: {finding}", "yellow")
    listed = ", ".join(f"{number} {name}" for name, number in counts.items())
    context.report.line(f"the site {site.settings.name} is in order: {listed}", "green")
    context.report.document("validate", Exit.DONE, findings=list(findings), **counts)
    return Exit.DONE
