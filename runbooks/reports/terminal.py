"""An audit for a person at a terminal: the verdict first, then what to do. See :func:`show`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from policies.drift import Effect
from runbooks.audit_report import DeviceState, SessionState, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from runbooks.audit_report import AuditReport, DepthRow, DeviceReport, Finding

_STYLES: Mapping[str, str] = {
    DeviceState.CLEAN: "green",
    DeviceState.DIFFERS: "yellow",
    DeviceState.UNKNOWN: "red",
    Severity.CRITICAL: "red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "dim",
}
_GOOD = {"audit": "as the pools want it", "verify": "proven"}

#: Devices whose names stand in one line of a verdict.
_NAMED = 12

#: Lines of a candidate that are shown for one device.
_CANDIDATE_LINES = 12


def plain(text: str) -> str:
    """Return ``text`` with what would command a terminal, or turn its text round, made visible.

    A device's answer is somebody else's text: escape sequences could hide a finding.
    """
    return "".join(one if one.isprintable() or one in "\n\t" else repr(one)[1:-1] for one in text)


def _text(text: str, style: str = "") -> Text:
    return Text(plain(text), style)


def show(console: Console, report: AuditReport, *, diff: bool = True) -> None:
    """Print ``report``; with ``diff`` also what a deploy would send."""
    by_device: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        by_device[one.device].append(one)
    _title(console, report)
    for finding in by_device[""]:
        _finding(console, finding)
    for device in report.devices:
        if device.state is not DeviceState.CLEAN or by_device[device.device]:
            _device(console, report, device, by_device[device.device], diff=diff)
    clean = [one.device for one in report.devices if one.state is DeviceState.CLEAN]
    if clean:
        word = f"{_GOOD[report.command]}: {_names(clean)}"
        console.print(_text(word, "green"), soft_wrap=True)
    _postures(console, report)
    _depth(console, report)
    for note in report.notes:
        console.print(_text(f"note: {note}", "dim"), soft_wrap=True)


def verdict(report: AuditReport) -> str:
    """Return one sentence that says it all."""
    counts = [
        f"{report.count(state)} {word}"
        for state, word in (
            (DeviceState.CLEAN, _GOOD[report.command]),
            (DeviceState.DIFFERS, "differ"),
            (DeviceState.UNKNOWN, "not known"),
        )
        if report.count(state)
    ]
    found = [
        f"{count} {severity.value}"
        for severity in (Severity.CRITICAL, Severity.WARNING)
        if (count := sum(one.severity is severity for one in report.findings))
    ]
    sentence = f"{len(report.devices)} devices: {', '.join(counts) or 'none looked at'}"
    return sentence + (f"; findings: {', '.join(found)}" if found else "")


def _title(console: Console, report: AuditReport) -> None:
    if report.interrupted:
        by = " ".join(report.interrupted.split())
        text = f"ended early by {by}: what was not looked at is not known"
        console.print(_text(text, "bold red"), soft_wrap=True)
    style = {0: "bold green", 2: "bold yellow"}.get(report.exit_code, "bold red")
    console.print(_text(f"{report.command} of {report.site}: {verdict(report)}", style))


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
    console.print(_text(device.device, "bold") + _text(f": {device.state.value}", state))
    if device.error:
        console.print(Padding(_text(device.error, "red"), (0, 0, 0, 2)))
    for finding in findings:
        _finding(console, finding)
    deploy = device.deploy
    if deploy is None or report.command == "verify":
        return
    for text in deploy.obstacles:
        console.print(Padding(_text(f"a deploy would be refused: {text}"), (0, 0, 0, 2)))
    lines = deploy.candidate.splitlines()
    if diff and lines:
        console.print(Padding(_text("a deploy would send:", "dim"), (0, 0, 0, 2)))
        more = len(lines) - _CANDIDATE_LINES
        for line in lines[:_CANDIDATE_LINES]:
            console.print(Padding(_text(line, "cyan"), (0, 0, 0, 4)))
        if more > 0:
            console.print(Padding(_text(f"and {more} more lines", "dim"), (0, 0, 0, 4)))


def _finding(console: Console, one: Finding) -> None:
    effect = "" if one.effect is Effect.NONE else f", {one.effect.value}"
    head = Text.assemble(
        (one.severity.value, _STYLES[one.severity]), " ", (one.kind.value, "bold"), effect
    )
    where = [one.session, f"ipv{one.family}" if one.family else None, one.direction]
    place = " ".join(part for part in where if part)
    console.print(Padding(head + _text(f"  {place}" if place else ""), (0, 0, 0, 2)))
    body = [one.text]
    if one.witness and one.effect is not Effect.NONE:
        more = f" (also {', '.join(one.examples)})" if one.examples else ""
        body.append(f"witness: {one.witness}{more}")
    body += [f"line {line.number or '-'}: {line.text.strip()}" for line in one.lines]
    if one.origin:
        body.append(f"from: {one.origin}")
    body.append(f"then: {one.remedy}")
    if one.first_seen:
        body.append(f"first seen: {one.first_seen}")
    for text in body:
        console.print(Padding(_text(text), (0, 0, 0, 4)))


def _postures(console: Console, report: AuditReport) -> None:
    """Print the sessions that are open for want of a policy, each text once."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for device in report.devices:
        for session in device.sessions:
            said = session.posture
            if said is not None and said.open is not False:
                free = "" if session.state is not SessionState.FREE else ", no guard wanted"
                where = f"{session.session} ipv{session.family} {session.direction}{free}"
                found[f"{device.device}: {said.text}", said.closing].append(where)
    if not found:
        return
    console.print(_text("Sessions without a policy, through which everything passes", "bold"))
    for (text, closing), sessions in found.items():
        console.print(Padding(_text(f"{text}: {_names(sessions)}"), (0, 0, 0, 2)))
        for line in closing:
            console.print(Padding(_text(f"closed by: {line}", "cyan"), (0, 0, 0, 4)))


def _depth(console: Console, report: AuditReport) -> None:
    """Print the weakest way of each class of hijack."""
    if not report.depth:
        return
    weakest: dict[tuple[str, str], DepthRow] = {}
    for row in report.depth:
        key = (row.attacker, row.hijack)
        if key not in weakest or (row.depth, -row.possible) < (
            weakest[key].depth,
            -weakest[key].possible,
        ):
            weakest[key] = row
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
