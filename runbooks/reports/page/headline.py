"""What to know and do first, in words: :func:`headline`.

Law: a network is called fenced only if every device was looked at and none differs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Final

from policies.drift import Kind
from runbooks.audit_report import DeviceState, SessionState, Severity
from runbooks.reports.page.text import BRIEF, brief, count, listed, natural
from runbooks.reports.words import UNGUARDED, VERDICTS, Mark, mark

if TYPE_CHECKING:
    from runbooks.audit_report import AuditReport, Finding

_ON_CALL: Final = "runbooks/oncall"

_PLAN: Final = "plan.json"

#: Devices that a command names.
_LIMITED: Final = 8

_LIVE: Final = "devices"
"""The source of a report on devices; any other is a folder of their configurations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: a sentence, and the command for it, or the page to read, if there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A number to see from afar; ``parts`` are what it is made of, with the mark of each."""

    title: str
    parts: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The verdict, in a mark and in a word, with what is behind it and what to do."""

    mark: Mark
    word: str
    sentences: tuple[str, ...]
    steps: tuple[Step, ...]
    tiles: tuple[Tile, ...]


def headline(report: AuditReport) -> Headline:
    """Return the verdict of ``report``; the worst that is known comes first."""
    of = {severity: _of(report, severity) for severity in Severity}
    unknown = _named(report, DeviceState.UNKNOWN)
    found = mark(report)
    return Headline(
        mark=found,
        word=VERDICTS[found].capitalize(),
        sentences=tuple(_sentences(report, of, unknown)),
        steps=tuple(_steps(report, of, unknown)),
        tiles=_tiles(report),
    )


def _of(report: AuditReport, severity: Severity) -> list[Finding]:
    return [one for one in report.findings if one.severity is severity]


def _named(report: AuditReport, state: DeviceState) -> list[str]:
    return sorted((brief(one.device) for one in report.devices if one.state is state), key=natural)


def _where(findings: list[Finding]) -> str:
    devices = sorted({brief(one.device) for one in findings if one.device}, key=natural)
    return f" on {listed(devices, 6)}" if devices else " in the site"


def _sentences(
    report: AuditReport, of: dict[Severity, list[Finding]], unknown: list[str]
) -> list[str]:
    found = []
    total = count(len(report.devices), "device")
    if critical := of[Severity.CRITICAL]:
        found.append(
            f"{count(len(critical), 'critical finding')}{_where(critical)}: something passes, or "
            "is in a table, that must not."
        )
    if warnings := of[Severity.WARNING]:
        found.append(f"{count(len(warnings), 'other difference')}{_where(warnings)}.")
    if unknown:
        found.append(f"Nothing is known of {len(unknown):,} of {total}: {listed(unknown, 6)}.")
    elif not report.devices:
        found.append("No device was looked at.")
    if report.interrupted is not None:
        found.append(f"It was ended early: {brief(report.interrupted)}.")
    if short := sum(row.short for row in report.depth):
        found.append(
            f"{count(short, 'way')} of a hijack {'is' if short == 1 else 'are'} less deep than the "
            f"{report.min_depth:,} wanted."
        )
    clean = report.count(DeviceState.CLEAN)
    if clean and clean == len(report.devices):
        found.append(f"All of {total} hold what the pools allow, and nothing more.")
    elif clean:
        found.append(f"{clean:,} of {total} are clean." if clean > 1 else f"1 of {total} is clean.")
    if bare := _named(report, DeviceState.UNGUARDED):
        verb = "is" if len(bare) == 1 else "are"
        found.append(f"{len(bare):,} of {total} {verb} unguarded ({listed(bare, 6)}): {UNGUARDED}.")
    return found


def _steps(
    report: AuditReport, of: dict[Severity, list[Finding]], unknown: list[str]
) -> list[Step]:
    steps = []
    if routes := [one for one in report.findings if one.kind is Kind.ILLEGAL_ROUTE]:
        origins = sorted({brief(one.origin) for one in routes if one.origin}, key=natural)
        source = f", from {listed(origins, 4)}" if origins else ""
        steps.append(
            Step(
                text=f"Look at the routes first: {count(len(routes), 'route is', 'routes are')} in "
                f"a table right now that no pool allows{source}. What the hand does then:",
                command=f"{_ON_CALL}/hijack-under-way.md",
            )
        )
    if any(one.deploy is not None and one.deploy.obstacles for one in report.devices):
        steps.append(Step(text="Clear what would keep a deploy from its work: see the devices."))
    mended = [one.device for one in report.devices if one.deploy and one.deploy.candidate]
    if mended:
        # Of a part that is unknown no plan is made, unless it is left out.
        some = ",".join(mended)
        some = some if len(mended) <= _LIMITED and len(some) <= BRIEF else "DEVICES"
        part = f" --limit {quote(some)}" if unknown else ""
        make = f"ringfence audit --fix {_PLAN}{part}"
        steps += [
            Step(text="Make a plan that mends it:", command=make),
            Step(text="Review it, then carry it out:", command=f"ringfence deploy {_PLAN}"),
        ]
    elif of[Severity.CRITICAL] or of[Severity.WARNING]:
        steps.append(Step(text="Follow the remedy of each finding below."))
    if unknown or not report.complete:
        text = "Let it run to its end"
        if unknown:
            text = (
                "Reach the devices that did not answer"
                if report.source == _LIVE
                else "Give a file that can be read for each device that nothing is known of"
            )
        steps.append(Step(text=f"{text}, and look again:", command=f"ringfence {report.command}"))
    if not steps and mark(report) is Mark.UNGUARDED:
        return [Step(text="If any of it is to be fenced, name its clusters in hosts.yaml.")]
    if not steps:
        return [Step(text="Nothing to do.")]
    return [*steps, Step(text="Step by step:", command=f"{_ON_CALL}/drift-found.md")]


def _tiles(report: AuditReport) -> tuple[Tile, ...]:
    sessions = Counter(one.state for device in report.devices for one in device.sessions)
    severities = Counter(one.severity for one in report.findings)
    short = sum(row.short for row in report.depth)
    devices = [(one, report.count(one), one) for one in DeviceState]
    return (
        Tile(
            title="Devices",
            # Few sites have any, and the tile has room for three.
            parts=tuple(one for one in devices if one[0] is not DeviceState.UNGUARDED or one[1]),
        ),
        Tile(
            title="Sessions, by family and direction",
            parts=tuple((one, sessions[one], one) for one in SessionState),
        ),
        Tile(title="Findings", parts=tuple((one, severities[one], one) for one in Severity)),
        Tile(
            title=f"Depth of defence, {report.min_depth} wanted",
            parts=(("reached", len(report.depth) - short, "clean"), ("short", short, "differs")),
        ),
    )
