"""What the HTTPS platforms' libraries raise as a connection ends, as each adapter tells it."""

from __future__ import annotations

import http.client
import ssl
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import requests
from napalm.nxapi_plumbing import Device
from pyeapi.client import Node
from pyeapi.eapilib import EapiConnection

from tasks.adapters.eos_wire import ask, sessions
from tasks.adapters.nxos_wire import NxApi
from tasks.errors import ConnectError

#: As it ends before the first byte, in the handshake, in the head and in the body of an answer.
_ENDS = [
    ConnectionRefusedError(111, "Connection refused"),
    ConnectionResetError(104, "Connection reset by peer"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    TimeoutError("timed out"),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    http.client.BadStatusLine("HT"),
    http.client.IncompleteRead(b"{", 9),
]
#: Answers that are well-formed, and none.
_HALVES = ["", "{", "[]", "{}", "7", '{"result": {}}', '{"error": {}}', '{"error": 7}', "[7]"]


def _eos(**transport: Any) -> Any:  # noqa: ANN401 - as pyeapi's parts are
    """Return a driver whose HTTP connection does what is given."""
    connection = EapiConnection()
    connection.transport = Mock(**transport)
    return SimpleNamespace(device=Node(connection))


@pytest.mark.parametrize("lost", _ENDS, ids=repr)
@pytest.mark.parametrize("call", ["endheaders", "getresponse", "getresponse.return_value.read"])
def test_an_eos_that_is_gone_is_told_as_such(lost: Exception, call: str) -> None:
    with pytest.raises(ConnectError):
        sessions(_eos(**{f"{call}.side_effect": lost}))


@pytest.mark.parametrize("half", _HALVES)
def test_half_an_answer_of_an_eos_is_none(half: str) -> None:
    driver = _eos(
        **{
            "getresponse.return_value.read.return_value": half.encode(),
            "getresponse.return_value.status": 200,
        }
    )
    with pytest.raises(ConnectError):
        ask(driver, ["show version"])


_REQUESTS_ENDS = [
    requests.exceptions.ConnectionError("Connection aborted."),
    requests.exceptions.SSLError("EOF occurred in violation of protocol"),
    requests.exceptions.ReadTimeout("timed out"),
    requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead"),
    requests.exceptions.ContentDecodingError("Error -3 while decompressing data"),
]


def _nxos() -> Any:  # noqa: ANN401 - as NAPALM's parts are
    return SimpleNamespace(device=Device("127.0.0.1", "ringfence", "secret", transport="https"))


@pytest.mark.parametrize("lost", _REQUESTS_ENDS, ids=repr)
def test_an_nxos_that_is_gone_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, lost: Exception
) -> None:
    monkeypatch.setattr(requests, "post", Mock(side_effect=lost))
    with pytest.raises(ConnectError, match="NX-API did not answer"):
        NxApi().show(_nxos(), "show clock")


@pytest.mark.parametrize("half", _HALVES)
def test_half_an_answer_of_an_nxos_is_none(monkeypatch: pytest.MonkeyPatch, half: str) -> None:
    answer = SimpleNamespace(status_code=200, text=half)
    monkeypatch.setattr(requests, "post", Mock(return_value=answer))
    with pytest.raises(ConnectError):
        NxApi().show_all(_nxos(), ["show clock", "show version"])
