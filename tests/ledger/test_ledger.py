"""The ledger reads back what was written, in both databases, and makes nothing by being read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from plans import make_device_plan, make_plan

from inventory.errors import IncompleteError, InputError
from runbooks.ledger import ensure_recovered, open_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site


def record(site: Site, status: str | None, undoes: str | None = None) -> str:
    """Put a run on record that ended with ``status``; None is one that was killed."""
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        written = ledger.begin("deploy", make_plan(undoes=undoes))
        if status is not None:
            written.end(status)
        written.close()
        return written.run


def test_a_run_reads_back_as_it_was_written(site: Site) -> None:
    plan = make_plan(make_device_plan("tor1"), make_device_plan("tor2", candidate=""), undoes="r0")
    odd = "é\u2028x\0\ud800'\"%s:a \U0001f600"
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        written = ledger.begin("deploy", plan, signed_by=["ann"])
        assert [run.status for run in ledger.runs()] == ["killed"]
        written.write("prepare", wave=1, devices=["tor1"], timers={"tor1": 60})
        written.write("prepared", device="tor1", error=odd)
        written.write("odd", device=None, nothing=[], deep={"a": [1, {"b": None}]})
        written.end("confirmed", because="x")
    with open_ledger(site) as ledger:
        (run,) = ledger.runs()
    assert (run.name, run.status, run.plan, run.devices) == (
        written.run,
        "confirmed",
        plan,
        ("tor1",),
    )
    more = {"devices": ["tor1"], "signed_by": ["ann"]}
    steps = [{key: one[key] for key in one if key != "at"} for one in run.events]
    by, pid = run.first["by"], run.first["pid"]
    assert steps == [
        {"step": "begin", "command": "deploy", "by": by, "pid": pid, "undoes": "r0", **more},
        {"step": "prepare", "wave": 1, "devices": ["tor1"], "timers": {"tor1": 60}},
        {"step": "prepared", "device": "tor1", "error": odd},
        {"step": "odd", "device": None, "nothing": [], "deep": {"a": [1, {"b": None}]}},
        {"step": "end", "status": "confirmed", "because": "x"},
    ]
    assert run.first == run.events[0]
    assert run.ended == run.events[-1]["at"]
    times = [one["at"] for one in run.events]
    assert times == sorted(times)


def test_the_readable_copy_says_the_same(site: Site) -> None:
    name = record(site, "confirmed")
    folder = site.path / "runs" / name
    with open_ledger(site) as ledger:
        run = ledger.find(name)
        lines = (folder / "events.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == list(run.events)
        assert (folder / "plan.json").read_text() == run.plan.text()


def test_every_step_can_be_read_before_the_next_one(site: Site) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"), open_ledger(site) as other:
        written = ledger.begin("deploy", make_plan())
        for number in range(3):
            written.write("step", number=number)
            assert other.find(written.run).events[-1]["number"] == number
        written.close()


def test_reading_makes_nothing(site: Site) -> None:
    before = sorted(site.path.iterdir())
    with open_ledger(site) as ledger:
        assert ledger.runs() == ()
        assert ledger.unfinished() == ()
        with pytest.raises(InputError, match="no run stands that could be rolled back"):
            ledger.find(None)
    assert sorted(site.path.iterdir()) == before


def test_runs_of_one_second_have_names_of_their_own_in_their_order(site: Site) -> None:
    names = [record(site, "confirmed") for _ in range(12)]
    assert len(set(names)) == 12
    with open_ledger(site) as ledger:
        assert [run.name for run in ledger.runs()] == names


Past = list[tuple[str | None, int | None]]


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([("confirmed", None)], 0),
        ([("confirmed", None), ("confirmed", None)], 1),
        ([("confirmed", None), ("taken-back", None)], 0),
        ([("confirmed", None), (None, None), ("unknown", None)], 0),
        ([("confirmed", None), ("confirmed", None), ("confirmed", 1)], 0),
        ([("confirmed", None), ("taken-back", 0)], 0),
        ([("confirmed", None), (None, 0)], 0),
        ([("confirmed", None), ("confirmed", 0)], None),
        ([("taken-back", None)], None),
    ],
)
def test_the_last_run_that_stands_is_found(site: Site, past: Past, expected: int | None) -> None:
    names: list[str] = []
    for status, undoes in past:
        names.append(record(site, status, None if undoes is None else names[undoes]))
    with open_ledger(site) as ledger:
        if expected is None:
            with pytest.raises(InputError, match="no run stands that could be rolled back"):
                ledger.find(None)
        else:
            assert ledger.find(None).name == names[expected]


def test_a_run_is_found_by_its_name_or_refused(site: Site) -> None:
    name = record(site, None)
    with open_ledger(site) as ledger:
        assert ledger.find(name).name == name
        for other in ("r2", "", f"../{name}", "lock", "%"):
            with pytest.raises(InputError, match="there is no run"):
                ledger.find(other)


def test_what_is_unfinished_must_be_recovered_first(site: Site) -> None:
    with open_ledger(site) as ledger:
        ensure_recovered(ledger)
    record(site, "confirmed")
    killed, unknown = record(site, None), record(site, "unknown")
    record(site, "taken-back")
    with open_ledger(site) as ledger:
        assert [run.name for run in ledger.unfinished()] == [killed, unknown]
        said = rf"^run {killed} \(.+@.+, 2.+\) did not end; run `ringfence recover` first$"
        with pytest.raises(IncompleteError, match=said):
            ensure_recovered(ledger)
        with ledger.hold("recover"):
            ledger.resume(killed).end("taken-back", because="recovered")
        said = rf"^run {unknown} .* ended with some device's state unknown; run "
        with pytest.raises(IncompleteError, match=said):
            ensure_recovered(ledger)
        with ledger.hold("recover"):
            again = ledger.resume(unknown)
            assert ledger.find(unknown).status == "killed"
            again.write("recover")
            again.end("confirmed")
        assert [one["step"] for one in ledger.find(unknown).events] == [
            "begin",
            "end",
            "recover",
            "end",
        ]
        ensure_recovered(ledger)
        assert ledger.find(unknown).status == "confirmed"


def test_what_ended_is_not_gone_on_with(site: Site) -> None:
    name = record(site, "confirmed")
    with (
        open_ledger(site) as ledger,
        ledger.hold("recover"),
        pytest.raises(InputError, match=f"run {name} ended already: confirmed"),
    ):
        ledger.resume(name)


def test_only_who_holds_the_site_writes(site: Site) -> None:
    with open_ledger(site) as ledger, pytest.raises(RuntimeError, match="holds the site"):
        ledger.begin("deploy", make_plan())


def test_a_copy_that_can_not_be_written_is_no_obstacle_and_on_record(
    site: Site, tmp_path: Path
) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        written = ledger.begin("deploy", make_plan())
        written.close()
        copy = written.folder / "events.jsonl"
        copy.unlink()
        copy.symlink_to(tmp_path / "nowhere" / "events.jsonl")
        written.write("prepared", device="tor1")
        written.end("confirmed")
        run = ledger.find(written.run)
        assert [one["step"] for one in run.events] == ["begin", "prepared", "copy-lost", "end"]
        assert "No such file" in run.events[2]["error"]


def test_a_fact_that_is_no_json_is_refused_before_it_is_half_written(site: Site) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        written = ledger.begin("deploy", make_plan())
        with pytest.raises(TypeError):
            written.write("prepared", device="tor1", error=object())
        written.end("confirmed")
        assert [one["step"] for one in ledger.find(written.run).events] == ["begin", "end"]
