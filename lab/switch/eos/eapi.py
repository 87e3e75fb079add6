"""Arista's eAPI: JSON-RPC ``runCmds`` over HTTPS; :func:`serve` starts it.

Errors are eAPI's: 1000 a command failed, 1002 it is none, 1003 it has no JSON; ``data`` has what
the commands before said, and the failed one's words under ``errors`` ("Command API Overview").
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from lab.switch import https
from lab.switch.eos.commands import InvalidCommandError
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lab.switch.eos.commands import Shell

_FAILED, _INVALID, _NO_JSON = 1000, 1002, 1003
_REASON = {_FAILED: "could not run command", _INVALID: "invalid command", _NO_JSON: "unconverted"}
_UNAUTHORIZED = "Unable to authenticate user: Bad username/password combination\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The commands of a ``runCmds``; those with input have it after a line end."""

    commands: tuple[str, ...]
    is_text: bool
    id: Any


async def serve(
    listener: socket.socket,
    files: Path,
    account: tuple[str, str],
    answer: Callable[[Request], Awaitable[dict[str, Any]]],
) -> https.Server:
    """Serve eAPI with the certificate in ``files`` to whoever knows the name and password.

    ``answer`` may raise :class:`lab.switch.https.LostAnswerError`.
    """

    async def handle(request: web.Request) -> web.Response:
        return web.json_response(await answer(_parsed(await request.text())))

    return await https.serve(
        listener,
        files,
        path="/command-api",
        account=account,
        unauthorized=_UNAUTHORIZED,
        handle=handle,
    )


def run(request: Request, shell: Shell) -> dict[str, Any]:
    """Run a request's commands up to the first that fails; return the answer."""
    results: list[dict[str, Any]] = []
    for number, command in enumerate(request.commands, start=1):
        code, words = 0, ""
        try:
            said = shell.run(command)
        except InvalidCommandError as error:
            code, words = _INVALID, str(error)
        except RefusedError as error:
            code, words = _FAILED, str(error)
        else:
            if request.is_text:
                results.append({"output": said.text})
                continue
            if said.data is not None:
                results.append(said.data)
                continue
            code, words = _NO_JSON, "Command cannot be used over the API with this encoding"
        first = command.split("\n", maxsplit=1)[0]
        message = (
            f"CLI command {number} of {len(request.commands)} '{first}' failed: {_REASON[code]}"
        )
        error_data = {"code": code, "message": message, "data": [*results, {"errors": [words]}]}
        return {"jsonrpc": "2.0", "id": request.id, "error": error_data}
    return {"jsonrpc": "2.0", "id": request.id, "result": results}


def _parsed(text: str) -> Request:
    """Return the request that ``text`` is.

    Raises:
        HTTPBadRequest: it is none.
    """
    try:
        call = json.loads(text)
        params = call["params"]
        commands = tuple(_command(one) for one in params["cmds"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise web.HTTPBadRequest(text="no runCmds request") from None
    return Request(commands=commands, is_text=params.get("format") == "text", id=call.get("id"))


def _command(one: str | dict[str, str]) -> str:
    if isinstance(one, str):
        return one
    if not one.get("input") or one["cmd"] == "enable":
        return one["cmd"]
    return f"{one['cmd']}\n{one['input']}\nEOF"
