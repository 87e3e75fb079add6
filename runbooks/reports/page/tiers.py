"""Which devices the picture shows one by one, and which as one of many: :func:`tiers`.

Law: every device is in exactly one node, and no tier has more than :data:`MOST` nodes. A device
with a finding, that differs or is unknown, is shown by itself before any other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from runbooks.audit_report import DeviceState, Severity
from runbooks.reports.page.text import count, natural
from runbooks.reports.words import QUIET, STATES, WORST_FIRST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runbooks.audit_report import AuditReport, DeviceReport

MOST: Final = 10
"""Nodes of one tier: a row that can be read on a laptop's screen."""

_TIERS: Final = ("border", "spine", "tor")
_NAMES: Final = {"border": "borders", "spine": "spines", "tor": "ToRs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box: a device, or several of one tier and state; ``worst`` of their findings."""

    title: str
    detail: str
    state: DeviceState
    devices: tuple[str, ...]
    findings: int
    worst: Severity | None

    @property
    def is_group(self) -> bool:
        """Whether it stands for several devices."""
        return len(self.devices) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The nodes of one role, side by side; ``hidden`` devices with findings are in groups."""

    name: str
    nodes: tuple[Node, ...]
    hidden: int


def tiers(report: AuditReport) -> tuple[Tier, ...]:
    """Return the tiers from the border down; roles that it does not know come last, as one."""
    found: dict[str, list[DeviceReport]] = defaultdict(list)
    for device in report.devices:
        found[device.role if device.role in _TIERS else "other"].append(device)
    severities: dict[str, list[Severity]] = defaultdict(list)
    for finding in report.findings:
        severities[finding.device].append(finding.severity)
    return tuple(_tier(role, found[role], severities) for role in (*_TIERS, "other") if found[role])


def _tier(
    role: str, devices: Sequence[DeviceReport], severities: Mapping[str, Sequence[Severity]]
) -> Tier:
    def badness(device: DeviceReport) -> tuple[object, ...]:
        found = Counter(severities.get(device.device, ()))
        counts = tuple(-found[severity] for severity in Severity)
        return counts[0], WORST_FIRST.index(device.state), counts, natural(device.device)

    def place(device: DeviceReport) -> tuple[object, ...]:
        return natural(device.rack or ""), natural(device.device)

    name = _NAMES.get(role, "other devices")
    if len(devices) <= MOST:
        alone, others = list(devices), []
    else:
        ranked = sorted(devices, key=badness)
        # The others are one node for each state.
        room = MOST - len({one.state for one in devices})
        alone = [one for one in ranked[:room] if _matters(one, severities)]
        others = ranked[len(alone) :]
    groups = [
        _group(name, state, [one for one in others if one.state is state], severities)
        for state in WORST_FIRST
        if any(one.state is state for one in others)
    ]
    grouped = {name for group in groups if group.is_group for name in group.devices}
    return Tier(
        name=name,
        nodes=(*(_alone(one, severities) for one in sorted(alone, key=place)), *groups),
        hidden=sum(_matters(one, severities) for one in others if one.device in grouped),
    )


def _matters(device: DeviceReport, severities: Mapping[str, Sequence[Severity]]) -> bool:
    return device.state not in QUIET or bool(severities.get(device.device))


def _alone(device: DeviceReport, severities: Mapping[str, Sequence[Severity]]) -> Node:
    found = severities.get(device.device, ())
    where = f", {device.rack}" if device.rack else ""
    return Node(
        title=device.device,
        detail=f"{device.platform}{where}",
        state=device.state,
        devices=(device.device,),
        findings=len(found),
        worst=_worst(found),
    )


def _group(
    name: str,
    state: DeviceState,
    devices: Sequence[DeviceReport],
    severities: Mapping[str, Sequence[Severity]],
) -> Node:
    if len(devices) == 1:
        return _alone(devices[0], severities)
    names = tuple(sorted((one.device for one in devices), key=natural))
    found = list(chain.from_iterable(severities.get(one, ()) for one in names))
    return Node(
        title=f"{len(names):,} {name}",
        detail=STATES[state][len(names) > 1],
        state=state,
        devices=names,
        findings=len(found),
        worst=_worst(found),
    )


def _worst(found: Sequence[Severity]) -> Severity | None:
    return next((severity for severity in Severity if severity in found), None)


def title(node: Node) -> str:
    """Return all that the picture knows of a node, as one text."""
    found = f", {count(node.findings, 'finding')}" if node.findings else ""
    return f"{node.title} ({node.detail}): {node.state}{found}"
