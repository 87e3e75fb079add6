"""One device's part of a plan, and every limit that concerns it: :func:`compute`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.errors import Violation
from policies.filters import SessionKey
from policies.install import install
from policies.managed import digest, managed, parts
from policies.pools import holdings
from policies.proof import leaks, unsafe
from policies.shrinkage import Shrink, at_most, shrinkage
from policies.strangers import unknown_neighbors
from runbooks.differences import dropped_in_words, dropped_routes, session_changes
from runbooks.plan_file import Basis, DevicePlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.hosts import Device
    from inventory.site import Site
    from policies.change import Step
    from policies.filters import Running
    from policies.guards import Fence, WantedGuard
    from policies.install import Installation
    from policies.managed import Slot
    from runbooks.plan_file import DroppedRoute
    from tasks.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class DevicePart:
    """A device's plan, what it means, what it is fenced to, and the limits it does not keep.

    ``shrinks`` is all that its guards close of clusters' addresses, within the limit or not.
    """

    plan: DevicePlan
    wanted: Installation
    after: Running
    fenced: Mapping[Slot, Fence]
    violations: tuple[Violation, ...]
    shrinks: tuple[Shrink, ...] = ()


def compute(
    site: Site, device: Device, snapshot: Snapshot, guards: Sequence[WantedGuard]
) -> DevicePart:
    """Return what ``guards`` change on ``device``, which is now as ``snapshot`` says."""
    running = snapshot.running
    wanted = install(device.name, running, guards)
    violations = [*wanted.violations, *_unknown(device, running, guards)]
    todo: tuple[Step, ...] = ()
    if not wanted.violations:
        todo = steps(managed(running), wanted.managed)
    after = apply(running, todo)
    drops = dropped_routes(snapshot, after)
    shrinks: tuple[Shrink, ...] = ()
    if not wanted.violations:
        violations += _limits(device, snapshot, after=after, todo=todo, wanted=wanted)
        held = {name: holdings(cluster) for name, cluster in site.clusters.items()}
        shrinks = tuple(shrinkage(running, after, wanted.fenced, held))
        violations += _shrinks(site, device, shrinks)
        violations += _drops(device, drops)
    dialect = DIALECTS[device.platform]
    plan = DevicePlan(
        device=device.name,
        digest=digest(running),
        parts=basis(running),
        digest_after=digest(after),
        candidate=dialect.render(todo, running),
        way_back=dialect.render(steps(managed(after), managed(running), in_order=True), after),
        device_diff="",
        steps=tuple(type(step).__name__ for step in todo),
        changes=session_changes(running, after, wanted.fenced),
        drops=drops,
        closed=tuple(
            sorted(
                f"{slot[0]} ipv{slot[1]} {slot[2]}: {why}" for slot, why in wanted.closed.items()
            )
        ),
    )
    return DevicePart(plan, wanted, after, wanted.fenced, tuple(violations), shrinks)


def basis(running: Running) -> tuple[Basis, ...]:
    """Return what a plan for a device that is now ``running`` is made from, object by object."""
    return tuple(Basis(kind=one.kind, name=one.name, digest=one.digest) for one in parts(running))


def _unknown(
    device: Device, running: Running, guards: Sequence[WantedGuard]
) -> Iterator[Violation]:
    known = [SessionKey(one.vrf or "", one.name) for one in device.sessions]
    for key in unknown_neighbors(running, guards, known, device.ignore_neighbors):
        yield Violation(
            limit="unknown-neighbors",
            where=device.name,
            evidence=f"the device has the neighbor {key}, which the site does not know",
            way_out="add it to the sessions of hosts.yaml, or to ignore_neighbors",
        )


def _limits(
    device: Device,
    snapshot: Snapshot,
    *,
    after: Running,
    todo: tuple[Step, ...],
    wanted: Installation,
) -> Iterator[Violation]:
    """Yield the limits that the change would break."""
    name = device.name
    for lack in snapshot.lacks if todo else ():
        yield Violation(
            limit="precondition",
            where=name,
            evidence=f"it has no way to take a commit back by itself: {lack}",
            way_out="configure that on the device",
        )
    for leak in leaks(after, wanted.fenced):
        yield Violation(
            limit="not-fenced",
            where=name,
            evidence=str(leak),
            way_out="the guard does not hold there: mend the session's policy",
        )
    moment = unsafe(snapshot.running, todo)
    if moment is not None:
        yield Violation(
            limit="not-hitless",
            where=name,
            evidence=moment,
            way_out="this should not be possible: report it with the plan",
        )


def _shrinks(site: Site, device: Device, shrinks: Sequence[Shrink]) -> Iterator[Violation]:
    most = site.settings.limits.max_shrink
    for one in shrinks:
        if one.closed > most:
            yield Violation(
                limit="shrink",
                where=device.name,
                evidence=str(one),
                way_out="check the pools and what is delegated",
                allows=at_most(most),
            )


def _drops(device: Device, drops: Sequence[DroppedRoute]) -> Iterator[Violation]:
    if drops:
        yield Violation(
            limit="drops-routes",
            where=device.name,
            evidence="routes accepted right now would be dropped: " + dropped_in_words(drops),
            way_out="if they are legitimate add their pool",
        )
