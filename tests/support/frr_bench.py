"""A bgpd that nobody has configured, with a BIRD that sends it routes: :class:`Bench`."""

from __future__ import annotations

import re
import time
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frr_programs import SENT, Verdicted

from lab import vty
from lab.switch.daemon import FrrDaemon
from lab.switch.meaning import Family, Peer, Program, Router

if TYPE_CHECKING:
    from collections.abc import Callable

    from mini_frr import MiniFrr

    from lab.switch.meaning import Address

BIRD4, BIRD6 = IPv4Address("10.9.0.2"), IPv6Address("2001:db8:9::2")
ADDRESSES: dict[int, Address] = {4: BIRD4, 6: BIRD6}
BIRD = """\
router id 10.9.0.2;
protocol device {{}}
protocol static s4 {{ ipv4; {routes4} }}
protocol static s6 {{ ipv6; {routes6} }}
template bgp up {{ connect delay time 1; connect retry time 1; error wait time 1, 2; }}
protocol bgp b4 from up {{
  local 10.9.0.2 as 64601; neighbor 10.9.0.1 as 65000;
  ipv4 {{ import all; export where source = RTS_STATIC; }};
}}
protocol bgp b6 from up {{
  local 2001:db8:9::2 as 64601; neighbor 2001:db8:9::1 as 65000;
  ipv6 {{ import all; export where source = RTS_STATIC; }};
}}
"""


class Bench:
    """A bgpd with nothing configured, the daemon in front of it, and BIRD."""

    def __init__(self, frr: MiniFrr) -> None:
        self.frr = frr
        routes = {
            version: " ".join(r.bird() for r in SENT.values() if r.prefix.version == version)
            for version in (4, 6)
        }
        text = BIRD.format(routes4=routes[4], routes6=routes[6])
        (frr.base / "bird.conf").write_text(text)
        frr.inside("birdc", "-s", str(frr.base / "bird.ctl"), "configure")
        for number in (1, 2, 3):
            frr.inside("ip", "addr", "add", f"10.77.{number}.1/24", "dev", "lo")
        outside = frr._process.pid
        pid = Path(f"/proc/{outside}/task/{outside}/children").read_text().split()[0]
        self.terminal = Path(f"/proc/{pid}/root/run/frr/bgpd.vty")
        self.daemon = FrrDaemon(self.terminal)

    def bird_has(self) -> set[str]:
        said = self.frr.inside(
            "birdc", "-s", str(self.frr.base / "bird.ctl"), "show route protocol b4"
        )
        return set(re.findall(r"^(\S+/\d+)", said, re.MULTILINE))

    def running(self) -> list[str]:
        """Return bgpd's configuration, without order and without what is no peer's or policy's."""
        return sorted(vty.ask(self.terminal, "show running-config").splitlines())

    def show(self, command: str) -> Any:  # noqa: ANN401 - FRR's JSON
        return vty.ask_json(self.terminal, command)

    def refreshed(self, address: Address) -> int:
        """Return how often BIRD has sent all its routes again, to the last one."""
        # BIRD says where they begin and where they end, in a message each (RFC 7313).
        return int(self._stats(address)["routeRefreshRecv"]) // 2

    def have_refreshed(self, counts: list[int]) -> bool:
        return [self.refreshed(address) for address in ADDRESSES.values()] == counts

    def is_quiet(self) -> bool:
        """Return whether BIRD has answered all that it was asked for."""
        stats = [self._stats(address) for address in ADDRESSES.values()]
        return all(one["routeRefreshRecv"] == 2 * one["routeRefreshSent"] for one in stats)

    def _stats(self, address: Address) -> Any:  # noqa: ANN401 - FRR's JSON
        return self.show(f"show bgp neighbors {address} json")[str(address)]["messageStats"]

    def table(self, version: int) -> dict[str, Verdicted]:
        found = self.show(f"show bgp ipv{version} unicast json detail").get("routes", {})
        # The first entry is about the prefix, the second is the one path.
        return {prefix: _verdicted(paths[1]) for prefix, paths in found.items()}


def _verdicted(path: Any) -> Verdicted:  # noqa: ANN401 - FRR's JSON
    communities = frozenset(path.get("community", {}).get("list", ()))
    return Verdicted(path.get("locPrf", 100), communities)


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def settle(now: Callable[[], Any], expected: object) -> None:
    """Wait until it is so, or long enough to say that it will never be."""
    deadline = time.monotonic() + 60
    while now() != expected and time.monotonic() < deadline:
        time.sleep(0.01)


def router(**imports: Program | None) -> Router:
    """Return the router with a session to BIRD in each family."""
    return Router(
        asn=65000,
        router_id=IPv4Address("10.9.0.1"),
        peers=tuple(
            Peer(
                address=ADDRESSES[version],
                remote_asn=64601,
                families={version: Family(import_policy=imports.get(f"v{version}"))},
            )
            for version in (4, 6)
        ),
    )


def established(bench: Bench) -> list[int]:
    about = bench.show("show bgp neighbors json")
    return [about[str(one)]["connectionsEstablished"] for one in ADDRESSES.values()]
