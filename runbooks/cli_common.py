"""What the commands of :mod:`runbooks.cli` share: their options, and :class:`Context`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inventory.site import load_site
from policies.limits import ACCEPTABLE
from runbooks.progress import Progress
from runbooks.report import Report
from runbooks.reports.page.text import count
from runbooks.supported import ensure_supported
from runbooks.waves import planned

if TYPE_CHECKING:
    from inventory.site import Site
    from runbooks.plan_file import Plan

SITE = click.option(
    "--site",
    "site_path",
    type=click.Path(path_type=Path),
    default=Path("inventory/lab"),
    show_default=True,
    envvar="RINGFENCE_SITE",
    help="The folder of the network's inventory, pools and settings.",
)
LIMIT = click.option(
    "--limit", "limits", multiple=True, help="Only these hosts, roles or groups (a,b or repeated)."
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
YES = click.option("--yes", "-y", is_flag=True, help="Don't ask.")
ACCEPT = click.option(
    "--accept",
    "accept",
    multiple=True,
    type=click.Choice(ACCEPTABLE),
    help="Go beyond a limit that refused.",
)
DIFF = click.option("--diff/--no-diff", default=True, help="Show the devices' own diffs.")


class Context:
    """What every command needs: the report, and later the site and its devices."""

    def __init__(self, command: str, *, as_json: bool) -> None:
        self.command = command
        self.report = Report(as_json=as_json)
        self.progress = Progress()
        self._site: Site | None = None

    def site(self, path: Path) -> Site:
        """Return the site in the folder ``path``, if ringfence can deal with all of it.

        Raises:
            InputError: it is not in order, or a platform of it is not known.
        """
        site = load_site(path)
        ensure_supported(site)
        self._site = site
        return site

    def show(self, plan: Plan, *, diffs: bool) -> None:
        """Show ``plan``, with why its waves are what they are."""
        names = [one.device for one in plan.changed]
        cut = planned(self._site, names) if self._site is not None else ()
        self.report.plan(plan, diffs=diffs, why=[wave.why for wave in cut])

    def agreed(self, plan: Plan, *, yes: bool, diffs: bool) -> bool:
        """Show ``plan`` and return whether to go on."""
        self.show(plan, diffs=diffs)
        return yes or click.confirm(f"Change {count(len(plan.changed), 'device')}?", err=True)


def ensure_answer(*, yes: bool) -> None:
    """Refuse a command that would have to ask where nobody can answer, before anything else."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: pass --yes, or a reviewed PLAN")
