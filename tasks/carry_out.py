"""The three things that a deploy does on one device: prepare, confirm, take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.managed import digest
from tasks.errors import VerifyError
from tasks.snapshot import parse_running
from tasks.verify import verify_config, verify_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.models import Timers
    from inventory.site import Device
    from policies.filters import Direction, Session
    from tasks.dry_run import DryRun
    from tasks.fleet import Host
    from tasks.verify import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What to commit on one device; ``slots`` are the sessions whose routes must follow.

    ``way_back`` is the candidate that undoes it.
    """

    candidate: str
    way_back: str
    dry_run: DryRun
    slots: Sequence[tuple[Session, int, Direction]]


def prepare(host: Host, device: Device, todo: Todo, timers: Timers) -> None:
    """Commit with the revert timer armed, and prove that the device is what was planned.

    Raises:
        DeviceError: it is not; the caller takes the device back.
    """
    expected = todo.dry_run.expected
    host.adapter.commit(host.driver, todo.candidate, todo.dry_run.diff, timers.confirm)
    running = verify_config(device, host.adapter.running(host.driver), expected)
    host.adapter.refresh(host.driver, todo.slots)
    verify_routes(host, device, running, expected, timers.settle)


def confirm(host: Host, device: Device, expected: Expected) -> None:
    """Confirm, and prove that the change stayed and waits for nothing any more.

    Raises:
        DeviceError: the device refused, or its timer was faster.
    """
    host.adapter.confirm(host.driver)
    if host.adapter.pending(host.driver):
        raise VerifyError(f"{device.name}: the commit still waits for its confirmation")
    verify_config(device, host.adapter.running(host.driver), expected)


def take_back(host: Host, device: Device, todo: Todo) -> None:
    """Bring the device back to what it was, whatever became of the change on it.

    Only what this run did is undone: a commit that is pending, or filters that are those that
    it was to make. A driver's rollback would otherwise undo the commit of an earlier run.
    What somebody else changed meanwhile stays: then the filters are what counts, and all that
    they stand on.

    Raises:
        VerifyError: its running configuration is not what it was.
    """
    expected = todo.dry_run.expected
    before = expected.before
    now = digest(parse_running(device, host.adapter.running(host.driver)))
    if host.adapter.pending(host.driver) or now == expected.digest:
        host.adapter.revert(host.driver, todo.way_back)
    # Also where the timer was faster: it brings the text back, and on some platforms no more.
    host.adapter.refresh(host.driver, todo.slots)
    text = host.adapter.running(host.driver)
    if text != before.text and digest(parse_running(device, text)) != digest(before.running):
        raise VerifyError(f"{device.name}: its running configuration is not what it was")
