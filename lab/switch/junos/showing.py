"""The RPCs that show what the switch is and what its BGP does: :class:`Showing`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.junos.groups import expanded
from lab.switch.junos.replies import Element, make
from lab.switch.paths import paths_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.switch.base import Daemon, Faults, Neighbor, Route
    from lab.switch.junos.store import Store
    from lab.switch.junos.tree import Node
    from lab.switch.meaning import Network
    from lab.switch.netconf import Session

VERSION = "21.4R3.15"
_TABLES = {4: "inet.0", 6: "inet6.0"}
_MASTER = "master"


@dataclass(slots=True)
class Showing:
    """Answers with what stands in the reply."""

    name: str
    store: Store
    daemon: Daemon
    faults: Faults

    async def software(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """Tell model and version."""
        return [
            make(
                "software-information",
                make("host-name", self._tree().one("system").value("host-name") or self.name),
                make("product-model", "qfx5120-48y-8c"),
                make("product-name", "qfx5120-48y-8c"),
                make("junos-version", VERSION),
                make(
                    "package-information",
                    make("name", "junos"),
                    make("comment", f"JUNOS Base OS Software Suite [{VERSION}]"),
                ),
            )
        ]

    async def inventory(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """Tell the serial number."""
        chassis = make("chassis", make("name", "Chassis"), make("serial-number", f"XH{self.name}"))
        return [make("chassis-inventory", chassis)]

    async def interfaces(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """Tell the interfaces that are configured, all of them up."""
        names = [words[0] for words in self._tree().one("interfaces").children]
        shown = [
            make(
                "physical-interface",
                make("name", one),
                make("admin-status", "up"),
                make("oper-status", "up"),
            )
            for one in names
        ]
        return [make("interface-information", *shown)]

    async def instances(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """List the routing instances."""
        names = [_MASTER, "__juniper_private1__", *self._instances()]
        cores = [make("instance-core", make("instance-name", one)) for one in names]
        return [make("instance-information", *cores)]

    async def bgp_neighbors(self, _session: Session, asked: Element) -> Sequence[Element]:
        """Show every neighbor of one routing instance, or of all."""
        instance = asked.findtext("{*}instance") or asked.findtext("{*}routing-instance")
        only = asked.findtext("{*}neighbor-address")
        peers: list[Element] = []
        if instance in {None, "", _MASTER}:
            peers += [
                self._peer(one)
                for one in await self._neighbors()
                if only in {None, "", str(one.address)}
            ]
        return [make("bgp-information", *peers)]

    async def bgp_summary(self, _session: Session, asked: Element) -> Sequence[Element]:
        """Show a line for every neighbor."""
        peers: list[Element] = []
        if (asked.findtext("{*}instance") or _MASTER) == _MASTER:
            for one in await self._neighbors():
                elapsed = make("elapsed-time", one.uptime_s)
                elapsed.set("seconds", str(one.uptime_s))
                peers.append(
                    make(
                        "bgp-peer",
                        make("peer-address", str(one.address)),
                        make("peer-as", one.remote_asn),
                        elapsed,
                        make("peer-state", one.state),
                    )
                )
            if "summary-knows-more" in self.faults:
                elapsed = make("elapsed-time", 0)
                elapsed.set("seconds", "0")
                peers.append(make("bgp-peer", make("peer-address", "192.0.2.99"), elapsed))
        return [make("bgp-information", *peers)]

    async def routes(self, _session: Session, asked: Element) -> Sequence[Element]:
        """Show the routes that neighbors announced and the import policy accepted.

        Either those from one neighbor, or those to exactly one destination.
        """
        table = asked.findtext("{*}table")
        gateway = asked.findtext("{*}source-gateway")
        destination = asked.findtext("{*}destination")
        is_exact = asked.find("{*}exact") is not None
        found: list[Element] = []
        for version, name in _TABLES.items():
            if table not in {None, "", name}:
                continue
            entries: list[Element] = []
            if gateway:
                learned = await asyncio.to_thread(
                    self.daemon.routes_from, ip_address(gateway), version
                )
                entries += [_route(one.prefix, _entry(gateway, one)) for one in learned]
            elif destination and is_exact:
                prefix = ip_network(destination)
                paths = await asyncio.to_thread(paths_to, self.daemon, prefix)
                paths = paths if prefix.version == version else ()
                shown = [_entry(str(neighbor.address), one) for neighbor, one in paths]
                entries += [_route(prefix, *shown)] if shown else []
            found.append(make("route-table", make("table-name", name), *entries))
        return [make("route-information", *found)]

    def _peer(self, one: Neighbor) -> Element:
        group, neighbor = self._group(one)
        is_up = one.state == "Established"
        options = make("bgp-option-information")
        levels = [level for level in (neighbor, group, self._bgp()) if level is not None]
        for direction in ("export", "import"):
            chain = next((found for level in levels if (found := level.values(direction))), ())
            if chain:
                options.append(make(f"{direction}-policy", " ".join(chain)))
        ribs = [
            make(
                "bgp-rib",
                make("name", _TABLES[version]),
                make("send-state", "in sync"),
                make("active-prefix-count", one.accepted.get(version, 0)),
                make("received-prefix-count", one.accepted.get(version, 0)),
                make("accepted-prefix-count", one.accepted.get(version, 0)),
                make("suppressed-prefix-count", 0),
                make("advertised-prefix-count", one.advertised.get(version, 0)),
            )
            for version in sorted(one.accepted)
            if is_up
        ]
        port = "+179" if is_up else ""
        return make(
            "bgp-peer",
            make("peer-address", f"{one.address}{port}"),
            make("peer-as", one.remote_asn),
            make("local-as", self._tree().one("routing-options").value("autonomous-system") or 0),
            make("description", (neighbor or group).value("description") or "" if group else ""),
            make("peer-group", group.words[1] if group else ""),
            make("peer-cfg-rti", _MASTER),
            make("peer-fwd-rti", _MASTER),
            make("peer-state", one.state if is_up else "Active"),
            options,
            make("peer-id", str(one.address) if one.address.version == 4 else "0.0.0.0"),  # noqa: PLR2004, S104
            make("local-id", self._tree().one("routing-options").value("router-id") or ""),
            *ribs,
        )

    def _group(self, one: Neighbor) -> tuple[Node | None, Node | None]:
        for group in self._bgp().all("group"):
            if group.words[1] == one.group:
                return group, None
            for neighbor in group.all("neighbor"):
                if ip_address(neighbor.words[1]) == one.address:
                    return group, neighbor
        return None, None

    async def _neighbors(self) -> tuple[Neighbor, ...]:
        return await asyncio.to_thread(self.daemon.neighbors)

    def _tree(self) -> Node:
        return expanded(self.store.running)

    def _bgp(self) -> Node:
        return self._tree().one("protocols", "bgp")

    def _instances(self) -> Iterator[str]:
        for one in self._tree().one("routing-instances").children.values():
            yield one.words[0]


def _route(prefix: Network, *entries: Element) -> Element:
    return make("rt", make("rt-destination", str(prefix)), *entries)


def _entry(learned_from: str, one: Route) -> Element:
    return make(
        "rt-entry",
        make("active-tag", "*" if one.is_best else " "),
        make("protocol-name", "BGP"),
        make("preference", 170),
        make("learned-from", learned_from),
        make("as-path", f"{one.as_path} I"),
        make("nh", make("to", one.next_hop)),
    )
