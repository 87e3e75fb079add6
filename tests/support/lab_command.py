"""The lab's command line, run as people do: in a process of its own, from anywhere."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from lab.requirements import search_path

CHECKOUT = Path(__file__).resolve().parents[2]


def _free_subnet() -> int:
    """Return a management subnet that no other test run of this machine uses now."""
    first = 241 + os.getpid() % 14
    candidates: list[int] = [*range(first, 255), *range(241, first)]
    for subnet in candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((f"127.{subnet}.0.1", 2222))
            except OSError:
                continue
            return subnet
    raise RuntimeError("all management subnets from 241 on are in use")


SUBNET = _free_subnet()
"""Management addresses of labs that are started through the command line."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "lab", *arguments]


def run(argv: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd="/",
        env={"PATH": search_path(), "PYTHONPATH": str(CHECKOUT), **environment},
    )


def options(folder: Path, fabric: str = "frr") -> list[str]:
    known_hosts = str(folder / "known_hosts")
    return ["--subnet", str(SUBNET), "--known-hosts", known_hosts, "--fabric", fabric]


def in_mounts(script: str) -> list[str]:
    """Return a command that runs a script where mounts may be changed for it alone."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--mount", "sh", "-c", script]
