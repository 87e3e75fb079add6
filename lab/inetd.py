"""One sshd for each connection to a switch; read ``serve`` first.

Law: the listening socket was made in the host's network namespace and only inherited here. So a
switch is reached on the host's loopback, while no interface, address or route of the host is
touched.
"""

import os
import signal
import socket
from types import FrameType
from typing import NoReturn

from lab import accounts, kernel

_SSHD = "/usr/sbin/sshd"
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def serve(listener: socket.socket, log: int, *, user_namespace: bool) -> NoReturn:
    """Accept connections for ever; ``log`` is a file descriptor for sshd's messages."""
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            try:
                _become_sshd(connection, log, user_namespace=user_namespace)
            finally:
                # Only reached if sshd could not be started: never fall back into the parent's loop.
                os._exit(71)
        connection.close()


def _reap(_signal: int, _frame: FrameType | None) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _become_sshd(connection: socket.socket, log: int, *, user_namespace: bool) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    connection.setblocking(True)
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    os.dup2(log, 2)
    if user_namespace:
        kernel.become(accounts.SESSION_ID)
        accounts.enter_session_view()
    arguments = [_SSHD, "-i", "-e", "-f", "/run/lab/sshd_config"]
    os.execve(_SSHD, arguments, _ENVIRONMENT)  # noqa: S606 - no shell is the point
