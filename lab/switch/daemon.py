"""The FRR daemon under a virtual switch: :class:`FrrDaemon`, which behaves as it is told.

Law: bgpd holds nothing that this class did not put there, and is asked for everything else; it
has no configuration file. What differs between two meanings is sent, nothing more
(:mod:`lab.switch.frr_delta`).
"""

from __future__ import annotations

import threading
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from lab import vty
from lab.errors import LabError
from lab.switch.base import Neighbor, Route
from lab.switch.frr_delta import delta, group_name

if TYPE_CHECKING:
    from pathlib import Path

    from lab.switch.meaning import Address, Router

_FAMILIES = {4: "ipv4Unicast", 6: "ipv6Unicast"}


class FrrDaemon:
    """A bgpd behind its terminal socket; see :class:`lab.switch.base.Daemon`."""

    def __init__(self, terminal: Path) -> None:
        self._terminal = terminal
        self._lock = threading.Lock()
        self._router: Router | None = None
        # Every policy change is a new map, which counts from the moment it is attached: there is
        # nothing that bgpd should look at again later.
        vty.configure(terminal, ["bgp route-map delay-timer 0"])

    def apply(self, router: Router | None) -> None:
        """Make BGP what ``router`` says; see :meth:`lab.switch.base.Daemon.apply`.

        Raises:
            LabError: bgpd refuses a list or a map (a ``Change`` that is none, a bad regular
                expression), and all is as before; or it refuses what this module means it to
                take, and there is no BGP any more.
        """
        with self._lock:
            steps = delta(self._router, router)
            try:
                vty.configure(self._terminal, steps.create)
            except LabError:
                vty.configure(self._terminal, steps.undo, is_lenient=True)
                raise
            try:
                vty.configure(self._terminal, steps.switch)
                vty.configure(self._terminal, steps.remove)
            except LabError:
                self._clear(router)
                raise
            self._router = router

    def _clear(self, router: Router | None) -> None:
        """Take everything away, wherever between the last meaning and ``router`` bgpd is."""
        for one in (self._router, router):
            gone = delta(one, None)
            vty.configure(self._terminal, gone.switch, is_lenient=True)
            vty.configure(self._terminal, gone.remove, is_lenient=True)
        self._router = None

    def refresh(self, peer: Address | str, version: int, *, inbound: bool) -> None:
        """Ask a neighbor or a dynamic group for its routes again, or send ours."""
        whom = f"peer-group {group_name(peer)}" if isinstance(peer, str) else str(peer)
        way = "in" if inbound else "out"
        vty.ask(self._terminal, f"clear bgp ipv{version} unicast {whom} soft {way}")

    def neighbors(self) -> tuple[Neighbor, ...]:
        """Return every neighbor, configured or dynamic, by address."""
        with self._lock:
            router = self._router
        if router is None:
            return ()
        groups = {group_name(group.name): group.name for group in router.dynamic}
        answer = vty.ask_json(self._terminal, "show bgp neighbors json")
        found = (
            _neighbor(ip_address(text), about, groups)
            for text, about in answer.items()
            if isinstance(about, dict) and "remoteAs" in about
        )
        return tuple(sorted(found, key=lambda one: (one.address.version, int(one.address))))

    def routes_from(self, peer: Address, version: int) -> tuple[Route, ...]:
        """Return what is accepted from ``peer`` in one family, by prefix."""
        command = f"show bgp ipv{version} unicast neighbors {peer} routes json"
        answer = vty.ask_json(self._terminal, command)
        found = (
            _route(prefix, path)
            for prefix, paths in answer.get("routes", {}).items()
            for path in paths
        )
        return tuple(
            sorted(found, key=lambda one: (int(one.prefix.network_address), one.prefix.prefixlen))
        )


def _neighbor(address: Address, about: Any, groups: dict[str, str]) -> Neighbor:  # noqa: ANN401 - FRR's JSON
    counters = {
        version: about["addressFamilyInfo"][family]
        for version, family in _FAMILIES.items()
        if about["bgpState"] == "Established" and family in about.get("addressFamilyInfo", {})
    }
    return Neighbor(
        address=address,
        remote_asn=int(about["remoteAs"]),
        state=str(about["bgpState"]),
        uptime_s=int(about.get("bgpTimerUpMsec", 0)) // 1000,
        group=groups.get(about.get("peerGroup", "")),
        accepted={v: int(one.get("acceptedPrefixCounter", 0)) for v, one in counters.items()},
        advertised={v: int(one.get("sentPrefixCounter", 0)) for v, one in counters.items()},
    )


def _route(prefix: str, path: Any) -> Route:  # noqa: ANN401 - FRR's JSON
    # Beside an IPv6 neighbor's own address FRR has its link-local one, which no table shows first.
    hops = [str(hop.get("ip", "")) for hop in path.get("nexthops", [])]
    shown = [hop for hop in hops if not hop.startswith("fe80:")]
    return Route(
        prefix=ip_network(prefix),
        next_hop=next(iter(shown or hops), ""),
        as_path=str(path.get("path", "")),
        is_best=bool(path.get("bestpath")),
    )
