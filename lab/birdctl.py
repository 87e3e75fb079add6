"""A conversation with BIRD over its control socket; read ``ask`` first.

Law: one question, one answer, no process. Source: BIRD 2.0.12, doc/reply_codes: lines begin with a
four-digit code and "-" (more follows) or " " (last).
"""

import re
import socket
from pathlib import Path

from lab.errors import LabError

_TIMEOUT_S = 10.0
_LAST = re.compile(rb"(?:^|\n)(\d{4}) [^\n]*\n$")
_CODE = re.compile(r"^(?:\d{4}[- ]| |\+)")
_FIRST_ERROR = 8000
NOT_FOUND = 8001
RECONFIGURED = "Stopped due to reconfiguration"
_TRIES = 20


def ask(control: Path, command: str) -> str:
    """Return the answer's text without its codes; raise ``LabError`` if BIRD refuses the command.

    ``control`` is the socket, seen through /proc/PID/root from outside. A route that does not exist
    (code 8001) is an empty answer. A table that BIRD stops showing because it is reconfigured in
    the middle is asked for again.
    """
    for _ in range(_TRIES):
        text = _ask(control, command)
        if RECONFIGURED not in text:
            return text
    raise LabError(f"BIRD is reconfigured all the time: {command}")


def _ask(control: Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TIMEOUT_S)
        connection.connect(str(control))
        _answer(connection)
        connection.sendall(command.encode("ascii") + b"\n")
        code, text = _answer(connection)
    if code == NOT_FOUND:
        return ""
    if code >= _FIRST_ERROR and RECONFIGURED not in text:
        raise LabError(f"BIRD refused: {command}: {text.strip()}")
    return text


def _answer(connection: socket.socket) -> tuple[int, str]:
    answer = b""
    while not (last := _LAST.search(answer)):
        part = connection.recv(65536)
        if not part:
            raise LabError("BIRD hung up in the middle of an answer")
        answer += part
    lines = answer.decode("utf-8", errors="replace").splitlines()
    return int(last[1]), "\n".join(_CODE.sub("", line) for line in lines)
