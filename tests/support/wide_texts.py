"""The configurations of a wide fabric's devices, as their platforms print them.

:func:`operators` is a device as an operator left it, with a policy of its own on each session,
:func:`deployed` the same with what a deploy adds, :func:`drifted` with an entry more or another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from config_printer import print_config
from junos_device import JunosDevice
from line_device import LineDevice
from xr_device import XrDevice

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.install import install
from policies.managed import managed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wide_fabric import Node

    from policies.guards import WantedGuard

#: Nodes dial in from here.
NODES = "10.99.0.0/24"
#: Interfaces of a device, of some lines each.
INTERFACES = 60
_OUTSIDE = "0.0.0.0/0 le 32"
#: What a switch has besides, at its top: what a deploy would need is among it.
_HEADS = {
    "ios": ["file prompt quiet", "ip scp server enable", "archive", " path flash:archive"],
    "nxos": ["feature scheduler", "feature nxapi"],
}


class _Device(Protocol):
    def take(self, candidate: str) -> None:
        """Take the lines of a deploy."""

    def text(self) -> str:
        """Return the running configuration."""


def operators(node: Node) -> str:
    """Return the device without anything of ringfence's."""
    if node.dialect == "iosxr":
        return "".join(f"{line}\n" for line in _xr(node))
    if node.dialect == "junos":
        return "".join(f"set {line}\n" for line in _junos(node))
    text = "".join(f"{line}\n" for line in _frr(node))
    if node.dialect == "frr":
        return text
    return _as_vendor(node, print_config(node.dialect, DIALECTS["frr"].parse(text)))


def deployed(node: Node, guards: Sequence[WantedGuard]) -> str:
    """Return the device as a deploy leaves it."""
    dialect, before = DIALECTS[node.dialect], operators(node)
    running = dialect.parse(before)
    installed = install(node.name, running, guards)
    assert installed.violations == [], node.name
    candidate = dialect.render(steps(managed(running), installed.managed), running)
    if node.dialect == "frr":
        after = "\n".join((*before.splitlines()[:-1], candidate.rstrip(), "end", ""))
    else:
        device = _device(node.dialect, before)
        device.take(candidate)
        after = device.text()
    assert managed(dialect.parse(after)) == managed(
        apply(running, steps(managed(running), installed.managed))
    ), node.name
    return after


def drifted(text: str) -> str:
    """Return ``text`` with a list of ours that somebody changed."""
    for pattern, instead in (
        (rf"permit {re.escape(_OUTSIDE)}", f"deny {_OUTSIDE}"),
        (r"(prefix-set RF-\S+\n)", r"\1  198.18.0.0/15 le 32,\n"),
        (r"(set policy-options policy-statement RF-.* )orlonger", r"\1exact"),
        (r"(set policy-options policy-statement RF-\S+ term \S+ )then accept", r"\1then reject"),
    ):
        changed, found = re.subn(pattern, instead, text, count=1)
        if found:
            return changed
    raise AssertionError(text)


def _device(dialect: str, text: str) -> _Device:
    if dialect == "junos":
        return JunosDevice(text)
    return XrDevice(text) if dialect == "iosxr" else LineDevice(dialect, text)


# Operators' own ------------------------------------------------------------------------------


def _peers(node: Node) -> Iterator[tuple[str, int, int, str]]:
    """Yield the address, family, AS and policies' name of each neighbor."""
    for number, link in enumerate(node.links):
        tag = f"{'UP' if link.up else 'DOWN'}-{number}"
        yield (link.address, 4, link.asn, tag)
        yield (link.address6, 6, link.asn, f"{tag}-V6")
    if node.role == "border":
        yield ("203.0.113.1", 4, 64500, "OUTSIDE")


def _tags(node: Node) -> list[str]:
    """Return the names of all policies."""
    nodes = ["NODE-V4", "NODE-V6"] if node.role == "tor" else []
    return [*nodes, *(tag for *_, tag in _peers(node))]


def _frr(node: Node) -> Iterator[str]:
    inside: dict[int, list[str]] = {4: [], 6: []}
    yield from ("frr version 8.4.4", "frr defaults traditional", f"hostname {node.name}")
    for number in range(INTERFACES):
        yield from (f"interface swp{number}", f" description server {number}", "exit")
    yield from (f"router bgp {node.asn}", " no bgp default ipv4-unicast")
    if node.role == "tor":
        yield from (" neighbor NODES peer-group", f" neighbor NODES remote-as {node.asn}")
        yield f" bgp listen range {NODES} peer-group NODES"
        for version in (4, 6):
            inside[version] += _policies("NODES", f"NODE-V{version}")
    for address, version, asn, tag in _peers(node):
        yield f" neighbor {address} remote-as {asn}"
        inside[version] += _policies(address, tag)
    for version, lines in inside.items():
        yield from (f" address-family ipv{version} unicast", *lines, " exit-address-family")
    yield "exit"
    for tag in _tags(node):
        for way in ("IN", "OUT"):
            yield from (f"route-map {tag}-{way} permit 10", " set metric 5", "exit")
    yield "end"


def _policies(name: str, tag: str) -> list[str]:
    return [
        f"  neighbor {name} activate",
        f"  neighbor {name} route-map {tag}-IN in",
        f"  neighbor {name} route-map {tag}-OUT out",
    ]


def _as_vendor(node: Node, text: str) -> str:
    """Return what was printed with its own name, its dynamic neighbors, and its interfaces."""
    text = text.replace("Building configuration...\n\n!\n", "").replace("leaf1", node.name)
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("router bgp"))
    lines[at] = f"router bgp {node.asn}"
    if node.dialect == "eos":
        lines = [f"{one} remote-as {node.asn}" if "listen range" in one else one for one in lines]
    elif node.dialect == "nxos" and node.role == "tor":
        lines += [f"  neighbor {NODES}", "    inherit peer NODES"]
    pad = {"eos": "   ", "ios": " ", "nxos": "  "}[node.dialect]
    more = [
        line
        for number in range(1, INTERFACES + 1)
        for line in (
            f"interface Ethernet1/{number}",
            f"{pad}description server {number}",
            f"{pad}mtu 9214",
            f"{pad}switchport access vlan 20",
        )
    ]
    at = next(number for number, line in enumerate(lines) if line.startswith("router bgp"))
    lines[at:at] = [*_HEADS.get(node.dialect, []), *more]
    return "".join(f"{line}\n" for line in lines)


def _xr(node: Node) -> Iterator[str]:
    yield from ("!! IOS XR Configuration 7.3.2", "!! Last configuration change at noon", "!")
    yield f"hostname {node.name}"
    for number in range(INTERFACES):
        yield f"interface TenGigE0/0/0/{number}"
        yield from (f" description server {number}", " mtu 9214", "!")
    for tag in _tags(node):
        for way in ("IN", "OUT"):
            yield from (f"route-policy {tag}-{way}", "  set med 5", "  pass", "end-policy", "!")
    yield from (f"router bgp {node.asn}", " bgp router-id 10.255.0.1")
    for version in (4, 6):
        yield from (f" address-family ipv{version} unicast", " !")
    if node.role == "tor":
        yield from (" neighbor-group NODES", f"  remote-as {node.asn}")
        for version in (4, 6):
            yield from _xr_family(version, f"NODE-V{version}")
        yield from (" !", f" neighbor {NODES}", "  use neighbor-group NODES", " !")
    for address, version, asn, tag in _peers(node):
        yield from (f" neighbor {address}", f"  remote-as {asn}")
        yield from (*_xr_family(version, tag), " !")
    yield from ("!", "netconf-yang agent", " ssh", "!", "end")


def _xr_family(version: int, tag: str) -> Iterator[str]:
    yield f"  address-family ipv{version} unicast"
    yield from (f"   route-policy {tag}-IN in", f"   route-policy {tag}-OUT out", "  !")


def _junos(node: Node) -> Iterator[str]:
    yield from ("version 22.4R3-S2.11", f"system host-name {node.name}")
    for number in range(INTERFACES):
        interface = f"interfaces xe-0/0/{number}"
        yield from (f'{interface} description "server {number}"', f"{interface} mtu 9216")
    for tag in _tags(node):
        for way in ("IN", "OUT"):
            term = f"policy-options policy-statement {tag}-{way} term all"
            yield from (f"{term} then metric 5", f"{term} then accept")
    yield f"routing-options autonomous-system {node.asn}"
    bgp = "protocols bgp group"
    if node.role == "tor":
        yield f"{bgp} NODES type internal"
        yield from (f"{bgp} NODES import NODE-V4-IN", f"{bgp} NODES export NODE-V4-OUT")
        yield from (f"{bgp} NODES family inet unicast", f"{bgp} NODES family inet6 unicast")
        yield f"{bgp} NODES allow {NODES}"
    for address, version, asn, tag in _peers(node):
        yield f"{bgp} {tag} type external"
        one = f"{bgp} {tag} neighbor {address}"
        yield from (f"{one} import {tag}-IN", f"{one} export {tag}-OUT")
        yield f"{one} family {'inet' if version == 4 else 'inet6'} unicast"
        yield f"{one} peer-as {asn}"
