"""A peer that hangs up before the first word of TLS leaves no socket behind in tests."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from unittest.mock import Mock

import pytest


def test_a_socket_that_its_peer_resets_at_once_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython asks who is there, hears "nobody", and then of the reset."""
    here, there = socket.socketpair()
    number = here.fileno()
    monkeypatch.setattr(
        ssl.SSLSocket, "getpeername", Mock(side_effect=OSError(errno.ENOTCONN, "nobody"))
    )
    monkeypatch.setattr(ssl.SSLSocket, "recv", Mock(side_effect=ConnectionResetError()))
    with there, pytest.raises(ConnectionResetError):
        ssl.create_default_context().wrap_socket(here, server_hostname="switch.example")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
