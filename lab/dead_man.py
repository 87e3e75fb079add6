"""The revert timer that a management client left on an FRR switch; read ``lapse`` first.

Law: the timer is the client's own program and stays that; it is only started anew, with less time
left. Source: what NAPALM's driver for FRR keeps in ``/var/tmp/napalm-frr``: ``pending/deadline``
(hundredths of a second of uptime), ``pending/pid`` (the leader of its process group), ``act``
(locked by whoever changes something), ``pending/switch.sh``, which ``timer DEADLINE`` starts.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import accounts

_STATE = Path("/var/tmp/napalm-frr")  # noqa: S108 - the driver's choice, in memory
_PENDING = _STATE / "pending"
_WITHIN_S = 30.0


def pending() -> float | None:
    """Return the seconds until the revert timer fires, or None if none runs."""
    deadline = _number("deadline") if _runs() else None
    return None if deadline is None else max(0.0, deadline / 100 - _uptime_s())


def lapse(seconds: float) -> None:
    """Let ``seconds`` pass for the timer; if it fires, return when it has done its work.

    It is not waited for longer than half a minute: something may keep it from its work.
    """
    if not _PENDING.is_dir():
        return
    with (_STATE / "act").open("ab") as act:
        fcntl.flock(act, fcntl.LOCK_EX)
        deadline, leader = _number("deadline"), _number("pid")
        if deadline is None or leader is None or not _runs():
            return
        sooner = deadline - round(seconds * 100)
        os.killpg(leader, signal.SIGKILL)
        _await(lambda: not _runs())
        (_PENDING / "pid").unlink()
        subprocess.Popen(
            ["setsid", "sh", str(_PENDING / "switch.sh"), "timer", str(sooner)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": accounts.SESSION_PATH},
        )
        _await(lambda: _number("pid") is not None)
    if sooner / 100 <= _uptime_s():
        _await(lambda: not _PENDING.exists())


def _runs() -> bool:
    """Return whether the timer holds its lock."""
    try:
        with (_PENDING / "alive").open("rb") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _number(name: str) -> int | None:
    try:
        return int((_PENDING / name).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _uptime_s() -> float:
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])


def _await(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
