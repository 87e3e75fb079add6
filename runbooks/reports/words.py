"""The words that every format says: the verdict, states, and a finding in lines of plain text.

Read :data:`VERDICTS` and :data:`STATES` first. Law: what one format calls a thing, all do; the
words are those of the JSON document, and a network alone is called fenced, or not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from policies.drift import Effect
from runbooks.audit_report import DeviceState, SessionState, Severity
from runbooks.reports.page.text import count, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbooks.audit_report import AuditReport, DeviceReport, Finding, Line


class Mark(StrEnum):
    """What is known of a network, the worst first."""

    LEAKS = "leaks"
    UNKNOWN = "unknown"
    DIFFERS = "differs"
    UNGUARDED = "unguarded"
    CLEAN = "clean"


VERDICTS: Final[Mapping[Mark, str]] = {
    Mark.LEAKS: "not fenced",
    Mark.UNKNOWN: "unknown",
    Mark.DIFFERS: "differs",
    Mark.UNGUARDED: "unguarded",
    Mark.CLEAN: "fenced",
}
"""A network in a word."""

STATES: Final[Mapping[DeviceState, tuple[str, str]]] = {
    DeviceState.CLEAN: ("clean", "clean"),
    DeviceState.DIFFERS: ("differs", "differ"),
    DeviceState.UNKNOWN: ("unknown", "unknown"),
    DeviceState.UNGUARDED: ("unguarded", "unguarded"),
}
"""The state of one device, and of several."""

WORST_FIRST: Final = (
    DeviceState.DIFFERS,
    DeviceState.UNKNOWN,
    DeviceState.UNGUARDED,
    DeviceState.CLEAN,
)
QUIET: Final = (DeviceState.UNGUARDED, DeviceState.CLEAN)
"""Of such a device nothing has to be done."""

SESSIONS: Final[Mapping[SessionState, str]] = {
    SessionState.PROVEN: "nothing but what the pools allow",
    SessionState.CLOSED: "no policy, and nothing passes",
    SessionState.LEAKS: "lets more through",
    SessionState.FREE: "no guard wanted there",
}
"""What the state of a session, family and direction means."""

UNGUARDED: Final = "the site wants no guard there, so there was nothing to judge"
"""Why a device is not called clean that nothing was found on."""


def mark(report: AuditReport) -> Mark:
    """Return what is known of the network: the worst that is known goes first."""
    severities = {one.severity for one in report.findings}
    if Severity.CRITICAL in severities:
        return Mark.LEAKS
    if not report.devices or not report.complete or report.count(DeviceState.UNKNOWN):
        return Mark.UNKNOWN
    short = any(row.short for row in report.depth)
    if Severity.WARNING in severities or report.count(DeviceState.DIFFERS) or short:
        return Mark.DIFFERS
    return Mark.CLEAN if report.count(DeviceState.CLEAN) else Mark.UNGUARDED


def verdict(report: AuditReport) -> str:
    """Return one sentence that says it all: a word for the network, then numbers."""
    return f"{VERDICTS[mark(report)]}; {counted(report)}"


def counted(report: AuditReport) -> str:
    """Return how many devices are in which state, and how many findings there are."""
    states = [
        f"{many} {STATES[state][many > 1]}"
        for state in DeviceState
        if (many := report.count(state))
    ]
    found = [
        f"{many} {severity.value}"
        for severity in (Severity.CRITICAL, Severity.WARNING)
        if (many := sum(one.severity is severity for one in report.findings))
    ]
    devices = f"{count(len(report.devices), 'device')}: {', '.join(states) or 'none looked at'}"
    return devices + (f"; findings: {', '.join(found)}" if found else "")


def place(one: Finding) -> str:
    """Return where on its device a finding is: session, family, direction; "" for nowhere."""
    family = f"ipv{one.family}" if one.family else None
    return shown(" ".join(part for part in (one.session, family, one.direction) if part))


def details(one: Finding) -> tuple[str, ...]:
    """Return all of a finding but its kind and its place, one fact a line."""
    return tuple(shown(line) for line in _details(one))


def _details(one: Finding) -> Iterator[str]:
    yield one.text
    yield f"about: {one.object}"
    if one.effect is not Effect.NONE:
        yield f"effect: {one.effect.value}"
    if one.witness:
        more = tuple(prefix for prefix in one.examples if prefix != one.witness)
        yield f"witness: {one.witness}" + (f" (also {listed(more)})" if more else "")
    yield from map(line_text, one.lines)
    if one.origin:
        yield f"from: {one.origin}"
    yield f"then: {one.remedy}"
    if one.first_seen:
        yield f"first seen: {one.first_seen}"


def why(device: DeviceReport) -> str:
    """Return why nothing is known of a device, without its name in front."""
    return (device.error or "it did not say what it is").removeprefix(f"{device.device}: ")


def line_text(line: Line) -> str:
    """Return a line of a configuration with its number."""
    number = "" if line.number is None else f" {line.number}"
    return f"line{number}: {line.text.strip()}"
