"""The ``show`` commands of the virtual NX-OS: :class:`Shows`, text and data of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lab.switch.lines import RefusedError
from lab.switch.nxos.bgp import has_feature
from lab.switch.nxos.device import INVALID
from lab.switch.nxos.scheduler import show_job
from lab.switch.nxos.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.switch.base import Daemon
    from lab.switch.nxos.device import Device

_VRF = r"(?: vrf (?P<vrf>\S+))?"

Shown = tuple[str, Any]


class Shows:
    """Runs ``show`` commands, pipes taken off."""

    def __init__(self, device: Device, daemon: Daemon) -> None:
        self.tables = Tables(device, daemon)
        self._device = device
        self._commands: tuple[tuple[str, Callable[..., Shown]], ...] = (
            (r"show running-config(?P<all> all)?", self._running),
            (r"show startup-config", self._startup),
            (r"show hostname", self._hostname),
            (r"show clock", self._clock),
            (r"show checkpoint summary(?: user)?", self._checkpoints),
            (r"show checkpoint (?P<name>\S+)", self._checkpoint),
            (r"show scheduler (?P<kind>job|schedule)(?: name (?P<name>\S+))?", self._scheduler),
            (r"show bgp all summary vrf all", self.tables.summary),
            (
                rf"show bgp (?P<family>ipv[46]) unicast neighbors (?P<peer>[\w.:]+) routes{_VRF}",
                self._routes,
            ),
            (
                rf"show bgp (?P<family>ipv[46]) unicast (?P<prefix>[\w.:]+/\d+){_VRF}",
                self._entry,
            ),
        )

    def run(self, command: str) -> Shown | None:
        """Return what a command shows; None for one that the switch does not know."""
        for pattern, function in self._commands:
            if found := re.fullmatch(pattern, command):
                return function(**found.groupdict())
        return None

    def _running(self, all: str | None) -> Shown:  # noqa: A002 - the command's own word
        text = self._device.show_running(f"show running-config{all or ''}")
        # What holds by default is said too; the driver's comparison is made with this one.
        defaults = "no feature telnet\nlogging event link-status default\n" if all else ""
        return text + defaults, None

    def _startup(self) -> Shown:
        return f"\n!Command: show startup-config\n\n{self._device.startup}", None

    def _hostname(self) -> Shown:
        name = self._device.prompt(None).removesuffix("# ")
        return f"{name}\n", {"hostname": name}

    def _clock(self) -> Shown:
        text = f"{self._device.clock.now():%H:%M:%S.%f UTC %a %b %e %Y}"
        return f"{text}\n", {"simple_time": text, "time_source": "NTP"}

    def _checkpoints(self) -> Shown:
        rows = [
            f"{number}) {name}:\nCreated by admin\nCreated at "
            f"{one.created:%a, %H:%M:%S %d %b %Y}\nSize is {len(one.text):,} bytes\n"
            f"Description: {one.description or 'None'}\n\n"
            for number, (name, one) in enumerate(self._device.checkpoints.items(), start=1)
        ]
        rule = "-" * 80
        return f"User Checkpoint Summary\n{rule}\n{''.join(rows)}", None

    def _checkpoint(self, name: str) -> Shown:
        found = self._device.checkpoints.get(name)
        if found is None:
            raise RefusedError("ERROR: Checkpoint does not exist")
        return f"{'-' * 80}\nName: {name}\n\n{found.text}", None

    def _scheduler(self, kind: str, name: str | None) -> Shown:
        if not has_feature(self._device.configuration, "scheduler"):
            raise RefusedError(INVALID)
        root = self._device.configuration.root
        found = [one for one in root.named(kind) if name in {None, one.groups["name"]}]
        if name is not None and not found:
            raise RefusedError(f"ERROR: {kind.capitalize()} {name} does not exist")
        shown = [
            self._device.scheduler.show_schedule(one) if kind == "schedule" else show_job(one)
            for one in found
        ]
        return "".join(shown), None

    def _routes(self, family: str, peer: str, vrf: str | None) -> Shown:
        try:
            return self.tables.routes(peer, int(family[-1]), vrf), None
        except ValueError:
            raise RefusedError("% Invalid ip address/mask format") from None

    def _entry(self, family: str, prefix: str, vrf: str | None) -> Shown:
        try:
            return self.tables.entry(prefix, int(family[-1]), vrf), None
        except ValueError:
            raise RefusedError("% Invalid ip address/mask format") from None
