"""The command line of an IOS-XE switch: :class:`IosCli`, one administrator's terminal session."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from lab.switch.ios.config import Terminal, complaint
from lab.switch.ios.device import LOCKED, NO_ARCHIVE
from lab.switch.ios.flash import FlashError
from lab.switch.ios.show import show
from lab.switch.ios.show_tables import find_session
from lab.switch.ios.words import FILTER, expanded, filtered
from lab.switch.ssh import Cli

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lab.switch.ios.device import Device
    from lab.switch.ssh import Client

#: What is printed for any command while the line is noisy.
NOISE = "~x\xfe?f~p}@\xfe r\xff~~\n0 {x?\xfe~f p@\n"
INVALID = "% Invalid input detected at '^' marker."
_TYPE_ON = "Enter configuration commands, one per line.  End with CNTL/Z.\n"
_PROMPTS = {
    "bgp": "config-router",
    "bgp-family": "config-router-af",
    "peer-policy": "config-router-ptmp",
    "peer-session": "config-router-stmp",
    "route-map": "config-route-map",
    "interface": "config-if",
    "archive": "config-archive",
    "line": "config-line",
    "vlan": "config-vlan",
}
_EXEC = (
    "show",
    "terminal",
    "configure terminal",
    "configure confirm",
    "configure revert now",
    "configure replace",
    "copy",
    "delete",
    "dir",
    "more",
    "verify /md5",
    "write",
    "clear ip bgp",
    "clear bgp",
    "enable",
    "disable",
    "exit",
    "logout",
)


class IosCli(Cli):
    """Knows what its administrator is in the middle of: a mode, or a question."""

    def __init__(self, device: Device, client: Client) -> None:
        self._device = device
        self._client = client
        self._terminal: Terminal | None = None
        self._question: tuple[str, Callable[[], Awaitable[str]]] | None = None
        self._literal: tuple[str, str] | None = None

    def prompt(self) -> str:
        """Return the host's name with the mode, or the question that is open."""
        if self._question is not None:
            return self._question[0]
        if self._literal is not None:
            return ""
        mode = ""
        if self._terminal is not None:
            inner = self._terminal.modes[-1:]
            mode = f"({_PROMPTS.get(inner[0], 'config-sub') if inner else 'config'})"
        return f"{self._device.hostname}{mode}#"

    async def line(self, text: str) -> str:
        """Do what a line says, in the mode that is open."""
        if "hang" in self._device.faults:
            await asyncio.Event().wait()
        if "babble" in self._device.faults:
            return NOISE
        if self._question is not None:
            (_, go_on), self._question = self._question, None
            return await go_on()
        if self._terminal is not None:
            return await self._configure(text)
        words = text.split()
        if not words or words[0].startswith("!"):
            return ""
        found = FILTER.fullmatch(text.strip())
        if found is None:
            return await self._exec(words)
        output = await self._exec(found["command"].split())
        return filtered(output, found["how"], found["pattern"])

    # Configuration mode ---------------------------------------------------------------------

    async def _configure(self, text: str) -> str:
        device, line = self._device, text.strip()
        if self._terminal is None or self._terminal.configuration is not device.running:
            self._terminal = Terminal(device.running)
        if line == "end" or (line == "exit" and not self._terminal.modes):
            self._terminal = None
            await device.drive()
            return ""
        if line.startswith("do "):
            return await self._exec(line.split()[1:])
        words = await device.enter(self._terminal, line)
        if words is None:
            return ""
        marker = f"{' ' * len(self.prompt())}^\n" if words == INVALID else ""
        return f"{marker}{words}\n\n"

    async def _configure_terminal(self, rest: list[str]) -> str:
        if "locked" in self._device.faults:
            return LOCKED
        said = ""
        match rest:
            case []:
                pass
            case ["revert", "timer", number] if number.isdigit() and 1 <= int(number) <= 120:  # noqa: PLR2004 - minutes, as the manual has it
                said = self._device.arm(int(number), self._client.username)
                if said == NO_ARCHIVE or "already pending" in said:
                    return said
            case _:
                return _invalid(["configure", "terminal", *rest])
        self._terminal = Terminal(self._device.running)
        return said + _TYPE_ON

    # Exec mode ------------------------------------------------------------------------------

    async def _exec(self, words: list[str]) -> str:
        command, rest = expanded(words, _EXEC)
        try:
            return await self._do(command, rest, words)
        except FlashError as error:
            return f"{error}\n"

    async def _do(  # noqa: C901, PLR0911, PLR0912 - an arm for each command
        self, command: str, rest: list[str], words: list[str]
    ) -> str:
        device = self._device
        match command, rest:
            case "show", _:
                return await show(device, rest) or _invalid(words)
            case "terminal", [what, number] if number.isdigit() and "length".startswith(what):
                self.page_length = int(number)
            case "terminal", [_, _]:
                pass
            case "configure terminal", _:
                return await self._configure_terminal(rest)
            case "configure confirm", []:
                return device.confirm()
            case "configure revert now", []:
                return await device.revert()
            case "configure replace", [path, "force", *more]:
                return await self._replace(path, more)
            case "copy", [source, target]:
                return await self._asked(target, lambda: self._copy(source, target))
            case "delete", [*flags, path]:
                return await self._delete(path, is_forced="/force" in flags)
            case "dir", _:
                return device.flash.listing(rest[0] if rest else "flash:")
            case "more", [path]:
                return device.flash.read(path).decode()
            case "verify /md5", [path]:
                return device.flash.digest(path)
            case "write", [] | ["memory"] | ["mem"]:
                return device.save()
            case "clear ip bgp" | "clear bgp", _:
                return await self._clear(rest, is_ip=command == "clear ip bgp") or _invalid(words)
            case "enable" | "disable", []:
                pass
            case "exit" | "logout", []:
                self.is_over = True
            case _:
                return _invalid(words)
        return ""

    async def _asked(self, name: str, go_on: Callable[[], Awaitable[str]]) -> str:
        """Go on at once, or once the name of a file is confirmed."""
        if self._device.has("file prompt quiet"):
            return await go_on()
        self._question = (f"Destination filename [{_file(name)}]? ", go_on)
        return ""

    async def _copy(self, source: str, target: str) -> str:
        device = self._device
        if source == "running-config":
            content = device.text.encode()
        elif source == "startup-config":
            content = device.startup.encode()
        else:
            content = b"" if source == "null:" else device.flash.read(source)
        if target in {"running-config", "system:running-config"}:
            return await device.merge(content.decode())
        if target == "startup-config":
            return device.save()
        device.flash.write(target, content)
        return f"\n{len(content)} bytes copied in 0.216 secs ({len(content) * 5} bytes/sec)\n"

    async def _delete(self, path: str, *, is_forced: bool) -> str:
        async def go_on() -> str:
            self._device.flash.delete(path)
            return ""

        if is_forced or self._device.has("file prompt quiet"):
            return await go_on()
        self._question = (f"Delete filename [{_file(path)}]? ", go_on)
        return ""

    async def _replace(self, path: str, more: list[str]) -> str:
        text = self._device.flash.read(path).decode()
        if "timer" in more:
            minutes = more[more.index("timer") + 1]
            said = self._device.arm(int(minutes), self._client.username)
            if self._device.pending is None or "already pending" in said:
                return said
        return await self._device.replace(text)

    async def _clear(self, rest: list[str], *, is_ip: bool) -> str | None:
        """Do ``clear ip bgp`` or ``clear bgp FAMILY unicast``; return None for any other form."""
        version = 4
        if not is_ip:
            match rest:
                case ["vpnv4" | "vpnv6", "unicast", "vrf", _, _, "soft", *_]:
                    return "\n"
                case ["ipv4" | "ipv6" as family, "unicast", *rest]:
                    version = int(family[-1])
                case _:
                    return None
        is_group = rest[:1] == ["peer-group"]
        match rest[is_group:]:
            case [name, "soft"]:
                ways = [True, False]
            case [name, "soft", "in" | "out" as way]:
                ways = [way == "in"]
            case _:
                return None
        peer = find_session(self._device, name, is_group=is_group)
        if peer is None:
            return f'%BGP: Unknown {"peer-group" if is_group else "neighbor"} - "{name}"\n'
        for inbound in ways:
            await self._device.soft_clear(str(peer), version, inbound=inbound)
            await asyncio.to_thread(
                self._device.environment.daemon.refresh, peer, version, inbound=inbound
            )
        return "\n"


def _file(path: str) -> str:
    return re.split(r"[:/]", path)[-1]


def _invalid(words: list[str]) -> str:
    return complaint(" ".join(words), INVALID).split("\n", 1)[1]
