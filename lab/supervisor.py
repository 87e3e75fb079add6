"""Process 1 of the lab's PID namespace: bears the nodes, lays the cables; read ``main`` first.

Law: every process of the lab descends from this one. When it ends, for whatever reason, the kernel
ends them all, and with them their namespaces, cables and mounts: there is nothing to clean up by
hand.

It is started as ``python -m lab.supervisor STATE`` by ``lab.launch``, inside new network, mount and
PID namespaces, with the management sockets as the file descriptors named in LAB_SOCKETS
(switch/protocol=number,…). Those are in the hands of the wire (``lab.wire``); the switches listen
at the same addresses in this process's own network namespace, where the wire finds them.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from lab import control, kernel, wire
from lab.fabrics import switch_class
from lab.node import Birth, run
from lab.state import Settings, StateDir
from lab.topology import NODES, cables

_Sockets = dict[str, dict[str, socket.socket]]
"""Listening ones, by switch and protocol."""


def main() -> NoReturn:
    """Bring all nodes to life, then reap what dies until killed."""
    state = StateDir(Path(sys.argv[1]))
    settings = state.settings()
    if settings is None:
        raise SystemExit(f"{state.root} is no lab's state directory")
    host_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    _write_whole(state.supervisor_pid, os.readlink("self", dir_fd=host_proc))
    kernel.make_mounts_private()
    _hide_other_processes()
    public = _listeners()
    subprocess.run(["ip", "link", "set", "dev", "lo", "up"], check=True)
    wire_pid = _lay_wire(state, public)
    listeners = {
        switch: {protocol: socket.create_server(one.getsockname()) for protocol, one in own.items()}
        for switch, own in public.items()
    }
    for platform in set(settings.fabric.values()):
        # Once for all: the nodes are forks of this process.
        switch_class(platform)
    supervisor = _Supervisor(state, settings, listeners, public, host_proc)
    supervisor.bear_all()
    supervisor.connect_all()
    supervisor.await_all()
    _write_whole(state.pids, json.dumps(supervisor.host_pids))
    while (dead := os.wait()[0]) != wire_pid:
        supervisor.bury(dead)
    raise SystemExit("the wire broke, and with it the lab")


class _Supervisor:
    """The nodes' first processes and the pipes to them, while they come up."""

    def __init__(
        self,
        state: StateDir,
        settings: Settings,
        listeners: _Sockets,
        public: _Sockets,
        host_proc: int,
    ) -> None:
        self.state = state
        self.settings = settings
        self.listeners = listeners
        self.public = public
        self.host_proc = host_proc
        self.host_pids: dict[str, int] = {}
        self.pids: dict[str, int] = {}
        self.children: dict[int, str] = {}
        self.ready: dict[str, int] = {}
        self.cables: dict[str, int] = {}

    def bear_all(self) -> None:
        """Fork a process for each node and wait until each has its namespaces."""
        for name in NODES:
            self._bear(name)
        for name in NODES:
            host_pid, pid, word = self._hear(name).split()
            if word != "namespaces":
                raise RuntimeError(f"{name} said {word}")
            self.host_pids[name], self.pids[name] = int(host_pid), int(pid)

    def _bear(self, name: str) -> None:
        ready_from, ready_to = os.pipe()
        cables_from, cables_to = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                for own in self.public.values():
                    for listener in own.values():
                        listener.close()
                host_pid = os.readlink("self", dir_fd=self.host_proc)
                seen_pid = Path("/proc/self").readlink()
                os.write(ready_to, f"{host_pid} {seen_pid} ".encode("ascii"))
                run(
                    Birth(
                        node=NODES[name],
                        state=self.state,
                        user_namespace=self.settings.user_namespace,
                        platform=self.settings.fabric.get(name, ""),
                        listeners=self.listeners.get(name, {}),
                        ready_to=ready_to,
                        cables_from=cables_from,
                    )
                )
            except BaseException:  # noqa: BLE001 - the process boundary
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(ready_to)
        os.close(cables_from)
        self.children[child] = name
        self.ready[name], self.cables[name] = ready_from, cables_to

    def _hear(self, name: str) -> str:
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self.ready[name], 1)
            if not byte:
                raise SystemExit(f"{name} did not come up: see {self.state.log(name)}")
            line += byte
        return line.decode("ascii").strip()

    def connect_all(self) -> None:
        """Create every veth pair with its ends in the two nodes, and let the nodes go on."""
        batch = "".join(
            f"link add name {lower} netns {self.pids[upper]} type veth "
            f"peer name {upper} netns {self.pids[lower]}\n"
            for upper, lower in cables()
        )
        subprocess.run(["ip", "-batch", "-"], input=batch.encode("ascii"), check=True)
        for descriptor in self.cables.values():
            os.write(descriptor, b"\n")
            os.close(descriptor)

    def await_all(self) -> None:
        """Wait until every node says that its daemons have been started."""
        for name in NODES:
            word = self._hear(name)
            if word != "up":
                raise RuntimeError(f"{name} said {word}")
            os.close(self.ready[name])

    def bury(self, child: int) -> None:
        """Let a switch that is dead not listen any more: others hold its sockets, too."""
        name = self.children.get(child, "")
        for sockets in (self.public, self.listeners):
            for listener in sockets.get(name, {}).values():
                # One that a fault keeps closed is not connected, and has no other end.
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)


def _lay_wire(state: StateDir, public: _Sockets) -> int:
    """Fork the wire's process and return its id."""
    with socket.socket(socket.AF_UNIX) as commands, control.short(state.wire) as path:
        commands.bind(str(path))
        path.chmod(0o600)
        commands.listen()
        child = os.fork()
        if child == 0:
            try:
                wire.run(public, commands)
            except BaseException:  # noqa: BLE001 - the process boundary
                traceback.print_exc()
            finally:
                os._exit(1)
    return child


def _hide_other_processes() -> None:
    try:
        kernel.mount_proc()
    except OSError as error:
        # In some containers parts of /proc are masked and a new one is refused. The old one does
        # too: tools then show the host's process ids.
        print(f"keeping the outer /proc: {error}", flush=True)


def _listeners() -> _Sockets:
    found: _Sockets = {}
    for item in os.environ["LAB_SOCKETS"].split(","):
        name, _, number = item.partition("=")
        switch, _, protocol = name.partition("/")
        listener = socket.socket(fileno=int(number))
        listener.set_inheritable(False)
        found.setdefault(switch, {})[protocol] = listener
    return found


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever sees half of it."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="ascii")
    partial.replace(path)


if __name__ == "__main__":
    main()
