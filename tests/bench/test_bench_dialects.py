"""How long a configuration of 50,000 lines takes to be parsed and judged, by platform."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policies.accepts import Judge
from policies.dialects.eos import EosDialect
from policies.dialects.frr import FrrDialect
from policies.dialects.ios import IosDialect
from policies.dialects.junos import JunosDialect
from policies.dialects.nxos import NxosDialect
from policies.dialects.xr import XrDialect

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from policies.dialects.base import Dialect

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
LINES = 50_000
#: Which configuration is blown up.
CASES: dict[str, tuple[Dialect, str]] = {
    "frr": (FrrDialect(), "frr/border1.fenced"),
    "eos": (EosDialect(), "eos/tor3"),
    "ios": (IosDialect(), "ios/border2"),
    "nxos": (NxosDialect(), "nxos/spine2"),
    "xr": (XrDialect(), "xr/border3"),
    "junos": (JunosDialect(), "junos/border1"),
}


def blown_up(platform: str, text: str) -> str:
    """Return ``text`` with interfaces, neighbors, lists and stanzas up to ``LINES`` lines."""
    lines = [line for line in text.splitlines() if line != "end"]
    if platform == "junos":
        return blown_up_junos(lines)
    step = {"eos": "   ", "nxos": "  "}.get(platform, " ")
    router = max(n for n, line in enumerate(lines) if line.startswith("router bgp 6"))
    where = router + 1
    share = (LINES - len(lines)) // 4
    if platform == "xr":
        return blown_up_xr(lines, where, share)
    more: list[str] = []
    for n in range(share // 2):
        address = f"10.{200 + n // 65536}.{n // 256 % 256}.{n % 256}"
        more += (
            [f"{step}neighbor {address}", f"{step * 2}remote-as 65009"]
            if platform == "nxos"
            else [
                f"{step}neighbor {address} remote-as 65009",
                f"{step}neighbor {address} description rack {n}",
            ]
        )
    tail: list[str] = []
    for n in range(share):
        net = f"10.{n // 256 % 256}.{n % 256}.0/24"
        if platform == "eos":
            tail += [f"ip prefix-list L{n // 10}"] if n % 10 == 0 else []
            tail.append(f"{step}seq {10 + n} permit {net} le 32")
        else:
            tail.append(f"ip prefix-list L{n // 10} seq {10 + n} permit {net} le 32")
    for n in range(share // 4):
        tail += [f"route-map M{n // 5} permit {n + 1}"]
        tail += [f"{step}match ip address prefix-list L{n // 5}"]
        tail += [f"{step}set metric {n}", "!"]
    for n in range(share // 4):
        tail += [f"interface Vlan{n}", f"{step}description {n}", f"{step}mtu 9000", "!"]
    lines[where:where] = more
    return "\n".join((*lines, *tail, *([] if platform == "nxos" else ["end"]), ""))


def blown_up_junos(lines: list[str]) -> str:
    """Return ``lines`` of set form with the same, and chains of many policies."""
    share = (LINES - len(lines)) // 4
    more: list[str] = []
    for n in range(share // 2):
        peer = (
            f"protocols bgp group RACKS neighbor 10.{200 + n // 65536}.{n // 256 % 256}.{n % 256}"
        )
        more += [f"{peer} peer-as 65009", f"{peer} import M{n % (share // 16)}"]
        more.append(f"policy-options prefix-list L{n // 10} 10.{n // 256 % 256}.{n % 256}.0/24")
    for n in range(share // 4):
        term = f"policy-options policy-statement M{n // 4} term {n}"
        kind = f"route-filter 10.{n % 256}.0.0/16 upto /24" if n % 2 else f"prefix-list L{n // 5}"
        more += [f"{term} from {kind}", f"{term} then metric {n}", f"{term} then accept"]
    for n in range((LINES - len(lines) - len(more)) // 2):
        more += [f"interfaces irb unit {n} description {n}", f"vlans v{n} l3-interface irb.{n}"]
    return "\n".join((*lines, *(f"set {line}" for line in more), ""))


def blown_up_xr(lines: list[str], where: int, share: int) -> str:
    """Return the lines of IOS-XR with as much of everything, neighbors with a family each."""
    more: list[str] = []
    for n in range(share // 5):
        address = f"10.{200 + n // 65536}.{n // 256 % 256}.{n % 256}"
        more += [f" neighbor {address}", "  remote-as 65009", "  address-family ipv4 unicast"]
        more += [f"   route-policy M{n % (share // 8)} in", "  !", " !"]
    tail: list[str] = []
    for n in range(share // 12):
        nets = [f"10.{n % 256}.{below}.0/24 le 32" for below in range(10)]
        tail += [
            f"prefix-set L{n}",
            *(f"  {net}," for net in nets[:-1]),
            f"  {nets[-1]}",
            "end-set",
        ]
    for n in range(share // 8):
        tail += [f"route-policy M{n}", f"  if destination in L{n % (share // 12)} then"]
        tail += ["    set local-preference 200", "  elseif as-path in CUSTOMERS then", "    pass"]
        tail += ["  endif", "end-policy", "!"]
    for n in range(share // 4):
        tail += [f"interface Bundle-Ether{n}", f" description {n}", " mtu 9000", "!"]
    return "\n".join((*lines[:where], *more, *lines[where:], *tail, "end", ""))


@pytest.mark.parametrize("platform", CASES)
@pytest.mark.benchmark(min_rounds=3, max_time=0.3, group="parse and judge 50,000 lines")
def test_parse_and_judge(benchmark: BenchmarkFixture, platform: str) -> None:
    dialect, name = CASES[platform]
    text = blown_up(platform, (GOLDEN / f"{name}.conf").read_text(encoding="utf-8"))
    assert abs(len(text.splitlines()) - LINES) < LINES // 20

    def work() -> int:
        running = dialect.parse(text)
        judge = Judge(running)
        for session in running.sessions.values():
            for version, direction in session.attachments:
                judge.session(session, version, direction)
        for name in running.route_maps:
            judge.route_map(4, name)
        return len(running.sessions)

    assert benchmark(work) > LINES // (25 if platform == "xr" else 9)
