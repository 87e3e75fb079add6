"""Starts a switch's routing daemons, zebra and bgpd; read ``start`` first.

Law: when ``start`` returns, both run, know each other, and take configuration.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import vty

_ZEBRA = "/usr/lib/frr/zebra"
_BGPD = "/usr/lib/frr/bgpd"
_START_WITHIN_S = 60.0


def start() -> None:
    """Start zebra, then bgpd.

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


def boot() -> None:
    """Feed the daemons their startup configuration."""
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
