"""Linux namespaces and mounts by system call; read ``unshare`` first.

Law: thin wrappers that raise ``OSError``; Python 3.11 has none of its own.
Source: unshare(2), mount(2), user_namespaces(7).
"""

import ctypes
import os
from pathlib import Path

NEW_MOUNTS = 0x00020000
NEW_HOSTNAME = 0x04000000
NEW_USER = 0x10000000
NEW_NETWORK = 0x40000000

_MS_NOSUID = 0x2
_MS_NODEV = 0x4
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000

_LIBC = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{os.strerror(code)}: {what}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces, given as ``NEW_…`` flags."""
    _check(_LIBC.unshare(flags), f"unshare {flags:#x}")


def become(user: int) -> None:
    """Move into a new user namespace in which this process is ``user`` (and group), alone."""
    outer_user, outer_group = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {outer_user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{user} {outer_group} 1", encoding="ascii")


def make_mounts_private() -> None:
    """Keep every later mount of this namespace from spreading to another one."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)


def mount_tmpfs(target: str, *, mode: str = "755") -> None:
    """Put an empty file system in memory over ``target``."""
    _mount("tmpfs", target, "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode={mode}")


def mount_proc() -> None:
    """Put a view of this PID namespace's processes over /proc."""
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV, None)


def bind(source: str, target: str) -> None:
    """Let ``target`` show ``source``."""
    _mount(source, target, None, _MS_BIND, None)


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    result = _LIBC.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(data))
    _check(result, f"mount on {target}")
