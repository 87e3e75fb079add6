"""An SSH connection that runs commands; `SshConnection.open` is where to start.

Netmiko makes the connection, so its options hold. Commands then run on exec channels of the same
transport: real exit codes, standard error apart, standard input for uploads, and no screen to
scrape. Host keys are checked unless the caller says otherwise in plain words.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import netmiko
import paramiko
from napalm.base.exceptions import (
    CommandTimeoutException,
    ConnectAuthError,
    ConnectionClosedException,
    ConnectionException,
    ConnectTimeoutError,
)
from napalm.base.netmiko_helpers import netmiko_args
from netmiko.linux.linux_ssh import LinuxSSH

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUFFER = 65536
# How netmiko begins what paramiko said.
_PREAMBLE = "A paramiko SSHException occurred during connection creation: "


class _ExecOnly(LinuxSSH):
    """Netmiko's Linux connection without its interactive shell, which nothing here needs."""

    def session_preparation(self) -> None:
        """Close the shell that netmiko opened; a switch may allow few sessions."""
        if isinstance(self.remote_conn, paramiko.Channel):
            self.remote_conn.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How a command ended."""

    code: int
    out: str
    err: str


class Held:
    """A command on the switch that stays until it is released or the connection is gone."""

    def __init__(self, channel: paramiko.Channel, *, patience: float) -> None:
        self._channel = channel
        self._patience = patience

    def release(self) -> None:
        """End the command and wait until it has ended, or the connection says nothing more."""
        try:
            self._channel.shutdown_write()
            self._channel.status_event.wait(self._patience)
        except (EOFError, OSError, paramiko.SSHException):
            return  # The connection is gone, and the command with it.
        finally:
            self._channel.close()


class SshConnection:
    """An authenticated connection to a host whose key is known."""

    def __init__(self, client: paramiko.SSHClient, *, name: str, timeout: float) -> None:
        self._client = client
        self._name = name
        self.patience = timeout  # Seconds to wait for a word from a command.

    @classmethod
    def open(
        cls,
        hostname: str,
        username: str,
        password: str,
        *,
        timeout: float,
        options: Mapping[str, Any],
    ) -> SshConnection:
        """Connect and authenticate; `options` are netmiko's, times are in seconds.

        Raises:
            ConnectAuthError: the switch does not accept the credentials.
            ConnectTimeoutError: nothing answers in time.
            ConnectionException: anything else, an unknown or wrong host key among it.
        """
        wanted = netmiko_args(dict(options))
        wanted.setdefault("ssh_strict", True)
        wanted.setdefault("system_host_keys", True)
        wanted.setdefault("conn_timeout", timeout)
        name = f"{hostname}:{wanted.get('port', 22)}"
        try:
            device = _ExecOnly(
                device_type="linux",
                host=hostname,
                username=username,
                password=password or None,
                timeout=int(timeout),
                **wanted,
            )
        except netmiko.NetmikoAuthenticationException:
            # The cause may quote what was tried, so it is not chained.
            raise ConnectAuthError(f"{name} does not accept the login of {username}") from None
        except EOFError:
            # Paramiko's word for a connection that ends while it says its first line.
            raise ConnectionException(f"{name}: the connection was closed at once") from None
        except (netmiko.NetmikoTimeoutException, paramiko.SSHException, OSError, ValueError) as exc:
            raise _connection_error(name, exc) from None
        client = device.remote_conn_pre
        if not isinstance(client, paramiko.SSHClient):
            raise ConnectionException(f"{name}: the connection was closed at once")
        return cls(client, name=name, timeout=timeout)

    def is_alive(self) -> bool:
        """Whether the transport still carries something to the switch."""
        transport = self._client.get_transport()
        if transport is None or not transport.is_active():
            return False
        try:
            transport.send_ignore()
        except (EOFError, OSError, paramiko.SSHException):
            return False
        return True

    def close(self) -> None:
        """Close the connection and every channel on it."""
        self._client.close()

    def run(self, command: str, *, data: bytes = b"", timeout: float | None = None) -> Completed:
        """Run a shell command with `data` as its standard input and wait for its end.

        Raises:
            CommandTimeoutException: nothing was heard from it for `timeout` seconds.
            ConnectionClosedException: the connection broke.
        """
        channel = self._start(command, timeout=timeout)
        try:
            return self._finish(channel, data)
        except TimeoutError:
            raise CommandTimeoutException(f"{self._name}: no answer in time") from None
        except (EOFError, OSError, paramiko.SSHException) as exc:
            raise ConnectionClosedException(f"{self._name}: the connection broke ({exc})") from exc
        finally:
            channel.close()

    def hold(self, command: str, data: bytes, *, answer: str) -> Held | Completed:
        """Start a command that answers with one line and then stays until its input ends.

        Returns how it ended instead, if it gives another answer than the expected one.
        """
        channel = self._start(command)
        try:
            is_read = _say(channel, data)
            line = bytearray()
            while not line.endswith(b"\n") and (byte := channel.recv(1)):
                line.extend(byte)
            if is_read and line.decode(errors="replace").strip() == answer:
                return Held(channel, patience=self.patience)
            done = self._finish(channel, b"")
        except (EOFError, OSError, paramiko.SSHException) as exc:
            channel.close()
            raise ConnectionClosedException(f"{self._name}: the connection broke ({exc})") from exc
        channel.close()
        return done

    def _start(self, command: str, *, timeout: float | None = None) -> paramiko.Channel:
        """Start a command and return its channel."""
        transport = self._client.get_transport()
        if transport is None or not transport.is_active():
            raise ConnectionClosedException(f"{self._name}: the connection is closed")
        try:
            channel = transport.open_session(timeout=self.patience)
            channel.settimeout(timeout or self.patience)
            channel.exec_command(command)
        except (EOFError, OSError, paramiko.SSHException) as exc:
            raise ConnectionClosedException(f"{self._name}: the connection broke ({exc})") from exc
        return channel

    @staticmethod
    def _finish(channel: paramiko.Channel, data: bytes) -> Completed:
        errors = bytearray()

        def drain() -> None:
            # Both streams share one window: an unread one would stop the other.
            try:
                while chunk := channel.recv_stderr(_BUFFER):
                    errors.extend(chunk)
            except (TimeoutError, OSError):
                return

        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        if _say(channel, data):
            with contextlib.suppress(OSError):
                channel.shutdown_write()
        out = bytearray()
        while chunk := channel.recv(_BUFFER):
            out.extend(chunk)
        reader.join()
        code = channel.recv_exit_status()
        if code < 0:
            raise EOFError("no exit code")
        return Completed(
            code=code,
            # FRR keeps any byte in a description, and what is compared with it must have it too.
            out=out.decode(errors="surrogateescape"),
            err=errors.decode(errors="replace"),
        )


def _say(channel: paramiko.Channel, data: bytes) -> bool:
    """Send a command its input; return whether it took it all.

    One that ends without reading all is no broken connection: its exit code says why.

    Raises:
        TimeoutError: it neither reads nor ends.
    """
    try:
        channel.sendall(data)
    except TimeoutError:
        raise
    except OSError:
        return False
    return True


def _connection_error(name: str, exc: Exception) -> ConnectionException:
    """Return what went wrong as one sentence; netmiko wraps paramiko's words in paragraphs."""
    words = " ".join(str(exc).split())
    context = exc.__context__
    if isinstance(context, paramiko.BadHostKeyException):
        return ConnectionException(f"{name} shows another host key than the known one")
    if "not found in known_hosts" in words:
        return ConnectionException(f"the host key of {name} is not known")
    if isinstance(context, paramiko.ssh_exception.NoValidConnectionsError):
        return ConnectionException(f"{name} refuses the connection")
    # What paramiko says of silence depends on which of its timers ends first.
    silence = ("No existing session", "Error reading SSH protocol banner")
    if isinstance(context, TimeoutError) or any(word in words for word in silence):
        return ConnectTimeoutError(f"{name} does not answer")
    if isinstance(context, socket.gaierror) or "DNS failure" in words:
        return ConnectionException(f"the name of {name} can't be resolved")
    return ConnectionException(f"{name}: {words.removeprefix(_PREAMBLE)}")
