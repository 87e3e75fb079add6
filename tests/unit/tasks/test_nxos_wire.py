"""What libraries raise over what an NX-OS command line prints, or over its end."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from netmiko.exceptions import NetmikoTimeoutException, ReadTimeout, WriteException
from paramiko import SSHException

from tasks.adapters.nxos_wire import Cli
from tasks.errors import ConnectError


@pytest.mark.parametrize(
    "raised",
    [
        EOFError(),
        OSError("Socket is closed"),
        ConnectionResetError(104, "Connection reset by peer"),
        SSHException("SSH session not active"),
        NetmikoTimeoutException("no answer"),
        ReadTimeout("Pattern not detected"),
        WriteException("no active channel"),
        ValueError("Failed to enter configuration mode."),
        IndexError("list index out of range"),
        AttributeError("'NoneType' object has no attribute 'sendall'"),
    ],
    ids=repr,
)
def test_a_terminal_that_ends_or_makes_no_sense_is_told_as_such(raised: Exception) -> None:
    driver = SimpleNamespace(device=SimpleNamespace(channel=None))
    with pytest.raises(ConnectError, match="the command line d"), Cli().guarded(driver):
        raise raised
