"""The far end of ``scp``: :func:`receive` files from a client, or :func:`send` one to it.

The protocol is rcp's, as OpenSSH and paramiko's SCPClient speak it: a record ``C<mode> <size>
<name>``, the bytes, a zero; every record is answered by a zero, or by a one and a sentence.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import asyncssh

_FILE = re.compile(rb"C[0-7]{4} (?P<size>\d+) (?P<name>.+)\n")
_OK = b"\0"


class ScpError(Exception):
    """A transfer that the device refuses, with its words."""


def scp_path(command: str) -> tuple[str, str] | None:
    """Return ("-t" or "-f", path) of an ``scp`` command line that a client runs, else None."""
    words = shlex.split(command)
    if not words or words[0] != "scp":
        return None
    flags = "".join(word[1:] for word in words[1:-1] if word.startswith("-"))
    return ("-t" if "t" in flags else "-f"), words[-1]


async def receive(
    process: asyncssh.SSHServerProcess[bytes],
    path: str,
    put: Callable[[str, bytes], Awaitable[None]],
) -> int:
    """Take the files that a client sends for ``path``; return the exit status."""
    process.stdout.write(_OK)
    while record := await process.stdin.readline():
        if record.startswith(b"T"):
            process.stdout.write(_OK)
            continue
        found = _FILE.fullmatch(record)
        if not found:
            return _refuse(process, f"scp: unexpected record {record!r}")
        process.stdout.write(_OK)
        content = await process.stdin.readexactly(int(found["size"]))
        await process.stdin.readexactly(1)
        try:
            await put(path, content)
        except ScpError as error:
            return _refuse(process, str(error))
        process.stdout.write(_OK)
    return 0


async def send(
    process: asyncssh.SSHServerProcess[bytes], path: str, get: Callable[[str], Awaitable[bytes]]
) -> int:
    """Send the file at ``path`` to a client; return the exit status."""
    await process.stdin.readexactly(1)
    try:
        content = await get(path)
    except ScpError as error:
        return _refuse(process, str(error))
    name = path.replace(":", "/").rsplit("/", 1)[-1]
    process.stdout.write(f"C0644 {len(content)} {name}\n".encode())
    await process.stdin.readexactly(1)
    process.stdout.write(content + _OK)
    await process.stdin.readexactly(1)
    return 0


def _refuse(process: asyncssh.SSHServerProcess[bytes], sentence: str) -> int:
    process.stdout.write(b"\x01" + sentence.encode() + b"\n")
    return 1
