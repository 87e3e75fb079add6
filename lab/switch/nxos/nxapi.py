"""NX-API: commands as JSON-RPC 2.0 over HTTPS, one session for each request.

A batch ends at the first command that is refused, as the platform does by default
(``stop-on-error``); what was done before stays done. Cisco: NX-API CLI, "JSON-RPC".
"""

from __future__ import annotations

import base64
import hmac
import json
import ssl
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Sequence
    from pathlib import Path

    from lab.switch.nxos.session import Reply

Command = tuple[str, str]
_METHODS = frozenset({"cli", "cli_ascii"})
_NOT_JSON, _NO_METHOD, _REFUSED = -32700, -32601, -32602


class Run(Protocol):
    """Runs a batch of (method, command); returns a reply or the refusal for each that was done."""

    def __call__(self, commands: Sequence[Command], /) -> Awaitable[list[Reply | RefusedError]]:
        """Run ``commands`` in one session."""


async def serve(listener: socket.socket, files: Path, account: tuple[str, str], run: Run) -> None:
    """Answer ``POST /ins`` on ``listener`` from now on; ``account`` is who may."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "tls.crt", files / "tls.key")
    wanted = base64.b64encode(":".join(account).encode()).decode()

    async def handle(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {wanted}".encode()):
            return web.Response(status=401, text="Unauthorized")
        try:
            calls = json.loads(await request.text())
        except ValueError:
            return _answer([_error(None, _NOT_JSON, "Parse error", None)], single=True, status=400)
        single = isinstance(calls, dict)
        return await _do([calls] if single else calls, run, request, single=single)

    application = web.Application(client_max_size=64 * 1024**2)
    application.router.add_post("/ins", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.SockSite(runner, listener, ssl_context=context).start()


async def _do(
    calls: list[dict[str, Any]], run: Run, request: web.Request, *, single: bool
) -> web.Response:
    wrong = [one for one in calls if one.get("method") not in _METHODS]
    if wrong:
        error = _error(wrong[0].get("id"), _NO_METHOD, "Method not found", None)
        return _answer([error], single=True, status=400)
    commands = [(one["method"], one["params"]["cmd"]) for one in calls]
    try:
        replies = await run(commands)
    except ConnectionAbortedError:
        # The fault that cuts the connection, without a word.
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    results = []
    for call, reply in zip(calls, replies, strict=False):
        if isinstance(reply, RefusedError):
            results.append(_error(call["id"], _REFUSED, "Invalid params", f"{reply}\n"))
        else:
            results.append(_result(call, reply))
    failed = any("error" in one for one in results)
    # One answer is no list, whatever was asked; that is how the platform does it.
    return _answer(results, single=single or len(results) == 1, status=500 if failed else 200)


def _result(call: dict[str, Any], reply: Reply) -> dict[str, Any]:
    result: dict[str, Any] | None
    if call["method"] == "cli_ascii":
        result = {"msg": reply.text} if reply.text else None
    else:
        result = {"body": reply.body} if reply.body is not None else None
        if result is None and reply.text:
            result = {"msg": reply.text}
    return {"jsonrpc": "2.0", "result": result, "id": call["id"]}


def _error(number: Any, code: int, message: str, words: str | None) -> dict[str, Any]:  # noqa: ANN401
    data = {} if words is None else {"data": {"msg": words}}
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message, **data}, "id": number}


def _answer(results: list[dict[str, Any]], *, single: bool, status: int) -> web.Response:
    return web.json_response(
        results[0] if single else results, status=status, content_type="application/json-rpc"
    )
