"""The three things that a deploy does on one device: prepare, confirm, take back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.errors import VerifyError
from tasks.verify import verify_config, verify_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.site import Device
    from policies.filters import Direction, SessionKey
    from tasks.dry_run import DryRun
    from tasks.fleet import Host
    from tasks.snapshot import Snapshot
    from tasks.verify import Expected


def prepare(
    host: Host,
    device: Device,
    candidate: str,
    dry_run: DryRun,
    slots: Sequence[tuple[SessionKey, int, Direction]],
    revert_in: int,
    settle_s: float,
) -> None:
    """Commit with the revert timer armed, and prove that the device is what was planned.

    Raises:
        DeviceError: it is not; the caller takes the device back.
    """
    host.adapter.commit(host.driver, candidate, dry_run.diff, revert_in)
    verify_config(device, host.adapter.running(host.driver), dry_run.expected)
    host.adapter.refresh(host.driver, slots)
    verify_routes(host, device, dry_run.expected, settle_s)


def confirm(host: Host, device: Device, expected: Expected) -> None:
    """Confirm, and prove that the change stayed and waits for nothing any more.

    Raises:
        DeviceError: the device refused, or its timer was faster.
    """
    host.adapter.confirm(host.driver)
    if host.adapter.pending(host.driver):
        raise VerifyError(f"{device.name}: the commit still waits for its confirmation")
    verify_config(device, host.adapter.running(host.driver), expected)


def take_back(host: Host, device: Device, before: Snapshot) -> None:
    """Bring the device back to what it was, whatever became of the change on it.

    Raises:
        VerifyError: its running configuration is not, byte for byte, what it was.
    """
    if host.adapter.running(host.driver) != before.text or host.adapter.pending(host.driver):
        host.adapter.revert(host.driver)
    if host.adapter.running(host.driver) != before.text:
        raise VerifyError(f"{device.name}: its running configuration is not what it was")
