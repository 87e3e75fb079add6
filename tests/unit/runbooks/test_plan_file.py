"""The plan as a file: it reads back as it was, and nothing else is taken for one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_site, write_site
from plans import make_device_plan, make_plan

from inventory.errors import Exit, InputError, RefusedError
from runbooks import cli
from runbooks.plan_file import input_files, inputs_digest, load_plan, plan_schema
from runbooks.planning import with_diff
from tasks.adapters.base import same_diff
from tasks.errors import StaleError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_plan_reads_back_as_it_was_written(tmp_path: Path) -> None:
    plan = make_plan(make_device_plan(), make_device_plan("tor2", candidate=""), undoes="run1")
    path = tmp_path / "plan.json"
    path.write_text(plan.text(), encoding="utf-8")
    assert load_plan(path) == plan
    assert json.loads(plan.text())["schema"] == "ringfence.plan/v1"
    assert plan.text().endswith("}\n")


def test_what_a_device_shows_and_no_file_can_hold_is_a_question_mark(tmp_path: Path) -> None:
    device = make_device_plan(device_diff="+ description \ud800\udc80x\n", closed=("\udfff",))
    path = tmp_path / "plan.json"
    path.write_text(make_plan(device).text(), encoding="utf-8")
    (found,) = load_plan(path).devices
    assert (found.device_diff, found.closed) == ("+ description ??x\n", ("?",))
    # It is still the diff that the device shows when the plan is carried out.
    same_diff(device.device_diff, found.device_diff)
    same_diff(device.device_diff, device.device_diff)
    with pytest.raises(StaleError):
        same_diff(device.device_diff, "+ description ?x\n")


def test_a_diff_in_a_plan_is_the_one_that_its_file_has(tmp_path: Path) -> None:
    shown: Any = SimpleNamespace(diff="+ description \ud800x\n")
    plan = make_plan(with_diff(make_device_plan(), {"tor1": shown}))
    path = tmp_path / "plan.json"
    path.write_text(plan.text(), encoding="utf-8")
    assert load_plan(path) == plan


@pytest.mark.parametrize("field", ["candidate", "way_back"])
def test_what_no_file_can_hold_is_not_sent_as_something_else(field: str) -> None:
    plan = make_plan(make_device_plan(**{field: "route-map FROM-\ud800 deny 1\n"}))
    with pytest.raises(RefusedError) as caught:
        plan.text()
    assert str(caught.value) == (
        "tor1: `route-map FROM-? deny 1` would be sent, and a name in it holds what no file can "
        "(where the question mark stands): rename that on the device"
    )


def test_only_devices_with_a_candidate_change() -> None:
    one, two = make_device_plan("tor1"), make_device_plan("tor2", candidate="")
    assert (one.is_empty, two.is_empty) == (False, True)
    assert make_plan(one, two).changed == (one,)


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan.pop(key)


def put(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan.update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("devices"), "devices: Field required"),
        (without("waves"), "waves: Field required"),
        (without("schema"), "schema: Field required"),
        (put(more=1), "more: Extra inputs are not permitted"),
        (put(schema="ringfence.plan/v2"), "schema: Input should be 'ringfence.plan/v1'"),
        (put(devices=[{"device": "tor1"}]), "devices.0.digest: Field required"),
        (put(devices="tor1"), "devices: Input should be a valid array"),
        (put(site=7), "site: Input should be a valid string"),
    ],
)
def test_what_is_no_plan_is_refused_with_what_is_wrong(
    change: Callable[[dict[str, Any]], None], said: str, tmp_path: Path
) -> None:
    document = json.loads(make_plan().text())
    change(document)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_plan(path)
    assert str(caught.value) == f"{path}: not a ringfence.plan/v1 plan: {said}"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"router bgp 1\n", b"\xff\xfe", b"{}\n{}"]
)
def test_a_file_that_is_no_plan_at_all_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        load_plan(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1


def test_a_plan_that_is_absent_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such plan; `ringfence plan` makes one"):
        load_plan(tmp_path / "plan.json")
    with pytest.raises(InputError, match="can't be read"):
        load_plan(tmp_path)


def test_the_command_line_says_so_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = write_site(tmp_path / "site")
    path = tmp_path / "plan.json"
    assert cli.run(["deploy", str(path), "--site", str(site), "--json"]) == Exit.BAD_INPUT
    out, err = capsys.readouterr()
    said = f"{path}: there is no such plan; `ringfence plan` makes one"
    assert err == f"ringfence: {said}\n"
    assert json.loads(out)["error"] == [said]


def test_the_inputs_digest_is_of_every_file_that_a_plan_comes_from(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    files = [input_files(site)]
    assert input_files(make_site(tmp_path)) == files[0]
    for name in ("site", "hosts", "groups", "defaults", "pools"):
        with (tmp_path / f"{name}.yaml").open("a") as file:
            file.write("# changed\n")
        files.append(input_files(site))
        changed = [new.name for old, new in zip(*files[-2:], strict=True) if old != new]
        assert changed == [f"{name}.yaml"]
    assert len({inputs_digest(some) for some in files}) == len(files)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["schema", "plan"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == plan_schema()
