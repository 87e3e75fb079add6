"""User and group files as a switch's processes see them; read ``install`` first.

Law: FRR's terminals belong to the user and group that the SSH user has, so that a plain ``vtysh``
works. In a user namespace only one id exists at a time: 0 for the daemons, and another for the SSH
sessions, because sshd without privileges serves nobody but itself. So the files exist in two views.
"""

from pathlib import Path

from lab import kernel
from lab.topology import SSH_USER

SESSION_ID = 7777
"""User and group of an SSH session in a user namespace: not 0, and no real account's."""

SESSION_PATH = "/run/lab/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
"""The PATH of an SSH session; the first folder is empty, but for faults (``lab.machine``)."""

_OURS = (SSH_USER, "frr")
_GROUPS = ("frr", "frrvty")
_SESSION_VIEW = Path("/run/lab/session")
_PAM_FRR = "/etc/pam.d/frr"


def install(*, user_namespace: bool) -> None:
    """Show this node its own account files; in a user namespace, keep the sessions' view too."""
    daemons = Path("/run/lab/accounts")
    _write(daemons, number=0, with_tty=not user_namespace)
    if user_namespace:
        _write(_SESSION_VIEW, number=SESSION_ID, with_tty=False)
    _show(daemons)
    if Path(_PAM_FRR).exists():
        # vtysh asks PAM about its caller; the distribution's answer needs /etc/shadow.
        permit = Path("/run/lab/pam")
        permit.write_text(
            "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n", encoding="ascii"
        )
        kernel.bind(str(permit), _PAM_FRR)


def enter_session_view() -> None:
    """Show this process, in mounts of its own, the accounts in which it is the SSH user."""
    kernel.unshare(kernel.NEW_MOUNTS)
    _show(_SESSION_VIEW)


def _show(folder: Path) -> None:
    for name in ("passwd", "group"):
        kernel.bind(str(folder / name), f"/etc/{name}")


def _write(folder: Path, *, number: int, with_tty: bool) -> None:
    users = [
        f"{SSH_USER}:x:{number}:{number}::/tmp:/bin/bash",
        f"frr:x:{number}:{number}::/nonexistent:/usr/sbin/nologin",
    ]
    users += [line for line in _lines("/etc/passwd") if _name(line) not in _OURS]
    groups = [f"{name}:x:{number}:" for name in (SSH_USER, *_GROUPS)]
    # With a tty group, sshd would try to give it the terminal, which needs a privilege.
    hidden = {SSH_USER, *_GROUPS} | (set() if with_tty else {"tty"})
    groups += [line for line in _lines("/etc/group") if _name(line) not in hidden]
    folder.mkdir(mode=0o755)
    for name, lines in (("passwd", users), ("group", groups)):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _name(line: str) -> str:
    return line.split(":", 1)[0]
