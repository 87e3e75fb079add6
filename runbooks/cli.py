"""The command line: parse, call, exit code. Start with :func:`main`.

Exit codes are those of :class:`inventory.errors.Exit`. No traceback reaches a user unless
``RINGFENCE_DEBUG`` is set in the environment.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from inventory.errors import Exit, RingfenceError
from inventory.models import SCHEMAS
from runbooks.audit_report import audit_schema
from runbooks.cli_audit import (
    audit_command,
    report_command,
    verify_command,
)
from runbooks.cli_common import ACCEPT, DIFF, JSON, LIMIT, SITE, YES, Context, ensure_answer
from runbooks.cli_record import runs_command, show_command
from runbooks.cli_recover import recover_command
from runbooks.cli_sign import sign_command, signers_command
from runbooks.cli_validate import validate_command
from runbooks.deploy import deploy
from runbooks.ledger import open_ledger
from runbooks.plan_file import parse_plan, plan_schema, read_plan
from runbooks.planning import make_plan
from runbooks.report import Report
from runbooks.reports.files import write_atomically
from runbooks.reports.page.text import count
from runbooks.reports.plan_markdown import plan_markdown
from runbooks.rollback import rollback
from runbooks.selection import select
from runbooks.signatures import ensure_signed
from runbooks.streams import Steady, plain
from runbooks.supported import unusable
from tasks.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ringfence")
def cli() -> None:
    """Keep the fabric's route filters equal to the clusters' address pools.

    \b
    First time:   ringfence validate        the site's files, alone; contacts nothing
                  ringfence plan            what would change, and why; changes nothing
                  ringfence deploy          the same, then asks, deploys and verifies
    Later:        ringfence audit           what has drifted, since when, what it lets through
                  ringfence verify          the proof alone, on devices or on files
                  ringfence rollback        undo the last deploy
                  ringfence recover         after a crash: all of a run, or nothing of it

    \b
    Exit codes:   0 done, or nothing to do     1 failed, the network is as it was
                  2 differences found          3 some device's state is not known
                  4 refused by a limit         5 bad input, nothing contacted
                  64 wrong usage
    """  # noqa: D301 - \b is click's own mark for text it must not fold


@cli.command("plan")
@SITE
@LIMIT
@ACCEPT
@DIFF
@JSON
@click.option("--check", is_flag=True, help="Exit with 2 if anything would change.")
@click.option("--out", type=FILE, help="Write the plan to this file.")
@click.option("--markdown", type=FILE, help="Write it as a comment for a merge request too.")
def plan_command(
    *,
    site_path: Path,
    limits: Sequence[str],
    accept: Sequence[str],
    diff: bool,
    as_json: bool,
    check: bool,
    out: Path | None,
    markdown: Path | None,
) -> int:
    """Show what a deploy would change, by the devices' own dry-run. Changes nothing.

    Review the file that --out writes, then hand it to `ringfence deploy FILE`: that is
    refused if a device has changed meanwhile.
    """
    context = Context("plan", as_json=as_json)
    for path in (out, markdown):
        if path is not None and not os.access(path.resolve().parent, os.W_OK):
            raise unusable(f"{path}: can't be written there; nothing was contacted")
    site = context.site(site_path)
    with Fleet(site, select(site, limits)) as fleet:
        plan = make_plan(site, fleet, context.progress, accept=accept).plan
    if out is not None:
        out.write_text(plan.text(), encoding="utf-8")
    if markdown is not None:
        write_atomically(markdown, plan_markdown(plan))
    code = Exit.DIFFERENCES if check and plan.changed else Exit.DONE
    context.show(plan, diffs=diff)
    if out is not None:
        context.report.line(f"plan written to {out}; deploy it with: ringfence deploy {out}")
    context.report.document("plan", code, plan=plan.model_dump(mode="json", by_alias=True))
    return code


@cli.command("deploy")
@click.argument("plan_path", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@SITE
@LIMIT
@ACCEPT
@DIFF
@YES
@JSON
def deploy_command(
    *,
    plan_path: Path | None,
    site_path: Path,
    limits: Sequence[str],
    accept: Sequence[str],
    diff: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Bring the filters of every device in line with the pools, or of none.

    With PLAN, the reviewed file is carried out as it stands, without asking; without, a
    plan is made, shown and asked about.
    """
    ensure_answer(yes=yes or plan_path is not None)
    context = Context("deploy", as_json=as_json)
    # Read once: what was verified is what is parsed.
    content = read_plan(plan_path) if plan_path else b""
    reviewed = parse_plan(content, plan_path) if plan_path else None
    if reviewed is not None and accept:
        raise click.UsageError("--accept belongs to the plan: make a new one with it")
    site = context.site(site_path)
    signed = ensure_signed(site, plan_path, content)
    names = select(site, limits)
    if reviewed is not None and not limits:
        names = tuple(one.device for one in reviewed.devices if one.device in site.devices)
    with Fleet(site, names) as fleet:
        done = deploy(
            site,
            fleet,
            context.progress,
            reviewed=reviewed,
            accept=accept,
            agreed=lambda plan: context.agreed(plan, yes=yes, diffs=diff),
            signed_by=tuple(map(str, signed)),
        )
    changed = [one.device for one in done.plan.changed]
    if done.run is None:
        context.report.line(
            f"nothing to do: the filters of {count(len(done.plan.devices), 'device')} are as the "
            "pools want",
            "green",
        )
    else:
        context.report.line(
            f"confirmed on {count(len(changed), 'device')}: {', '.join(changed)} (run {done.run})",
            "green",
        )
    context.report.document("deploy", Exit.DONE, run=done.run, changed=changed)
    return Exit.DONE


@cli.command("rollback")
@click.argument("run", required=False)
@SITE
@DIFF
@YES
@JSON
def rollback_command(
    *, run: str | None, site_path: Path, diff: bool, yes: bool, as_json: bool
) -> int:
    """Undo RUN, by default the last confirmed one, as a planned and verified run of its own."""
    ensure_answer(yes=yes)
    context = Context("rollback", as_json=as_json)
    site = context.site(site_path)
    with open_ledger(site) as ledger:
        undone = ledger.find(run)
        names = [one.device for one in undone.plan.changed if one.device in site.devices]
    with Fleet(site, names) as fleet:
        done = rollback(
            site,
            fleet,
            context.progress,
            run=undone.name,
            agreed=lambda plan: context.agreed(plan, yes=yes, diffs=diff),
        )
    changed = [one.device for one in done.plan.changed]
    context.report.line(
        f"run {undone.name} is undone on {count(len(changed), 'device')}: {', '.join(changed)} "
        f"(run {done.run})",
        "green",
    )
    context.report.document(
        "rollback", Exit.DONE, run=done.run, undoes=undone.name, changed=changed
    )
    return Exit.DONE


for _command in (
    audit_command,
    verify_command,
    report_command,
    validate_command,
    runs_command,
    show_command,
    recover_command,
    sign_command,
    signers_command,
):
    cli.add_command(_command)


_DOCUMENTS = {"plan": plan_schema, "audit": audit_schema}


@cli.command("schema")
@click.argument("name", type=click.Choice([*SCHEMAS, *_DOCUMENTS]))
def schema_command(name: str) -> int:
    """Print the JSON Schema of one of the files, for editors."""
    if name in _DOCUMENTS:
        schema = _DOCUMENTS[name]()
    else:
        schema = SCHEMAS[name].model_json_schema(by_alias=True)  # type: ignore[index]
    click.echo(json.dumps(schema, indent=2))
    return Exit.DONE


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Configurations make few circles and stay: Python's own habit of going through all of them for
    # every 700 new things takes a sixth of an audit's time.
    gc.set_threshold(50_000, 20, 50)
    code = int(run(given))
    # Python flushes them itself at its end, but with an exit code of its own where it can't.
    for stream in (sys.stdout, sys.stderr):
        Steady(stream).flush()
    main_thread = threading.main_thread()
    if any(not one.daemon for one in threading.enumerate() if one is not main_thread):
        # An audit that was ended left threads with devices that don't answer: they are not
        # waited for, and have nothing to lose.
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    try:
        code = cli.main(args=arguments, prog_name="ringfence", standalone_mode=False)
    except click.UsageError as error:
        error.show(cast("TextIO", Steady(sys.stderr)))
        return _documented(arguments, error.format_message(), Exit.USAGE)
    except RingfenceError as error:
        return _failed(arguments, str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _failed(arguments, "interrupted", Exit.FAILED)
    except (OSError, click.ClickException) as error:
        return _failed(arguments, str(error), Exit.FAILED)
    except Exception as error:
        if os.environ.get("RINGFENCE_DEBUG"):
            raise
        text = f"a mistake in ringfence itself: {type(error).__name__}: {error}"
        way_out = "run it again with RINGFENCE_DEBUG=1 and report what it says"
        return _failed(arguments, f"{text}; {way_out}", Exit.FAILED)
    return int(code or 0)


def _failed(arguments: Sequence[str], text: str, code: int) -> int:
    """Say what went wrong on stderr, and in the JSON document where one is wanted."""
    stderr = Steady(sys.stderr)
    for line in text.splitlines():
        stderr.write(f"ringfence: {plain(line)}\n")
    stderr.flush()
    return _documented(arguments, text, code)


def _documented(arguments: Sequence[str], text: str, code: int) -> int:
    """Return ``code``; where a JSON document is wanted, print the one that says why."""
    if "--json" in arguments:
        command = next((one for one in arguments if one in cli.commands), "")
        Report(as_json=True).document(command, code, error=text.splitlines())
    return code
