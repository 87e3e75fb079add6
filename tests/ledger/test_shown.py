"""What `ringfence runs` and `ringfence show` say of runs that did not end well, to the letter."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from plans import make_device_plan, make_plan

from inventory.errors import Exit
from runbooks import cli
from runbooks.ledger import ledger as ledger_module
from runbooks.ledger import open_ledger
from runbooks.ledger import record as record_module

if TYPE_CHECKING:
    from collections.abc import Callable

    from inventory.site import Site
    from runbooks.ledger import Record

AT = "2026-01-02T03:04:05.678+00:00"
DEVICES = ("tor1", "tor2", "tor3")
PLAN = make_plan(*(make_device_plan(name) for name in DEVICES), waves=(("tor1",), DEVICES[1:]))
FIRST = {"command": "deploy", "by": "ann@jump1", "pid": 7, "undoes": None, "devices": [*DEVICES]}

Step = tuple[str, dict[str, Any]]


def written(record: Record, *steps: Step) -> None:
    for step, facts in steps:
        record.write(step, **facts)
    record.close()


PREPARED: tuple[Step, ...] = (
    ("prepare", {"wave": 1, "devices": ["tor1"], "timers": {"tor1": 60}}),
    ("prepared", {"device": "tor1"}),
)
#: The steps of each run after its first.
RUNS: dict[str, tuple[Step, ...]] = {
    "killed": (*PREPARED, ("prepare", {"wave": 2, "devices": ["tor2"], "timers": {"tor2": 60}})),
    "taken-back": (
        *PREPARED,
        ("decision", {"take_back": ["tor1"], "because": "tor2: refused"}),
        ("taken back", {"device": "tor1"}),
        ("end", {"status": "taken-back", "because": "tor2: refused"}),
    ),
    "unknown": (
        *PREPARED,
        ("decision", {"confirm": ["tor1"]}),
        ("unknown", {"device": "tor1", "error": "tor1 (192.0.2.1) can't be reached: [red]gone"}),
        ("end", {"status": "unknown", "left": ["tor2"]}),
    ),
}
NOT_COME = "the run did not come to it"
#: What is known of each device in the end.
ENDS = {
    "killed": [
        ("unknown", "committed, and not confirmed: its revert timer ran"),
        ("unknown", "it was being committed with a revert timer when the record ends"),
        ("old", NOT_COME),
    ],
    "taken-back": [("old", "taken back"), ("old", NOT_COME), ("old", NOT_COME)],
    "unknown": [
        ("unknown", "tor1 (192.0.2.1) can't be reached: [red]gone"),
        ("unknown", "left as it is, as whoever recovered the run asked"),
        ("old", NOT_COME),
    ],
}
#: What `show` prints of each run before its plan; {} is when each step was.
SHOWN = {
    "killed": """\
  {}  prepare    wave 1, devices tor1, timers tor1 60
  {}  prepared   device tor1
  {}  prepare    wave 2, devices tor2, timers tor2 60
""",
    "taken-back": """\
  {}  prepare    wave 1, devices tor1, timers tor1 60
  {}  prepared   device tor1
  {}  decision   take_back tor1, because tor2: refused
  {}  taken back device tor1
  {}  end        status taken-back, because tor2: refused
""",
    "unknown": """\
  {}  prepare    wave 1, devices tor1, timers tor1 60
  {}  prepared   device tor1
  {}  decision   confirm tor1
  {}  unknown    device tor1, error tor1 (192.0.2.1) can't be reached: [red]gone
  {}  end        status unknown, left tor2
""",
}


@pytest.fixture(autouse=True)
def _same_time_and_author(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ledger_module, record_module):
        monkeypatch.setattr(module, "now", lambda: AT)
    monkeypatch.setattr(ledger_module, "who", lambda: {"by": "ann@jump1", "pid": 7})


@pytest.fixture(params=["with its folder", "without its folder"])
def known(site: Site, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the name of each run of :data:`RUNS`; without folders only the ledger knows them."""
    names = {}
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        for status, steps in RUNS.items():
            record = ledger.begin("deploy", PLAN)
            written(record, *steps)
            names[status] = record.run
            if request.param == "without its folder":
                shutil.rmtree(record.folder)
    return names


@pytest.fixture
def said(site: Site, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return what runs a command that reads, and returns what it printed."""

    def said(*command: str) -> str:
        assert cli.run([*command, "--site", str(site.path)]) == Exit.DONE
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return said


def steps_of(status: str) -> list[dict[str, Any]]:
    """Return every step of a run as JSON tells it."""
    return [{"at": AT, "step": step, **facts} for step, facts in (("begin", FIRST), *RUNS[status])]


def is_ended(status: str) -> bool:
    return status != "killed"


def test_runs_in_text(known: dict[str, str], said: Callable[..., str]) -> None:
    second = "2026-01-02 03:04:05"
    table = [("run", "command", "by", "began", "ended", "status", "devices")]
    for status, name in known.items():
        ended = second if is_ended(status) else ""
        table.append((name, "deploy", "ann@jump1", second, ended, status, "tor1, tor2, tor3"))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    assert said("runs").splitlines() == lines


def test_runs_in_json(known: dict[str, str], said: Callable[..., str]) -> None:
    assert json.loads(said("runs", "--json")) == {
        "schema": "ringfence.result/v1",
        "command": "runs",
        "exit_code": 0,
        "runs": [
            {
                **FIRST,
                "run": name,
                "status": status,
                "at": AT,
                "step": "begin",
                "began": AT,
                "ended": AT if is_ended(status) else None,
            }
            for status, name in known.items()
        ],
    }


@pytest.mark.parametrize("status", RUNS)
def test_show_in_text(status: str, known: dict[str, str], said: Callable[..., str]) -> None:
    begin = "command deploy, by ann@jump1, pid 7, devices tor1, tor2, tor3"
    ends = "".join(
        f"{device}: {state}: {why}\n  before sha256:1, planned sha256:2\n"
        for device, (state, why) in zip(DEVICES, ENDS[status], strict=True)
    )
    steps = f"  {AT}  begin      {begin}\n{SHOWN[status].replace('{}', AT)}"
    out = said("show", known[status])
    head = f"run {known[status]}: {status}\n{steps}{ends}note: a finding\n"
    assert out[: len(head)] == head
    # What was carried out comes last, as `plan` shows it.
    assert out.endswith("3 devices to change, in this order:\n  tor1\n  tor2, tor3\n")
    assert out[len(head) :].count("  + route-map RM deny 1\n") == 3


@pytest.mark.parametrize("status", RUNS)
def test_show_in_json(status: str, known: dict[str, str], said: Callable[..., str]) -> None:
    assert json.loads(said("show", known[status], "--json")) == {
        "schema": "ringfence.result/v1",
        "command": "show",
        "exit_code": 0,
        "run": known[status],
        "status": status,
        "began": AT,
        "ended": AT if is_ended(status) else None,
        "events": steps_of(status),
        "devices": [
            {
                "device": device,
                "before": "sha256:1",
                "after": "sha256:2",
                "state": state,
                "why": why,
            }
            for device, (state, why) in zip(DEVICES, ENDS[status], strict=True)
        ],
        "plan": json.loads(PLAN.text()),
    }


def test_show_of_a_run_whose_plan_is_lost(
    site: Site, capsys: pytest.CaptureFixture[str], said: Callable[..., str]
) -> None:
    folder = site.path / "runs" / "r1"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text(
        json.dumps({"at": AT, "step": "begin", **FIRST}) + "\n" + '{"at": "t", "st'
    )
    text = said("show", "r1").splitlines()
    assert text[:2] == [
        "run r1: killed",
        f"  {AT}  begin      command deploy, by ann@jump1, pid 7, devices tor1, tor2, tor3",
    ]
    (lacks,) = text[2:]
    assert lacks.startswith(f"{folder}: not a ringfence.plan/v1 plan")
    document = json.loads(said("show", "r1", "--json"))
    assert (document["plan"], document["devices"], document["plan_error"]) == (None, [], lacks)
    assert document["events"] == [{"at": AT, "step": "begin", **FIRST}]
    assert cli.run(["show", "r2", "--site", str(site.path)]) == Exit.BAD_INPUT
    assert capsys.readouterr().err == (
        f"ringfence: {folder.parent}: there is no run 'r2'; `ringfence runs` lists them\n"
    )
