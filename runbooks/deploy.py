"""Deploy: a plan, made now or reviewed before, carried out on every device or on none."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import RefusedError
from runbooks.engine import Engine
from runbooks.ledger import ensure_recovered, open_ledger
from runbooks.planning import make_plan
from runbooks.staleness import ensure_fresh, ensure_same_inputs
from runbooks.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inventory.site import Site
    from runbooks.ledger import Record
    from runbooks.plan_file import Plan
    from runbooks.planning import Prepared
    from runbooks.progress import Progress
    from tasks.fleet import Fleet


#: Seconds after which a connection that was silent is made anew.
_SILENT_S = 30.0


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
    signed_by: Sequence[str] = (),
) -> Deployed:
    """Carry out ``reviewed``, or a plan made now that ``agreed`` is asked about.

    ``signed_by`` are those whose signatures of it were verified, for the record.

    Raises:
        RefusedError: the plan is stale, a limit is not kept, or nobody agreed.
        IncompleteError: an earlier run came to no end.
        DeviceError: it failed, and the network is as it was.
    """
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        ensure_recovered(ledger)
        if reviewed is not None:
            ensure_same_inputs(site, reviewed)
            accept = reviewed.accepted
        prepared = make_plan(site, fleet, progress, accept=accept)
        if reviewed is not None:
            ensure_fresh(reviewed, prepared.plan)
        if not prepared.plan.changed:
            return Deployed(prepared.plan, None)
        if reviewed is None and not asked(fleet, agreed, prepared.plan):
            raise RefusedError("nobody agreed to the plan; nothing was changed")
        return carry_out(
            site,
            fleet,
            progress,
            prepared,
            lambda: ledger.begin("deploy", prepared.plan, signed_by=list(signed_by)),
        )


def asked(fleet: Fleet, agreed: Callable[[Plan], bool], plan: Plan) -> bool:
    """Return whether somebody agreed to ``plan``.

    Devices hang up on who says nothing for minutes: who thought for long gets new connections.
    """
    began = time.monotonic()
    answer = agreed(plan)
    if answer and time.monotonic() - began > _SILENT_S:
        fleet.forget(fleet.names)
    return answer


def carry_out(
    site: Site,
    fleet: Fleet,
    progress: Progress,
    prepared: Prepared,
    begin: Callable[[], Record],
) -> Deployed:
    """Run ``prepared``, whose steps go to the record that ``begin`` makes.

    Raises:
        RefusedError: it does not fit into the devices' revert timers; nothing was begun.
    """
    timing = Timing(site, prepared.plan.waves, dict(fleet.took_s))
    timing.ensure_possible()
    record = begin()
    with closing(record):
        Engine(site, fleet, prepared, record, progress, timing=timing).run()
    return Deployed(prepared.plan, record.run)
