"""The schema of plans: it is the model's, it is delivered, and plans of every platform fit it."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from bgp_texts import TEXTS as PLATFORMS
from builders import POOLS, make_site
from jsonschema import Draft202012Validator, ValidationError
from paper_fleet import PaperFleet
from plans import make_device_plan, make_plan

from inventory.errors import Exit
from runbooks import cli, planning
from runbooks.plan_file import Plan, plan_schema
from runbooks.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = resources.files("runbooks.schemas") / "plan-v1.json"


def validator() -> Draft202012Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_file_that_is_delivered_is_what_the_model_gives() -> None:
    """If it differs: ``ringfence schema plan > runbooks/schemas/plan-v1.json``."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == plan_schema()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["schema", "plan"]) == Exit.DONE
    assert capsys.readouterr().out == FILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "plan",
    [
        make_plan(),
        make_plan(make_device_plan("tor2", candidate=""), undoes="run1"),
        make_plan(waves=()),
    ],
    ids=["deploy", "rollback", "nothing"],
)
def test_a_plan_that_was_made_fits(plan: Plan) -> None:
    validator().validate(json.loads(plan.text()))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_plan_of_every_platform_fits(platform: str, tmp_path: Path) -> None:
    session = "{neighbor: 10.0.0.1, role: external, open: true}"
    hosts = (
        f"b: {{groups: [border], platform: {platform}, "
        f"data: {{asn: 65000, sessions: [{session}]}}}}\n"
    )
    site = make_site(tmp_path, hosts=hosts, pools=POOLS)
    fleet = PaperFleet(texts={"b": PLATFORMS[platform]})
    plan = planning.make_plan(site, fleet, Progress(quiet=True), accept=("unknown-neighbors",)).plan  # type: ignore[arg-type]
    assert [one.device for one in plan.changed] == ["b"]
    assert {one.kind for one in plan.devices[0].parts} >= {"neighbor", "ipv4 import policy of"}
    validator().validate(json.loads(plan.text()))


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan.pop(key)


def put(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan.update(values)


@pytest.mark.parametrize(
    "edit",
    [
        without("devices"),
        without("schema"),
        put(schema="ringfence.plan/v2"),
        put(more=1),
        put(site=7),
        put(waves=["tor1"]),
        put(devices=[{"device": "tor1"}]),
        put(limits=[{"name": "shrink", "state": "broken"}]),
        put(files={"pools.yaml": "sha256:0"}),
    ],
)
def test_what_is_no_plan_does_not_fit(edit: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(make_plan().text())
    edit(document)
    with pytest.raises(ValidationError):
        validator().validate(document)
