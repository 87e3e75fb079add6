"""A step that was written survives the death of the server, whatever the server's settings are."""

from __future__ import annotations

import signal
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from builders import write_site
from ledgers import settings
from plans import make_plan

from inventory.errors import InputError
from inventory.site import load_site
from runbooks.ledger import UnrecordedError, open_ledger, postgresql

if TYPE_CHECKING:
    from pathlib import Path

    from postgres_fixture import Postgres

    from inventory.site import Site


def crashed(postgres: Postgres, site: Site, numbers: list[signal.Signals]) -> list[str]:
    """Return the steps on record after one was written, and the server died, for each signal."""
    with open_ledger(site) as ledger:
        with ledger.hold("deploy"), ExitStack() as stack:
            record = stack.enter_context(closing(ledger.begin("deploy", make_plan())))
            for turn, number in enumerate(numbers):
                record.write(f"before {turn}")
                postgres.kill(number)
                try:
                    with pytest.raises(UnrecordedError, match=r"^step 'decision' of run .* is not"):
                        record.write("decision", confirm=["tor1"])
                    with pytest.raises(InputError, match=r"^the ledger postgresql://.*: "):
                        ledger.runs()
                finally:
                    postgres.start()
            record.write("after")
            record.end("taken-back")
        (run,) = ledger.runs()
        assert run.status == "taken-back"
        return [event["step"] for event in run.events]


TURNS = [signal.SIGQUIT, signal.SIGKILL, signal.SIGQUIT, signal.SIGKILL]


def test_what_was_written_survives_the_death_of_the_server(
    postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.url(postgres.new_database())
    site = load_site(write_site(tmp_path, {"site.yaml": settings(url)}))
    before = [f"before {turn}" for turn in range(len(TURNS))]
    assert crashed(postgres, site, TURNS) == ["begin", *before, "after", "end"]


def test_a_session_that_does_not_wait_for_the_disk_is_found_out(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the test above means something: the server's own setting is not to wait.
    weak = {**postgresql._SETTINGS, "synchronous_commit": "off"}
    monkeypatch.setattr(postgresql, "_SETTINGS", weak)
    url = postgres.url(postgres.new_database())
    site = load_site(write_site(tmp_path, {"site.yaml": settings(url)}))
    before = [f"before {turn}" for turn in range(len(TURNS))]
    try:
        steps = crashed(postgres, site, TURNS)
    except UnrecordedError:
        # Not even the run, or who holds the site, is there any more.
        return
    assert steps != ["begin", *before, "after", "end"]
