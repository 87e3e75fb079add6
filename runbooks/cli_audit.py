"""The commands that look and change nothing: ``audit``, ``verify``, ``report``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inventory.errors import Exit, IncompleteError, InputError, RingfenceError
from policies.guards import wanted_guards
from runbooks.audit import Looked, audit, ensure_pools, verify
from runbooks.audit_report import DeviceState
from runbooks.cli_common import ACCEPT, DIFF, JSON, LIMIT, SITE, Context
from runbooks.config_folder import ConfigFolder
from runbooks.looking import look_at_devices, look_at_files
from runbooks.planning import make_plan
from runbooks.reports.delivery import Outlets, outlets
from runbooks.reports.files import write_atomically
from runbooks.reports.remembering import remembered
from runbooks.reports.terminal import show
from runbooks.saved_report import read_report
from runbooks.selection import select
from runbooks.signals import held
from tasks.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.site import Site
    from runbooks.audit_report import AuditReport
    from runbooks.judging import Judged
    from runbooks.ledger.audits import Milestones
    from runbooks.signals import Wish
    from tasks.outcome import Outcome

DEPTH = click.option("--depth", is_flag=True, help="Show the weakest way of each hijack.")
CONFIGS = click.option(
    "--configs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Judge the files of this folder instead, one for each device; contacts nothing.",
)


@click.command("audit")
@SITE
@LIMIT
@CONFIGS
@DEPTH
@click.option(
    "--fix",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the plan that mends what differs to this file; nothing is sent.",
)
@ACCEPT
@DIFF
@JSON
@outlets
def audit_command(
    *,
    site_path: Path,
    limits: Sequence[str],
    configs: Path | None,
    depth: bool,
    fix: Path | None,
    accept: Sequence[str],
    diff: bool,
    as_json: bool,
    files: Outlets,
) -> int:
    """Show what has drifted from what the pools want, by what it means. Read-only.

    Exits with 2 if anything differs, with 3 if a device did not answer: what is not known is
    never called clean. With --fix the plan that mends it is written, for review; it is deployed
    by `ringfence deploy PLAN`, never from here.
    """
    if fix is not None and configs is not None:
        raise click.UsageError("--fix asks the devices for a dry-run: it can't be with --configs")
    if accept and fix is None:
        raise click.UsageError("--accept belongs to --fix: an audit has no limits")
    context = Context("audit", as_json=as_json or files.on_stdout)
    files.ensure_writable(fix)
    site = context.site(site_path)
    looked = _look(context, site, limits, configs)
    with held(context.progress.say, once=True) as wish:
        report = audit(site, looked)
        milestones = None
        if configs is None:
            report, milestones = remembered(site, report, context.progress)
        outcome = _Outcome(context, report, as_json=as_json)
        outcome.tell(files, milestones, diff=diff, depth=depth)
    if fix is not None and wish.name is not None:
        outcome.trouble(f"ended by {wish.name}: no plan was written", Exit.FAILED)
    elif fix is not None:
        _fix(context, site, outcome, fix, accept)
    with held(context.progress.say, once=True):
        return outcome.end()


@click.command("verify")
@SITE
@LIMIT
@CONFIGS
@DEPTH
@JSON
@outlets
def verify_command(
    *,
    site_path: Path,
    limits: Sequence[str],
    configs: Path | None,
    depth: bool,
    as_json: bool,
    files: Outlets,
) -> int:
    """Prove, from the devices' own configurations, that no fenced session lets more through.

    Exits with 2 and a witness prefix for each session that does, with the line that lets it
    through. With --configs DIR no device is contacted: for CI, and for configurations of a
    network that ringfence never touched.
    """
    context = Context("verify", as_json=as_json or files.on_stdout)
    files.ensure_writable()
    site = context.site(site_path)
    looked = _look(context, site, limits, configs)
    with held(context.progress.say, once=True):
        outcome = _Outcome(context, verify(site, looked), as_json=as_json)
        outcome.tell(files, depth=depth)
        return outcome.end()


class _Outcome:
    """A report on its way to its readers, and what went wrong with that; ends in an exit code.

    Law: what the audit found is told whatever else fails, and its own exit code goes first.
    """

    def __init__(self, context: Context, report: AuditReport, *, as_json: bool) -> None:
        self.context = context
        self.report = report
        self.as_json = as_json
        self._code = int(report.exit_code)
        self._troubles: list[str] = []

    def tell(
        self,
        files: Outlets,
        milestones: Milestones | None = None,
        *,
        diff: bool = True,
        depth: bool = False,
    ) -> None:
        """Show the report, and write it to ``files``."""
        if not self.context.report.as_json:
            show(self.context.report.console, self.report, diff=diff, depth=depth)
        for text in files.write(self.context, self.report, milestones):
            self.trouble(text, Exit.FAILED)

    def trouble(self, text: str, code: int) -> None:
        """Note that something failed beside the audit, which would end with ``code``."""
        self._troubles += text.splitlines()
        for line in text.splitlines():
            self.context.progress.say(f"ringfence: {line}")
        if self._code in (Exit.DONE, Exit.DIFFERENCES) and code != Exit.FAILED:
            self._code = code
        self._code = self._code or code

    def end(self) -> int:
        """Print the JSON document, if one is wanted, and return the exit code."""
        if self.as_json:
            notes = (*self.report.notes, *self._troubles)
            last = self.report.model_copy(update={"notes": notes, "exit_code": self._code})
            self.context.report.text(last.text())
        return self._code


def _look(context: Context, site: Site, limits: Sequence[str], configs: Path | None) -> Looked:
    """Look at the devices, or at their files, and keep a signal from losing what was seen."""
    names = select(site, limits)
    ensure_pools(site)
    guards = wanted_guards(site)
    began = datetime.now(UTC)

    def looked(
        source: str, wish: Wish, outcomes: Mapping[str, Outcome[Judged]], *notes: str
    ) -> Looked:
        return Looked(
            source=source,
            began=began,
            outcomes=outcomes,
            # A signal that came when all had been looked at ended nothing.
            ended_by=wish.name if any(one.failed for one in outcomes.values()) else None,
            notes=notes,
        )

    if configs is not None:
        folder = ConfigFolder(site, configs, names)
        notes = [f"{name} in {configs} is no device's file" for name in folder.stray]
        with held(context.progress.say) as wish:
            seen = look_at_files(site, folder, guards, context.progress, wish)
            return looked(str(configs), wish, seen, *notes)
    fleet = Fleet(site, names)
    with held(context.progress.say) as wish:
        seen = look_at_devices(site, fleet, guards, context.progress, wish)
        if wish.name is None:
            # Who is left behind may still be waited for: that would keep the report waiting too.
            fleet.close()
        return looked("devices", wish, seen)


def _fix(
    context: Context, site: Site, outcome: _Outcome, path: Path, accept: Sequence[str]
) -> None:
    """Write the plan that mends what ``outcome`` reports; what fails takes no report with it."""
    try:
        _write_fix(context, site, outcome.report, path, accept)
    except InputError as error:
        # The devices were asked: no code may say that nothing was.
        outcome.trouble(str(error), Exit.FAILED)
    except RingfenceError as error:
        outcome.trouble(str(error), error.exit_code)
    except KeyboardInterrupt:
        outcome.trouble("interrupted: no plan was written", Exit.FAILED)


def _write_fix(
    context: Context, site: Site, report: AuditReport, path: Path, accept: Sequence[str]
) -> None:
    """Write the plan that brings the devices of ``report`` in line with the pools.

    Raises:
        IncompleteError: some device is not known: a plan would be about the others alone.
        LimitError: a limit is not kept, and not in ``accept``.
    """
    lost = [one.device for one in report.devices if one.state is DeviceState.UNKNOWN]
    if lost:
        raise IncompleteError(
            f"no plan was made: {', '.join(lost)} did not answer; name the others with --limit"
        )
    if not any(one.deploy and one.deploy.candidate for one in report.devices):
        context.report.line("nothing that a deploy would mend: no plan was written")
        return
    with Fleet(site, [one.device for one in report.devices]) as fleet:
        plan = make_plan(site, fleet, context.progress, accept=accept).plan
    write_atomically(path, plan.text())
    context.report.line(f"plan written to {path}; review it, then: ringfence deploy {path}")


@click.command("report")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@DIFF
@DEPTH
@outlets
def report_command(*, path: Path, diff: bool, depth: bool, files: Outlets) -> int:
    """Show FILE, which `ringfence audit --json` or `verify --json` wrote, again.

    Exits as the audit did; with 5 if FILE is no such document, or contradicts itself.
    """
    files.ensure_writable()
    report = read_report(path)
    outcome = _Outcome(Context("report", as_json=files.on_stdout), report, as_json=False)
    outcome.tell(files, diff=diff, depth=depth)
    return outcome.end()
