"""A file that can't be judged leaves its device unknown, and every other one judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_site
from paper_fleet import TEXTS

from policies.errors import ParseError
from policies.guards import wanted_guards
from runbooks import looking
from runbooks.audit import Looked, verify
from runbooks.config_folder import ConfigFolder
from runbooks.judging import judge
from runbooks.progress import Progress
from runbooks.signals import Wish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ParseError("line 7 makes no sense"), "line 7 makes no sense"),
        (ValueError("with a secret"), "ValueError"),
        (KeyError("x"), "KeyError"),
        (RecursionError(), "RecursionError"),
    ],
)
def test_what_nobody_foresaw_of_one_file_leaves_the_others_judged(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path / "site")
    folder = tmp_path / "configs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)

    def stumbling(site: Any, device: Any, *given: Any, **more: Any) -> Any:  # noqa: ANN401
        if device.name == "spine1":
            raise error
        return judge(site, device, *given, **more)

    monkeypatch.setattr(looking, "judge", stumbling)
    files, wish = ConfigFolder(site, folder, list(TEXTS)), Wish(lambda _: None)
    seen = looking.look_at_files(site, files, wanted_guards(site), Progress(quiet=True), wish)
    report = verify(site, Looked(source="x", began=datetime.now(UTC), outcomes=seen))
    assert {one.device: one.state.value == "unknown" for one in report.devices} == {
        name: name == "spine1" for name in TEXTS
    }
    (lost,) = (one.error for one in report.devices if one.error)
    assert lost == f"spine1: its file can't be judged: {said}"
    assert report.exit_code == 3
