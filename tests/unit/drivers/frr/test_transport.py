"""Commands over SSH that end before they have read all that they are sent."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from napalm.base.exceptions import ConnectionClosedException

from tasks.drivers.frr.transport import Completed, Held, SshConnection


def _connection(*, code: int, out: bytes = b"", sent: Exception | None = None) -> SshConnection:
    """Return a connection whose commands print ``out`` and end with ``code``; -1 for no end.

    ``sent`` is raised as they are sent their input.
    """
    said = iter([*(bytes([one]) for one in out), b"", b""])
    errors = iter([b"locked by somebody", b""])
    made = Mock(
        **{
            "recv.side_effect": lambda _: next(said),
            "recv_stderr.side_effect": lambda _: next(errors),
            "recv_exit_status.return_value": code,
            "sendall.side_effect": sent,
        }
    )
    client = Mock()
    client.get_transport.return_value.open_session.return_value = made
    return SshConnection(client, name="switch:22", timeout=5)


def test_a_command_that_stays_is_held() -> None:
    held = _connection(code=0, out=b"locked\n").hold("sh -s", b"a script", answer="locked")
    assert isinstance(held, Held)


@pytest.mark.parametrize("out", [b"", b"locked\n"])
def test_a_command_that_ends_while_it_is_told_says_why(out: bytes) -> None:
    """Whether it ends before or after its input is sent is a race that nobody sees the end of."""
    closed = OSError("Socket is closed")
    done = _connection(code=10, out=out, sent=closed).hold("sh -s", b"a script", answer="locked")
    assert done == Completed(code=10, out="", err="locked by somebody")
    done = _connection(code=10, sent=closed).run("sh -s", data=b"a script")
    assert done == Completed(code=10, out="", err="locked by somebody")


@pytest.mark.parametrize("lost", [OSError("Socket is closed"), EOFError(), TimeoutError()])
def test_a_connection_that_ends_is_told_as_such(lost: Exception) -> None:
    with pytest.raises(ConnectionClosedException, match="the connection broke"):
        _connection(code=-1, sent=lost).hold("sh -s", b"x", answer="locked")
