"""The findings in the order in which to read them: :func:`cards`.

Law: the worst come first, and what is left out for want of room is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runbooks.audit_report import Finding, Severity
from runbooks.reports.page.text import clock, first, natural, since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runbooks.audit_report import AuditReport

MOST: Final = 400
"""Findings that are told in full; more are counted, and stand in the JSON document."""

_MOST_DEVICES: Final = 200
"""Devices that can be chosen in the filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding, where it is, and since when in words; ``device`` is its number in the filter."""

    finding: Finding
    device: int
    where: tuple[str, ...]
    seen: str
    age: str
    is_new: bool
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The findings that are told, how many are not, and what can be chosen in the filters."""

    cards: tuple[Card, ...]
    left_out: int
    severities: tuple[tuple[str, int], ...]
    kinds: tuple[tuple[str, int], ...]
    devices: tuple[tuple[str, int], ...]


def cards(report: AuditReport, anchors: Mapping[str, str]) -> Cards:
    """Return the cards of ``report``; ``anchors`` say where a device is told of."""
    order = list(Severity)
    ranked = sorted(
        report.findings,
        key=lambda one: (
            order.index(one.severity),
            natural(one.device),
            one.kind,
            natural(one.session or ""),
            one.family or 0,
            one.direction or "",
            one.id,
        ),
    )
    told, left_out = first(ranked, MOST)
    severities = Counter(one.severity for one in told)
    kinds = Counter(str(one.kind) for one in told)
    devices = Counter(one.device for one in told)
    names = sorted(devices, key=natural)
    numbers = {name: number for number, name in enumerate(names)}
    return Cards(
        cards=tuple(_card(one, numbers[one.device], report, anchors) for one in told),
        left_out=left_out,
        severities=tuple((one, severities[one]) for one in Severity if severities[one]),
        kinds=tuple(sorted(kinds.items())),
        devices=tuple((name, devices[name]) for name in names[:_MOST_DEVICES]),
    )


def _card(finding: Finding, number: int, report: AuditReport, anchors: Mapping[str, str]) -> Card:
    where = [finding.session] if finding.session is not None else []
    if finding.family is not None:
        where.append(f"IPv{finding.family}")
    if finding.direction is not None:
        where.append(finding.direction)
    return Card(
        finding=finding,
        device=number,
        where=tuple(where),
        seen=clock(finding.first_seen) if finding.first_seen else "",
        age=since(finding.first_seen, report.ended),
        is_new=bool(finding.first_seen) and finding.first_seen in (report.started, report.ended),
        anchor=anchors.get(finding.device, ""),
    )
