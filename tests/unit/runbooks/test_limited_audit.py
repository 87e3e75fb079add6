"""An audit of a part of the site says which part nobody asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from builders import make_site
from paper_fleet import TEXTS

from policies.guards import wanted_guards
from runbooks.audit import Looked, audit, verify
from runbooks.config_folder import ConfigFolder
from runbooks.looking import look_at_files
from runbooks.progress import Progress
from runbooks.reports.prometheus import is_whole
from runbooks.signals import Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from inventory.site import Site
    from runbooks.audit_report import AuditReport

LEFT_OUT = "not asked for, so nothing is known of: "


def look(
    command: Callable[[Site, Looked], AuditReport], tmp_path: Path, names: Sequence[str]
) -> AuditReport:
    site = make_site(tmp_path / "site")
    folder = tmp_path / "configs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    files = ConfigFolder(site, folder, names)
    wish = Wish(lambda _: None)
    seen = look_at_files(site, files, wanted_guards(site), Progress(quiet=True), wish)
    return command(site, Looked(source="devices", began=datetime.now(UTC), outcomes=seen))


@pytest.mark.parametrize("command", [audit, verify])
def test_what_was_not_asked_for_is_named(
    command: Callable[[Site, Looked], AuditReport], tmp_path: Path
) -> None:
    report = look(command, tmp_path, ["spine1"])
    assert [one.device for one in report.devices] == ["spine1"]
    assert report.not_asked == ("tor1", "border1")
    assert report.notes == (
        "depth was not measured: 1 of 3 devices are known",
        f"{LEFT_OUT}tor1, border1",
    )
    # All that was asked is known, which is not all there is.
    assert report.complete
    assert not is_whole(report)


def test_an_audit_of_the_whole_site_leaves_nothing_out(tmp_path: Path) -> None:
    report = look(audit, tmp_path, ["tor1", "spine1", "border1"])
    assert (report.not_asked, report.notes) == ((), ())
    assert is_whole(report)
