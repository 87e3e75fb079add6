"""The inside of one node: private namespaces and files, then its daemons; read ``run`` first.

Law: a node writes to its own memory and to its log, never to the host's files. Everything it needs
is read before /run and /tmp are hidden, because the state directory may lie below either.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import accounts, inetd, kernel, vty
from lab.state import StateDir
from lab.topology import Node

_ZEBRA = "/usr/lib/frr/zebra"
_BGPD = "/usr/lib/frr/bgpd"
_START_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What the supervisor hands to a node's first process."""

    node: Node
    state: StateDir
    user_namespace: bool
    listener: socket.socket | None
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
        path.chmod(0o600 if name == "host_key" else 0o644)


def _run_speaker(birth: Birth, files: dict[str, bytes]) -> None:
    kernel.mount_tmpfs("/run")
    _place(files, "/run/lab")
    os.write(birth.ready_to, b"up\n")
    os.execvp("bird", ["bird", "-f", "-c", "/run/lab/bird.conf", "-s", "/run/bird.ctl"])  # noqa: S606


def _run_switch(birth: Birth, files: dict[str, bytes]) -> None:
    if birth.listener is None:
        raise ValueError(f"{birth.node.name} has no management socket")
    ssh_log = os.open(
        birth.state.log(f"{birth.node.name}-ssh"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
    )
    for target in ("/run", "/etc/frr", "/var/log"):
        kernel.mount_tmpfs(target)
    for target in ("/tmp", "/var/tmp"):  # noqa: S108 - the node's own, in memory
        kernel.mount_tmpfs(target, mode="1777")
    frr = {name: files.pop(name) for name in ("frr.conf", "vtysh.conf")}
    _place(frr, "/etc/frr")
    _place(files, "/run/lab")
    for folder in ("/run/frr", "/run/sshd", "/var/log/frr"):
        Path(folder).mkdir(mode=0o755)
    Path("/var/log/lastlog").touch()
    accounts.install(user_namespace=birth.user_namespace)
    _start_frr()
    os.write(birth.ready_to, b"up\n")
    inetd.serve(birth.listener, ssh_log, user_namespace=birth.user_namespace)


def _start_frr() -> None:
    """Start zebra, then bgpd, then feed them the configuration as at boot.

    In this order: a bgpd that does not find zebra tries again only after ten seconds, and until it
    knows the interfaces it takes every IPv6 next hop for a stranger's.
    """
    _start(_ZEBRA)
    _await(
        lambda: Path("/run/frr/zserv.api").exists() and Path("/run/frr/zebra.vty").exists(), "zebra"
    )
    _start(_BGPD)
    _await(Path("/run/frr/bgpd.vty").exists, "bgpd")
    _await(
        lambda: "Client: bgp" in vty.ask(Path("/run/frr/zebra.vty"), "show zebra client"),
        "bgpd's zebra",
    )
    # After boot bgpd opens no session before the route-maps' delay timer has run out (FRR 8.4.4,
    # bgpd/bgp_vty.c: bgp_config_end); five seconds by default, which a test bench need not wait.
    _vtysh("-c", "configure terminal", "-c", "bgp route-map delay-timer 1")
    _vtysh("-b")
    _vtysh("-c", "configure terminal", "-c", "no bgp route-map delay-timer")


def _vtysh(*arguments: str) -> None:
    subprocess.run(["vtysh", *arguments], check=True, stdin=subprocess.DEVNULL)


def _start(program: str) -> None:
    # vtysh alone talks to them: -P 0 keeps the TCP terminal closed.
    subprocess.Popen([program, "-u", "root", "-g", "root", "-P", "0"], stdin=subprocess.DEVNULL)


def _await(is_ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} is not ready after {_START_WITHIN_S:.0f} s")
        time.sleep(0.02)
