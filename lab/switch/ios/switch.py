"""A virtual Cisco switch that runs IOS-XE: :class:`IosSwitch`, which the lab starts.

Faults: ``lock`` (another administrator holds the configuration), ``archive full`` (the revert
timer can't be armed, and configuration mode opens all the same), ``user is mapped`` (the switch
knows the administrator by another name), ``crash in copy`` (the connection is cut when half of a
file is copied), ``hang`` (no command ends any more), ``no diff utility`` (a file can't be compared
with the configuration), ``nvram busy`` (nothing is saved).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from lab.switch.ios.config import Terminal
from lab.switch.ios.device import Device
from lab.switch.ios.flash import FlashError
from lab.switch.ios.session import IosCli
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

    async def control(  # noqa: C901, PLR0911 - an arm for each command
        self, command: str, arguments: Mapping[str, Any]
    ) -> Any:  # noqa: ANN401 - as the protocol has it
        """Do what no driver can.

        Besides what every platform knows: ``refuse`` (``pattern``, ``words``: lines that fit are
        refused so, and swallowed if the words are ""), ``minute`` (``seconds``: how long a minute
        of the revert timer takes), ``files``, ``reload``.
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
                device.faults.switch(arguments["name"], on=arguments["on"])
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
            case "reload":
                if self._server is not None:
                    self._server.cut()
                await device.boot()
            case _:
                raise ValueError(f"no such control: {command}")
        return None

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
        if not self.device.has("ip scp server enable"):
            raise ScpError("Administratively disabled.")
