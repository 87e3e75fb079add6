"""The SSH of every virtual switch: :func:`serve` starts it with the :class:`Services` it has.

Users log in with a key of ``authorized_keys`` or with the password. A shell is a terminal session
(:class:`lab.switch.terminal.Cli`), a command is run once, ``scp`` moves files, and a subsystem
(NETCONF) gets the raw channel. Law: a platform names what it has; everything else is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncssh

from lab.switch.scp import receive, scp_path, send
from lab.switch.terminal import Cli, HangUpError, converse

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Mapping

    from lab.switch.base import Environment

__all__ = ["Channel", "Cli", "Client", "HangUpError", "Server", "Services", "serve"]

#: A channel's two byte streams: ``stdin`` and ``stdout``, ``exit(status)``.
Channel = asyncssh.SSHServerProcess[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who is at the other end: one channel of one connection. ``number`` counts channels."""

    username: str
    address: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a switch has to offer over SSH; None for what it has not.

    ``cli`` makes a terminal session; ``run`` does one command and returns what it prints;
    ``subsystems`` are given a channel of their own and return when it is over. ``put_file`` and
    ``get_file`` raise :class:`lab.switch.scp.ScpError` with the device's words.
    """

    cli: Callable[[Client], Cli] | None = None
    run: Callable[[Client, str], Awaitable[str]] | None = None
    subsystems: Mapping[str, Callable[[Client, Channel], Awaitable[None]]] = field(
        default_factory=dict
    )
    put_file: Callable[[str, bytes], Awaitable[None]] | None = None
    get_file: Callable[[str], Awaitable[bytes]] | None = None


class Server:
    """A running SSH server; :meth:`cut` is what a reboot does, :meth:`close` the end.

    While ``refuses_logins`` no proof is good enough; while ``is_away`` connections are cut before
    a word is said.
    """

    def __init__(self) -> None:
        self.refuses_logins = False
        self.is_away = False
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.acceptor: asyncssh.SSHAcceptor | None = None

    def cut(self) -> None:
        """Cut all connections, without a word."""
        for connection in tuple(self.connections):
            connection.abort()

    async def close(self) -> None:
        """Take no connections any more, and end those that there are."""
        if self.acceptor is not None:
            self.acceptor.close()
            await self.acceptor.wait_closed()
        ending = [connection.wait_closed() for connection in self.connections]
        self.cut()
        await asyncio.gather(*ending)


async def serve(listener: socket.socket, environment: Environment, services: Services) -> Server:
    """Answer connections on ``listener`` from now on."""
    numbers = itertools.count(1)
    server = Server()

    async def handle(process: Channel) -> None:
        client = Client(
            username=str(process.get_extra_info("username")),
            address=str((process.get_extra_info("peername") or ("",))[0]),
            number=next(numbers),
        )
        status = 1
        # A client may go away at any point of anything.
        with contextlib.suppress(asyncssh.Error, asyncio.IncompleteReadError, ConnectionError):
            status = await _serve(process, client, services)
        with contextlib.suppress(asyncssh.Error, OSError):
            process.exit(status)

    server.acceptor = await asyncssh.create_server(
        lambda: _Account(environment, server),
        sock=listener,
        server_host_keys=[str(environment.files / "host_key")],
        process_factory=handle,
        encoding=None,
        line_editor=False,
        allow_scp=False,
        agent_forwarding=False,
        # Looking for a name for GSSAPI takes ten seconds in a namespace without name servers.
        gss_host=None,
        login_timeout=30,
    )
    return server


class _Account(asyncssh.SSHServer):
    """The one account, with a password and the keys of ``authorized_keys``."""

    def __init__(self, environment: Environment, server: Server) -> None:
        self._environment = environment
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection, to which the keys are told."""
        self._connection = conn
        self._server.connections.add(conn)
        if self._server.is_away:
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        if self._connection is not None:
            self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Ask everybody for a proof; only the account's own user has keys."""
        keys = self._environment.files / "authorized_keys"
        is_known = username == self._environment.username and not self._server.refuses_logins
        if is_known and keys.exists() and self._connection:
            self._connection.set_authorized_keys(str(keys))
        return True

    def password_auth_supported(self) -> bool:
        """Take passwords."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Return whether both are the account's, and logins are taken."""
        known = hmac.compare_digest(username.encode(), self._environment.username.encode())
        is_right = hmac.compare_digest(password.encode(), self._environment.password.encode())
        return known and is_right and not self._server.refuses_logins


async def _serve(process: Channel, client: Client, services: Services) -> int:
    """Do what the channel asks for; return its exit status."""
    if process.subsystem:
        subsystem = services.subsystems.get(process.subsystem)
        if subsystem is None:
            return 1
        await subsystem(client, process)
        return 0
    if process.command:
        return await _run(process, process.command, client, services)
    if services.cli is None:
        return 1
    await converse(services.cli(client), process)
    return 0


async def _run(process: Channel, command: str, client: Client, services: Services) -> int:
    transfer = scp_path(command)
    if transfer is not None:
        way, path = transfer
        if way == "-t" and services.put_file is not None:
            return await receive(process, path, services.put_file)
        if way == "-f" and services.get_file is not None:
            return await send(process, path, services.get_file)
        process.stdout.write(b"\x01Administratively disabled.\n")
        return 1
    if services.run is None:
        return 1
    try:
        process.stdout.write((await services.run(client, command)).encode())
    except HangUpError:
        process.channel.get_connection().abort()
    return 0
