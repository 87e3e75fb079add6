"""A terminal line of a switch: a platform implements :class:`Cli`, :func:`converse` runs it.

The line discipline is that of the vendors' command lines: what is typed is echoed, a line ends
with CR, LF or both, long output stops at ``--More--`` until the pager is off. Law: one command at
a time, in the order typed, and whatever becomes of the connection, the session is told.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncssh

_MORE = " --More-- "
_ERASE = "\b" * len(_MORE) + " " * len(_MORE) + "\b" * len(_MORE)
_BACKSPACES = frozenset("\b\x7f")
_INTERRUPT = "\x03"
_END_OF_INPUT = "\x04"


class HangUpError(Exception):
    """Raised by a session to cut its connection at once, as a reboot does."""


class Cli(ABC):
    """What one administrator's terminal session is to a platform.

    ``echoes`` is False while a password is typed. ``page_length`` is the number of lines after
    which output stops, 0 for never. ``is_over`` ends the session after the line that sets it.
    A question ("Destination filename [startup-config]?") is a prompt, its answer the next line.
    """

    echoes: bool = True
    page_length: int = 24
    is_over: bool = False

    def greeting(self) -> str:
        """Return what is printed before the first prompt; lines end in LF."""
        return ""

    @abstractmethod
    def prompt(self) -> str:
        """Return the prompt as it is now."""

    @abstractmethod
    async def line(self, text: str) -> str:
        """Do what a typed line says and return what is printed; lines end in LF.

        Raises:
            HangUpError: the connection is to be cut.
        """

    def interrupted(self) -> None:  # noqa: B027 - most have nothing to do
        """Take notice of Ctrl-C, which has thrown the typed line away."""

    async def closed(self) -> None:  # noqa: B027 - the same
        """Take notice that the session is over, however it ended."""


async def converse(cli: Cli, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run a session until it is over or the connection is gone."""
    terminal = _Terminal(process)
    try:
        terminal.print(cli.greeting() + cli.prompt())
        while (typed := await terminal.read_line(cli)) is not None:
            output = await cli.line(typed)
            if cli.is_over:
                terminal.print(output)
                return
            await terminal.print_pages(output, cli.page_length)
            terminal.print(cli.prompt())
            await process.stdout.drain()
    except HangUpError:
        process.channel.get_connection().abort()
    except (ConnectionError, BrokenPipeError):
        return
    finally:
        await cli.closed()


class _Terminal:
    def __init__(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        self._process = process
        self._typed_ahead = ""
        self._after_cr = False

    def print(self, text: str) -> None:
        data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        if data:
            self._process.stdout.write(data)

    async def print_pages(self, text: str, length: int) -> None:
        """Print ``text``, and wait for a key after each ``length`` lines."""
        lines = text.splitlines(keepends=True)
        if not length or len(lines) <= length:
            self.print(text)
            return
        shown = 0
        room = length
        while shown < len(lines):
            self.print("".join(lines[shown : shown + room]))
            shown += room
            if shown >= len(lines):
                return
            self.print(_MORE)
            key = await self._key()
            self.print(_ERASE)
            if key in {None, "q", "Q", _INTERRUPT}:
                return
            room = 1 if key in {"\r", "\n"} else length

    async def read_line(self, cli: Cli) -> str | None:
        """Return the next line typed, or None when no more can come."""
        typed = ""
        while True:
            key = await self._key()
            if key is None or (key == _END_OF_INPUT and not typed):
                return None
            if key == "\n" and self._after_cr:
                self._after_cr = False
                continue
            self._after_cr = key == "\r"
            if key in {"\r", "\n"}:
                self.print("\n")
                return typed
            if key == _INTERRUPT:
                typed = ""
                cli.interrupted()
                self.print(f"^C\n{cli.prompt()}")
            elif key in _BACKSPACES:
                if typed and cli.echoes:
                    self.print("\b \b")
                typed = typed[:-1]
            elif key.isprintable() or key == "\t":
                typed += key
                if cli.echoes:
                    self.print(key)

    async def _key(self) -> str | None:
        while not self._typed_ahead:
            data = await self._process.stdin.read(65536)
            if not data:
                return None
            self._typed_ahead = data.decode("utf-8", errors="replace")
        key, self._typed_ahead = self._typed_ahead[0], self._typed_ahead[1:]
        return key
