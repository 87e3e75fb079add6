"""The wire between each switch's management address and the switch; read ``run`` first.

A process of its own accepts what comes to the public sockets, and forwards it to the same address
and port inside the lab. So the wire can break on any platform in the same way, and what goes over
it is counted. Law: without a fault nobody notices it, but that the switch sees another client
address; a switch that is dead does not listen.

It takes commands on a socket in the lab's folder (``lab.control``):
``fault`` (``switch``, ``name``, ``on``, ``how``), ``away`` (``switch``, ``seconds``),
``traffic`` and ``reset-traffic``.
"""

import asyncio
import contextlib
import json
import socket
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from lab.line import End, Line, reset

_BACKLOG = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went over one switch's wire: connections, round trips, and bytes of the client's view.

    A round trip is counted each time that the client says something after the switch did, or first
    of all: several requests sent without waiting are one.
    """

    connections: int = 0
    round_trips: int = 0
    sent: int = 0
    received: int = 0


@dataclass(slots=True, kw_only=True)
class _Fuse:
    """A drop that is still to come: after so many round trips, with a request or an answer."""

    left: int
    loses_request: bool


class SwitchWire:
    """All connections of one switch, and what is wrong with them.

    ``connect`` reaches the switch's own socket, by the address of the public one.
    """

    def __init__(
        self,
        listeners: Mapping[str, socket.socket],
        connect: Callable[[tuple[str, int]], Awaitable[socket.socket]],
    ) -> None:
        self._connect = connect
        self.traffic = Traffic()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.is_noisy = False
        self.delay_s = 0.0
        self._listeners = tuple(listeners.values())
        self._listening = asyncio.Event()
        self._listening.set()
        self._closed_for: set[str] = set()
        self._away_until: asyncio.TimerHandle | None = None
        self._is_dropping = False
        self._fuse: _Fuse | None = None
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Accept on every socket from now on; the switch listens at the same address inside."""
        for listener in self._listeners:
            listener.setblocking(False)
            self._spawn(self._accept(listener, listener.getsockname()))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listener: socket.socket, behind: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._listening.wait()
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError:
                if self._closed_for or _is_listening(listener):
                    continue
                # The supervisor found the switch dead, and closed its door.
                return
            self.traffic = replace(self.traffic, connections=self.traffic.connections + 1)
            if self._closed_for or self._is_dropping:
                reset(client)
            else:
                self._spawn(self._serve(client, behind))

    async def _serve(self, client: socket.socket, behind: tuple[str, int]) -> None:
        line = Line(self)
        self._lines.add(line)
        try:
            await line.carry(client, partial(self._connect, behind))
        finally:
            self._lines.discard(line)

    def heard(self, line: Line, end: End, size: int) -> bool:
        """Count what one end said; False if a fuse burnt down, and all is cut."""
        seen, begins = self.traffic, line.said_last is not end
        line.said_last = end
        if end is End.SWITCH:
            self.traffic = replace(seen, received=seen.received + size)
            return not (line.is_doomed and self._blow())
        trips = seen.round_trips + begins
        self.traffic = replace(seen, sent=seen.sent + size, round_trips=trips)
        return not (begins and self._fuse is not None and self._burn(self._fuse, line))

    def _burn(self, fuse: _Fuse, line: Line) -> bool:
        if fuse.left > 0:
            fuse.left -= 1
            return False
        if fuse.loses_request:
            return self._blow()
        line.is_doomed = True
        return False

    def _blow(self) -> bool:
        """Cut all lines, unless the fuse was taken out meanwhile; return whether they were."""
        if self._fuse is None:
            return False
        self._fuse = None
        self._cut_all()
        return True

    def _cut_all(self) -> None:
        for line in tuple(self._lines):
            line.cut()

    def fault(self, name: str, *, on: bool, how: Mapping[str, Any]) -> None:
        """Switch a fault of the wire on or off; raise ``ValueError`` if there is no such."""
        match name:
            case "refuse":
                (self._close_door if on else self._open_door)(name)
            case "drop":
                self._drop(on=on, **how)
            case "hang":
                (self.flowing.clear if on else self.flowing.set)()
            case "garbage":
                self.is_noisy = on
                for line in tuple(self._lines):
                    (line.babble if on else line.calm)()
            case "delay":
                # Half of it each way.
                self.delay_s = float(how["ms"]) / 2000 if on else 0.0
            case _:
                raise ValueError(f"the wire has no fault {name}")

    def _drop(self, *, on: bool, after: int | None = None, lost: str = "answer") -> None:
        self._is_dropping = on and after is None
        self._fuse = None
        for line in self._lines:
            line.is_doomed = False
        if self._is_dropping:
            self._cut_all()
        elif on and after is not None:
            self._fuse = _Fuse(left=int(after), loses_request=lost == "request")

    def away(self, seconds: float) -> None:
        """Be as without power for ``seconds`` from now on."""
        if self._away_until is not None:
            self._away_until.cancel()
        self._close_door("away")
        loop = asyncio.get_running_loop()
        self._away_until = loop.call_later(seconds, self._open_door, "away")

    def _close_door(self, why: str) -> None:
        if not self._closed_for:
            self._listening.clear()
            for listener in self._listeners:
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
        self._closed_for.add(why)
        self._cut_all()

    def _open_door(self, why: str) -> None:
        was_closed = bool(self._closed_for)
        self._closed_for.discard(why)
        if was_closed and not self._closed_for:
            for listener in self._listeners:
                listener.listen(_BACKLOG)
            self._listening.set()


def _is_listening(listener: socket.socket) -> bool:
    return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


async def connect(behind: tuple[str, int]) -> socket.socket:
    """Return a connection to ``behind``, in this process's network namespace."""
    connection = socket.socket()
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, behind)
    except OSError:
        connection.close()
        raise
    return connection


class Wire:
    """The wires of all switches, and the one who commands them."""

    def __init__(self, listeners: Mapping[str, Mapping[str, socket.socket]]) -> None:
        self.switches = {name: SwitchWire(sockets, connect) for name, sockets in listeners.items()}

    async def serve(self, commands: socket.socket) -> None:
        """Forward, and take commands, for ever."""
        for switch in self.switches.values():
            switch.start()
        server = await asyncio.start_unix_server(self._answer, sock=commands)
        await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await reader.read())
            answer = {"value": self._do(question["command"], **question["arguments"])}
        except Exception as error:  # noqa: BLE001 - the process boundary
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        with contextlib.suppress(OSError):
            writer.write(json.dumps(answer).encode())
            await writer.drain()
        writer.close()

    def _do(self, command: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        match command:
            case "fault":
                self.switches[arguments["switch"]].fault(
                    arguments["name"], on=arguments["on"], how=arguments["how"]
                )
            case "away":
                self.switches[arguments["switch"]].away(arguments["seconds"])
            case "traffic":
                return {name: asdict(switch.traffic) for name, switch in self.switches.items()}
            case "reset-traffic":
                for switch in self.switches.values():
                    switch.traffic = Traffic()
            case _:
                raise ValueError(f"the wire knows no {command}")
        return None


def run(listeners: Mapping[str, Mapping[str, socket.socket]], commands: socket.socket) -> None:
    """Be the wire until killed: ``listeners`` by switch and protocol, ``commands`` listens."""

    async def live() -> None:
        await Wire(listeners).serve(commands)

    asyncio.run(live())
