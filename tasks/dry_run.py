"""The device's own dry-run of a candidate, and whether it means what was planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.errors import RejectedError
from tasks.snapshot import parse_running
from tasks.verify import Expected, verify_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.hosts import Device
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from tasks.fleet import Host
    from tasks.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class DryRun:
    """The device's own diff, and what it is expected to be once the candidate is committed."""

    diff: str
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A candidate, and what is known of the device that it is for.

    ``after`` is what it would mean there, where that was computed; see ``digest_after`` anyway.
    ``stopped`` are the prefixes that the plan drops on some device.
    """

    candidate: str
    digest_after: str
    after: Running | None
    before: Snapshot
    fenced: Mapping[Slot, Fence]
    max_lost: float
    stopped: frozenset[str] = frozenset()


def dry_run(host: Host, device: Device, trial: Trial) -> DryRun:
    """Return what the device says of a candidate; nothing is changed.

    What it would hold is judged as the running configuration is after a deploy: nothing
    foreign touched, fenced, and with the planned digest. A platform without a candidate can't
    say; there the commit itself is judged so, inside the revert timer.

    Raises:
        RejectedError: the device sees nothing to change, or would not be what was planned.
        VerifyError: something foreign would change, or a session would not be fenced.
    """
    diff, would_hold = host.adapter.dry_run(host.driver, trial.candidate)
    if not diff.strip():
        raise RejectedError(f"{device.name}: the device shows no diff for a change that is needed")
    shown = None if would_hold is None else parse_running(device, would_hold)
    expected = Expected(
        running=shown or trial.after,
        digest=trial.digest_after,
        fenced=trial.fenced,
        before=trial.before,
        max_lost=trial.max_lost,
        stopped=trial.stopped,
    )
    if would_hold is not None:
        verify_config(device, would_hold, expected)
    return DryRun(diff, expected)
