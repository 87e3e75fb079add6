"""Connections that play instead of being: :func:`play`.

The drivers and their libraries stay as they are - NAPALM, netmiko, pyeapi, requests, PyEZ,
ncclient - down to where they would open a socket: paramiko's client under netmiko and FRR's driver,
the HTTP connection under pyeapi, the adapter under requests, the session under ncclient, which
still takes its replies apart from frames. What is missing is TCP, TLS and SSH.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paramiko
import pyeapi.eapilib
import requests
import requests.adapters
from ncclient.transport import SSHSession
from ncclient.transport.session import HelloHandler, NetconfBase

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a client says first of all on each transport, with which it only listens.
HELLO = "hello"
PROMPT = "prompt"
_MESSAGE_ID = re.compile(r' message-id="([^"]*)"')
_FRAME = 4096
_BASE_1_1 = "urn:ietf:params:netconf:base:1.1"


def play(ask: Callable[[str, str], str]) -> None:
    """Let every connection of this process be one to ``ask``: a device's name and a request.

    It returns the answer, of which each kind of connection has its own form.
    """
    client: Any = paramiko.SSHClient
    client.connect = lambda self, hostname, **_: setattr(self, "_played", hostname)
    client.get_transport = lambda self: _Transport(self._played, ask)
    client.invoke_shell = lambda self, **_: _Shell(self._played, ask)
    client.close = lambda _: None
    eapi: Any = pyeapi.eapilib
    eapi.https_connection_factory = lambda _, host, *__: _Eapi(host, ask)
    adapter: Any = requests.adapters.HTTPAdapter
    adapter.send = lambda _, request, **__: _nxapi(request, ask)
    session: Any = SSHSession
    session.connect = lambda self, host, **_: _hello(self, host, ask)
    session.send = lambda self, message: _netconf(self, message, ask)
    session.close = lambda self: setattr(self, "_connected", False)


# SSH: a terminal (IOS-XE), and commands (FRR) ---------------------------------------------------


@dataclass(slots=True)
class _Transport:
    host: str
    ask: Callable[[str, str], str]

    def is_active(self) -> bool:
        return True

    def set_keepalive(self, seconds: int) -> None:
        """Do nothing."""

    def send_ignore(self) -> None:
        """Do nothing."""

    def open_session(self, **_: Any) -> _Command:  # noqa: ANN401 - paramiko's own options
        return _Command(self.host, self.ask)


class _Shell:
    """A terminal that echoes; an answer is what is printed up to the next prompt, that included."""

    closed = False

    def __init__(self, host: str, ask: Callable[[str, str], str]) -> None:
        self.transport = _Transport(host, ask)
        self._typed = ""
        self._printed = bytearray(ask(host, PROMPT).replace("\n", "\r\n").encode())

    def sendall(self, data: bytes) -> None:
        self._typed += data.decode()
        while "\n" in self._typed:
            line, _, self._typed = self._typed.partition("\n")
            line = line.strip("\r")
            said = f"{line}\n{self.transport.ask(self.transport.host, line)}"
            self._printed += said.replace("\n", "\r\n").encode()

    def recv_ready(self) -> bool:
        return bool(self._printed)

    def recv(self, most: int) -> bytes:
        said = bytes(self._printed[:most])
        del self._printed[:most]
        return said

    def settimeout(self, seconds: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _Command:
    """A command's channel; an answer is the exit code in a line, and then the output."""

    def __init__(self, host: str, ask: Callable[[str, str], str]) -> None:
        self._host, self._ask = host, ask
        self._code = -1
        self._out = io.BytesIO()

    def exec_command(self, command: str) -> None:
        code, _, out = self._ask(self._host, command).partition("\n")
        self._code, self._out = int(code), io.BytesIO(out.encode())

    def recv(self, most: int) -> bytes:
        return self._out.read(most)

    def recv_stderr(self, _: int) -> bytes:
        return b""

    def recv_exit_status(self) -> int:
        return self._code

    def sendall(self, data: bytes) -> None:
        """Do nothing."""

    def shutdown_write(self) -> None:
        """Do nothing."""

    def settimeout(self, seconds: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


# JSON over HTTPS: eAPI and NX-API ----------------------------------------------------------------


class _Eapi:
    """An HTTP connection; requests are known by their commands, not by the id they carry."""

    def __init__(self, host: str, ask: Callable[[str, str], str]) -> None:
        self.host = host
        self._ask = ask
        self._body = b""

    def putrequest(self, method: str, path: str) -> None:
        """Do nothing."""

    def putheader(self, name: str, value: str) -> None:
        """Do nothing."""

    def endheaders(self, message_body: bytes) -> None:
        self._body = message_body

    def getresponse(self) -> _Response:
        asked = json.dumps(json.loads(self._body)["params"], sort_keys=True)
        return _Response(self._ask(self.host, asked).encode())

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _Response:
    body: bytes
    status: int = 200
    reason: str = "OK"

    def read(self) -> bytes:
        return self.body


def _nxapi(request: Any, ask: Callable[[str, str], str]) -> requests.Response:  # noqa: ANN401
    """Return a response; an answer is the status in a line, and then the body."""
    host = request.url.split("/")[2].partition(":")[0]
    body = request.body if isinstance(request.body, str) else request.body.decode()
    status, _, said = ask(host, body).partition("\n")
    response = requests.Response()
    response.status_code = int(status)
    response.url, response.request = request.url, request
    response.headers["content-type"] = "application/json-rpc"
    response.raw = io.BytesIO(said.encode())
    return response


# NETCONF: Junos and IOS-XR -----------------------------------------------------------------------


def _hello(session: Any, host: str, ask: Callable[[str, str], str]) -> None:  # noqa: ANN401
    session._host, session._transport = host, _Transport(host, ask)
    session._id, session._server_capabilities = HelloHandler.parse(ask(host, HELLO))
    both = (session._server_capabilities, session._client_capabilities)
    if all(_BASE_1_1 in one for one in both):
        session._base = NetconfBase.BASE_11
    session._connected = True


def _netconf(session: Any, message: str, ask: Callable[[str, str], str]) -> None:  # noqa: ANN401
    """Hand the reply to the session, in frames and by the piece, before this returns."""
    number = _MESSAGE_ID.search(message)
    asked = _MESSAGE_ID.sub("", message)
    said = ask(session._host, asked)
    if number:
        said = said.replace("<rpc-reply ", f'<rpc-reply message-id="{number[1]}" ', 1)
    data = said.encode()
    if session._base == NetconfBase.BASE_11:
        data = b"\n#%d\n%s\n##\n" % (len(data), data)
    else:
        data += b"]]>]]>"
    for at in range(0, len(data), _FRAME):
        session.parser.parse(data[at : at + _FRAME])


def without_id(reply: str) -> str:
    """Return a NETCONF reply as it is recorded."""
    return _MESSAGE_ID.sub("", reply, count=1)
