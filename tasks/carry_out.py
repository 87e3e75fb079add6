"""The three things that a deploy does on one device: prepare, confirm, take back.

Law: whatever dies in the middle of any of them, the device is in one of two states once its
revert timer has run out. So a change that is confirmed already goes back as it came: by a commit
with a timer, which is proven and then confirmed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.managed import digest, slots_of
from tasks.errors import (
    LockedError,
    OtherError,
    StaleError,
    UntouchedError,
    VerifyError,
    translate,
)
from tasks.snapshot import parse_running
from tasks.verify import verify_config, verify_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.hosts import Device
    from policies.filters import Direction, Running, Session
    from tasks.dry_run import DryRun
    from tasks.fleet import Host
    from tasks.verify import Expected

#: A session, family and direction by the words that a plan has for them.
SlotName = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a device goes back, wherever this run left it.

    ``candidate`` undoes the change; ``before`` and ``after`` are digests of the filters that the
    device had and was to have; ``slots`` are the sessions whose routes must follow; ``timer_s``
    is what a commit of the way back is armed with. ``may_be_saved`` says that the change was to be
    confirmed, so that it may outlive a reboot where its way back does not. ``may_wait`` says that
    a commit of this run may still wait there: otherwise one that does is somebody else's.
    """

    candidate: str
    before: str
    after: str
    slots: Sequence[SlotName]
    timer_s: int
    may_be_saved: bool = False
    may_wait: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What to commit on one device, armed with ``timer_s`` seconds.

    ``deadline`` (:func:`time.monotonic`) is when the change has to be verified, lest the timer
    be faster than the confirmation; routes may take ``settle_s`` seconds to follow.
    """

    candidate: str
    dry_run: DryRun
    slots: Sequence[SlotName]
    timer_s: int
    settle_s: float
    deadline: float


def prepare(host: Host, device: Device, todo: Todo) -> None:
    """Commit with the revert timer armed, and prove that the device is what was planned.

    Raises:
        UntouchedError: somebody else is at the device, or was since the plan: it was left alone.
        DeviceError: it is not what was planned; the caller takes it back.
    """
    expected = todo.dry_run.expected
    try:
        waits = host.adapter.pending(host.driver)
    except Exception as error:
        # It was only asked.
        raise UntouchedError(str(_known(device, error))) from error
    if waits:
        raise UntouchedError(
            f"{device.name}: a commit waits for its confirmation there, which is not this run's"
        )
    try:
        host.adapter.commit(host.driver, todo.candidate, todo.dry_run.diff, todo.timer_s)
    except Exception as error:
        known = _known(device, error)
        if isinstance(known, LockedError | StaleError):
            raise UntouchedError(str(known)) from error
        raise
    running = verify_config(device, host.adapter.running(host.driver), expected)
    host.adapter.refresh(host.driver, _slots(running, todo.slots))
    left = todo.deadline - time.monotonic()
    verify_routes(host, device, running, expected, max(0.0, min(todo.settle_s, left)))
    if time.monotonic() > todo.deadline:
        raise VerifyError(
            f"{device.name}: verified too late, its revert timer of {todo.timer_s} s is near"
        )


def _known(device: Device, error: Exception) -> DeviceError:
    if isinstance(error, DeviceError):
        return error
    return translate(device.name, device.hostname, error)


def confirm(host: Host, device: Device, expected: Expected) -> None:
    """Confirm, and prove that the change stayed and waits for nothing any more.

    Raises:
        DeviceError: the device refused, or its timer was faster.
    """
    host.adapter.confirm(host.driver)
    if host.adapter.pending(host.driver):
        raise VerifyError(f"{device.name}: the commit still waits for its confirmation")
    verify_config(device, host.adapter.running(host.driver), expected)


def take_back(host: Host, device: Device, way: WayBack) -> None:
    """Bring the device back to what it was, whatever became of the change on it.

    Only what this run did is undone: a commit that is pending, or filters that are those that
    it was to make. Somebody else's later filters are left to them, and so is all else that
    changed meanwhile.

    Raises:
        OtherError: its filters are neither what they were nor what this run made of them.
        DeviceError: it did not go back; asking again goes on from wherever that stopped.
    """
    if host.adapter.pending(host.driver):
        if not way.may_wait:
            raise LockedError(
                f"{device.name}: a commit waits for its confirmation there, long after this run's "
                "timers ran out; it is somebody else's"
            )
        # Of the change, or of a way back that broke off, which leads to the change again. Also
        # where the device can't be read any more: its own way back needs no reading.
        host.adapter.revert(host.driver, way.candidate)
    running = parse_running(device, host.adapter.running(host.driver))
    found = digest(running)
    if found == way.after != way.before:
        running = _undo(host, device, way, running)
    elif found != way.before:
        raise OtherError(f"{device.name}: its running configuration is not what it was")
    elif way.may_be_saved:
        host.adapter.save(host.driver)
    # Also where the timer was faster: it brings the text back, and on some platforms no more.
    host.adapter.refresh(host.driver, _slots(running, way.slots))


def _undo(host: Host, device: Device, way: WayBack, running: Running) -> Running:
    """Take back a change that waits for nothing any more, and return what the device is then."""
    adapter, driver = host.adapter, host.driver
    diff, _ = adapter.dry_run(driver, way.candidate)
    adapter.commit(driver, way.candidate, diff, way.timer_s)
    running = parse_running(device, adapter.running(driver))
    if digest(running) != way.before:
        # The timer would do the same, later.
        adapter.revert(driver, "")
        raise VerifyError(f"{device.name}: the way back does not lead to what it was")
    adapter.confirm(driver)
    if adapter.pending(driver):
        raise VerifyError(f"{device.name}: the way back still waits for its confirmation")
    running = parse_running(device, adapter.running(driver))
    if digest(running) != way.before:
        raise VerifyError(f"{device.name}: its running configuration is not what it was")
    return running


def look(host: Host, device: Device) -> tuple[bool, str]:
    """Return whether a commit waits for its confirmation, and the digest of the filters."""
    waits = host.adapter.pending(host.driver)
    return waits, digest(parse_running(device, host.adapter.running(host.driver)))


def finish(host: Host, device: Device, after: str) -> None:
    """Confirm what still waits, and prove that the filters are those with the digest ``after``.

    Raises:
        DeviceError: the device refused, or its timer was faster.
    """
    if host.adapter.pending(host.driver):
        host.adapter.confirm(host.driver)
    waits, found = look(host, device)
    if waits:
        raise VerifyError(f"{device.name}: the commit still waits for its confirmation")
    if found != after:
        raise VerifyError(f"{device.name}: its filters are not the planned ones any more")
    # Who was to confirm and save may have died between the two.
    host.adapter.save(host.driver)


def _slots(running: Running, names: Sequence[SlotName]) -> list[tuple[Session, int, Direction]]:
    """Return those sessions of ``names`` that the device has."""
    wanted = set(names)
    return [
        (running.sessions[key], version, direction)
        for key, version, direction in sorted(slots_of(running))
        if (str(key), version, direction.value) in wanted
    ]
