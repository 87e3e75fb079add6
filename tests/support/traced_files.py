"""What a program did to the files below a folder, as strace saw it: :func:`traced`."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CALLS = (
    "openat,close,pwrite64,write,ftruncate,fsync,fdatasync,unlink,unlinkat,mkdir,rename,renameat,"
    "renameat2,dup,dup2,dup3,pwritev,writev,fallocate,truncate,lseek"
)
_LINE = re.compile(r"(?P<call>\w+)\((?P<words>.*)\)\s+= (?P<result>-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done: ``what`` to ``path``, at ``offset``, with ``data``."""

    what: str
    path: str = ""
    offset: int = 0
    data: bytes = b""


def traced(command: Sequence[str], root: Path, log: Path) -> list[Event]:
    """Run ``command``; return what it did below ``root``, and what it wrote to stdout ("said")."""
    strace = ("strace", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}", "-o", str(log))
    subprocess.run([*strace, *command], check=True, stdout=subprocess.DEVNULL)
    trace = _Trace(str(root))
    return [event for line in log.read_text().splitlines() for event in trace.events(line)]


@dataclass(slots=True)
class _Open:
    path: str
    offset: int
    appends: bool


class _Trace:
    """Which file is which, as the calls go by."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._opened: dict[int, _Open] = {}
        self._sizes: dict[str, int] = {}

    def events(self, line: str) -> Iterator[Event]:
        """Yield what one call did."""
        match = _LINE.match(line)
        if match is None or int(match["result"]) < 0:
            return
        call, words, result = match["call"], match["words"], int(match["result"])
        strings = _STRING.findall(words)
        assert not any(cut for _, cut in strings), line[:200]
        texts = [bytes.fromhex(one.replace("\\x", "")) for one, _ in strings]
        if call == "openat":
            yield from self._openat(texts[0].decode(), words, result)
        elif call in ("unlink", "mkdir"):
            path = texts[0].decode()
            if self._is_ours(path):
                self._sizes.pop(path, None)
                yield Event(call, path)
        elif words[:1].isdigit():
            descriptor = int(words.split(",")[0])
            if call == "write" and descriptor == 1:
                yield Event("said", data=texts[0])
            elif call == "close":
                self._opened.pop(descriptor, None)
            elif descriptor in self._opened:
                file, number = self._opened[descriptor], words.rpartition(",")[2]
                yield from self._done(call, file, number, b"".join(texts)[:result])

    def _is_ours(self, path: str) -> bool:
        return path == self._root or path.startswith(self._root + "/")

    def _openat(self, path: str, words: str, descriptor: int) -> Iterator[Event]:
        if not self._is_ours(path):
            return
        self._opened[descriptor] = _Open(path, 0, "O_APPEND" in words)
        if "O_CREAT" in words and path not in self._sizes:
            self._sizes[path] = 0
            yield Event("create", path)
        if "O_TRUNC" in words:
            self._sizes[path] = 0
            yield Event("truncate", path, 0)

    def _done(self, call: str, file: _Open, number: str, data: bytes) -> Iterator[Event]:
        path = file.path
        if call in ("write", "pwrite64"):
            offset = self._sizes[path] if file.appends else file.offset
            if call == "pwrite64":
                offset = int(number)
            else:
                file.offset = offset + len(data)
            self._sizes[path] = max(self._sizes[path], offset + len(data))
            yield Event("write", path, offset, data)
        elif call == "ftruncate":
            self._sizes[path] = int(number)
            yield Event("truncate", path, int(number))
        elif call in ("fsync", "fdatasync"):
            yield Event("sync", path)
        else:
            assert call == "lseek", f"{call} of {path} was not foreseen"
