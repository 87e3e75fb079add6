"""The BGP tables as NX-OS shows them, as text and as data: :class:`Tables`.

Data has the platform's TABLE_x/ROW_x form, where a table of one row is no list. A neighbor that is
a prefix is not shown; who connected from it is, each under the own address.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from lab.switch.nxos.bgp import as_number, bgp_of, group_name, read_router
from lab.switch.nxos.entry import entry_text
from lab.switch.paths import paths_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.switch.base import Daemon, Neighbor
    from lab.switch.lines import Node
    from lab.switch.meaning import Address
    from lab.switch.nxos.device import Device

_SHUT = "Shut (Admin)"
_WORDS = {4: "IPv4 Unicast", 6: "IPv6 Unicast"}
_AF_ID = {4: "1", 6: "2"}
_DEFAULT = "default"
_PATH_TYPES = (
    "Path type: i-internal, e-external, c-confed, l-local, a-aggregate, r-redist, I-injected"
)


@dataclass(frozen=True, slots=True)
class _Row:
    """One neighbor in the summary of one family."""

    address: str
    remote_asn: int
    state: str
    uptime_s: int
    received: int


class Tables:
    """Asks the daemon, and shows what the platform would."""

    def __init__(self, device: Device, daemon: Daemon) -> None:
        self._device = device
        self._daemon = daemon

    def daemon_peer(self, name: str) -> Address | str | None:
        """Return what the daemon knows a neighbor by, an address or a prefix; None if none such."""
        top = bgp_of(self._device.configuration)
        if top is None:
            return None
        if "/" not in name:
            try:
                return ip_address(name)
            except ValueError:
                return None
        wanted = str(ip_network(name, strict=False))
        found = [one for one in top.named("neighbor") if one.groups["peer"] == wanted]
        return group_name(top, found[0]) if found else None

    def summary(self) -> tuple[str, dict[str, Any]]:
        """Return ``show bgp all summary vrf all``."""
        top = bgp_of(self._device.configuration)
        if top is None:
            return "", {}
        texts, rows = [], []
        for vrf, families in self._vrfs(top):
            asn, router_id = as_number(top.groups["asn"]), self._router_id(top)
            tables = []
            for version, neighbors in families.items():
                texts.append(_summary_text(vrf, version, asn, router_id, neighbors))
                tables.append(_summary_body(version, neighbors))
            rows.append(
                {
                    "vrf-name-out": vrf,
                    "vrf-router-id": router_id,
                    "vrf-local-as": str(asn),
                    **_table("af", tables),
                }
            )
        return "\n".join(texts), _table("vrf", rows)

    def routes(self, peer: str, version: int, vrf: str | None) -> str:
        """Return ``show bgp ipvN unicast neighbors X routes``: what was accepted from it."""
        address = ip_address(peer)
        top = bgp_of(self._device.configuration)
        is_here = vrf in {None, _DEFAULT}
        routes = self._daemon.routes_from(address, version) if is_here else ()
        lines = [
            "",
            f"Peer {address} routes for address family {_WORDS[version]}:",
            f"BGP table version is 25, Local Router ID is {self._router_id(top)}",
            "Status: s-suppressed, x-deleted, S-stale, d-dampened, h-history, *-valid, >-best",
            _PATH_TYPES,
            "Origin codes: i - IGP, e - EGP, ? - incomplete, | - multipath, & - backup, 2 - best2",
            "",
            "   Network            Next Hop            Metric     LocPrf     Weight Path",
        ]
        internal = self._internal(address)
        for one in routes:
            flags = f"*{'>' if one.is_best else ' '}{'i' if internal else 'e'}"
            rest = f"{one.next_hop:<36} 0 {one.as_path} i".replace("  i", " i")
            prefix = str(one.prefix)
            if len(prefix) > len("0000:0000::/000"):
                lines += [f"{flags}{prefix}", f"{'':22}{rest}"]
            else:
                lines.append(f"{flags}{prefix:<18} {rest}")
        return "".join(f"{line}\n" for line in lines)

    def entry(self, prefix: str, version: int, vrf: str | None) -> str:
        """Return ``show bgp ipvN unicast PREFIX``: every path to it; nothing if there is none."""
        network = ip_network(prefix)
        is_here = vrf in {None, _DEFAULT} and network.version == version
        paths = paths_to(self._daemon, network) if is_here else ()
        router = read_router(self._device.configuration)
        return entry_text(network, paths, 0 if router is None else router.asn)

    # Who there is ---------------------------------------------------------------------------

    def _vrfs(self, top: Node) -> Iterator[tuple[str, Mapping[int, list[_Row]]]]:
        yield _DEFAULT, self._default_vrf()
        for vrf in top.named("vrf"):
            families: dict[int, list[_Row]] = {}
            for one in vrf.named("neighbor"):
                shut = any(True for _ in one.named("shutdown"))
                asn = next((line.groups["asn"] for line in one.named("remote-as")), "0")
                row = _Row(one.groups["peer"], as_number(asn), _SHUT if shut else "Idle", 0, 0)
                for family in one.named("family"):
                    families.setdefault(int(family.groups["family"][-1]), []).append(row)
            if families:
                yield vrf.groups["name"], families

    def _default_vrf(self) -> Mapping[int, list[_Row]]:
        router = read_router(self._device.configuration)
        found: dict[int, list[_Row]] = {4: [], 6: []}
        if router is None:
            return found
        groups = {one.name: one for one in router.dynamic}
        live = {one.address: one for one in self._daemon.neighbors()}
        for peer in router.peers:
            now = live.pop(peer.address, None)
            for version in peer.families:
                found[version].append(
                    _row(str(peer.address), peer.remote_asn, now, version, peer.is_shut_down)
                )
        for address, now in live.items():
            group = groups.get(now.group or "")
            for version in group.families if group is not None else ():
                found[version].append(_row(str(address), now.remote_asn, now, version, False))
        return {version: rows for version, rows in found.items() if rows}

    def _internal(self, address: Address) -> bool:
        router = read_router(self._device.configuration)
        live = {one.address: one for one in self._daemon.neighbors()}
        return router is not None and address in live and live[address].remote_asn == router.asn

    @staticmethod
    def _router_id(top: Node | None) -> str:
        lines = () if top is None else top.named("router-id")
        return next((one.groups["id"] for one in lines), "0.0.0.0")  # noqa: S104 - shown, not bound


def _row(address: str, asn: int, now: Neighbor | None, version: int, is_shut_down: bool) -> _Row:
    if is_shut_down or now is None:
        return _Row(address, asn, _SHUT if is_shut_down else "Idle", 0, 0)
    return _Row(address, now.remote_asn, now.state, now.uptime_s, now.accepted.get(version, 0))


def _table(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        return {}
    return {f"TABLE_{name}": {f"ROW_{name}": rows[0] if len(rows) == 1 else rows}}


def _summary_body(version: int, neighbors: list[_Row]) -> dict[str, Any]:
    rows = [
        {
            "neighborid": one.address,
            "neighborversion": "4",
            "msgrecvd": "100",
            "msgsent": "100",
            "neighbortableversion": "25",
            "inq": "0",
            "outq": "0",
            "neighboras": str(one.remote_asn),
            "time": f"PT{one.uptime_s}S",
            "state": one.state,
            "prefixreceived": str(one.received),
        }
        for one in neighbors
    ]
    safi = {"safi": "1", "af-name": _WORDS[version], **_table("neighbor", rows)}
    return {"af-id": _AF_ID[version], "TABLE_saf": {"ROW_saf": safi}}


def _summary_text(vrf: str, version: int, asn: int, router_id: str, neighbors: list[_Row]) -> str:
    rows = "".join(
        f"{one.address:<15} 4 {one.remote_asn:>5}     100     100       25    0    0 "
        f"{_ago(one.uptime_s)} {one.received if one.state == 'Established' else one.state}\n"
        for one in neighbors
    )
    return (
        f"BGP summary information for VRF {vrf}, address family {_WORDS[version]}\n"
        f"BGP router identifier {router_id}, local AS number {asn}\n"
        f"BGP table version is 25, {_WORDS[version]} config peers {len(neighbors)}, "
        f"capable peers {len(neighbors)}\n\n"
        "Neighbor        V    AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
        f"{rows}"
    )


def _ago(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
