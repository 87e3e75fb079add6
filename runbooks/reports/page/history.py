"""The last audits as a chart: :func:`chart`.

Findings are stacked upwards by severity, devices that nothing is known of downwards. Law: an audit
that did not look at every device is marked, so that a low bar is never taken for a good day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runbooks.audit_report import DeviceState, PastAudit, Severity
from runbooks.reports.page.text import clock, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbooks.audit_report import AuditReport

MOST: Final = 40
"""Bars that are drawn, the youngest."""

_LEFT: Final = 34
_WIDTH: Final = 640
_UP: Final = 120
"""Height of the findings; the unknown devices have a third of it."""
_TOP: Final = 16
_DOWN: Final = _UP / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One rectangle of a bar; ``look`` is a severity or "unknown"."""

    y: float
    height: float
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One audit."""

    x: float
    width: float
    parts: tuple[Part, ...]
    title: str
    past: PastAudit
    time: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The chart: ``zero`` is the height of its base line; ``ticks`` are heights and numbers."""

    width: float
    height: float
    left: float
    zero: float
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    summary: str
    left_out: int


def chart(report: AuditReport) -> Chart:
    """Return the chart of the history, this audit included."""
    past = [one for one in report.history if one.id != report.id]
    audits = [*past, _this(report)][-MOST:]
    findings = max(1, *(one.critical + one.warning for one in audits))
    unknown = max(1, *(one.unknown for one in audits))
    pitch = (_WIDTH - _LEFT) / max(len(audits), 12)
    zero = _TOP + _UP
    bars = tuple(
        Bar(
            x=round(_LEFT + pitch * (index + 0.14), 1),
            width=round(pitch * 0.72, 1),
            parts=tuple(_parts(one, zero, findings, unknown)),
            title=_told(one),
            past=one,
            time=clock(one.started),
            is_this=one.id == report.id,
        )
        for index, one in enumerate(audits)
    )
    return Chart(
        width=_WIDTH,
        height=zero + _DOWN + 22,
        left=_LEFT,
        zero=zero,
        bars=bars,
        ticks=tuple((zero - _UP * one / findings, one) for one in _ticks(findings)),
        summary=_summary(audits),
        left_out=len(past) + 1 - len(audits),
    )


def _this(report: AuditReport) -> PastAudit:
    severities = [one.severity for one in report.findings]
    return PastAudit(
        id=report.id,
        started=report.started,
        complete=report.complete,
        clean=report.count(DeviceState.CLEAN),
        differs=report.count(DeviceState.DIFFERS),
        unknown=report.count(DeviceState.UNKNOWN),
        critical=severities.count(Severity.CRITICAL),
        warning=severities.count(Severity.WARNING),
    )


def _parts(one: PastAudit, zero: float, findings: int, unknown: int) -> Iterable[Part]:
    y = zero
    for look, number in ((Severity.CRITICAL, one.critical), (Severity.WARNING, one.warning)):
        height = round(_UP * number / findings, 1)
        y -= height
        if height:
            yield Part(y=round(y, 1), height=height, look=look)
    if one.unknown:
        yield Part(y=zero + 2, height=round(_DOWN * one.unknown / unknown, 1), look="unknown")


def _ticks(most: int) -> Sequence[int]:
    return (most,) if most < 4 else (most // 2, most)  # noqa: PLR2004 - two labels need room


def _told(one: PastAudit) -> str:
    whole = "" if one.complete else "; incomplete"
    return (
        f"{clock(one.started)}: {one.critical:,} critical, {one.warning:,} "
        f"{'warning' if one.warning == 1 else 'warnings'}; {one.differs:,} of "
        f"{count(one.clean + one.differs + one.unknown, 'device')} differ, "
        f"{one.unknown:,} unknown{whole}"
    )


def _summary(audits: Sequence[PastAudit]) -> str:
    good = sum(one.complete and not (one.critical or one.warning or one.differs) for one in audits)
    if len(audits) == 1:
        return "No earlier audit is on record."
    total = count(len(audits), "audit")
    return f"Of the last {total}, {good:,} looked at everything and found nothing."
