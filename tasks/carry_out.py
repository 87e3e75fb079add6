"""The three things that a deploy does on one device: prepare, confirm, take back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.change import steps
from policies.dialects import DIALECTS
from policies.managed import digest, managed
from tasks.errors import (
    HalfwayError,
    LockedError,
    StaleError,
    UntouchedError,
    VerifyError,
    translate,
)
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
        UntouchedError: somebody else is at the device, or was since the plan: it was left alone.
        DeviceError: it is not what was planned; the caller takes it back.
    """
    expected = todo.dry_run.expected
    if host.adapter.pending(host.driver):
        raise UntouchedError(
            f"{device.name}: a commit waits for its confirmation there, which is not this run's"
        )
    try:
        host.adapter.commit(host.driver, todo.candidate, todo.dry_run.diff, timers.confirm)
    except Exception as error:
        known = error
        if not isinstance(error, DeviceError):
            known = translate(device.name, device.hostname, error)
        if isinstance(known, LockedError | StaleError):
            raise UntouchedError(str(known)) from error
        raise
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


def take_back(host: Host, device: Device, todo: Todo, again: bool = False) -> None:
    """Bring the device back to what it was, whatever became of the change on it.

    Only what this run did is undone: a commit that is pending, or filters that are those that
    it was to make. A driver's rollback would otherwise undo the commit of an earlier run.
    ``again`` says that this run began to take the device back before and did not get to the end:
    then what is left of ours goes too, from wherever that stopped.
    What somebody else changed meanwhile stays: then the filters are what counts, and all that
    they stand on.

    Raises:
        HalfwayError: it was begun and failed; a second try may say ``again``.
        VerifyError: its running configuration is not what it was.
    """
    before = todo.dry_run.expected.before
    if host.adapter.pending(host.driver):
        # Also where the device can't be read any more: its own way back needs no reading.
        _revert(host, device, todo.way_back)
    elif way_back := _way_back(host, device, todo, again=again):
        _revert(host, device, way_back)
    # Also where the timer was faster: it brings the text back, and on some platforms no more.
    host.adapter.refresh(host.driver, todo.slots)
    text = host.adapter.running(host.driver)
    if text != before.text and digest(parse_running(device, text)) != digest(before.running):
        raise VerifyError(f"{device.name}: its running configuration is not what it was")


def _revert(host: Host, device: Device, way_back: str) -> None:
    try:
        host.adapter.revert(host.driver, way_back)
    except Exception as error:
        known = error
        if not isinstance(error, DeviceError):
            known = translate(device.name, device.hostname, error)
        raise HalfwayError(str(known)) from error


def _way_back(host: Host, device: Device, todo: Todo, *, again: bool) -> str:
    """Return the candidate that undoes what this run did; "" if there is nothing of it."""
    expected = todo.dry_run.expected
    running = parse_running(device, host.adapter.running(host.driver))
    if digest(running) == expected.digest:
        return todo.way_back
    if not again:
        return ""
    # "" too if nothing is left; what no session uses is ours all the same, and goes.
    left = steps(managed(running), managed(expected.before.running), in_order=True)
    return DIALECTS[device.platform].render(left, running)
