"""A conversation with an FRR daemon over its terminal socket; read ``ask`` and ``configure`` first.

Law: one question, one answer, no process: a lab asks thousands of them while it waits and judges.
Source: FRR 8.4.4, lib/vty.c (vtysh_read): commands end in a NUL, answers in three NULs and a status
byte.
"""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from lab.errors import LabError

_TIMEOUT_S = 10.0
_TRANSACTION_TIMEOUT_S = 60.0
_MANY = 250
_MARK = b"\0\0\0"


def ask(terminal: Path, command: str) -> str:
    """Return the answer to a ``show`` command; raise ``LabError`` if the daemon refuses it.

    ``terminal`` is the daemon's socket, such as /run/frr/bgpd.vty, seen through /proc/PID/root from
    outside.
    """
    with _connected(terminal) as connection:
        _say(connection, terminal, "enable")
        return _say(connection, terminal, command)


def configure(terminal: Path, lines: Sequence[str], *, is_lenient: bool = False) -> None:
    """Let the daemon take configuration lines, in order; raise ``LabError`` at the first refused.

    With ``is_lenient``, refused lines are passed over.
    """
    with _connected(terminal) as connection:
        _say(connection, terminal, "enable")
        _say(connection, terminal, "configure terminal")
        with _in_one_transaction(connection, terminal) if len(lines) > _MANY else nullcontext():
            for line in lines:
                try:
                    _say(connection, terminal, line)
                except LabError:
                    if not is_lenient:
                        raise


@contextmanager
def _in_one_transaction(connection: socket.socket, terminal: Path) -> Iterator[None]:
    """Let the daemon collect lists and route-maps, and take them all at the end.

    It compares all of its configuration with all that it had, otherwise after every line.
    Neighbors that are made within a second of the end stay down for as long (FRR 8.4.4,
    bgpd/bgp_vty.c: bgp_config_end).
    """
    connection.settimeout(_TRANSACTION_TIMEOUT_S)
    _say(connection, terminal, "XFRR_start_configuration")
    try:
        yield
    finally:
        _say(connection, terminal, "XFRR_end_configuration")


@contextmanager
def _connected(terminal: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TIMEOUT_S)
        connection.connect(str(terminal))
        yield connection


def _say(connection: socket.socket, terminal: Path, line: str) -> str:
    connection.sendall(line.encode("utf-8") + b"\0")
    status, text = _answer(connection)
    if status != 0:
        raise LabError(f"{terminal} refused: {line}: {text.strip() or status}")
    return text


def _answer(connection: socket.socket) -> tuple[int, str]:
    answer = bytearray()
    # The status byte may be NUL too, so the mark is looked for in front of it.
    while answer[-4:-1] != _MARK:
        part = connection.recv(65536)
        if not part:
            raise LabError("an FRR daemon hung up in the middle of an answer")
        answer += part
    return answer[-1], answer[:-4].decode("utf-8", errors="replace")


def ask_json(terminal: Path, command: str) -> Any:  # noqa: ANN401 - JSON of FRR's, by command
    """Return the answer to a ``show … json`` command (an empty one is an empty object)."""
    text = ask(terminal, command)
    return json.loads(text) if text.strip() else {}
