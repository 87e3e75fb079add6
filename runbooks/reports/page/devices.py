"""The devices: all in one table, and those that matter in full; begin with :func:`devices`.

Law: a device that differs or is unknown is told in full before any other; of each table it is said
how much of it is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policies.dialects.line_ends import lines_of
from runbooks.audit_report import SessionState
from runbooks.reports.page.text import count, first, listed, natural
from runbooks.reports.words import QUIET, WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runbooks.audit_report import AuditReport, DeviceReport, SessionReport, WouldDeploy

IN_FULL: Final = 60
"""Devices whose sessions and changes are shown."""
ROWS: Final = 2_000
"""Rows of the table of all devices."""
_SESSIONS: Final = 24
"""Sessions of a device that are shown one by one; if there are more, equal ones share a row."""
_LINES: Final = 300
"""Lines of a candidate."""
_MOST_CHANGES: Final = 40

_REMOVES: Final = ("no ", "delete ", "- ")
"""How a line of a candidate begins that takes something away, on any platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session, or several that are equal but for their names."""

    name: str
    peer: str
    session: SessionReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a deploy would send, line by line with its sign, and how many lines are left out."""

    lines: tuple[tuple[str, str], ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """One device in full."""

    anchor: str
    device: DeviceReport
    findings: int
    sessions: tuple[SessionRow, ...]
    sessions_left_out: int
    candidate: Candidate | None
    changes_left_out: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device in the table of all."""

    anchor: str
    device: DeviceReport
    findings: int
    sessions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """All devices; ``anchors`` say where on the page each is told of."""

    rows: tuple[DeviceRow, ...]
    rows_left_out: int
    views: tuple[DeviceView, ...]
    views_left_out: int
    anchors: Mapping[str, str]


def devices(report: AuditReport) -> Devices:
    """Return the devices of ``report`` as the page shows them, the worst first."""
    found = Counter(one.device for one in report.findings)
    ranked = sorted(
        report.devices,
        key=lambda one: (
            not found[one.device] and one.state in QUIET,
            WORST_FIRST.index(one.state),
            natural(one.device),
        ),
    )
    views, views_left_out = first(ranked, IN_FULL)
    rows, rows_left_out = first(ranked, ROWS)
    anchors = {one.device: f"row-{number}" for number, one in enumerate(rows)}
    anchors |= {one.device: f"device-{number}" for number, one in enumerate(views)}
    return Devices(
        rows=tuple(
            DeviceRow(
                anchor=anchors[one.device],
                device=one,
                findings=found[one.device],
                sessions=_states(one),
            )
            for one in rows
        ),
        rows_left_out=rows_left_out,
        views=tuple(_view(one, anchors[one.device], found[one.device]) for one in views),
        views_left_out=views_left_out,
        anchors=anchors,
    )


def _states(device: DeviceReport) -> tuple[tuple[str, int], ...]:
    found = Counter(one.state for one in device.sessions)
    return tuple((state, found[state]) for state in SessionState if found[state])


def _view(device: DeviceReport, anchor: str, findings: int) -> DeviceView:
    rows, left_out = first(_session_rows(device.sessions), 4 * _SESSIONS)
    changes = len(device.deploy.changes) if device.deploy is not None else 0
    return DeviceView(
        anchor=anchor,
        device=device,
        findings=findings,
        sessions=rows,
        sessions_left_out=left_out,
        candidate=_candidate(device.deploy),
        changes_left_out=max(0, changes - _MOST_CHANGES),
        is_open=bool(findings) or device.state not in QUIET,
    )


def _session_rows(sessions: Sequence[SessionReport]) -> list[SessionRow]:
    if len(sessions) <= _SESSIONS:
        return [SessionRow(name=one.session, peer=one.peer or "", session=one) for one in sessions]
    alike: dict[SessionReport, list[SessionReport]] = defaultdict(list)
    for one in sessions:
        unnamed = one if one.witness else one.model_copy(update={"session": "", "peer": None})
        alike[unnamed].append(one)
    rows = [_row(found) for found in alike.values()]
    worst = (SessionState.LEAKS, SessionState.PROVEN, SessionState.CLOSED, SessionState.FREE)
    return sorted(rows, key=lambda row: worst.index(row.session.state))


def _row(found: Sequence[SessionReport]) -> SessionRow:
    names = [one.session for one in found]
    peers = sorted({one.peer for one in found if one.peer}, key=natural)
    name = listed(names, 6) if len(names) > 1 else names[0]
    said = f"{count(len(names), 'session')}: {name}" if len(names) > 1 else name
    return SessionRow(name=said, peer=listed(peers, 4), session=found[0])


def _candidate(deploy: WouldDeploy | None) -> Candidate | None:
    if deploy is None or not deploy.candidate:
        return None
    told, left_out = first(lines_of(deploy.candidate), _LINES)
    return Candidate(lines=tuple(_signed(told)), left_out=left_out)


def _signed(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        text = line.strip()
        if not text or text.startswith(("!", "#")):
            yield " ", line
        else:
            yield ("-" if text.startswith(_REMOVES) else "+"), line
