"""However an audit ends, what it found is told, once, and its exit code is the audit's own."""

from __future__ import annotations

import json
import os
import signal
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_site
from paper_fleet import TEXTS, PaperFleet

from inventory.errors import DeviceError, Exit, InputError, Place, Problem
from policies.guards import wanted_guards
from runbooks import cli, cli_audit
from runbooks.audit import Looked
from runbooks.looking import look_at_devices
from runbooks.progress import Progress
from runbooks.signals import Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.site import Site
    from tasks.fleet import Host

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path / "site")


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    folder = tmp_path / "configs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    return folder


def documents(text: str) -> list[Any]:
    """Return every JSON document of ``text``."""
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def killed(work: Callable[..., Any], number: signal.Signals) -> Callable[..., Any]:
    def first(*given: object) -> object:
        os.kill(os.getpid(), number)
        return work(*given)

    return first


@pytest.mark.parametrize("command", ["audit", "verify"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_report_is_made_loses_none(
    site: Site,
    configs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    number: signal.Signals,
    command: str,
) -> None:
    monkeypatch.setattr(cli_audit, command, killed(getattr(cli_audit, command), number))
    page = configs.parent / "page.md"
    words = ["--site", str(site.path), "--configs", str(configs), "--markdown", str(page)]
    assert cli.run([command, *words, "--json"]) == Exit.DIFFERENCES
    (report,) = documents(capsys.readouterr().out)
    assert (report["schema"], report["exit_code"]) == ("ringfence.audit/v1", Exit.DIFFERENCES)
    assert [one["state"] for one in report["devices"]] == ["differs"] * 3
    assert page.exists()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyboardInterrupt(), "interrupted: no plan was written"),
        (
            InputError(Problem(Place(Path("plan.json")), "can't be written: No space left")),
            "No space",
        ),
    ],
)
def test_a_plan_that_comes_to_nothing_takes_no_report_with_it(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    said: str,
) -> None:
    def look(_: object, site: Site, *__: object) -> Looked:
        wish, quiet = Wish(lambda _: None), Progress(quiet=True)
        seen = look_at_devices(site, PaperFleet(), wanted_guards(site), quiet, wish)
        return Looked(source="devices", began=datetime.now(UTC), outcomes=seen)

    def fail(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr(cli_audit, "_look", look)
    monkeypatch.setattr(cli_audit, "Fleet", lambda *_: nullcontext())
    monkeypatch.setattr(cli_audit, "make_plan", fail)
    words = ["--site", str(site.path), "--fix", str(site.path / "plan.json")]
    assert cli.run(["audit", *words, "--json"]) == Exit.DIFFERENCES
    (report,) = documents(capsys.readouterr().out)
    assert (report["schema"], report["exit_code"]) == ("ringfence.audit/v1", Exit.DIFFERENCES)
    assert said in report["notes"][-1]


def test_each_connection_ends_with_its_device(site: Site) -> None:
    left: dict[str, list[str]] = {}
    fleet = PaperFleet(texts={**TEXTS, "spine1": "frr version 8.4.4\n"})
    each = fleet.each

    def one_after_the_other(work: Callable[..., object], **named: object) -> object:
        def one(host: Host, *given: object) -> object:
            left[host.name] = list(fleet.left)
            with suppress(DeviceError):
                return work(host, *given)
            return None

        return each(one, **named)  # type: ignore[arg-type]

    asked = SimpleNamespace(names=fleet.names, each=one_after_the_other)
    wish, quiet = Wish(lambda _: None), Progress(quiet=True)
    look_at_devices(site, asked, wanted_guards(site), quiet, wish)
    # The second is cut short, and the third sees both of them gone.
    assert left == {"tor1": [], "spine1": ["tor1"], "border1": ["tor1", "spine1"]}
    assert fleet.left == list(TEXTS)
