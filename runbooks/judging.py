"""What one device's snapshot says, as its part of a report: :func:`judge`. Pure.

Law: nothing here asks a device; two snapshots that are equal are judged alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.drift import Effect, Kind, drift
from policies.filters import Direction
from policies.posture import posture
from policies.proof import EXAMPLES, leaks
from policies.references import AttachmentRef
from runbooks.audit_report import (
    DeviceReport,
    DeviceState,
    Finding,
    Posture,
    PrefixChange,
    SessionReport,
    SessionState,
    Severity,
    WouldDeploy,
)
from runbooks.device_plan import compute
from runbooks.finding_id import finding_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.hosts import Device
    from inventory.site import Site
    from policies.drift import Drift
    from policies.filters import Running, Session
    from policies.guards import Fence, WantedGuard
    from policies.managed import Slot
    from runbooks.audit_report import Direction as Way
    from runbooks.audit_report import Family
    from runbooks.device_plan import DevicePart
    from runbooks.device_text import DeviceText
    from tasks.origins import IllegalRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A device's report, what was found on it, and its filter set for what concerns the fabric.

    ``is_guarded`` is whether the site wants any guard on it.
    """

    report: DeviceReport
    findings: tuple[Finding, ...]
    running: Running
    fenced: Mapping[Slot, Fence]
    is_guarded: bool


def judge(
    site: Site,
    device: Device,
    text: DeviceText,
    guards: Sequence[WantedGuard],
    *,
    asked: bool = True,
) -> Judged:
    """Return what ``text`` says of ``device``, which is to have ``guards``.

    ``asked`` is whether the device itself was: a file does not say which sessions are up.
    """
    running = text.running
    part = compute(site, device, text.snapshot, guards)
    found = [
        finding_of(device.name, text, one) for one in drift(device, running, guards, part.wanted)
    ]
    deploy = _would_deploy(part)
    if deploy.candidate and not any(one.severity is not Severity.NOTE for one in found):
        found.append(_unexplained(device, part))
    sessions = _Sessions(site, device, text, part.fenced, asked=asked)
    report = DeviceReport(
        device=device.name,
        platform=device.platform,
        role=device.role,
        rack=device.rack,
        state=state_of(found, is_guarded=bool(guards)),
        sessions=sessions.reports(),
        deploy=deploy,
    )
    return Judged(
        report=report,
        findings=tuple(found),
        running=running,
        fenced=part.fenced,
        is_guarded=bool(guards),
    )


def unknown(device: Device, error: str) -> DeviceReport:
    """Return the report of a device of which nothing is known, because of ``error``."""
    return DeviceReport(
        device=device.name,
        platform=device.platform,
        role=device.role,
        rack=device.rack,
        state=DeviceState.UNKNOWN,
        error=error,
    )


def state_of(findings: Iterable[Finding], *, is_guarded: bool) -> DeviceState:
    """Return the state of a device with ``findings``: a note is no difference."""
    if any(one.severity is not Severity.NOTE for one in findings):
        return DeviceState.DIFFERS
    return DeviceState.CLEAN if is_guarded else DeviceState.UNGUARDED


def with_routes(
    device: Device, judged: Judged, routes: Sequence[IllegalRoute], text: DeviceText
) -> Judged:
    """Return ``judged`` with the illegal routes that are in the device's table."""
    if not routes:
        return judged
    found = tuple(_route(device, text, judged.fenced, one) for one in routes)
    findings = (*judged.findings, *found)
    state = state_of(findings, is_guarded=judged.is_guarded)
    report = judged.report.model_copy(update={"state": state})
    return replace(judged, report=report, findings=findings)


def _family(version: int) -> Family:
    return 4 if version == 4 else 6  # noqa: PLR2004 - the two families


def _direction(direction: Direction) -> Way:
    return "import" if direction is Direction.IMPORT else "export"


def _severity(effect: Effect) -> Severity:
    if effect in (Effect.WEAKENED, Effect.BOTH):
        return Severity.CRITICAL
    return Severity.WARNING


def finding_of(where: str, text: DeviceText | None, one: Drift) -> Finding:
    """Return ``one`` as a finding about the device ``where``, with the lines of its ``text``."""
    session = str(one.session) if one.session is not None else None
    family = _family(one.version) if one.version else None
    direction = _direction(one.direction) if one.direction else None
    wrong = one.leaked or one.dropped
    examples = tuple(str(prefix) for prefix in wrong.witnesses(EXAMPLES)) if wrong else ()
    return Finding(
        id=finding_id(
            one.kind, where, one.object, session=session, family=family, direction=direction
        ),
        kind=one.kind,
        effect=one.effect,
        severity=_severity(one.effect),
        device=where,
        session=session,
        family=family,
        direction=direction,
        object=one.object,
        text=one.text,
        witness=examples[0] if examples else None,
        examples=examples[1:],
        lines=text.lines(one.references) if text is not None else (),
        remedy=one.remedy,
    )


def _unexplained(device: Device, part: DevicePart) -> Finding:
    """Return a finding for a change that no other explains: a report is never silent about one."""
    count = len(part.plan.candidate.splitlines())
    what = "what is ringfence's on the device"
    return Finding(
        id=finding_id(Kind.OUTDATED, device.name, what),
        kind=Kind.OUTDATED,
        effect=Effect.NONE,
        severity=Severity.WARNING,
        device=device.name,
        object=what,
        text=f"what is ringfence's is not as it would write it: a deploy would send {count} lines",
        remedy="a deploy writes it anew",
    )


def _route(
    device: Device, text: DeviceText, fenced: Mapping[Slot, Fence], one: IllegalRoute
) -> Finding:
    family = _family(one.version)
    fence = fenced.get((one.session, one.version, Direction.IMPORT))
    where = AttachmentRef(one.session, one.version, Direction.IMPORT)
    return Finding(
        id=finding_id(
            Kind.ILLEGAL_ROUTE,
            device.name,
            str(one.prefix),
            session=str(one.session),
            family=family,
            direction="import",
        ),
        kind=Kind.ILLEGAL_ROUTE,
        effect=Effect.WEAKENED,
        severity=Severity.CRITICAL,
        device=device.name,
        session=str(one.session),
        family=family,
        direction="import",
        object=f"route {one.prefix}",
        text=f"{one.prefix} is in the table right now, over a session that is to be fenced as "
        f"{fence}: it comes from {one.origin}"
        + (f"; {one.more} more of this session are not told one by one" if one.more else ""),
        witness=str(one.prefix),
        lines=text.lines([where]),
        origin=one.origin,
        remedy="find out what announces it there; a deploy drops it",
    )


def _would_deploy(part: DevicePart) -> WouldDeploy:
    return WouldDeploy(
        candidate=part.plan.candidate,
        changes=tuple(
            PrefixChange(
                session=one.session,
                family=one.family,
                direction=one.direction,  # type: ignore[arg-type]
                stops=one.stop_examples,
                starts=one.start_examples,
            )
            for one in part.plan.changes
        ),
        obstacles=tuple(map(str, part.violations)),
    )


class _Sessions:
    """Makes the reports of a device's sessions."""

    def __init__(
        self,
        site: Site,
        device: Device,
        text: DeviceText,
        fenced: Mapping[Slot, Fence],
        *,
        asked: bool,
    ) -> None:
        self.text = text
        self.running = text.running
        self.up = text.snapshot.tables.up if asked else None
        self.fenced = fenced
        self.leaking = {
            (one.session, one.version, one.direction): one.leaked
            for one in leaks(self.running, fenced)
        }
        self.peers = {
            (one.vrf or "", one.name): one.device or str(site.facing(one))
            for one in device.sessions
        }

    def reports(self) -> tuple[SessionReport, ...]:
        """Return one for each session, family and direction, in their order."""
        return tuple(
            self._report(session, version, direction)
            for _, session in sorted(self.running.sessions.items())
            for version, direction in sorted(session.attachments)
        )

    def _report(self, session: Session, version: int, direction: Direction) -> SessionReport:
        slot = (session.key, version, direction)
        fence, leaked = self.fenced.get(slot), self.leaking.get(slot)
        state = SessionState.PROVEN if fence else SessionState.FREE
        if leaked:
            state = SessionState.LEAKS
        elif fence and session.is_closed(version, direction):
            state = SessionState.CLOSED
        said = posture(self.text.dialect, self.running, session, version, direction)
        vrf, name = session.key.vrf, session.key.name
        group = self.peers.get((vrf, session.group or ""))
        return SessionReport(
            session=str(session.key),
            family=_family(version),
            direction=_direction(direction),
            guard=str(fence) if fence else None,
            state=state,
            peer=self.peers.get((vrf, name), group),
            up=None if self.up is None or session.is_group else (vrf, name) in self.up,
            witness=str(leaked.witness()) if leaked else None,
            lines=self.text.letting(session, version, direction, leaked) if leaked else (),
            posture=Posture(open=said.open, text=said.text, closing=said.closing) if said else None,
        )
