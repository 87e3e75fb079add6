"""Deploy: a plan, made now or reviewed before, carried out on every device or on none."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import RefusedError
from runbooks.engine import Engine
from runbooks.plan_file import inputs_digest
from runbooks.planning import make_plan
from runbooks.record import Record, only_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inventory.site import Site
    from runbooks.plan_file import DevicePlan, Plan
    from runbooks.planning import Prepared
    from runbooks.progress import Progress
    from tasks.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a run did; ``run`` is None where there was nothing to do."""

    plan: Plan
    run: str | None


def deploy(
    site: Site,
    fleet: Fleet,
    progress: Progress,
    *,
    reviewed: Plan | None,
    accept: Sequence[str],
    agreed: Callable[[Plan], bool],
) -> Deployed:
    """Carry out ``reviewed``, or a plan made now that ``agreed`` is asked about.

    Raises:
        RefusedError: the plan is stale, a limit is not kept, or nobody agreed.
        DeviceError: it failed, and the network is as it was.
    """
    with only_run(site.file(site.settings.runs)):
        if reviewed is not None:
            _same_inputs(site, reviewed)
            accept = reviewed.accepted
        prepared = make_plan(site, fleet, progress, accept=accept)
        if reviewed is not None:
            ensure_fresh(reviewed, prepared.plan)
        if not prepared.plan.changed:
            return Deployed(prepared.plan, None)
        if reviewed is None and not agreed(prepared.plan):
            raise RefusedError("nobody agreed to the plan; nothing was changed")
        return carry_out(site, fleet, progress, prepared, "deploy")


def carry_out(
    site: Site, fleet: Fleet, progress: Progress, prepared: Prepared, command: str
) -> Deployed:
    """Run ``prepared`` and record it."""
    record = Record(site.file(site.settings.runs), command, prepared.plan)
    with closing(record):
        Engine(site, fleet, prepared, record, progress).run()
    return Deployed(prepared.plan, record.run)


def _same_inputs(site: Site, reviewed: Plan) -> None:
    if reviewed.site != site.settings.name:
        raise RefusedError(
            f"the plan is for the site {reviewed.site}, this is {site.settings.name}; "
            "nothing was contacted"
        )
    if reviewed.inputs != inputs_digest(site):
        raise RefusedError(
            "the plan is stale: the site's files changed since it was made; make a new plan"
        )


def ensure_fresh(reviewed: Plan, now: Plan) -> None:
    """Refuse unless a plan made now is, device by device, the reviewed one.

    Raises:
        RefusedError: names the first device that differs, and in what.
    """
    names = [one.device for one in reviewed.devices]
    if not names or len(set(names)) != len(names):
        raise RefusedError("the plan was edited: it names no device, or one twice; make a new plan")
    current = {one.device: one for one in now.devices}
    for old in reviewed.devices:
        new = current.pop(old.device, None)
        what = "it is not part of this run" if new is None else _staleness(old, new)
        if what is not None:
            raise RefusedError(
                f"the plan is stale: {old.device}: {what}; nothing was changed, make a new plan"
            )
    if current:
        raise RefusedError(f"the plan is stale: it says nothing of {min(current)}; use --limit")
    if now.waves != reviewed.waves:
        raise RefusedError("the plan is stale: the waves are others now; make a new plan")


def _staleness(old: DevicePlan, new: DevicePlan) -> str | None:
    """Return in what one device's part differs from what was reviewed, or None."""
    if new.digest != old.digest:
        return "its filters, or what they stand on, changed since the plan was made"
    if (new.candidate, new.digest_after) != (old.candidate, old.digest_after):
        return "it would be sent something else now"
    if new.device_diff != old.device_diff:
        return "its own diff is another one now"
    if new.drops != old.drops:
        return "other routes would be dropped now"
    return None if new == old else "the change means something else now"
