"""BGP's operational data as the XML agent tells it: :func:`bgp_answer`.

The schema is older than YANG's and named otherwise; only what NAPALM asks for is there. Law: a
``Naming`` that names nothing by the schema is an error, as on the router.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from lxml import etree

from lab.switch.iosxr.bgp import VERSIONS, find_bgp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.base import Daemon, Neighbor
    from lab.switch.iosxr.bgp import Bgp
    from lab.switch.iosxr.tree import Node, Tree
    from lab.switch.meaning import Address
    from lab.switch.netconf import Element

_STATES = {"Established": "BGP_ST_ESTAB", "Active": "BGP_ST_ACTIVE", "Connect": "BGP_ST_CONNECT"}


class BadNamingError(Exception):
    """A ``Naming`` without the elements that its table is keyed by."""


def bgp_answer(operation: Element, tree: Tree, daemon: Daemon) -> list[Element] | None:
    """Return what stands in the answer to a ``Get``; None if it does not ask for BGP.

    Raises:
        BadNamingError: it names something wrongly.
    """
    asked = operation.find("Operational/BGP")
    if asked is None:
        return None
    found = find_bgp(tree)
    top = etree.Element("Operational")
    bgp = etree.SubElement(top, "BGP")
    if asked.find("ConfigInstanceTable") is not None:
        table = _path(bgp, "ConfigInstanceTable", "ConfigInstance", "ConfigInstanceVRFTable")
        for one in found[1:]:
            _leaf(_path(table, "ConfigVRF", "Naming"), "VRFName", one.vrf)
        return [top]
    active = _path(bgp, "InstanceTable", "Instance", "InstanceActive")
    naming = asked.find(".//VRF/Naming")
    if naming is None:
        live = {one.address: one for one in daemon.neighbors()}
        _vrf(_path(active, "DefaultVRF"), found[0], live)
        return [top]
    name = naming.findtext("VRFName")
    wanted = next((one for one in found[1:] if one.vrf == name), None)
    if wanted is None:
        raise BadNamingError("the element 'Naming' lacks 'VRFName', or there is no such VRF")
    _vrf(_path(active, "VRFTable", "VRF"), wanted, {})
    return [top]


def _vrf(above: Element, bgp: Bgp, live: Mapping[Address, Neighbor]) -> None:
    router_id = [o.line.split()[-1] for o in bgp.node.children if "router-id" in o.line]
    _leaf(_path(above, "GlobalProcessInfo", "VRF"), "RouterID", "".join(router_id))
    table = _path(above, "NeighborTable")
    configured = {
        ip_address(one.line.split()[1]): one for one in bgp.neighbors() if "/" not in one.line
    }
    for address in {**configured, **live}:
        _neighbor(_path(table, "Neighbor"), bgp, address, configured.get(address), live)


def _neighbor(
    above: Element,
    bgp: Bgp,
    address: Address,
    node: Node | None,
    live: Mapping[Address, Neighbor],
) -> None:
    now = live.get(address)
    family = "IPV4Address" if address.version == 4 else "IPV6Address"  # noqa: PLR2004
    _leaf(_path(above, "Naming", "NeighborAddress"), family, str(address))
    _leaf(above, "LocalAS", str(bgp.asn))
    remote = now.remote_asn if now is not None else 0
    _leaf(above, "RemoteAS", (node and bgp.of_session(node, "remote-as")) or str(remote))
    _leaf(above, "RouterID", "0.0.0.0")  # noqa: S104 - the daemon does not tell it
    _leaf(above, "Description", (node and bgp.of_session(node, "description")) or "")
    is_down = node is not None and bgp.of_session(node, "shutdown") is not None
    _leaf(above, "ConnectionAdminStatus", "2" if is_down else "1")
    _leaf(above, "ConnectionState", _STATES.get(now.state if now else "", "BGP_ST_IDLE"))
    _leaf(above, "ConnectionEstablishedTime", str(now.uptime_s if now else 0))
    _leaf(_path(above, "ConnectionRemoteAddress"), "AFI", f"IPv{address.version}")
    table = _path(above, "AFData")
    for one in bgp.families(node) if node is not None else ():
        if one in VERSIONS:
            entry = _path(table, "Entry")
            accepted = now.accepted.get(VERSIONS[one], 0) if now else 0
            sent = now.advertised.get(VERSIONS[one], 0) if now else 0
            _leaf(entry, "PrefixesAccepted", str(accepted))
            _leaf(entry, "PrefixesDenied", "0")
            _leaf(entry, "PrefixesAdvertised", str(sent))


def _path(above: Element, *tags: str) -> Element:
    for tag in tags:
        above = etree.SubElement(above, tag)
    return above


def _leaf(above: Element, tag: str, text: str) -> None:
    etree.SubElement(above, tag).text = text
