"""The commands ``ringfence sign`` and ``ringfence signers``."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inventory.errors import Exit, RefusedError
from runbooks import ssh_keygen
from runbooks.cli_common import JSON, SITE, Context
from runbooks.plan_file import parse_plan, read_plan
from runbooks.reports.page.text import count
from runbooks.signatures import NAMESPACE, enough, signature_file, signatures

if TYPE_CHECKING:
    from inventory.site import Site

_PLAN = click.argument("plan_path", metavar="PLAN", type=click.Path(path_type=Path))


@click.command("sign")
@_PLAN
@click.option(
    "--key",
    required=True,
    envvar="RINGFENCE_SIGNING_KEY",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Your SSH key; or its .pub, where the agent has the key.",
)
@SITE
@JSON
def sign_command(*, plan_path: Path, key: Path, site_path: Path, as_json: bool) -> int:
    """Sign the reviewed PLAN with an SSH key: add a signature to PLAN.sig. Contacts nothing.

    \b
    The same by hand, for the first signature:
        ssh-keygen -Y sign -n plan@ringfence -f KEY PLAN
    """  # noqa: D301 - \b is click's own mark for text it must not fold
    context = Context("sign", as_json=as_json)
    content = read_plan(plan_path)
    plan = parse_plan(content, plan_path)
    site = context.site(site_path)
    if plan.site != site.settings.name:
        raise RefusedError(
            f"{plan_path}: the plan is for the site {plan.site}, this is {site.settings.name}; "
            "name its site with --site"
        )
    armored = ssh_keygen.sign(content, key, NAMESPACE)
    path = signature_file(plan_path)
    _append(path, armored)
    context.report.line(
        f"signed {plan_path}, which changes {count(len(plan.changed), 'device')}: {path}"
    )
    enough_now, listed = _tell(context, site, plan_path, content)
    context.report.document("sign", Exit.DONE, enough=enough_now, signatures=listed)
    return Exit.DONE


@click.command("signers")
@_PLAN
@SITE
@JSON
def signers_command(*, plan_path: Path, site_path: Path, as_json: bool) -> int:
    """Show who signed PLAN, and what is wrong with the other signatures. Contacts nothing.

    Exits with 4 if the site demands more, as `ringfence deploy PLAN` would.
    """
    context = Context("signers", as_json=as_json)
    content = read_plan(plan_path)
    site = context.site(site_path)
    enough_now, listed = _tell(context, site, plan_path, content)
    code = Exit.DONE if enough_now else Exit.REFUSED
    context.report.document("signers", code, enough=enough_now, signatures=listed)
    return code


def _append(path: Path, armored: str) -> None:
    """Add ``armored`` to the file ``path`` in one piece, on a line of its own."""
    before = path.read_bytes() if path.exists() else b""
    gap = b"\n" if before and not before.endswith(b"\n") else b""
    with path.open("ab") as file:
        file.write(gap + armored.encode())
        file.flush()
        os.fsync(file.fileno())


def _tell(
    context: Context, site: Site, plan: Path, content: bytes
) -> tuple[bool, list[dict[str, object]]]:
    """Print who signed ``plan``; return whether that is enough, and each for the document."""
    settings = site.settings.signatures
    if settings.allowed_signers is None:
        context.report.line(
            "who may sign is not said: the site has no signatures.allowed_signers", "yellow"
        )
        return True, []
    found = signatures(site, plan, content)
    for one in found:
        context.report.line(str(one), "yellow" if one.problem else "green")
    good = enough(found, settings.required)
    wanted = ("no signature", "that somebody signs", "that two different people sign")
    met = "which is met" if good else "which is not met yet"
    context.report.line(
        f"the site demands {wanted[settings.required]}" + (f", {met}" if settings.required else ""),
        "green" if good else "yellow",
    )
    return good, [asdict(one) for one in found]
