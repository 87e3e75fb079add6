"""One connection through the wire: :class:`Line`; its two directions are :class:`_Way`.

Law: bytes arrive whole and in order, or the line is cut: nothing is dropped, added or changed in
between but what a fault says. What was read before a hang began waits, and goes on after it.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Protocol

_CHUNK = 65536
_QUEUED = 16
_NOISE_LENGTH = 512
NOISE = bytes((number * 167 + 89) % 251 | 0x80 for number in range(_NOISE_LENGTH))
"""What the fault ``garbage`` says: no text in any protocol, no end of line, no UTF-8."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER's value with which close(2) sends a RST instead of a FIN."""


class End(StrEnum):
    """Who said something."""

    CLIENT = "client"
    SWITCH = "switch"


class Rules(Protocol):
    """What holds for all lines of one switch now."""

    flowing: asyncio.Event
    """Not set while nothing is forwarded."""
    is_noisy: bool
    """Whether clients are told noise, once on each line."""

    @property
    def delay_s(self) -> float:
        """How long each direction takes, in seconds."""

    def heard(self, line: "Line", end: End, size: int) -> bool:
        """Count what one end said; False if it is not to be forwarded, as the line is cut."""


def reset(connection: socket.socket) -> None:
    """Close a connection that carries nothing yet by a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


class Line:
    """A client's connection and the one to the switch behind it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._writers: list[asyncio.StreamWriter] = []
        self.said_last: End | None = None
        self.is_doomed = False
        """Whether the next answer is lost, and the line with it."""
        self.has_ended = False
        """Whether the client was told that the switch says nothing more."""
        self._was_noisy = False
        self._is_cut = False

    async def carry(
        self, client: socket.socket, connect: Callable[[], Awaitable[socket.socket]]
    ) -> None:
        """Forward until one end is gone; a switch that does not answer is a reset."""
        from_client, to_client = await asyncio.open_connection(sock=client)
        self._writers.append(to_client)
        if self._rules.is_noisy:
            self.babble()
        try:
            behind = await connect()
        except OSError:
            self.cut()
            return
        from_switch, to_switch = await asyncio.open_connection(sock=behind)
        self._writers.append(to_switch)
        if self._is_cut:
            self.cut()
            return
        there = _Way(self, End.CLIENT, from_client, to_switch, self._rules)
        back = _Way(self, End.SWITCH, from_switch, to_client, self._rules)
        await asyncio.gather(there.run(), back.run())
        for writer in self._writers:
            writer.close()

    def babble(self) -> None:
        """Say noise to the client, if that was not done before."""
        if not self._was_noisy and self._writers and not self.has_ended:
            self._was_noisy = True
            self._writers[0].write(NOISE)

    def calm(self) -> None:
        """Let the next :meth:`babble` be heard again."""
        self._was_noisy = False

    def cut(self) -> None:
        """Reset both ends."""
        self._is_cut = True
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET
                )
            writer.transport.abort()


class _Way:
    """One direction of a line: a reader, what is on its way, and a writer."""

    def __init__(
        self,
        line: Line,
        end: End,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        rules: Rules,
    ) -> None:
        self._line, self._end, self._rules = line, end, rules
        self._source, self._target = source, target
        self._under_way: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue(_QUEUED)

    async def run(self) -> None:
        """Return when this direction has ended, in order or not."""
        await asyncio.gather(self._read(), self._write())

    async def _read(self) -> None:
        chunk: bytes | None = b"-"
        while chunk:
            try:
                chunk = await self._source.read(_CHUNK)
            except OSError:
                chunk = None
            if chunk and not self._rules.heard(self._line, self._end, len(chunk)):
                chunk = None
            due = asyncio.get_running_loop().time() + self._rules.delay_s
            await self._under_way.put((due, chunk))

    async def _write(self) -> None:
        chunk: bytes | None = b"-"
        while chunk:
            due, chunk = await self._under_way.get()
            rest = due - asyncio.get_running_loop().time()
            if rest > 0:
                await asyncio.sleep(rest)
            await self._rules.flowing.wait()
            try:
                if chunk is None:
                    self._line.cut()
                elif chunk:
                    self._target.write(chunk)
                    await self._target.drain()
                else:
                    self._line.has_ended |= self._end is End.SWITCH
                    self._target.write_eof()
            except OSError:
                self._line.cut()
                await self._drain_away()
                return

    async def _drain_away(self) -> None:
        """Let the reader come to its end, whatever it still has."""
        while (await self._under_way.get())[1]:
            pass
