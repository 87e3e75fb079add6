"""NX-API: commands as JSON-RPC 2.0 over HTTPS, one session for each request.

A batch ends at the first command that is refused, as the platform does by default
(``stop-on-error``); what was done before stays done. Cisco: NX-API CLI, "JSON-RPC".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from lab.switch import https
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


async def serve(
    listener: socket.socket, files: Path, account: tuple[str, str], run: Run
) -> https.Server:
    """Answer ``POST /ins`` on ``listener`` from now on; ``account`` is who may.

    ``run`` may raise :class:`lab.switch.https.LostAnswerError`.
    """

    async def handle(request: web.Request) -> web.Response:
        try:
            calls = json.loads(await request.text())
        except ValueError:
            return _answer([_error(None, _NOT_JSON, "Parse error", None)], single=True, status=400)
        single = isinstance(calls, dict)
        return await _do([calls] if single else calls, run, single=single)

    return await https.serve(
        listener, files, path="/ins", account=account, unauthorized="Unauthorized", handle=handle
    )


async def _do(calls: list[dict[str, Any]], run: Run, *, single: bool) -> web.Response:
    wrong = [one for one in calls if one.get("method") not in _METHODS]
    if wrong:
        error = _error(wrong[0].get("id"), _NO_METHOD, "Method not found", None)
        return _answer([error], single=True, status=400)
    replies = await run([(one["method"], one["params"]["cmd"]) for one in calls])
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
