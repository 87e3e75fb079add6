"""From a site and what its devices are now to a plan: :func:`make_plan`. Changes nothing."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.errors import IncompleteError
from policies.errors import LimitError
from policies.guards import wanted_guards
from policies.pools import check_pools
from runbooks.device_plan import compute
from runbooks.json_text import writable
from runbooks.limits import checked_limits, not_needed
from runbooks.plan_file import SCHEMA, CheckedLimit, DevicePlan, Plan, input_files, inputs_digest
from runbooks.shallow import shallow
from runbooks.waves import waves
from tasks.dry_run import DryRun, Trial, dry_run
from tasks.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.site import Site
    from policies.filters import Running
    from policies.guards import Fence, WantedGuard
    from policies.managed import Slot
    from runbooks.progress import Progress
    from tasks.fleet import Fleet
    from tasks.outcome import Outcome
    from tasks.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan, and what is needed to carry it out and to judge the result, by device."""

    plan: Plan
    snapshots: Mapping[str, Snapshot]
    dry_runs: Mapping[str, DryRun]


def gather(
    site: Site, fleet: Fleet, guards: Mapping[str, Sequence[WantedGuard]], progress: Progress
) -> dict[str, Outcome[Snapshot]]:
    """Return what every device of ``fleet`` is now, or why that is not known."""
    with progress.stage("gather", fleet.names) as done:
        return fleet.each(
            take_snapshot,
            arguments={name: (site.devices[name], guards[name]) for name in fleet.names},
            done=done,
        )


def snapshots_of(outcomes: Mapping[str, Outcome[Snapshot]]) -> dict[str, Snapshot]:
    """Return the snapshots.

    Raises:
        IncompleteError: some device did not answer; names each.
    """
    unanswered = [str(one.error) for one in outcomes.values() if one.failed]
    if unanswered:
        raise IncompleteError("\n".join(unanswered))
    return {name: one.get() for name, one in outcomes.items()}


def make_plan(
    site: Site, fleet: Fleet, progress: Progress, *, accept: Sequence[str] = ()
) -> Prepared:
    """Return the plan for the devices of ``fleet``.

    Raises:
        LimitError: a limit is not kept, and not in ``accept``.
        IncompleteError: some device did not answer.
    """
    broken, findings = check_pools(site)
    if broken:
        raise LimitError(broken)
    guards = wanted_guards(site)
    snapshots = snapshots_of(gather(site, fleet, guards, progress))
    parts = [
        compute(site, site.devices[name], snapshots[name], guards[name]) for name in fleet.names
    ]
    refused = [
        one
        for part in parts
        for one in part.violations
        if not (one.acceptable and one.limit in accept)
    ]
    if refused:
        raise LimitError(tuple(refused))
    plans = {part.plan.device: part.plan for part in parts}
    fenced = {part.plan.device: part.fenced for part in parts}
    after = {part.plan.device: part.after for part in parts}
    dry_runs = dry_run_all(
        site, fleet, progress, plans=plans, snapshots=snapshots, fenced=fenced, after=after
    )
    plan = new_plan(
        site,
        [with_diff(one, dry_runs) for one in plans.values()],
        accepted=tuple(sorted(set(accept))),
        findings=(*findings, *not_needed(parts, accept), *shallow(site, after)),
        limits=checked_limits(site, parts),
    )
    return Prepared(plan=plan, snapshots=snapshots, dry_runs=dry_runs)


def dry_run_all(
    site: Site,
    fleet: Fleet,
    progress: Progress,
    *,
    plans: Mapping[str, DevicePlan],
    snapshots: Mapping[str, Snapshot],
    fenced: Mapping[str, Mapping[Slot, Fence]],
    after: Mapping[str, Running],
) -> dict[str, DryRun]:
    """Return what each device that is to change says of its candidate.

    ``after`` is what the candidates would mean, where that was computed.

    Raises:
        DeviceError: of the first device that refuses.
    """
    changed = [name for name, one in plans.items() if not one.is_empty]
    # What one switch stops is gone from those behind it too, where it may be legitimate.
    stopped = frozenset(drop.prefix for one in plans.values() for drop in one.drops)
    with progress.stage("dry-run", changed) as done:
        runs = fleet.each(
            dry_run,
            changed,
            arguments={
                name: (
                    site.devices[name],
                    Trial(
                        candidate=plans[name].candidate,
                        digest_after=plans[name].digest_after,
                        after=after.get(name),
                        before=snapshots[name],
                        fenced=fenced[name],
                        max_lost=site.settings.limits.max_lost_routes,
                        stopped=stopped,
                    ),
                )
                for name in changed
            },
            done=done,
        )
    return {name: one.get() for name, one in runs.items()}


def with_diff(plan: DevicePlan, dry_runs: Mapping[str, DryRun]) -> DevicePlan:
    """Return ``plan`` with the device's own diff in it, as a file can hold it."""
    found = dry_runs.get(plan.device)
    return plan.model_copy(update={"device_diff": writable(found.diff) if found else ""})


def new_plan(
    site: Site,
    devices: Sequence[DevicePlan],
    *,
    accepted: tuple[str, ...] = (),
    findings: tuple[str, ...] = (),
    limits: tuple[CheckedLimit, ...] = (),
    undoes: str | None = None,
) -> Plan:
    """Return a plan of ``devices``, with the time, the user and the inputs' digests."""
    files = input_files(site)
    return Plan(
        schema=SCHEMA,
        site=site.settings.name,
        undoes=undoes,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        by=f"{getpass.getuser()}@{socket.gethostname()}",
        inputs=inputs_digest(files),
        files=files,
        accepted=accepted,
        findings=findings,
        limits=limits,
        waves=waves(site, [one.device for one in devices if not one.is_empty]),
        devices=tuple(devices),
    )
