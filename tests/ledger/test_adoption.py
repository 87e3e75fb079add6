"""Run folders without a row, an older ringfence's or a lost ledger's, are taken in once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from plans import make_plan

from inventory.errors import InputError
from runbooks.ledger import open_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site

BEGIN = {"at": "2026-01-01T00:00:00+00:00", "step": "begin", "command": "deploy", "by": "me@there"}
END = {"at": "2026-01-01T00:00:09+00:00", "step": "end", "status": "confirmed"}


def leave(site: Site, name: str, *events: object, rest: str = "") -> None:
    """Leave the folder of a run as one without a ledger did."""
    folder: Path = site.path / "runs" / name
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(make_plan(undoes="r0").text(), encoding="utf-8")
    text = "".join(json.dumps(event) + "\n" for event in events)
    (folder / "events.jsonl").write_text(text + rest, encoding="utf-8")


def content(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


def test_folders_are_read_as_they_are_and_taken_in_when_the_site_is_held(site: Site) -> None:
    leave(site, "r1", BEGIN, {"step": "prepare", "devices": ["b", "a"]}, {**END, "x": "\u2028"})
    leave(site, "r2", BEGIN, rest='{"at": "t", "ste')
    leave(site, "r3")
    before = content(site.path)
    with open_ledger(site) as ledger:
        read = [
            (run.name, run.status, run.first, run.events, run.plan, run.ended, run.devices)
            for run in ledger.runs()
        ]
    assert content(site.path) == before
    assert [one[:2] for one in read] == [("r1", "confirmed"), ("r2", "killed"), ("r3", "killed")]
    assert [len(one[3]) for one in read] == [3, 1, 0]
    assert (read[0][5], read[0][6]) == (END["at"], ("a", "b"))
    with open_ledger(site) as ledger:
        for _ in range(2):
            with ledger.hold("deploy"):
                pass
        shutil.rmtree(site.path / "runs" / "r1")
        shutil.rmtree(site.path / "runs" / "r2")
        shutil.rmtree(site.path / "runs" / "r3")
        taken_in = [
            (run.name, run.status, run.first, run.events, run.plan, run.ended, run.devices)
            for run in ledger.runs()
        ]
        assert taken_in == read
        assert ledger.find(None).name == "r1"


@pytest.mark.parametrize(
    "rest", ['{"at": "t", "ste', '{"at": "t", "step": "end"', "\0\0\0\0", "{", "12", "[]", "null"]
)
def test_a_line_that_was_cut_off_is_no_step(rest: str, site: Site) -> None:
    leave(site, "r1", BEGIN, rest=rest)
    with open_ledger(site) as ledger:
        (run,) = ledger.runs()
        assert (run.status, len(run.events)) == ("killed", 1)
        with ledger.hold("recover"):
            ledger.resume("r1").end("taken-back")
        assert [one["step"] for one in ledger.find("r1").events] == ["begin", "end"]
    lines = (site.path / "runs" / "r1" / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["status"] == "taken-back"


def test_a_run_without_a_plan_that_can_be_read_keeps_its_steps(site: Site) -> None:
    leave(site, "r1", BEGIN, END)
    (site.path / "runs" / "r1" / "plan.json").write_bytes(b'{"schema": "ringfe\xff')
    leave(site, "r2", BEGIN, END)
    (site.path / "runs" / "r2" / "plan.json").unlink()
    with open_ledger(site) as ledger:
        for _ in range(2):
            for run in ledger.runs():
                assert (run.status, len(run.events)) == ("confirmed", 2)
                with pytest.raises(InputError, match=f"{run.name}: not a ringfence.plan/v1 plan"):
                    assert run.plan
            with ledger.hold("deploy"):
                pass


def test_what_is_no_run_is_passed_over(site: Site) -> None:
    runs = site.path / "runs"
    (runs / "folder").mkdir(parents=True)
    (runs / "file").touch()
    with open_ledger(site) as ledger:
        assert ledger.runs() == ()
        with ledger.hold("deploy"):
            pass
        assert ledger.runs() == ()


def test_a_ledger_that_was_lost_is_made_again_from_the_folders(site: Site) -> None:
    if site.settings.ledger.url is not None:
        pytest.skip("a server's database is not lost with a file")
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        written = ledger.begin("deploy", make_plan())
        written.write("prepared", device="tor1")
        written.end("confirmed")
        before = ledger.find(written.run).events
    (site.path / "runs" / "ledger.db").unlink()
    with open_ledger(site) as ledger:
        with ledger.hold("deploy"):
            pass
        run = ledger.find(written.run)
        assert (run.status, run.events, run.plan) == ("confirmed", before, make_plan())
