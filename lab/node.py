"""The inside of one node: private namespaces and files, then its daemons; read ``run`` first.

Law: a node writes to its own memory and to its log, never to the host's files. Everything it needs
is read before /run and /tmp are hidden, because the state directory may lie below either.
"""

import os
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import accounts, inetd, kernel, routing
from lab.fabrics import FRR
from lab.state import StateDir
from lab.topology import Node

_FRR_FILES = frozenset({"frr.conf", "vtysh.conf"})
_SECRET = frozenset({"host_key", "tls.key", "password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What the supervisor hands to a node's first process."""

    node: Node
    state: StateDir
    user_namespace: bool
    platform: str
    """The switch's; a speaker has none, which is ""."""
    listeners: Mapping[str, socket.socket]
    """A switch's management sockets by protocol."""
    ready_to: int
    """Pipe: a line "namespaces" and later "up" are written here."""
    cables_from: int
    """Pipe: a byte arrives when the node's interfaces exist."""


def run(birth: Birth) -> None:
    """Turn this freshly forked process into the node; a speaker's ends as BIRD itself."""
    node = birth.node
    kernel.unshare(kernel.NEW_NETWORK | kernel.NEW_MOUNTS | kernel.NEW_HOSTNAME)
    kernel.make_mounts_private()
    socket.sethostname(node.name)
    _set_sysctls(node)
    os.write(birth.ready_to, b"namespaces\n")
    os.read(birth.cables_from, 1)
    _redirect_output(birth.state.log(node.name))
    folder = birth.state.node(node.name)
    subprocess.run(["ip", "-batch", str(folder / "net.batch")], check=True)
    if node.is_switch:
        _run_switch(birth, _read(folder))
    else:
        _run_speaker(birth, _read(folder))


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _redirect_output(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _set_sysctls(node: Node) -> None:
    forwarding = "1" if node.is_forwarding else "0"
    values = {
        "ipv4/ip_forward": forwarding,
        "ipv6/conf/all/forwarding": forwarding,
        # Interfaces are made later and start with these: no second of waiting for duplicate
        # addresses.
        "ipv6/conf/all/accept_dad": "0",
        "ipv6/conf/default/accept_dad": "0",
        "ipv6/conf/default/dad_transmits": "0",
    }
    for name, value in values.items():
        Path("/proc/sys/net", name).write_text(value, encoding="ascii")


def _place(files: dict[str, bytes], folder: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = Path(folder, name)
        path.write_bytes(content)
        path.chmod(0o600 if name in _SECRET else 0o644)


def _run_speaker(birth: Birth, files: dict[str, bytes]) -> None:
    kernel.mount_tmpfs("/run")
    _place(files, "/run/lab")
    os.write(birth.ready_to, b"up\n")
    os.execvp("bird", ["bird", "-f", "-c", "/run/lab/bird.conf", "-s", "/run/bird.ctl"])  # noqa: S606


def _run_switch(birth: Birth, files: dict[str, bytes]) -> None:
    is_virtual = birth.platform != FRR
    ssh_log = os.open(
        birth.state.log(f"{birth.node.name}-ssh"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
    )
    # A virtual switch is a Python program, whose modules may lie below /tmp; it writes nothing
    # there, but the daemons do below /var/tmp, and an SSH session in both.
    private = ("/var/tmp",) if is_virtual else ("/tmp", "/var/tmp")  # noqa: S108 - in memory
    for target in ("/run", "/etc/frr", "/var/log"):
        kernel.mount_tmpfs(target)
    for target in private:
        kernel.mount_tmpfs(target, mode="1777")
    _place({name: text for name, text in files.items() if name in _FRR_FILES}, "/etc/frr")
    _place({name: text for name, text in files.items() if name not in _FRR_FILES}, "/run/lab")
    for folder in ("/run/frr", "/run/sshd", "/var/log/frr"):
        Path(folder).mkdir(mode=0o755)
    Path("/var/log/lastlog").touch()
    accounts.install(user_namespace=birth.user_namespace)
    routing.start()

    def say_up() -> None:
        os.write(birth.ready_to, b"up\n")

    if is_virtual:
        # Imported by the supervisor already, and only where a fabric has virtual switches: they
        # need packages that FRR switches do without.
        from lab.switch import main  # noqa: PLC0415

        main.serve(birth.node.name, birth.platform, birth.listeners, say_up)
    routing.boot()
    say_up()
    inetd.serve(birth.listeners["ssh"], ssh_log, user_namespace=birth.user_namespace)
