"""Rollback: undo a run as a planned, verified and recorded run of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import RefusedError
from policies.guards import wanted_guards
from policies.managed import digest
from runbooks.deploy import Deployed, asked, carry_out
from runbooks.device_plan import basis
from runbooks.differences import all_slots, session_changes
from runbooks.ledger import ensure_recovered, open_ledger
from runbooks.planning import (
    Prepared,
    dry_run_all,
    gather,
    new_plan,
    snapshots_of,
    with_diff,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inventory.site import Site
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from runbooks.plan_file import DevicePlan, Plan, SessionChange
    from runbooks.progress import Progress
    from tasks.dry_run import DryRun
    from tasks.fleet import Fleet


def rollback(
    site: Site,
    fleet: Fleet,
    progress: Progress,
    *,
    run: str | None,
    agreed: Callable[[Plan], bool],
) -> Deployed:
    """Undo ``run``, or the last confirmed one that stands.

    Its way back was rendered before it began; it is refused where a device is not any more
    what the run left, since undoing would then undo somebody's later work.

    Raises:
        RefusedError: later changes stand on the run, or nobody agreed.
        IncompleteError: some run came to no end yet.
        DeviceError: it failed, and the network is as it was.
    """
    with open_ledger(site) as ledger, ledger.hold("rollback"):
        ensure_recovered(ledger)
        undone = ledger.find(run)
        if undone.status == "taken-back":
            raise RefusedError(f"run {undone.name} was taken back already: nothing stands of it")
        old = undone.plan.changed
        missing = sorted({one.device for one in old} - set(fleet.names))
        if missing:
            raise RefusedError(
                f"run {undone.name} changed {', '.join(missing)}, which the site does not have any "
                "more; put it back into hosts.yaml to roll back"
            )
        snapshots = snapshots_of(gather(site, fleet, wanted_guards(site), progress))
        # What was left alone by a recovery, or undone by hand, needs nothing.
        old = tuple(one for one in old if digest(snapshots[one.device].running) != one.digest)
        if not old:
            raise RefusedError(f"nothing stands of run {undone.name} on any switch")
        for one in old:
            if digest(snapshots[one.device].running) != one.digest_after:
                raise RefusedError(
                    f"{one.device} is not any more what run {undone.name} left: later changes "
                    "stand on it; roll those back first, or deploy what is wanted now"
                )
        back = {one.device: _reversed(one, snapshots[one.device].running) for one in old}
        # A guard that goes leaves its session to what stood there before: nothing to fence.
        nothing: Mapping[str, Mapping[Slot, Fence]] = {name: {} for name in back}
        dry_runs = dry_run_all(
            site, fleet, progress, plans=back, snapshots=snapshots, fenced=nothing, after={}
        )
        plan = new_plan(
            site,
            [_with_changes(with_diff(one, dry_runs), dry_runs) for one in back.values()],
            undoes=undone.name,
        )
        if not asked(fleet, agreed, plan):
            raise RefusedError("nobody agreed to the rollback; nothing was changed")
        prepared = Prepared(plan=plan, snapshots=snapshots, dry_runs=dry_runs)
        return carry_out(site, fleet, progress, prepared, lambda: ledger.begin("rollback", plan))


def _reversed(plan: DevicePlan, running: Running) -> DevicePlan:
    return plan.model_copy(
        update={
            "digest": plan.digest_after,
            "parts": basis(running),
            "digest_after": plan.digest,
            "candidate": plan.way_back,
            "way_back": plan.candidate,
            "steps": (),
            "changes": tuple(_undone(one) for one in plan.changes),
            "drops": (),
            "closed": (),
        }
    )


def _undone(change: SessionChange) -> SessionChange:
    """Return what a session starts and stops to let through once ``change`` is undone."""
    return change.model_copy(
        update={
            "stops": change.starts,
            "stop_examples": change.start_examples,
            "starts": change.stops,
            "start_examples": change.stop_examples,
        }
    )


def _with_changes(plan: DevicePlan, dry_runs: Mapping[str, DryRun]) -> DevicePlan:
    """Return ``plan`` with what its sessions start to let through again."""
    expected = dry_runs[plan.device].expected
    if expected.running is None:
        return plan
    slots = all_slots(expected.before.running)
    changes = session_changes(expected.before.running, expected.running, slots)
    return plan.model_copy(update={"changes": changes})
