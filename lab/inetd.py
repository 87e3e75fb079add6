"""One sshd for each connection to an FRR switch; read ``serve`` first.

Law: the listening socket was made in another network namespace and only inherited here. So a
switch is managed out of band, and no interface, address or route of its own is touched. The lab's
commands to the machine (``lab.machine``) come in beside it, each to a process of its own, too.
"""

import os
import select
import signal
import socket
import traceback
from types import FrameType
from typing import NoReturn

from lab import accounts, control, kernel, machine

_SSHD = "/usr/sbin/sshd"
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def serve(listener: socket.socket, log: int, *, user_namespace: bool) -> NoReturn:
    """Accept connections for ever; ``log`` is a file descriptor for sshd's messages."""
    commands = socket.socket(socket.AF_UNIX)
    commands.bind(control.SOCKET)
    commands.listen()
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        for ready in select.select([listener, commands], [], [])[0]:
            connection, _ = ready.accept()
            if ready is commands or not machine.AWAY.exists():
                _answer(connection, log, user_namespace, is_command=ready is commands)
            connection.close()


def _answer(connection: socket.socket, log: int, user_namespace: bool, *, is_command: bool) -> None:
    if os.fork() != 0:
        return
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.setblocking(True)
        if is_command:
            machine.answer(connection)
        else:
            _become_sshd(connection, log, user_namespace=user_namespace)
    except BaseException:  # noqa: BLE001 - the process boundary
        traceback.print_exc()
    finally:
        # Never fall back into the parent's loop; sshd comes here only if it could not be started.
        os._exit(0 if is_command else 71)


def _reap(_signal: int, _frame: FrameType | None) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become_sshd(connection: socket.socket, log: int, *, user_namespace: bool) -> NoReturn:
    os.setsid()
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    os.dup2(log, 2)
    if user_namespace:
        kernel.become(accounts.SESSION_ID)
        accounts.enter_session_view()
    arguments = [_SSHD, "-i", "-e", "-f", "/run/lab/sshd_config"]
    os.execve(_SSHD, arguments, _ENVIRONMENT)  # noqa: S606 - no shell is the point
