"""What is wrong around a device's guards: its neighbors, what is in a deploy's way, the pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.kinds import Kind
from policies.drift.model import Drift
from policies.drift.words import examples, session_name
from policies.filters import Direction, SessionKey, members
from policies.pools import outside
from policies.references import AttachmentRef
from policies.strangers import unknown_neighbors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from inventory.hosts import Device
    from inventory.site import Site
    from policies.drift.view import View
    from policies.errors import Violation
    from policies.guards import WantedGuard


def known_sessions(device: Device) -> tuple[SessionKey, ...]:
    """Return the sessions that the site names, in its order."""
    return tuple(SessionKey(one.vrf or "", one.name) for one in device.sessions)


def narrower_sessions(device: Device) -> tuple[SessionKey, ...]:
    """Return the sessions whose own policy may drop what the pools allow."""
    return tuple(SessionKey(one.vrf or "", one.name) for one in device.sessions if one.narrower)


def strangers(view: View, device: Device, guards: Sequence[WantedGuard]) -> Iterator[Drift]:
    """Yield the neighbors that the site does not know, with what may come in from them."""
    found = unknown_neighbors(view.running, guards, known_sessions(device), device.ignore_neighbors)
    for key in found:
        session = view.running.sessions[key]
        if not session.listens and any(one.key in found for one in members(view.running, session)):
            # A group is as unknown as its members are, which are told.
            continue
        slots = [(key, version, Direction.IMPORT) for version in session.versions]
        slot = next((one for one in slots if view.may(one)), None)
        may = view.may(slot) if slot else None
        name = session_name(view.running, key)
        passes = f": it may announce {examples(may)}" if may else ": nothing comes in from it"
        yield Drift(
            kind=Kind.UNKNOWN_NEIGHBOR,
            session=key,
            version=slot[1] if slot else None,
            direction=Direction.IMPORT if slot else None,
            object=name,
            text=f"{name} is on the device, and the site does not know it{passes}",
            leaked=may,
            references=tuple(AttachmentRef(*one) for one in slots),
            remedy="add it to the sessions of hosts.yaml, or to ignore_neighbors",
        )


def missing_sessions(view: View, guards: Sequence[WantedGuard]) -> Iterator[Drift]:
    """Yield the guarded sessions that the device does not have."""
    for key, is_group in dict.fromkeys((one.session, one.is_group) for one in guards):
        found = view.running.sessions.get(key)
        if found is not None and found.is_group == is_group:
            continue
        name = f"{'peer group' if is_group else 'neighbor'} {key}"
        yield Drift(
            kind=Kind.MISSING_SESSION,
            session=key,
            object=name,
            text=f"the site names the {name}, which the device does not have",
            remedy="configure it there, or take it out of hosts.yaml",
        )


def obstacles(view: View, told: Collection[Violation]) -> Iterator[Drift]:
    """Yield what would keep a deploy from doing its work, but for what was ``told``."""
    for one in view.wanted.violations:
        if one.limit == "missing-session" or one in told:
            continue
        slots = sorted(slot for slot, found in view.wanted.obstructed.items() if found == one)
        sessions = {slot[0] for slot in slots}
        yield Drift(
            kind=Kind.OBSTACLE,
            session=next(iter(sessions)) if len(sessions) == 1 else None,
            object=f"{one.limit}: {one.evidence}",
            text=one.evidence,
            references=tuple(AttachmentRef(*slot) for slot in slots),
            remedy=one.way_out,
        )


def site_drift(site: Site) -> tuple[Drift, ...]:
    """Return what is wrong with the site itself: pools that were never delegated, by cluster."""
    return tuple(
        Drift(
            kind=Kind.OUTSIDE_DELEGATION,
            version=pool.cidr.version,
            object=f"pool {pool.cidr} of cluster {name}",
            text=f"pool {pool.cidr} of cluster {name} is not inside what is delegated to it; what "
            "is outside stays closed",
            remedy="extend delegated, or take it out",
        )
        for name, cluster in site.clusters.items()
        for pool in outside(cluster)
    )
