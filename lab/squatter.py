"""Somebody else at an FRR switch, who holds the candidate; read ``settle`` first.

Law: what keeps others out is what NAPALM's driver for FRR takes for that: a lock on
``/var/tmp/napalm-frr/lock``, which ends with whoever holds it, and ``holder`` beside it, whose
second line tells people who that is.
"""

import fcntl
import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path

_STATE = Path("/var/tmp/napalm-frr")  # noqa: S108 - the driver's choice, in memory
_PID = Path("/run/lab/squatter.pid")
_SETTLED_WITHIN_S = 30.0
_GONE_WITHIN_S = 60.0
_ALL_FILES = 1024


def settle() -> None:
    """Lock the candidate until :func:`leave`; who has it now is waited for, behind the scenes."""
    if _PID.exists():
        return
    ready_from, ready_to = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _squat(ready_to)
        finally:
            os._exit(1)
    os.close(ready_to)
    _PID.write_text(str(child), encoding="ascii")
    select.select([ready_from], [], [], _SETTLED_WITHIN_S)
    os.close(ready_from)


def _squat(ready_to: int) -> None:
    os.setsid()
    # Above all the connection over which the command came: its other end waits for our end of it.
    os.closerange(3, ready_to)
    os.closerange(ready_to + 1, _ALL_FILES)
    _STATE.mkdir(mode=0o700, exist_ok=True)
    with (_STATE / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # From here on it is settled that we are next.
            os.close(ready_to)
            ready_to = -1
            fcntl.flock(lock, fcntl.LOCK_EX)
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        note = f"somebody (admin@another-host, process 4711) since {since}"
        (_STATE / "holder").write_text(f"somebody\n{note}\n", encoding="ascii")
        if ready_to >= 0:
            os.close(ready_to)
        while True:
            signal.pause()


def leave() -> None:
    """Give the candidate free; return when it is."""
    if not _PID.exists():
        return
    squatter = int(_PID.read_text(encoding="ascii"))
    _PID.unlink()
    with suppress(ProcessLookupError):
        os.kill(squatter, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_WITHIN_S
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(squatter, 0)
            time.sleep(0.01)
