"""The HTTPS of a virtual switch's API: :func:`serve` starts it, with what goes wrong with it.

Law: every request proves itself; there are no sessions. While a switch is away nobody listens on
its port, and what was asked before is never answered.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import socket
import ssl
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

_MAX_REQUEST = 64 * 2**20
_BACKLOG = 64
#: What a proxy, a captive portal or another daemon on the port would say.
_NOISE = "<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n"


class LostAnswerError(Exception):
    """Raised by a handler: the connection is to be cut instead of an answer."""


class Server:
    """A running server; ``refuses_logins`` and ``babbles`` are faults that may be switched."""

    def __init__(self, listener: socket.socket, runner: web.AppRunner, tls: ssl.SSLContext) -> None:
        self.refuses_logins = False
        self.babbles = False
        self._listener, self._runner, self._tls = listener, runner, tls
        self._address = listener.getsockname()
        self._site: web.SockSite | None = None

    async def listen(self) -> None:
        """Take connections, from the first time or from now on again."""
        if self._site is None:
            with contextlib.suppress(OSError):  # still bound, unless it never chose its port
                self._listener.bind(self._address)
            self._listener.listen(_BACKLOG)
            # A copy, since a server closes what it listened on.
            copy = self._listener.dup()
            self._site = web.SockSite(self._runner, copy, ssl_context=self._tls)
            await self._site.start()

    async def leave(self) -> None:
        """Cut all connections, and refuse new ones: what a reboot does."""
        if self._site is not None:
            site, self._site = self._site, None
            await site.stop()
            self._listener.shutdown(socket.SHUT_RDWR)
        if self._runner.server is not None:
            for connection in list(self._runner.server.connections):
                if connection.transport is not None:
                    connection.transport.abort()


async def serve(
    listener: socket.socket,
    files: Path,
    *,
    path: str,
    account: tuple[str, str],
    unauthorized: str,
    handle: Callable[[web.Request], Awaitable[web.Response]],
) -> Server:
    """Answer ``POST path`` with the certificate in ``files`` to whoever knows name and password.

    Others are told ``unauthorized``. ``handle`` may raise :class:`LostAnswerError`.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files / "tls.crt", files / "tls.key")
    expected = "Basic " + base64.b64encode(":".join(account).encode()).decode()

    async def answer(request: web.Request) -> web.Response:
        if server.babbles:
            return web.Response(text=_NOISE, content_type="text/html")
        given = request.headers.get("Authorization", "")
        known = hmac.compare_digest(given.encode(), expected.encode())
        if server.refuses_logins or not known:
            return web.Response(status=401, text=unauthorized)
        try:
            return await handle(request)
        except LostAnswerError:
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPServiceUnavailable from None

    application = web.Application(client_max_size=_MAX_REQUEST)
    application.router.add_post(path, answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    server = Server(listener, runner, context)
    await server.listen()
    return server
