"""The device's own dry-run of a candidate, and whether it means what was planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.managed import digest
from tasks.errors import RejectedError
from tasks.snapshot import parse_running
from tasks.verify import Expected, verify_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.site import Device
    from policies.guards import Fence
    from policies.managed import Slot
    from tasks.fleet import Host
    from tasks.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class DryRun:
    """The device's own diff, and what it is expected to be once the candidate is committed."""

    diff: str
    expected: Expected


def dry_run(
    host: Host,
    device: Device,
    candidate: str,
    digest_after: str,
    before: Snapshot,
    fenced: Mapping[Slot, Fence],
    max_lost: float,
) -> DryRun:
    """Return what the device says of ``candidate``; nothing is changed.

    What it would hold is judged as the running configuration is after a deploy: nothing
    foreign touched, fenced, and with the planned ``digest_after``.

    Raises:
        RejectedError: the device sees nothing to change, or would not be what was planned.
        VerifyError: something foreign would change, or a session would not be fenced.
    """
    diff, would_hold = host.adapter.dry_run(host.driver, candidate)
    if not diff.strip():
        raise RejectedError(f"{device.name}: the device shows no diff for a change that is needed")
    running = parse_running(device, would_hold)
    expected = Expected(running=running, fenced=fenced, before=before, max_lost=max_lost)
    verify_config(device, would_hold, expected)
    if digest(running) != digest_after:
        raise RejectedError(f"{device.name}: the device would not hold what the plan says")
    return DryRun(diff, expected)
