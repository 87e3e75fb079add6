"""The lab's site for a test's own lab: the fixtures ``site_path`` and ``fence``.

Law: whatever a test deploys is gone after its module, and every configuration is then, byte
for byte, what it was.
"""

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lab.api import Lab
from lab.fabrics import FABRICS
from lab.network import without_stamp
from lab.topology import NODES, SWITCHES
from policies.change import steps
from policies.dialects import DIALECTS
from policies.managed import Managed, managed
from runbooks import cli
from runbooks.plan_file import plan_schema

CHECKOUT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, what it printed, and its JSON document."""

    code: int
    out: str
    err: str
    document: dict[str, Any] = field(default_factory=dict)


def ringfence(*arguments: str) -> Ended:
    """Run a ringfence command in this process, as the command line does."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(list(arguments))
    document = json.loads(out.getvalue()) if "--json" in arguments else {}
    if "plan" in document:
        Draft202012Validator(plan_schema()).validate(document["plan"])
    return Ended(int(code), out.getvalue(), err.getvalue(), document)


def make_site(lab: Lab, folder: Path) -> Path:
    """Return a copy of the lab's site that speaks to ``lab`` and keeps its record in ``folder``."""
    site = folder / "site"
    shutil.copytree(
        CHECKOUT / "inventory" / "lab", site, ignore=shutil.ignore_patterns("known_hosts")
    )
    edit(site, "hosts.yaml", "127.1.0.", lab.address("border1").rpartition(".")[0] + ".")
    for switch, platform in FABRICS["mixed"].items():
        head = f"  hostname: {lab.address(switch)}\n  groups: [{NODES[switch].role}, "
        edit(site, "hosts.yaml", f"{head}{platform}]", f"{head}{lab.platform(switch)}]")
    edit(site, "site.yaml", "../../.lab/ssh/id_ed25519", str(lab.ssh_key))
    edit(site, "site.yaml", "known_hosts: known_hosts", f"known_hosts: {lab.known_hosts}")
    edit(site, "site.yaml", "../../.lab/tls/ca.pem", str(lab.ca_file))
    edit(site, "site.yaml", "../../.lab/password", str(lab.network.state.password))
    edit(site, "site.yaml", "runs: ../../.runs", "runs: runs")
    return site


def edit(site: Path, name: str, old: str, new: str) -> None:
    """Replace ``old`` by ``new`` in one of the site's files; it must be there."""
    text = (site / name).read_text(encoding="utf-8")
    assert old in text, f"{name} has no {old!r}"
    (site / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def site_path(lab: Lab, tmp_path: Path) -> Path:
    """Return a fresh copy of the lab's site."""
    return make_site(lab, tmp_path)


def configurations(lab: Lab) -> dict[str, str]:
    """Return every switch's running configuration, without the time of its last change."""
    return {switch: without_stamp(lab.running_config(switch)) for switch in SWITCHES}


def unfence(lab: Lab) -> None:
    """Take everything of ringfence's off every switch, whatever state a test left it in."""
    for switch in SWITCHES:
        dialect = DIALECTS[lab.platform(switch)]
        running = dialect.parse(lab.running_config(switch))
        text = dialect.render(steps(managed(running), Managed()), running)
        if text:
            lab.control(switch, "edit", lines=text.splitlines())


@dataclass(frozen=True, slots=True)
class Fenced:
    """A deployed site, and what every switch was before."""

    site: Path
    before: dict[str, str]
    run: str


@pytest.fixture(scope="module")
def fenced(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fenced]:
    """Deploy the lab's site once for a module."""
    site = make_site(lab, tmp_path_factory.mktemp("fenced"))
    before = configurations(lab)
    done = ringfence("deploy", "--site", str(site), "--yes", "--json")
    assert done.code == 0, done.err
    yield Fenced(site, before, done.document["run"])
    unfence(lab)
    assert configurations(lab) == before
