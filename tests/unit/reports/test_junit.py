"""The JUnit XML of an audit: as reviewed, fit for CI's schema, and true to what was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from audit_parts import LEAK, make_device, make_differing, make_finding, make_session, make_unknown
from audit_reports import (
    GOLDEN,
    REPORTS,
    every_kind,
    half_unknown,
    hostile,
    interrupted,
    make_report,
)
from goldens import check_golden
from junit_schema import SCHEMA
from junitparser import JUnitXml, TestCase
from lxml import etree

from policies.drift import Kind
from runbooks.audit_report import DeviceState, Severity
from runbooks.reports.junit import render
from runbooks.reports.page.text import shown

if TYPE_CHECKING:
    from runbooks.audit_report import AuditReport


def cases(report: AuditReport) -> dict[tuple[str, str], TestCase]:
    """Return every case by its class and name, as a reader of JUnit XML finds it."""
    found = {}
    for suite in JUnitXml.fromstring(render(report).encode()):
        for case in suite:
            assert (case.classname, case.name) not in found
            found[case.classname, case.name] = case
    return found


def outcomes(report: AuditReport) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the tag and the message of the result of each case that has one."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for key, case in cases(report).items():
        for result in case.result:
            assert key not in found
            found[key] = (str(result._tag), str(result.message))
    return found


@pytest.mark.parametrize("name", GOLDEN)
def test_the_document_is_as_reviewed(name: str) -> None:
    tree = etree.fromstring(render(REPORTS[name]()).encode())
    etree.indent(tree)
    check_golden(f"reports/{name}.junit.xml", etree.tostring(tree, encoding="unicode") + "\n")


@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_what_ci_reads(name: str) -> None:
    text = render(REPORTS[name]())
    assert text.startswith("<?xml version='1.0' encoding='UTF-8'?>\n")
    tree = etree.fromstring(text.encode())
    SCHEMA.assertValid(tree)
    totals: Counter[str] = Counter()
    for suite in tree:
        found = Counter(result.tag for case in suite.iter("testcase") for result in case)
        counts = {"tests": len(suite.findall("testcase"))}
        counts |= {f"{tag}s": found[tag] for tag in ("failure", "error")}
        totals.update(counts)
        counts["skipped"] = found["skipped"]
        assert {key: int(suite.get(key)) for key in counts} == counts
    assert {key: int(tree.get(key)) for key in totals} == totals


@pytest.mark.parametrize(
    "edit",
    [
        lambda tree: tree.set("skipped", "0"),
        lambda tree: tree[0].attrib.pop("name"),
        lambda tree: tree[0].set("tests", "many"),
        lambda tree: tree[0].set("timestamp", "yesterday"),
        lambda tree: tree[0][0].append(etree.Element("failed")),
        lambda tree: tree[0][0].attrib.pop("classname"),
    ],
)
def test_what_ci_does_not_read_does_not_fit(edit: object) -> None:
    # So that the test above means something.
    tree = etree.fromstring(render(every_kind()).encode())
    edit(tree)  # type: ignore[operator]
    assert not SCHEMA.validate(tree)


def test_a_clean_audit_fails_nowhere() -> None:
    report = make_report()
    assert outcomes(report) == {}
    slots = sum(len(device.sessions) for device in report.devices)
    assert len(cases(report)) == 1 + 2 * len(report.devices) + slots


def test_a_finding_fails_its_session_with_the_witness_and_the_lines() -> None:
    finding = make_finding(text="It leaks.", witness="10.99.0.0/26", session="NODES")
    second = make_finding(Kind.NARROWED, id="2", text="It drops.")
    report = make_report(
        devices=(make_device("tor1", state=DeviceState.DIFFERS), make_device("tor2")),
        findings=(finding, second),
        exit_code=2,
    )
    assert outcomes(report) == {
        ("dc1.tor1", "is as the site wants it"): ("failure", "it differs"),
        ("dc1.tor1", "NODES ipv4 import"): ("failure", "It leaks. (and 1 more)"),
    }
    (failure,) = cases(report)["dc1.tor1", "NODES ipv4 import"].result
    assert failure.type == "weakened"
    lines = failure.text.splitlines()
    assert "witness: 10.99.0.0/26 (also 192.0.2.0/24, 203.0.113.0/24)" in lines
    assert "line 12: the line of weakened" in lines
    assert "It drops." in lines


def test_a_session_that_leaks_fails_also_without_a_finding() -> None:
    report = make_report(devices=(make_device("border1", sessions=(LEAK,)),))
    message = f"lets through {LEAK.witness}"
    assert outcomes(report) == {("dc1.border1", "203.0.113.1 ipv4 import"): ("failure", message)}


def test_every_finding_is_told_once_and_a_note_is_no_failure() -> None:
    report = every_kind()
    told = "".join((result.text or "") for case in cases(report).values() for result in case.result)
    notes = "".join(case.system_out or "" for case in cases(report).values())
    for finding in report.findings:
        in_notes = finding.severity is Severity.NOTE
        assert told.count(finding.text) == (0 if in_notes else 1)
        assert notes.count(finding.text) == (1 if in_notes else 0)


def test_a_finding_about_a_device_that_is_not_in_the_report_is_not_lost() -> None:
    report = make_report(devices=(), findings=(make_finding(device="tor9", text="Lost."),))
    assert outcomes(report) == {("dc1", "weakened: NODES ipv4 import"): ("failure", "Lost.")}


def test_a_finding_about_a_map_of_many_sessions_is_called_by_it() -> None:
    about = "route-map TO-SPINE (ipv4)"
    finding = make_finding(Kind.MISSING, session=None, object=about, text="It is not there.")
    report = make_report(devices=(make_device("tor1"),), findings=(finding,))
    assert outcomes(report) == {("dc1.tor1", f"missing: {about}"): ("failure", "It is not there.")}


def test_two_findings_of_one_name_are_two_cases() -> None:
    one, two = (make_finding(Kind.OBSTACLE, id=text, text=text) for text in ("One.", "Two."))
    report = make_report(devices=(make_device("tor1"),), findings=(one, two))
    assert outcomes(report) == {
        ("dc1.tor1", "obstacle: object of obstacle"): ("failure", "One."),
        ("dc1.tor1", "obstacle: object of obstacle (2)"): ("failure", "Two."),
    }


def test_a_device_that_is_not_known_is_an_error() -> None:
    found = outcomes(half_unknown())
    errors = {key: message for key, (tag, message) in found.items() if tag == "error"}
    assert errors == {
        ("dc1", "every device was looked at"): "unknown: spine1, tor2",
        ("dc1.spine1", "answers"): "timed out after 30 s",
        ("dc1.tor2", "answers"): "connection refused",
    }


def test_what_an_interrupted_audit_did_not_come_to_is_skipped_and_the_audit_an_error() -> None:
    why = "not asked: SIGTERM ended the audit"
    assert outcomes(interrupted()) == {
        ("dc1", "every device was looked at"): ("error", "ended early by SIGTERM"),
        ("dc1.spine1", "answers"): ("skipped", why),
        ("dc1.tor1", "answers"): ("skipped", why),
    }


def test_an_incomplete_audit_is_an_error_whoever_is_missing() -> None:
    found = outcomes(make_report(complete=False))
    assert found == {
        ("dc1", "every device was looked at"): ("error", "unknown: some were not asked")
    }


def test_a_device_called_as_the_site_is_not_the_site() -> None:
    report = make_report(devices=(make_unknown("dc1", "dc1: gone"),), complete=False)
    assert outcomes(report)["dc1", "answers"] == ("error", "gone")
    assert {tag for tag, _ in outcomes(report).values()} == {"error"}
    assert len(cases(report)) == 2


def test_what_a_device_says_stays_text() -> None:
    report = hostile()
    tree = etree.fromstring(render(report).encode())
    assert {element.tag for element in tree.iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "properties",
        "property",
        "failure",
        "error",
        "skipped",
        "system-out",
    }
    names = [suite.get("name") for suite in tree]
    assert names[1:] == [shown(one.device) for one in report.devices]


def test_what_no_xml_can_hold_does_not_lose_the_report() -> None:
    text = "".join(map(chr, range(0x20))) + "\x7f\x85\ud800\ufffe\uffff"
    session = make_session(session=text)
    report = make_report(devices=(make_differing(), make_device("tor1", sessions=(session,))))
    SCHEMA.assertValid(etree.fromstring(render(report).encode()))
