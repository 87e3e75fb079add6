"""What a real bgpd lets through, session by session, with a BIRD at the other ends: :class:`Court`.

Law: nothing here knows what should get through. Routes that come in are counted in bgpd's table,
those that go out in BIRD's.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frr_sets import OWN_AS
from mini_frr import MiniFrr

from lab import vty
from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from frr_sets import FilterSet, Neighbor

    from policies.prefix_set import Network

_WITHIN_S = 120
_BIRD_ROUTE = re.compile(r"^(?P<net>\S+/\d+)?\s+\S+ \[(?P<whom>s[46]|p\d+) ")

#: What got through, by neighbor, family and direction.
Verdicts = dict[tuple[str, int, Direction], frozenset["Network"]]


@dataclass(frozen=True, slots=True)
class Trial:
    """The configuration that bgpd prints, and what it lets through with it."""

    running: str
    verdicts: Verdicts


class Court:
    """One bgpd, started anew for each filter set, and the BIRD that plays all its neighbors."""

    def __init__(self, sessions: int) -> None:
        self._frr = MiniFrr(running="frr defaults traditional\nhostname mini\n")
        outside = self._frr._process.pid
        pid = Path(f"/proc/{outside}/task/{outside}/children").read_text().split()[0]
        self._terminal = Path(f"/proc/{pid}/root/run/frr/bgpd.vty")
        self._bird = self._frr.inside("pidof", "bird").strip()
        for number in range(1, sessions + 1):
            self._address("up0", number, 1, [])
            self._address("sw0", number, 2, ["nsenter", "--net", "-t", self._bird])

    def _address(self, device: str, number: int, end: int, where: list[str]) -> None:
        add = [*where, "ip", "addr", "add"]
        self._frr.inside(*add, f"10.10.{number}.{end}/24", "dev", device)
        self._frr.inside(*add, f"2001:db8:10:{number:x}::{end}/64", "dev", device, "nodad")

    def stop(self) -> None:
        """End both, with all that they made."""
        self._frr.stop()

    def try_(self, case: FilterSet, then: Callable[[str], str] = lambda _: "") -> Trial:
        """Start a bgpd with ``case`` and return what gets through once all is settled.

        ``then`` is given the running configuration and returns what is entered on top.
        """
        self._start(case.text)
        if more := then(self._frr.running()):
            self._enter(more)
        running = self._frr.running()
        (self._frr.base / "bird.conf").write_text(_bird_conf(case))
        self._birdc("configure")
        _until(lambda: self._is_settled(case), "not every session has sent all its routes")
        # What has left one end is at the other a moment later. A default route that bgpd makes up
        # for a session is in no list of its own.
        _until(lambda: self._is_received(case), "BIRD has not what bgpd says that it sent")
        return Trial(running, dict(self._imports(case)) | self._received(case))

    def _start(self, text: str) -> None:
        """Start a bgpd that has ``text``, and that nobody speaks to yet."""
        (self._frr.base / "bird.conf").write_text("router id 10.9.0.2;\nprotocol device {}\n")
        self._birdc("configure")
        for daemon in ("zebra", "bgpd"):
            # Both keep the route-maps that they were given, and vtysh prints what either has.
            self._frr.kill(daemon)
            log = f"file:{self._frr.base / daemon}.log"
            path = f"/usr/lib/frr/{daemon}"
            self._frr.inside(path, "-d", "-u", "root", "-g", "root", "--log", log)
        self._enter(text)

    def _enter(self, text: str) -> None:
        """Have bgpd take ``text``, and leave out what it refuses."""
        self._frr.inside(
            "sh", "-c", "cat >/tmp/c; vtysh -f /tmp/c >/dev/null 2>&1; true", text=text
        )

    def _birdc(self, *words: str) -> str:
        return self._frr.inside("birdc", "-s", str(self._frr.base / "bird.ctl"), *words)

    def _show(self, command: str) -> Any:  # noqa: ANN401 - FRR's JSON
        return vty.ask_json(self._terminal, f"show bgp {command} json")

    def _carried(self, case: FilterSet) -> Iterator[tuple[Neighbor, int, Any]]:
        """Yield the sessions, with each family that both ends have agreed on."""
        about = self._show("neighbors")
        for one in case.neighbors:
            found = about.get(one.address, {})
            for version in (4, 6):
                if f"ipv{version}Unicast" in found.get("addressFamilyInfo", {}):
                    yield one, version, found

    def _is_settled(self, case: FilterSet) -> bool:
        """Return whether both ends of each session have said all that they have to say."""
        there = list(self._carried(case))
        expected = {one.address for one in case.neighbors if one.is_dynamic}
        if expected - {one.address for one, _, _ in there}:
            return False
        for one, version, found in there:
            ends = found["gracefulRestartInfo"]
            family = f"ipv{version}Unicast"
            if not (ends["endOfRibSend"].get(family) and ends["endOfRibRecv"].get(family)):
                return False
            show = f"ipv{version} unicast neighbors {one.address} received-routes"
            if set(self._show(show)["receivedRoutes"]) != set(map(str, case.universe[version])):
                return False
        return True

    def _imports(self, case: FilterSet) -> Iterator[tuple[tuple[str, int, Direction], Any]]:
        for one, version, _ in self._carried(case):
            found = self._show(f"ipv{version} unicast neighbors {one.address} routes")["routes"]
            yield (one.address, version, Direction.IMPORT), frozenset(map(ip_network, found))

    def _exports(self, case: FilterSet) -> Verdicts:
        found = {}
        for one, version, _ in self._carried(case):
            show = f"ipv{version} unicast neighbors {one.address} advertised-routes"
            routes = self._show(show).get("advertisedRoutes", {})
            found[one.address, version, Direction.EXPORT] = frozenset(map(ip_network, routes))
        return found

    def _is_received(self, case: FilterSet) -> bool:
        there = self._received(case)
        return all(
            sent <= there[slot] and all(net.prefixlen == 0 for net in there[slot] - sent)
            for slot, sent in self._exports(case).items()
        )

    def _received(self, case: FilterSet) -> Verdicts:
        """Return what BIRD has from each session."""
        found: dict[tuple[str, int], set[Network]] = {}
        for version in (4, 6):
            net = None
            for line in self._birdc("show", "route", "table", f"master{version}").splitlines():
                if not (said := _BIRD_ROUTE.match(line)):
                    continue
                net = ip_network(said["net"]) if said["net"] else net
                if net is not None:
                    found.setdefault((said["whom"], version), set()).add(net)
        return {
            (one.address, version, Direction.EXPORT): frozenset(
                found.get((f"p{one.number}", version), ())
            )
            for one, version, _ in self._carried(case)
        }


def _bird_conf(case: FilterSet) -> str:
    statics = "".join(
        f"protocol static s{version} {{ ipv{version}; "
        + " ".join(_route(net, case.communities) for net in case.universe[version])
        + " }\n"
        for version in (4, 6)
    )
    channels = " ".join(
        f"ipv{version} {{ import all; export where source = RTS_STATIC; next hop self; }};"
        for version in (4, 6)
    )
    sessions = "".join(
        f"protocol bgp p{one.number} {{ router id 10.10.{one.number}.2; "
        f"local {one.address} as {one.asn}; neighbor {one.ours} as {OWN_AS}; "
        "connect delay time 1; connect retry time 1; error wait time 1, 2; "
        f"{channels} }}\n"
        for one in case.neighbors
    )
    return f"router id 10.9.0.2;\nprotocol device {{}}\n{statics}{sessions}"


def _route(net: Network, communities: Mapping[Network, tuple[str, ...]]) -> str:
    words = [f"bgp_community.add(({one.replace(':', ',')}));" for one in communities[net]]
    return f"route {net} blackhole {{ {' '.join(words)} }};"


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)
