"""One virtual switch in this process: :class:`SwitchBox`, for the tests of a platform.

The switch serves real sockets on the loopback from a thread and an event loop of its own, so that
an unmodified, blocking driver can be used on it from the test.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from recording_daemon import RecordingDaemon

from lab.switch import credentials
from lab.switch.base import Environment

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from pathlib import Path
    from types import TracebackType

    from lab.switch.base import Daemon, VirtualSwitch

T = TypeVar("T")
#: For any answer; a switch that needs longer hangs.
_WITHIN_S = 60
_SSH = ("ssh", "netconf")


class SwitchBox:
    """A context manager: a switch that has booted; its folder is as on the switch itself.

    ``ports`` are by protocol, as the switch's ``PROTOCOLS`` name them. ``daemon`` records, unless
    another is given (the property then fails).
    """

    def __init__(
        self,
        switch_class: type[VirtualSwitch],
        startup: str,
        folder: Path,
        *,
        name: str = "tor1",
        daemon: Daemon | None = None,
        address: str = "127.44.0.1",
    ) -> None:
        self.address = address
        self.username = "ringfence"
        self.password = credentials.new_password()
        self._given_daemon: Daemon = RecordingDaemon() if daemon is None else daemon
        self.files = folder / name
        self.files.mkdir(parents=True)
        self.key_file = folder / "id_ed25519"
        self.known_hosts = folder / "known_hosts"
        self.ca_file = folder / "ca.pem"
        self._listeners = {
            protocol: socket.create_server((address, 0)) for protocol in switch_class.PROTOCOLS
        }
        self.ports: Mapping[str, int] = {
            protocol: listener.getsockname()[1] for protocol, listener in self._listeners.items()
        }
        self._write_files(name, startup)
        self._loop = _Loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self.switch = switch_class(
            Environment(
                name=name,
                listeners=self._listeners,
                files=self.files,
                username=self.username,
                password=self.password,
                daemon=self._given_daemon,
            )
        )

    @property
    def daemon(self) -> RecordingDaemon:
        """The daemon underneath, with what was asked of it."""
        assert isinstance(self._given_daemon, RecordingDaemon)
        return self._given_daemon

    def _write_files(self, name: str, startup: str) -> None:
        authority = credentials.Authority.new()
        user = credentials.new_ssh_key()
        credentials.write_secret(self.key_file, user.private)
        self.ca_file.write_text(authority.pem, encoding="ascii")
        host_key = credentials.make_files(
            self.files, name=name, address=self.address, user=user.public, authority=authority
        )
        self.known_hosts.write_text(
            "".join(f"[{self.address}]:{self.ports[one]} {host_key}\n" for one in self.ssh_like),
            encoding="ascii",
        )
        (self.files / "startup").write_text(startup, encoding="utf-8")

    @property
    def ssh_like(self) -> tuple[str, ...]:
        """The protocols that run over SSH."""
        return tuple(protocol for protocol in _SSH if protocol in self.ports)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.do(self.switch.start())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def control(self, command: str, **arguments: Any) -> Any:  # noqa: ANN401 - as the command is
        """Do what no driver can; see :meth:`lab.switch.base.VirtualSwitch.control`."""
        return self.do(self.switch.control(command, arguments))

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the switch's event loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_WITHIN_S)

    def _close(self) -> None:
        self.do(self._loop.end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN_S)
        self._loop.close()
        for listener in self._listeners.values():
            listener.close()


class _Loop(asyncio.SelectorEventLoop):
    """Knows its servers, so that a switch's end leaves nothing open, whatever state it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.servers: list[asyncio.Server] = []

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:  # noqa: ANN401
        server = await super().create_server(*arguments, **options)
        self.servers.append(server)
        return server

    async def end_all(self) -> None:
        """Close every server, cut every connection, cancel every task."""
        for server in self.servers:
            server.close()
        for transport in list(self._transports.values()):  # type: ignore[attr-defined]
            transport.abort()
        # Whoever waits for a connection hears of its end, and those tasks end by themselves.
        await asyncio.sleep(0)
        others = [task for task in asyncio.all_tasks(self) if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.shutdown_asyncgens()
        await self.shutdown_default_executor()
