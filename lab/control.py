"""A conversation with a switch behind its management's back, or the wire; read ``ask`` first.

Law: one connection, one command, one answer, each a line of JSON. What is asked for are the
commands of ``lab.switch.base.VirtualSwitch.control``, of ``lab.machine`` and of ``lab.wire``.
"""

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.errors import LabError

SOCKET = "/run/lab/control"
"""Where a switch listens, as it sees it itself."""
_TIMEOUT_S = 30.0


@contextmanager
def short(path: Path) -> Iterator[Path]:
    """Yield another path of the same file, that a socket's address has room for (108 bytes)."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield Path("/proc/self/fd", str(folder), path.name)
    finally:
        os.close(folder)


def ask(terminal: Path, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return the answer to a command; raise ``LabError`` with the switch's words if it has none."""
    question = json.dumps({"command": command, "arguments": dict(arguments)}) + "\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_TIMEOUT_S)
        with short(terminal) as path:
            connection.connect(str(path))
        connection.sendall(question.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")) or b"{}")
    if "value" not in answer:
        raise LabError(f"{command}: {answer.get('error', 'the switch hung up')}")
    return answer["value"]
