"""A virtual Cisco switch that runs IOS-XE: :class:`IosSwitch`, which the lab starts.

Faults that every platform has: ``babble`` (noise instead of every answer, and no file is taken),
``cut`` (``show running-config`` ends in the middle), ``auth-lost`` (sessions end, logins fail),
``locked`` (another administrator has locked configuration mode, which the timer's way back waits
for), ``refuse-commit`` (who logs in may not copy to the running configuration: AAA's "Command
authorization failed.").

Its own: ``archive full`` (the revert timer can't be armed, and configuration mode opens all the
same), ``user is mapped`` (the switch knows the administrator by another name), ``crash in copy``
(the connection is cut when half of a file is copied), ``hang`` (no command ends any more), ``no
diff utility`` (a file can't be compared with the configuration), ``nvram busy`` (nothing is saved).

The lock's words are those of "Exclusive Configuration Change Access" (Cisco, IOS XE 17). What a
reload and a wall clock do to the timer, :mod:`lab.switch.ios.device` says.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from lab.switch.ios.config import Terminal
from lab.switch.ios.device import Device
from lab.switch.ios.flash import FlashError
from lab.switch.ios.session import NOISE, IosCli
from lab.switch.scp import ScpError
from lab.switch.ssh import Server, Services, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.base import Environment
    from lab.switch.ssh import Client


class IosSwitch:
    """See :class:`lab.switch.base.VirtualSwitch`."""

    PROTOCOLS: tuple[str, ...] = ("ssh",)

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.device = Device(environment)
        self._server: Server | None = None
        self._coming_up: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Boot, and serve the command line and SCP over SSH."""
        await self.device.boot()
        services = Services(
            cli=lambda client: IosCli(self.device, client),
            run=self._run,
            put_file=self._put,
            get_file=self._get,
        )
        listener = self._environment.listeners["ssh"]
        self._server = await serve(listener, self._environment, services)

    def running(self) -> str:
        """Return the running configuration, without what changes at every look at it."""
        return self.device.text

    async def control(  # noqa: C901, PLR0911, PLR0912 - an arm for each command
        self, command: str, arguments: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401 - as the protocol has it
        """Do what no driver can.

        Besides what every platform knows, with ``reboot``, ``skew`` and ``lapse`` (``seconds``):
        ``refuse`` (``pattern``, ``words``: lines that fit are refused so, and swallowed if the
        words are ""), ``minute`` (``seconds``: how long a minute of the revert timer takes),
        ``files``. A reboot goes on by itself; whoever asks is answered at its beginning.
        """
        device = self.device
        match command:
            case "running":
                return self.running()
            case "startup":
                return device.startup
            case "edit":
                terminal = Terminal(device.running)
                said = [await device.enter(terminal, line) for line in arguments["lines"]]
                await device.drive()
                return [words for words in said if words]
            case "fault":
                self._fault(arguments["name"], on=arguments["on"])
            case "pending":
                if device.pending is None:
                    return None
                return device.pending.ends - asyncio.get_running_loop().time()
            case "refuse":
                pattern = re.compile(arguments["pattern"])
                device.refusals.append((pattern, arguments["words"]))
            case "minute":
                device.minute_s = float(arguments["seconds"])
            case "files":
                return list(device.flash.names)
            case "reboot":
                await self._reboot(float(arguments.get("seconds", 0)))
            case "skew":
                device.skew_s += float(arguments["seconds"])
            case "lapse":
                await device.lapse(float(arguments["seconds"]))
            case _:
                raise ValueError(f"no such control: {command}")
        return None

    def _fault(self, name: str, *, on: bool) -> None:
        self.device.faults.switch(name, on=on)
        if name == "auth-lost" and self._server is not None:
            self._server.refuses_logins = on
            if on:
                self._server.cut()

    async def _reboot(self, seconds: float) -> None:
        if self._coming_up is not None:
            self._coming_up.cancel()
        if self._server is not None:
            self._server.is_away = True
            self._server.cut()
        await self.device.halt()
        self._coming_up = asyncio.create_task(self._come_up(seconds))
        if not seconds:
            await self._coming_up

    async def _come_up(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.device.boot()
        if self._server is not None:
            self._server.is_away = False

    async def _run(self, client: Client, command: str) -> str:
        return await IosCli(self.device, client).line(command)

    async def _put(self, path: str, content: bytes) -> None:
        self._needs_scp()
        try:
            self.device.flash.write(path, content)
        except FlashError as error:
            raise ScpError(str(error)) from error

    async def _get(self, path: str) -> bytes:
        self._needs_scp()
        try:
            return self.device.flash.read(path)
        except FlashError as error:
            raise ScpError(str(error)) from error

    def _needs_scp(self) -> None:
        if "babble" in self.device.faults:
            raise ScpError(NOISE.replace("\n", " "))
        if not self.device.has("ip scp server enable"):
            raise ScpError("Administratively disabled.")
