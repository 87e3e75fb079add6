"""The schema of audits: it is the model's, it is delivered, and reports of every sort fit it."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from audit_parts import make_device, make_session
from audit_reports import REPORTS, every_kind, make_report
from jsonschema import Draft202012Validator, ValidationError

from policies.drift import Kind
from runbooks.audit_report import AuditReport, audit_schema

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = resources.files("runbooks.schemas") / "audit-v1.json"


def validator() -> Draft202012Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_file_that_is_delivered_is_what_the_model_gives() -> None:
    """If it differs: ``ringfence schema audit > runbooks/schemas/audit-v1.json``."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == audit_schema()


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_fits_and_reads_back_as_it_was(name: str) -> None:
    report = REPORTS[name]()
    validator().validate(json.loads(report.text()))
    assert AuditReport.model_validate_json(report.text()) == report


def test_what_utf_8_can_not_hold_loses_no_report() -> None:
    # Half of a surrogate pair, as JSON from a device may have it.
    session = make_session(session="a\ud800b\udfffc\U0001f600\0")
    report = make_report(devices=(make_device("tor1", sessions=(session,)),))
    document = json.loads(report.text())
    validator().validate(document)
    back = AuditReport.model_validate_json(report.text())
    assert back.devices[0].sessions[0].session == "a?b?c\U0001f600\0"
    same = report.devices[0].model_copy(update={"sessions": back.devices[0].sessions})
    assert back == report.model_copy(update={"devices": (same,)})


def test_the_reports_for_tests_have_every_kind() -> None:
    assert {one.kind for one in every_kind().findings} == set(Kind)


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda report: report.pop(key)


def put(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda report: report.update(values)


def put_first(part: str, **values: object) -> Callable[[dict[str, Any]], None]:
    return lambda report: report[part][0].update(values)


@pytest.mark.parametrize(
    "edit",
    [
        without("devices"),
        without("complete"),
        put(schema="ringfence.audit/v2"),
        put(schema="ringfence.plan/v1"),
        put(more=1),
        put(exit_code="2"),
        put(command="deploy"),
        put(started=None),
        put_first("devices", state="fine"),
        put_first("findings", kind="odd"),
        put_first("findings", family=5),
        put_first("findings", severity="high"),
        put_first("findings", direction="in"),
        put_first("depth", depth=None),
    ],
)
def test_what_is_no_report_does_not_fit(edit: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(every_kind().text())
    edit(document)
    with pytest.raises(ValidationError):
        validator().validate(document)


@pytest.mark.parametrize("code", [-1, 256])
def test_an_exit_code_that_would_end_as_another_is_none(code: int) -> None:
    report = json.loads(make_report().text())
    with pytest.raises(ValueError, match="exit_code"):
        AuditReport.model_validate({**report, "exit_code": code})
