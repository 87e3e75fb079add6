"""A device that the site wants no guard on is unguarded: it was not judged, so it is not clean."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import make_site
from paper_fleet import TEXTS

from inventory.site import load_site
from policies.dialects import DIALECTS
from policies.guards import wanted_guards
from runbooks.audit import Looked, audit, verify
from runbooks.config_folder import ConfigFolder
from runbooks.device_text import DeviceText
from runbooks.judging import judge
from runbooks.ledger.audit_rows import past_of
from runbooks.looking import look_at_files
from runbooks.progress import Progress
from runbooks.signals import Wish
from tasks.adapters.base import Tables
from tasks.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.site import Site
    from runbooks.audit_report import AuditReport

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("command", [audit, verify])
def test_a_device_without_guards_is_not_called_clean(
    command: Callable[[Site, Looked], AuditReport], tmp_path: Path
) -> None:
    site = make_site(tmp_path / "site")
    folder = tmp_path / "configs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    files = ConfigFolder(site, folder, ["tor1"])
    for guards, state, code in (
        (wanted_guards(site), "differs", 2),
        ({"tor1": ()}, "unguarded", 0),
    ):
        wish = Wish(lambda _: None)
        seen = look_at_files(site, files, guards, Progress(quiet=True), wish)
        report = command(site, Looked(source="x", began=datetime.now(UTC), outcomes=seen))
        assert ([one.state.value for one in report.devices], report.exit_code) == ([state], code)
        past = past_of(report, complete=True)
        assert (past.clean, past.differs) == (0, int(state == "differs"))


def test_what_is_left_of_ours_on_a_device_without_guards_is_a_difference() -> None:
    site = load_site(CHECKOUT / "inventory" / "lab")
    path = CHECKOUT / "tests" / "golden" / "frr" / "tor1.fenced.conf"
    content = path.read_text(encoding="utf-8")
    snapshot = Snapshot(content, DIALECTS["frr"].parse(content), Tables(up=frozenset()))
    text = DeviceText("frr", snapshot)
    assert judge(site, site.devices["tor1"], text, ()).report.state == "differs"
    guards = wanted_guards(site)["tor1"]
    assert judge(site, site.devices["tor1"], text, guards).report.state == "clean"
