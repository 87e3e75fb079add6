"""The processes of one node, as the node sees them; read ``of_this_node`` first.

Law: a node is a network namespace. What runs in it belongs to the node, whoever started it.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One that runs; ``number`` is its id in the lab's PID namespace."""

    number: int
    command: str

    def kill(self) -> None:
        """End it, if it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)


def of_this_node() -> Iterator[Process]:
    """Yield what runs in the caller's network and PID namespaces, the caller included."""
    here = _spaces("self")
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        # It may end at any moment, and one that is dying has no namespaces any more.
        with suppress(OSError):
            if _spaces(entry.name) == here:
                yield _process(entry)


def _spaces(process: str) -> tuple[str, str]:
    folder = Path("/proc", process, "ns")
    return str((folder / "net").readlink()), str((folder / "pid").readlink())


def _process(entry: Path) -> Process:
    status = dict(
        line.split(":", 1)
        for line in (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines()
    )
    # Where /proc is an outer one, its numbers are not ours; the last of these always is.
    return Process(number=int(status["NSpid"].split()[-1]), command=status["Name"].strip())
