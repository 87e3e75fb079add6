# ruff: noqa: S607, T201 - it runs the distribution's programs, and tells its parent so
"""The inside of a one-switch test network: run by `mini_frr.MiniFrr` in namespaces of its own.

Reads a JSON description from its first argument, starts zebra, bgpd, a BIRD speaker in a network
namespace of its own and an `sshd -i` per accepted connection, prints ``ready`` and serves until it
is killed. Being process 1 of its PID namespace, its death ends everything that it started.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

USER = "ringfence"


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def mount_private(base: Path, *, uid: int) -> None:
    """Give this mount namespace its own /run, /etc/frr, /var/tmp and account files."""
    run("mount", "--make-rprivate", "/")
    for place in ("/run", "/var/tmp"):
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", place)
    for folder in ("/run/frr", "/run/sshd"):
        Path(folder).mkdir(mode=0o755)
    run("mount", "--bind", str(base / "frr"), "/etc/frr")
    passwd = f"{USER}:x:{uid}:{uid}::/tmp:/bin/sh\n" + Path("/etc/passwd").read_text()
    groups = [
        line
        for line in Path("/etc/group").read_text().splitlines()
        if line.split(":")[0] not in {"tty", "frrvty", "frr"}
    ]
    group = "\n".join([*groups, "frrvty:x:0:", "frr:x:0:", ""])
    pam = "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n"
    for target, text in (("passwd", passwd), ("group", group), ("pam", pam)):
        (base / target).write_text(text)
    run("mount", "--bind", str(base / "passwd"), "/etc/passwd")
    run("mount", "--bind", str(base / "group"), "/etc/group")
    run("mount", "--bind", str(base / "pam"), "/etc/pam.d/frr")


def start_peer(base: Path) -> None:
    """Start BIRD behind a veth pair, in a network namespace of its own."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{holder.pid}/ns/net").readlink() == own:
        time.sleep(0.01)
    run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "sw0", "netns", str(holder.pid))
    inside = ["nsenter", "--net", "-t", str(holder.pid)]
    for prefix, device, at in (([], "up0", 1), (inside, "sw0", 2)):
        run(*prefix, "ip", "link", "set", "lo", "up")
        run(*prefix, "ip", "addr", "add", f"10.9.0.{at}/24", "dev", device)
        run(*prefix, "ip", "addr", "add", f"2001:db8:9::{at}/64", "dev", device, "nodad")
        run(*prefix, "ip", "link", "set", device, "up")
    subprocess.Popen([*inside, "bird", "-f", "-c", base / "bird.conf", "-s", base / "bird.ctl"])


def start_daemons(base: Path) -> None:
    as_root = ["-u", "root", "-g", "root"]
    for daemon in ("zebra", "bgpd"):
        log = f"file:{base / daemon}.log"
        subprocess.Popen(
            [f"/usr/lib/frr/{daemon}", *as_root, "--log", log, "--log-level", "debugging"]
        )
        deadline = time.monotonic() + 60
        while not Path(f"/run/frr/{daemon}.vty").exists():
            if time.monotonic() > deadline:
                raise SystemExit(f"{daemon} did not open its socket")
            time.sleep(0.02)
    run("vtysh", "-b")


def serve(listener: socket.socket, base: Path, *, user_namespace: bool) -> None:
    """Accept for ever; each connection becomes the standard input and output of one sshd."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    wrap = ["unshare", "--user", "--map-user=7777", "--map-group=7777"] if user_namespace else []
    command = [*wrap, "/usr/sbin/sshd", "-i", "-f", str(base / "sshd_config"), "-E"]
    while True:
        connection, _ = listener.accept()
        pipe = connection.fileno()
        subprocess.Popen([*command, str(base / "sshd.log")], stdin=pipe, stdout=pipe)
        connection.close()


def main() -> None:
    settings: dict[str, Any] = json.loads(sys.argv[1])
    base = Path(settings["base"])
    user_namespace = bool(settings["user_namespace"])
    mount_private(base, uid=7777 if user_namespace else 0)
    run("ip", "link", "set", "lo", "up")
    start_peer(base)
    start_daemons(base)
    listener = socket.socket(fileno=int(settings["listener"]))
    print("ready", flush=True)
    serve(listener, base, user_namespace=user_namespace)


if __name__ == "__main__":
    main()
