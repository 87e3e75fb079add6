"""From what was seen of each device to one report: :func:`audit` and :func:`verify`. Read-only.

Both look alike at every device. A verification asks one thing, whether each session is proven
inside the pools; an audit tells all that is not as the site wants it, and what a deploy would do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from inventory.errors import Exit
from policies.depth import depths
from policies.drift import Effect, Kind, site_drift
from policies.errors import LimitError
from policies.filters import SessionKey
from policies.pools import check_pools
from runbooks.audit_report import (
    AuditReport,
    DepthRow,
    DeviceReport,
    DeviceState,
    Finding,
    Link,
    Severity,
)
from runbooks.finding_id import finding_id
from runbooks.judging import finding_of, state_of, unknown
from runbooks.ledger.audits import new_audit_id
from runbooks.ledger.who import who

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.site import Site
    from policies.depth import Depth
    from runbooks.judging import Judged
    from tasks.outcome import Outcome

#: What a verification is about, beside every finding that lets something through.
_PROOF = frozenset(
    {Kind.UNKNOWN_NEIGHBOR, Kind.MISSING_SESSION, Kind.OBSTACLE, Kind.SHALLOW, Kind.ILLEGAL_ROUTE}
)

#: Devices that a note names.
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at the devices gave; ``ended_by`` is the signal that ended it early, if any."""

    source: str
    began: datetime
    outcomes: Mapping[str, Outcome[Judged]]
    ended_by: str | None = None
    notes: tuple[str, ...] = ()


def ensure_pools(site: Site) -> None:
    """Refuse, before any device is asked, to judge by pools that break a limit.

    Raises:
        LimitError: names each.
    """
    broken, _ = check_pools(site)
    if broken:
        raise LimitError(broken)


def audit(site: Site, looked: Looked) -> AuditReport:
    """Return all that is not as the site wants it; a device that did not answer is unknown."""
    return _report("audit", site, looked)


def verify(site: Site, looked: Looked) -> AuditReport:
    """Return whether each device's configuration is proven inside the pools (P1)."""
    report = _report("verify", site, looked)
    kept = tuple(one for one in report.findings if _is_of_the_proof(one))
    by_device: dict[str, list[Finding]] = {name: [] for name in site.devices}
    for one in kept:
        by_device.get(one.device, []).append(one)
    devices = tuple(
        one
        if one.state is DeviceState.UNKNOWN
        else _proven(one, by_device[one.device], looked.outcomes[one.device].get())
        for one in report.devices
    )
    return report.model_copy(
        update={"findings": kept, "devices": devices, "exit_code": exit_code(devices, kept)}
    )


def _proven(one: DeviceReport, findings: Sequence[Finding], judged: Judged) -> DeviceReport:
    """Return ``one`` with the state that the findings of the proof alone give it."""
    state = state_of(findings, is_guarded=judged.is_guarded)
    return one.model_copy(update={"state": state, "deploy": None})


def _is_of_the_proof(one: Finding) -> bool:
    return one.kind in _PROOF or one.effect in (Effect.WEAKENED, Effect.BOTH)


def exit_code(devices: Sequence[DeviceReport], findings: Sequence[Finding]) -> Exit:
    """Return the code of a report: what is not known goes before what differs."""
    if any(one.state is DeviceState.UNKNOWN for one in devices):
        return Exit.INCOMPLETE
    if any(one.severity is not Severity.NOTE for one in findings):
        return Exit.DIFFERENCES
    return Exit.DONE


def _report(command: Literal["audit", "verify"], site: Site, looked: Looked) -> AuditReport:
    seen = {name: one.get() for name, one in looked.outcomes.items() if not one.failed}
    devices = tuple(
        seen[name].report if name in seen else unknown(site.devices[name], str(one.error))
        for name, one in looked.outcomes.items()
    )
    # Hijacks go by all devices: of a part of them, a depth would be a guess.
    whole = seen.keys() == site.devices.keys()
    deep = depths(site, {name: one.running for name, one in seen.items()}) if whole else ()
    not_asked = tuple(name for name in site.devices if name not in looked.outcomes)
    part = f"depth was not measured: {len(seen)} of {len(site.devices)} devices are known"
    findings = (
        *(finding_of("", None, one) for one in site_drift(site)),
        *(found for one in seen.values() for found in one.findings),
        *_shallow(site, deep),
    )
    complete = all(one.state is not DeviceState.UNKNOWN for one in devices)
    return AuditReport(
        schema="ringfence.audit/v1",
        id=new_audit_id(),
        command=command,
        site=site.settings.name,
        source=looked.source,
        started=_iso(looked.began),
        ended=_iso(datetime.now(UTC)),
        by=who()["by"],
        complete=complete,
        not_asked=not_asked,
        interrupted=looked.ended_by,
        exit_code=exit_code(devices, findings),
        notes=looked.notes if whole else (*looked.notes, part, *_left_out(not_asked)),
        devices=devices,
        findings=findings,
        min_depth=site.settings.min_depth,
        depth=tuple(_row(one) for one in deep),
        links=_links(site, looked.outcomes),
    )


def _left_out(names: Sequence[str]) -> tuple[str, ...]:
    """Return the note that a part of the site was not asked for, if one was not."""
    if not names:
        return ()
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (f"not asked for, so nothing is known of: {', '.join(names[:_NAMED])}{more}",)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _shallow(site: Site, deep: Sequence[Depth]) -> list[Finding]:
    """Return a finding for each attacker and class of hijack that is not dropped often enough."""
    ways: dict[tuple[str, str], list[Depth]] = {}
    for one in deep:
        if one.depth < one.wanted:
            ways.setdefault((one.attacker, one.hijack), []).append(one)
    return [
        _too_shallow(site, min(every, key=lambda one: one.depth), len(every))
        for every in ways.values()
    ]


def _too_shallow(site: Site, one: Depth, victims: int) -> Finding:
    what = f"{one.hijack} from {one.attacker}"
    others = f", and to {victims - 1} other victims" if victims > 1 else ""
    drops = f"{one.depth} of {one.possible} devices drop it" if one.depth else "nothing drops it"
    return Finding(
        # Attackers are examples, with a count of those like them, which changes with the fabric.
        id=finding_id(Kind.SHALLOW, "", one.key),
        kind=Kind.SHALLOW,
        effect=Effect.NONE if one.depth else Effect.WEAKENED,
        severity=Severity.WARNING if one.depth else Severity.CRITICAL,
        device="",
        object=what,
        text=f"{what} to {one.victim}: {drops} on the way {' > '.join(one.path)}{others}; "
        f"the site demands {site.settings.min_depth}",
        witness=str(one.witness) if one.witness is not None else None,
        remedy="mend what is found on the devices of that way; --depth shows every way",
    )


def _row(one: Depth) -> DepthRow:
    return DepthRow(
        attacker=one.attacker,
        hijack=one.hijack,
        victim=one.victim,
        depth=one.depth,
        possible=one.possible,
        wanted=one.wanted,
        witness=str(one.witness) if one.witness is not None else None,
        path=one.path,
        drops=one.drops,
    )


def _links(site: Site, names: Mapping[str, object]) -> tuple[Link, ...]:
    return tuple(
        Link(
            near=name,
            session=str(SessionKey(session.vrf or "", session.name)),
            far=session.device or str(site.facing(session)),
        )
        for name in names
        for session in site.devices[name].sessions
    )
