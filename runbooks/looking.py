"""Looking at every device, however many answer: :func:`look_at_devices`, :func:`look_at_files`.

Law: whatever happens, each device ends as one that was judged or as one that is unknown, with
why. A signal ends the looking; what was judged until then stays judged.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from inventory.errors import DeviceError
from policies.errors import ParseError
from runbooks.device_text import DeviceText
from runbooks.judging import judge, with_routes
from tasks.origins import find_origins, told_by_tables
from tasks.outcome import Outcome
from tasks.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from inventory.hosts import Device
    from inventory.site import Site
    from policies.guards import WantedGuard
    from runbooks.config_folder import ConfigFolder, FromFile
    from runbooks.judging import Judged
    from runbooks.progress import Progress
    from runbooks.signals import Wish
    from tasks.fleet import Host

#: Seconds that devices which are being asked may still take when somebody wants an end.
GRACE = 5.0

#: Seconds between two looks at whether somebody does.
_TICK = 0.1


class Asked(Protocol):
    """Devices that can be asked; :class:`tasks.fleet.Fleet` is the one that has connections."""

    @property
    def names(self) -> tuple[str, ...]:
        """The devices."""

    def each(
        self,
        work: Callable[..., Any],
        names: Sequence[str] | None = None,
        *,
        arguments: Mapping[str, tuple[Any, ...]],
        done: Callable[[Outcome[Any]], None] = ...,
    ) -> dict[str, Outcome[Any]]:
        """Run ``work`` on each."""


def look_at_devices(
    site: Site,
    fleet: Asked,
    guards: Mapping[str, Sequence[WantedGuard]],
    progress: Progress,
    wish: Wish,
) -> dict[str, Outcome[Judged]]:
    """Return what each device of ``fleet`` is now, judged, or why that is not known. Read-only.

    It is judged where it was asked, so that no more than its meaning is kept of it, and its
    connection is closed: a thousand that wait for the last are more than a process may have. Once
    somebody wants an end, no further device is asked, and those that are being asked have
    :data:`GRACE` seconds; their threads are left behind.
    """
    found: dict[str, Outcome[Judged]] = {}
    begun: set[str] = set()

    def look(host: Host, device: Device, wanted: Sequence[WantedGuard]) -> Judged:
        if wish.name is not None:
            raise DeviceError(f"{device.name}: was not asked: the audit was ended by {wish.name}")
        begun.add(device.name)
        try:
            judged = _judge_device(site, host, device, wanted)
            # A device may be slow to let go: what it said is known by then.
            found[device.name] = Outcome(device.name, judged)
        finally:
            host.hang_up()
        return judged

    with progress.stage("look", fleet.names) as done:

        def came(outcome: Outcome[Judged]) -> None:
            found[outcome.device] = outcome
            done(outcome)

        arguments = {name: (site.devices[name], guards[name]) for name in fleet.names}
        asking = threading.Thread(
            # No daemon, as its own threads would be too: `cli.main` sees who was left behind.
            target=lambda: fleet.each(look, arguments=arguments, done=came),
            daemon=False,
        )
        asking.start()
        _wait_for(asking, wish)
    seen = dict(found)
    for name in fleet.names:
        if name not in seen:
            seen[name] = Outcome(name, error=DeviceError(_lost(name, begun, wish)))
    return {name: seen[name] for name in fleet.names}


def _judge_device(site: Site, host: Host, device: Device, wanted: Sequence[WantedGuard]) -> Judged:
    snapshot = take_snapshot(host, device, wanted)
    text = DeviceText(device.platform, snapshot)
    judged = judge(site, device, text, wanted)
    state = (snapshot.running, snapshot.tables, judged.fenced)
    try:
        routes = find_origins(host, device, *state)
    except DeviceError:
        # Its tables named the neighbors already: only their paths are not known.
        routes = told_by_tables(device, *state)
    return with_routes(device, judged, routes, text)


def _wait_for(asking: threading.Thread, wish: Wish) -> None:
    """Wait until ``asking`` is over or, once somebody wants an end, for a little while."""
    until: float | None = None
    while asking.is_alive():
        asking.join(_TICK)
        if wish.name is not None and until is None:
            wish.tell(f"no further device is asked; the report follows within {GRACE:.0f} s")
            until = time.monotonic() + GRACE
        if wish.count > 1 or (until is not None and time.monotonic() > until):
            return


def _lost(name: str, begun: set[str], wish: Wish) -> str:
    if name in begun:
        return f"{name}: did not answer before {wish.name} ended the audit"
    return f"{name}: was not asked: the audit was ended by {wish.name or 'an error'}"


def look_at_files(
    site: Site,
    folder: ConfigFolder,
    guards: Mapping[str, Sequence[WantedGuard]],
    progress: Progress,
    wish: Wish,
) -> dict[str, Outcome[Judged]]:
    """Return what each device's file says, judged, or why that is not known."""
    found: dict[str, Outcome[Judged]] = {}
    with progress.stage("read", folder.names) as done:
        for name in folder.names:
            if wish.name is not None:
                lost = f"{name}: its file was not read: ended by {wish.name}"
                found[name] = Outcome(name, error=DeviceError(lost))
                continue
            try:
                found[name] = Outcome(name, _judge_file(site, folder.read(name), guards, name))
            except DeviceError as error:
                found[name] = Outcome(name, error=error)
            except (ParseError, ValueError, LookupError, RecursionError) as error:
                # As for a device that was asked: what nobody foresaw of one file takes no other
                # device's report with it.
                said = str(error) if isinstance(error, ParseError) else type(error).__name__
                lost = f"{name}: its file can't be judged: {said}"
                found[name] = Outcome(name, error=DeviceError(lost))
            done(found[name])
    return found


def _judge_file(
    site: Site, read: FromFile, guards: Mapping[str, Sequence[WantedGuard]], name: str
) -> Judged:
    text = DeviceText(site.devices[name].platform, read.snapshot, read.numbers)
    return judge(site, site.devices[name], text, guards[name], asked=False)
