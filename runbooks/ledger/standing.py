"""Which findings stand, since when, and which are gone, by one more audit: :func:`settle`. Pure.

Law: a finding is gone only if an audit that looked at its device did not see it. A device that
was unknown, or outside of what was asked for, keeps its findings. An audit that began before
another one looked takes nothing away that the other saw, and brings nothing back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runbooks.audit_report import DeviceState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from runbooks.audit_report import AuditReport, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A finding that stands; ``last_seen`` is when the newest audit that saw it began."""

    id: str
    device: str
    first_audit: str
    first_seen: str
    last_seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What one audit changes: findings that ``opened``, that were ``seen`` again, or are ``gone``.

    ``late`` are those that opened by an audit behind which a newer one has looked already: they
    are gone as they come. ``first_seen`` has a time for every finding of the audit, by its id.
    """

    opened: tuple[Finding, ...]
    late: frozenset[str]
    seen: tuple[Standing, ...]
    gone: tuple[Standing, ...]
    first_seen: Mapping[str, str]


def looked_at(report: AuditReport, devices: Collection[str]) -> frozenset[str]:
    """Return the devices that ``report`` knows, and "" if they are all ``devices`` of the site."""
    known = {one.device for one in report.devices if one.state is not DeviceState.UNKNOWN}
    is_whole = report.complete and known.issuperset(devices)
    return frozenset(known | {""} if is_whole else known)


def settle(
    report: AuditReport,
    standing: Mapping[str, Standing],
    looks: Mapping[str, str],
    devices: Collection[str],
) -> Settled:
    """Return what ``report`` changes of what is ``standing``, by id.

    ``looks`` says when the newest audit that looked at each device began, ``devices`` are the
    site's. A finding was first seen when the audit that saw it first ended: what it is about may
    have come up while that audit went on, and not later.
    """
    found = {one.id: one for one in report.findings}
    looked = looked_at(report, devices)
    opened = tuple(one for key, one in found.items() if key not in standing)
    return Settled(
        opened=opened,
        late=frozenset(one.id for one in opened if looks.get(one.device, "") > report.started),
        seen=tuple(one for key, one in standing.items() if key in found),
        gone=tuple(
            one
            for key, one in standing.items()
            if key not in found and _is_gone(one, report, looked, devices)
        ),
        first_seen={
            key: standing[key].first_seen if key in standing else report.ended for key in found
        },
    )


def _is_gone(
    one: Standing, report: AuditReport, looked: Collection[str], devices: Collection[str]
) -> bool:
    # A switch that left the site took its findings with it: nobody will ever look again.
    if one.device and one.device not in devices:
        return True
    return one.device in looked and one.last_seen <= report.started
