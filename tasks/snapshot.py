"""What one device is now: its text, what the text means, and what its BGP says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.dialects import DIALECTS
from policies.errors import ParseError
from policies.filters import Direction
from policies.importing import import_slots
from tasks.errors import LockedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.hosts import Device
    from policies.filters import Running, SessionKey
    from policies.guards import WantedGuard
    from tasks.adapters.base import Tables
    from tasks.fleet import Host


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A device at one moment; ``tables`` has the routes accepted over its guarded imports.

    ``lacks`` is what it would need for a commit with a revert timer, a sentence for each.
    """

    text: str
    running: Running
    tables: Tables
    lacks: tuple[str, ...] = ()


def guarded_imports(
    running: Running, guards: Sequence[WantedGuard]
) -> tuple[tuple[SessionKey, int], ...]:
    """Return the sessions and families whose accepted routes a guard decides."""
    return import_slots(
        running, [one.session for one in guards if one.direction is Direction.IMPORT]
    )


def take_snapshot(host: Host, device: Device, guards: Sequence[WantedGuard]) -> Snapshot:
    """Return what ``device`` is now. Read-only.

    Raises:
        LockedError: a commit waits for its confirmation: what the device is now is not what it
            will be.
    """
    if host.adapter.pending(host.driver):
        raise LockedError(
            f"{device.name} ({device.hostname}): a commit waits for its confirmation there, and "
            "goes back by itself if none comes; try again then"
        )
    text = host.adapter.running(host.driver)
    running = parse_running(device, text)
    tables = host.adapter.tables(host.driver, guarded_imports(running, guards))
    return Snapshot(text, running, tables, host.adapter.lacks(host.driver, text))


def parse_running(device: Device, text: str) -> Running:
    """Return the filter set of ``text``.

    Raises:
        VerifyError: the device's answer is no whole configuration of its platform.
    """
    try:
        return DIALECTS[device.platform].parse(text)
    except ParseError as error:
        raise VerifyError(f"{device.name} ({device.hostname}): {error}") from error
