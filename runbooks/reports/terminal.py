"""An audit for a person at a terminal: the verdict first, the worst next. See :func:`show`.

The last lines, which stay in sight, say what to do.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policies.dialects.line_ends import lines_of
from policies.drift import Effect, Kind
from runbooks.audit_report import DeviceState, SessionState, Severity
from runbooks.reports.page.headline import headline
from runbooks.reports.page.text import count
from runbooks.reports.words import QUIET, UNGUARDED, Mark, mark, verdict
from runbooks.streams import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from runbooks.audit_report import AuditReport, DepthRow, DeviceReport, Finding

_STYLES: Mapping[str, str] = {
    DeviceState.CLEAN: "green",
    DeviceState.DIFFERS: "yellow",
    DeviceState.UNKNOWN: "red",
    DeviceState.UNGUARDED: "dim",
    Severity.CRITICAL: "red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "dim",
}
_TITLES: Mapping[Mark, str] = {
    Mark.CLEAN: "bold green",
    Mark.UNGUARDED: "bold",
    Mark.DIFFERS: "bold yellow",
}


#: The worst first.
_ORDER = tuple(Severity)

#: Devices whose names stand in one line of a verdict.
_NAMED = 12

#: Lines of a candidate that are shown for one device.
_CANDIDATE_LINES = 12


def _text(text: str, style: str = "") -> Text:
    return Text(plain(text), style)


def _line(text: str, style: str = "") -> Text:
    """Return ``text`` as one line: what begins a line at the margin is ours alone."""
    return Text(plain(text).replace("\n", "\\n"), style)


def _in(text: Text, by: int) -> Padding:
    return Padding(text, (0, 0, 0, by), expand=False)


def show(console: Console, report: AuditReport, *, diff: bool = True, depth: bool = False) -> None:
    """Print ``report``; with ``diff`` also what a deploy would send, with ``depth`` every way.

    A verification says of each open session how it is closed, an audit only which they are.
    """
    by_device: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        by_device[one.device].append(one)
    _title(console, report)
    for device in sorted(report.devices, key=lambda one: _badness(one, by_device[one.device])):
        if device.state not in QUIET or by_device[device.device]:
            _device(console, report, device, by_device[device.device], diff=diff)
    for finding in sorted(by_device[""], key=lambda one: one.kind is Kind.SHALLOW):
        _finding(console, finding)
    for state, why in ((DeviceState.CLEAN, ""), (DeviceState.UNGUARDED, f" ({UNGUARDED})")):
        if quiet := [one.device for one in report.devices if one.state is state]:
            word = f"{state.value}: {_names(quiet)}{why}"
            console.print(_line(word, _STYLES[state]), soft_wrap=True)
    _postures(console, report)
    _depth(console, report, whole=depth)
    for note in report.notes:
        console.print(_line(f"note: {note}", "dim"), soft_wrap=True)
    _next(console, report)


def _badness(device: DeviceReport, findings: Iterable[Finding]) -> tuple[bool, bool, int]:
    """Return a key by which what lets something through comes first, then what is not known."""
    worst = min((_ORDER.index(one.severity) for one in findings), default=len(_ORDER))
    return worst > 0, device.state is not DeviceState.UNKNOWN, worst


def _next(console: Console, report: AuditReport) -> None:
    """Print what to do about it, step by step; nothing where nothing is to be done."""
    if mark(report) in (Mark.CLEAN, Mark.UNGUARDED):
        return
    console.print(_text("next", "bold"))
    for number, step in enumerate(headline(report).steps, start=1):
        said = f"{number}. {step.text} {step.command}".rstrip()
        console.print(_in(_text(said), 2), soft_wrap=True)


def _title(console: Console, report: AuditReport) -> None:
    if report.interrupted:
        by = " ".join(report.interrupted.split())
        text = f"ended early by {by}: what was not looked at is not known"
        console.print(_text(text, "bold red"), soft_wrap=True)
    style = _TITLES.get(mark(report), "bold red")
    console.print(_line(f"{report.command} of {report.site}: {verdict(report)}", style))


def _names(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def _device(
    console: Console,
    report: AuditReport,
    device: DeviceReport,
    findings: list[Finding],
    *,
    diff: bool,
) -> None:
    state = _STYLES[device.state]
    console.print(_line(device.device, "bold") + _text(f": {device.state.value}", state))
    if device.error:
        console.print(_in(_text(device.error, "red"), 2))
    for finding in sorted(findings, key=lambda one: _ORDER.index(one.severity)):
        _finding(console, finding)
    deploy = device.deploy
    if deploy is None or report.command == "verify":
        return
    for text in deploy.obstacles:
        console.print(_in(_text(f"a deploy would be refused: {text}"), 2))
    lines = lines_of(deploy.candidate)
    if diff and lines:
        console.print(_in(_text("a deploy would send:", "dim"), 2))
        more = len(lines) - _CANDIDATE_LINES
        for line in lines[:_CANDIDATE_LINES]:
            console.print(_in(_text(line, "cyan"), 4))
        if more > 0:
            console.print(_in(_text(f"and {more} more lines", "dim"), 4))


def _finding(console: Console, one: Finding) -> None:
    effect = "" if one.effect is Effect.NONE else f", {one.effect.value}"
    head = Text.assemble(
        (one.severity.value, _STYLES[one.severity]), " ", (one.kind.value, "bold"), effect
    )
    where = [one.session, f"ipv{one.family}" if one.family else None, one.direction]
    place = " ".join(part for part in where if part)
    console.print(_in(head + _text(f"  {place}" if place else ""), 2))
    body = [one.text]
    if one.witness and one.effect is not Effect.NONE:
        others = [prefix for prefix in one.examples if prefix != one.witness]
        more = f" (also {', '.join(others)})" if others else ""
        body.append(f"witness: {one.witness}{more}")
    body += [f"line {line.number or '-'}: {line.text.strip()}" for line in one.lines]
    if one.origin:
        body.append(f"from: {one.origin}")
    body.append(f"then: {one.remedy}")
    if one.first_seen:
        body.append(f"first seen: {one.first_seen}")
    for text in body:
        console.print(_in(_text(text), 4))


def _postures(console: Console, report: AuditReport) -> None:
    """Print the sessions that are open for want of a policy, each text once."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for device in report.devices:
        for session in device.sessions:
            said = session.posture
            if said is not None and said.open is not False:
                free = "" if session.state is not SessionState.FREE else " (no guard wanted)"
                where = f"{session.session} ipv{session.family} {session.direction}{free}"
                found[f"{device.device}: {said.text}", said.closing].append(where)
    if not found:
        return
    slots = count(sum(map(len, found.values())), "slot")
    if report.command == "audit":
        where = _names(dict.fromkeys(text.split(":")[0] for text, _ in found))
        text = f"{slots} of sessions on {where}: no policy, and everything passes; "
        console.print(_text(text + "`ringfence verify` says which, and what closes them", "dim"))
        return
    console.print(_text("Sessions without a policy, through which everything passes", "bold"))
    for (text, closing), sessions in found.items():
        console.print(_in(_text(f"{text}: {_names(sessions)}"), 2))
        for line in closing:
            console.print(_in(_text(line, "cyan"), 4))


def _depth(console: Console, report: AuditReport, *, whole: bool) -> None:
    """Print the weakest way of each class of hijack, or what the weakest of all is."""
    if not report.depth:
        return
    weakest: dict[tuple[str, str], DepthRow] = {}
    for row in report.depth:
        key = (row.attacker, row.hijack)
        if key not in weakest or _strength(row) < _strength(weakest[key]):
            weakest[key] = row
    if not whole:
        least = min(report.depth, key=_strength)
        console.print(
            _text(
                f"depth: each of {len(weakest)} hijacks is dropped on at least {least.depth} "
                f"(demanded: {report.min_depth}) devices; --depth shows their weakest ways",
                "red" if least.short else "dim",
            )
        )
        return
    table = Table(title=f"Depth, on the weakest way (demanded: {report.min_depth})")
    for column in ("attacker", "hijack", "dropped by", "victim", "way", "witness"):
        table.add_column(column, overflow="fold")
    for row in weakest.values():
        table.add_row(
            *(_text(text) for text in (row.attacker, row.hijack)),
            _text(f"{row.depth} of {row.possible}", "red" if row.short else "green"),
            *(_text(text) for text in (row.victim, " > ".join(row.path), row.witness or "")),
        )
    console.print(table)


def _strength(row: DepthRow) -> tuple[int, int]:
    return row.depth, -row.possible
