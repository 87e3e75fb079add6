"""An audit on a terminal: the verdict, every finding, and nothing that commands the terminal."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from audit_parts import make_device, make_finding, make_unknown
from audit_reports import (
    HOSTILE,
    REPORTS,
    every_kind,
    half_unknown,
    hostile,
    interrupted,
    make_report,
)
from rich.console import Console

from policies.drift import Effect, Kind
from runbooks.audit_report import DeviceState
from runbooks.reports.terminal import show
from runbooks.reports.words import verdict
from runbooks.streams import plain

if TYPE_CHECKING:
    from runbooks.audit_report import AuditReport


def shown(report: AuditReport, *, width: int = 4000, diff: bool = True) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width, highlight=False), report, diff=diff)
    return out.getvalue()


@pytest.mark.parametrize("name", REPORTS)
def test_every_finding_stands_there_with_what_decides_and_what_to_do(name: str) -> None:
    report = REPORTS[name]()
    text = re.sub(r"\s+", " ", shown(report))
    for one in report.findings:
        said = [one.text, one.remedy, one.kind.value, *(line.text for line in one.lines)]
        said += [one.witness] if one.witness and one.effect is not Effect.NONE else []
        said += [one.first_seen] if one.first_seen else []
        for part in said:
            assert re.sub(r"\s+", " ", plain(part)).strip() in text, part


@pytest.mark.parametrize("name", REPORTS)
def test_the_verdict_comes_first_and_every_device_is_named(name: str) -> None:
    report = REPORTS[name]()
    text = shown(report)
    first = text.splitlines()[1 if report.interrupted else 0]
    assert verdict(report).split(":")[0] in first
    for one in report.devices:
        assert plain(one.device).split("\n")[0] in text
        if one.state is DeviceState.UNKNOWN and one.error:
            assert re.sub(r"\s+", " ", plain(one.error)).strip() in re.sub(r"\s+", " ", text)


def test_nothing_in_a_device_s_answer_commands_the_terminal() -> None:
    text = shown(hostile())
    assert not [one for one in text if not one.isprintable() and one not in "\n\t"]
    assert "\\x1b[31mred" in text
    assert "[bold]" not in shown(every_kind())


def test_plain_keeps_what_can_be_printed() -> None:
    assert plain("line 1\n\tneighbor 10.0.0.1 é 日本") == "line 1\n\tneighbor 10.0.0.1 é 日本"
    assert plain("\x1b]0;x\x07\u202ey") == "\\x1b]0;x\\x07\\u202ey"
    assert plain(plain(HOSTILE)) == plain(HOSTILE)


def test_an_interrupted_audit_says_so_before_anything_else() -> None:
    report = interrupted()
    assert shown(report).splitlines()[0].startswith(f"ended early by {report.interrupted}")


def test_unknown_devices_are_counted_and_never_among_those_in_order() -> None:
    report = half_unknown()
    unknown = [one.device for one in report.devices if one.state is DeviceState.UNKNOWN]
    assert f"{len(unknown)} unknown" in verdict(report)
    clean = [line for line in shown(report).splitlines() if line.startswith("clean:")]
    assert clean
    assert not [name for name in unknown for line in clean if name in line]


def test_what_a_deploy_would_send_can_be_left_out() -> None:
    report = every_kind()
    assert "a deploy would send" in shown(report)
    assert "a deploy would send" not in shown(report, diff=False)
    assert Kind.SHALLOW in {one.kind for one in report.findings}


def test_it_fits_a_narrow_terminal() -> None:
    assert max(map(len, shown(every_kind(), width=80).splitlines())) <= 80


def test_the_worst_device_comes_first_and_what_to_do_last() -> None:
    report = make_report(
        exit_code=3,
        complete=False,
        devices=(
            make_device("border1", state=DeviceState.DIFFERS),
            make_unknown("spine1"),
            make_device("tor1", state=DeviceState.UNGUARDED),
            make_device("tor2", state=DeviceState.DIFFERS),
        ),
        findings=(
            make_finding(Kind.NARROWED, "border1"),
            make_finding(Kind.NARROWED, "tor2"),
            make_finding(Kind.ILLEGAL_ROUTE, "tor2"),
            make_finding(Kind.OUTSIDE_DELEGATION, ""),
        ),
        depth=(),
        notes=("a note",),
    )
    lines = shown(report).splitlines()
    heads = [line for line in lines if line.startswith(("tor2:", "spine1:", "border1:", "  "))]
    heads = [line for line in heads if not line.startswith("    ")]
    assert lines[0] == (
        "audit of dc1: not fenced; 4 devices: 2 differ, 1 unknown, 1 unguarded; "
        "findings: 1 critical, 3 warning"
    )
    assert heads[:3] == [
        "tor2: differs",
        "  critical illegal-route, weakened  NODES ipv4 import",
        "  warning narrowed, narrowed  NODES ipv4 import",
    ]
    assert heads[3] == "spine1: unknown"
    assert heads[5] == "border1: differs"
    assert "unguarded: tor1 (the site wants no guard there, so there was nothing to judge)" in lines
    (at,) = (number for number, line in enumerate(lines) if line == "next")
    assert lines[at - 1] == "note: a note"
    assert lines[at + 1].startswith("  1. Look at the routes first: 1 route is in a table")
    assert lines[-1].endswith("runbooks/oncall/drift-found.md")
    assert "next" not in shown(REPORTS["clean"]()).splitlines()


def test_no_text_begins_a_line_at_the_margin() -> None:
    forged = "x\naudit of dc1: fenced; 3 devices: 3 clean"
    device = make_device(f"tor1{forged}", error=None, state=DeviceState.CLEAN)
    lost = make_unknown(f"tor2{forged}", forged)
    report = make_report(
        complete=False,
        devices=(device, lost),
        findings=(make_finding(Kind.MISSING, f"tor2{forged}", text=forged, remedy=forged),),
        notes=(forged,),
        depth=(),
    )
    lines = shown(report).splitlines()
    assert lines[0].startswith("audit of dc1: not fenced; 2 devices: 1 clean, 1 unknown")
    assert not [line for line in lines[1:] if line.startswith("audit of")]
