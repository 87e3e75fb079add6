"""An IOS-XE switch without its terminals: :class:`Device`, its configurations and what drives BGP.

Law: a file is copied into the running configuration line by line, and a line that is refused is
passed over; only a replacement, by hand or by the revert timer, is whole.

What is known of the revert timer, from Cisco's "Configuration Rollback Confirmed Change" (IOS XE
17): it counts minutes from when it was armed ("Scheduled to rollback to config ... in 2 minutes",
%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_START_ABSTIMER; "absolute" as against an idle timer), so a wall
clock that jumps does not touch it. It is no part of any configuration: a reload forgets it, runs
the startup configuration, and leaves the archived files where they are. Rolling back takes the
configuration lock first ("Rollback:Acquired Configuration lock."); what it does where somebody
else has that is documented nowhere, and here it waits for it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.switch.base import Faults
from lab.switch.ios.bgp import meaning
from lab.switch.ios.config import Terminal, commands, complaint, printed, read
from lab.switch.ios.flash import Flash
from lab.switch.ios.policed import Policed
from lab.switch.ssh import HangUpError

if TYPE_CHECKING:
    import re

    from lab.switch.base import Environment
    from lab.switch.meaning import Router

NONE_PENDING = "%No Rollback Confirmed Change pending\n"
NO_ARCHIVE = "%Please turn config archive on before using this feature\n"
NOT_VALID = "The input file is not a valid config file.\n"
UNAUTHORIZED = "Command authorization failed.\n\n"
LOCKED = (
    "Configuration mode locked exclusively by user 'alice' process '302' from terminal '2'. "
    "Please try later.\n"
)
_ARCHIVED_AT_MOST = 10
_LOOK_AGAIN = 0.02
_REPLACED = "Total number of passes: 1\nRollback Done\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A change that waits for its confirmation; ``ends`` by the monotonic clock."""

    user: str
    minutes: int
    since: str
    ends: float
    file: str
    timer: asyncio.Task[None]


class Device:
    """One switch.

    ``refusals`` are (pattern, words): lines that fit are refused in these words, "" swallows
    them. ``minute_s`` is how long a minute of the revert timer takes, ``skew_s`` how far its wall
    clock is ahead.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.flash = Flash()
        self.faults = Faults()
        self.refusals: list[tuple[re.Pattern[str], str]] = []
        self.minute_s = 60.0
        self.skew_s = 0.0
        self.startup = (environment.files / "startup").read_text(encoding="utf-8")
        self.running = read(self.startup)
        self.pending: Pending | None = None
        self.policed = Policed()
        self._archived = 0
        self._driven: Router | None = None
        self._lock = asyncio.Lock()
        self._driving = asyncio.Lock()

    # What it is -----------------------------------------------------------------------------

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        found = [one.groups["name"] for one in self.running.root.named("hostname")]
        return found[0] if found else "Switch"

    @property
    def text(self) -> str:
        """The running configuration as it is printed."""
        return printed(self.running)

    def has(self, line: str) -> bool:
        """Return whether a line stands in the outermost mode."""
        return any(one.text == line for one in self.running.root.children.values())

    def archive_path(self) -> str | None:
        """Return where the archive is configured to be, if it is."""
        for node in self.running.root.children.values():
            if node.text == "archive":
                return next((one.groups["path"] for one in node.named("path")), None)
        return None

    def clock(self, form: str) -> str:
        """Return the time by the switch's wall clock, in a form of :func:`time.strftime`."""
        return time.strftime(form, time.gmtime(time.time() + self.skew_s))

    # What changes it ------------------------------------------------------------------------

    async def drive(self) -> None:
        """Let the daemon be what the configuration says, if that has changed."""
        async with self._driving:
            configured = meaning(self.running)
            router = None if configured is None else self.policed.applied(configured)
            if router != self._driven:
                await asyncio.to_thread(self.environment.daemon.apply, router)
                self._driven = router

    async def enter(self, terminal: Terminal, line: str) -> str | None:
        """Do a line of configuration; return what the switch complains."""
        words = terminal.enter(line, self._refuse)
        if words is None and terminal.touches_sessions():
            await self.drive()
        return words

    def _refuse(self, line: str) -> str | None:
        for pattern, words in self.refusals:
            if pattern.fullmatch(line):
                return words
        return None

    async def merge(self, text: str) -> str:
        """Copy a file into the running configuration; return what is printed meanwhile."""
        if "locked" in self.faults:
            return LOCKED
        if "refuse-commit" in self.faults:
            return UNAUTHORIZED
        printed_out = ""
        async with self._lock:
            terminal = Terminal(self.running)
            lines = list(commands(text))
            for at, line in enumerate(lines):
                if "crash in copy" in self.faults and at > len(lines) // 2:
                    raise HangUpError
                words = await self.enter(terminal, line)
                printed_out += complaint(line, words) if words else ""
            await self.drive()
        return f"{printed_out}{len(text)} bytes copied in 0.112 secs ({len(text) * 9} bytes/sec)\n"

    async def replace(self, text: str) -> str:
        """Make the running configuration what a file says; return what is printed."""
        if "\nend" not in text or "version " not in text:
            return NOT_VALID
        if "locked" in self.faults:
            return LOCKED
        async with self._lock:
            self.running = read(text)
            await self.drive()
        return _REPLACED

    def save(self) -> str:
        """Copy the running configuration to the startup configuration; return what is printed."""
        if "nvram busy" in self.faults:
            return "startup-config file open failed (Device or resource busy)\n"
        self.startup = self.text
        return "Building configuration...\n[OK]\n"

    async def halt(self) -> None:
        """Be without power: no BGP, and nothing left of what was not saved."""
        self._forget_timer()
        self.running = read(self.startup)
        self.policed.forget()
        async with self._driving:
            await asyncio.to_thread(self.environment.daemon.apply, None)
            self._driven = None

    async def boot(self) -> None:
        """Start from the startup configuration, with nothing else."""
        self._forget_timer()
        self.running = read(self.startup)
        self.policed.forget()
        await self.drive()

    async def soft_clear(self, name: str, version: int, *, inbound: bool) -> None:
        """Let a session's routes follow the configured policy."""
        self.policed.cleared(name, version, inbound=inbound)
        await self.drive()

    # The revert timer -----------------------------------------------------------------------

    def arm(self, minutes: int, user: str) -> str:
        """Back up the running configuration and start the timer; return what is printed."""
        path = self.archive_path()
        if path is None:
            return NO_ARCHIVE
        if self.pending is not None:
            return "%Error: A Rollback Confirmed Change is already pending\n"
        self._archived += 1
        base = path.partition(":")[2].lstrip("/")
        stamp = self.clock("%b-%d-%H-%M-%S")
        file = f"flash:{base}-{stamp}-{self._archived}"
        if "archive full" in self.faults:
            return f"%Error opening {file} (No space left on device)\n"
        self.flash.write(file, self.text.encode())
        archived = [name for name in self.flash.names if name.startswith(base)]
        for name in archived[:-_ARCHIVED_AT_MOST]:
            self.flash.delete(f"flash:{name}")
        loop = asyncio.get_running_loop()
        wait = minutes * self.minute_s
        self.pending = Pending(
            user="remote-user" if "user is mapped" in self.faults else user,
            minutes=minutes,
            since=self.clock("%H:%M:%S UTC %a %b %d %Y"),
            ends=loop.time() + wait,
            file=file,
            timer=loop.create_task(self._fire(wait)),
        )
        return f"Rollback Confirmed Change: Backing up current running config to {file}\n\n"

    async def _fire(self, wait: float) -> None:
        await asyncio.sleep(wait)
        while "locked" in self.faults:  # noqa: ASYNC110 - a name in a set tells nobody
            await asyncio.sleep(_LOOK_AGAIN)
        pending, self.pending = self.pending, None
        if pending is not None:
            await self.replace(self.flash.read(pending.file).decode())

    async def lapse(self, seconds: float) -> None:
        """Let ``seconds`` of the timer pass at once; a way back that is due is done then."""
        pending = self.pending
        if pending is None:
            return
        pending.timer.cancel()
        loop = asyncio.get_running_loop()
        left = max(0.0, pending.ends - loop.time() - seconds * self.minute_s / 60)
        timer = loop.create_task(self._fire(left))
        self.pending = replace(pending, ends=loop.time() + left, timer=timer)
        if not left and "locked" not in self.faults:
            await timer

    def confirm(self) -> str:
        """Keep the change; return what is printed."""
        if self.pending is None:
            return NONE_PENDING
        self._forget_timer()
        return ""

    async def revert(self) -> str:
        """Take the change back at once; return what is printed."""
        if self.pending is None:
            return NONE_PENDING
        if "locked" in self.faults:
            return LOCKED
        file = self.pending.file
        self._forget_timer()
        done = await self.replace(self.flash.read(file).decode())
        return f"Rollback Confirmed Change: Rolling to: {file}\n\n{done}"

    def _forget_timer(self) -> None:
        if self.pending is not None:
            self.pending.timer.cancel()
            self.pending = None
