"""A fabric of any size on paper, fenced as its site wants it: :func:`write_fabric`.

Pods of two spines and their ToRs, a cluster in each, and two borders that all spines are behind;
the platform goes by the pod. Law: the same number makes the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from config_printer import print_config

from inventory.site import load_site
from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.guards import wanted_guards
from policies.install import install
from policies.managed import managed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from policies.filters import Running

PLATFORMS = ("frr", "eos", "ios", "nxos")
#: Devices of a pod: two spines, the rest ToRs.
POD = 20
BORDERS = ("border1", "border2")
#: Every so many devices, one has an entry that somebody put in.
DRIFTED = 25
#: Interfaces of a device, of five lines each.
INTERFACES = 60
OUTSIDE = "0.0.0.0/0 le 32"
GROUPS = "tor: {}\nspine: {}\nborder: {}\n" + "".join(
    f"{one}: {{platform: {one}}}\n" for one in PLATFORMS
)
SITE = """\
name: wide
management: [192.0.2.0/24]
min_depth: 2
timers: {confirm: 60, settle: 20}
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A session of a device: the other end's address in each family, name and AS; and its pod."""

    address: str
    address6: str
    far: str
    asn: int
    pod: int
    up: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A device with its sessions."""

    name: str
    role: str
    asn: int
    pod: int
    links: tuple[Link, ...]

    @property
    def platform(self) -> str:
        return PLATFORMS[self.pod % len(PLATFORMS)]


def drifted_names(devices: int) -> set[str]:
    """Return the devices whose configurations are not as they are meant to be."""
    return {node.name for node in list(_nodes(devices))[DRIFTED - 1 :: DRIFTED]}


def write_fabric(folder: Path, devices: int) -> tuple[Path, Path, Path]:
    """Write a site of so many devices, and two folders with a configuration of each.

    Return the three: the site, the configurations as they are, and as they are meant to be.
    """
    nodes = tuple(_nodes(devices))
    pods = sorted({node.pod for node in nodes if node.role != "border"})
    site, configs, golden = (folder / name for name in ("site", "configs", "golden"))
    for one in (site, configs, golden):
        one.mkdir()
    files = {
        "site.yaml": SITE,
        "groups.yaml": GROUPS,
        "pools.yaml": "clusters:\n" + "".join(map(_cluster, pods)),
        "hosts.yaml": "".join(_host(node) for node in nodes),
    }
    for name, text in files.items():
        (site / name).write_text(text, encoding="utf-8")
    loaded = load_site(site)
    wanted = wanted_guards(loaded)
    drifted = drifted_names(devices)
    for node in nodes:
        running = DIALECTS["frr"].parse(_frr(node))
        dialect = DIALECTS[node.platform]
        own = replace(running, semantics=dialect.parse(_printed(node, running)).semantics)
        installed = install(node.name, own, wanted[node.name])
        assert installed.violations == [], node.name
        fenced = apply(own, steps(managed(own), installed.managed))
        text = _printed(node, fenced)
        (golden / f"{node.name}.cfg").write_text(text, encoding="utf-8")
        is_now = _drifted(text) if node.name in drifted else text
        (configs / f"{node.name}.cfg").write_text(is_now, encoding="utf-8")
    return site, configs, golden


def _nodes(devices: int) -> Iterator[Node]:
    """Yield the borders last, so that they come to know every spine."""
    spines: list[tuple[str, int, int]] = []
    left, pod = devices - len(BORDERS), 0
    while left > 0:
        size = min(POD, left)
        names = [f"tor{pod}-{n}" for n in range(1, size - 1)]
        above = [f"spine{pod}-{n}" for n in (1, 2)]
        for n, name in enumerate(names, 1):
            links = tuple(
                Link(*_addresses(pod, at, n, 0), far, 65000, pod, up=True)
                for at, far in enumerate(above, 1)
            )
            yield Node(name, "tor", 65200 + n, pod, links)
        for at, spine in enumerate(above, 1):
            down = [
                Link(*_addresses(pod, at, n, 1), name, 65200 + n, pod, up=False)
                for n, name in enumerate(names, 1)
            ]
            up = [
                Link(*_addresses(pod, at, 100 + n, 0), border, 65001, pod, up=True)
                for n, border in enumerate(BORDERS, 1)
            ]
            yield Node(spine, "spine", 65000, pod, (*down, *up))
            spines.append((spine, pod, at))
        left -= size
        pod += 1
    for n, border in enumerate(BORDERS, 1):
        links = tuple(
            Link(*_addresses(below, at, 100 + n, 1), spine, 65000, below, up=False)
            for spine, below, at in spines
        )
        yield Node(border, "border", 65001, n - 1, links)


def _addresses(pod: int, spine: int, port: int, end: int) -> tuple[str, str]:
    """Return an end of the link at a spine's port: 0 is above, 1 below."""
    return f"172.{16 + spine}.{pod}.{2 * port + end}", f"2001:db8:{pod:x}:{spine}{port:03}::{end}"


def _cluster(pod: int) -> str:
    return f"""\
  c{pod}:
    delegated: [10.{pod}.0.0/16, 100.64.{pod}.0/24, "fd00:{pod:x}::/48"]
    strict_affinity: true
    pools:
      - {{cidr: 10.{pod}.0.0/17, kind: workload, block_size: 26}}
      - {{cidr: 10.{pod}.192.0/18, kind: workload, block_size: 27}}
      - {{cidr: 100.64.{pod}.0/24, kind: service}}
      - {{cidr: "fd00:{pod:x}::/48", kind: workload, block_size: 122}}
    infrastructure: [172.20.{pod}.0/24]
"""


def _host(node: Node) -> str:
    sessions = [
        f"{{neighbor: {address!r}, device: {link.far}, clusters: [c{link.pod}]}}"
        for link in node.links
        for address in (link.address, link.address6)
    ]
    if node.role == "tor":
        sessions.insert(0, f"{{peer_group: NODES, role: node, clusters: [c{node.pod}]}}")
    if node.role == "border":
        sessions.append("{neighbor: 203.0.113.1, role: external}")
    rack = f"    rack: {node.name}\n" if node.role == "tor" else ""
    lines = "".join(f"      - {one}\n" for one in sessions)
    return (
        f"{node.name}:\n  groups: [{node.role}, {node.platform}]\n"
        f"  data:\n    asn: {node.asn}\n{rack}    sessions:\n{lines}"
    )


def _frr(node: Node) -> str:
    """Return the device as an operator left it: a policy of its own on each session."""
    peers: list[tuple[str, int, int, str]] = []
    for number, link in enumerate(node.links):
        tag = f"{'UP' if link.up else 'DOWN'}-{number}"
        peers += [(link.address, 4, link.asn, tag), (link.address6, 6, link.asn, f"{tag}-V6")]
    if node.role == "border":
        peers.append(("203.0.113.1", 4, 64500, "OUTSIDE"))
    head = [f"router bgp {node.asn}", " no bgp default ipv4-unicast"]
    inside: dict[int, list[str]] = {4: [], 6: []}
    maps: list[str] = []
    if node.role == "tor":
        head += [" neighbor NODES peer-group", f" neighbor NODES remote-as {node.asn}"]
        head += [" bgp listen range 10.99.0.0/24 peer-group NODES"]
        for version in (4, 6):
            inside[version] += _policies("NODES", f"NODE-V{version}")
        maps += ["NODE-V4", "NODE-V6"]
    for address, version, asn, tag in peers:
        head.append(f" neighbor {address} remote-as {asn}")
        inside[version] += _policies(address, tag)
        maps.append(tag)
    families = [
        line
        for version, lines in inside.items()
        for line in (f" address-family ipv{version} unicast", *lines, " exit-address-family")
    ]
    policies = [
        line
        for one in maps
        for way in ("IN", "OUT")
        for line in (f"route-map {one}-{way} permit 10", " set metric 5", "exit")
    ]
    top = ["frr version 8.4.4", "frr defaults traditional", f"hostname {node.name}"]
    return "".join(f"{line}\n" for line in (*top, *head, *families, "exit", *policies, "end"))


def _policies(name: str, tag: str) -> list[str]:
    return [
        f"  neighbor {name} activate",
        f"  neighbor {name} route-map {tag}-IN in",
        f"  neighbor {name} route-map {tag}-OUT out",
    ]


def _printed(node: Node, running: Running) -> str:
    """Return ``running`` as the platform prints it, among the lines of a switch's daily life."""
    if node.platform == "frr":
        base = DIALECTS["frr"].parse(_frr(node))
        more = DIALECTS["frr"].render(steps(managed(base), managed(running)), base)
        lines = [*_frr(node).splitlines()[:-1], *more.splitlines(), "end"]
    else:
        lines = print_config(node.platform, running).splitlines()
    at = len(lines) if node.platform == "nxos" else len(lines) - 1
    return "".join(f"{line}\n" for line in (*lines[:at], *_interfaces(), *lines[at:]))


def _interfaces() -> Sequence[str]:
    return [
        line
        for number in range(INTERFACES)
        for line in (
            f"interface Ethernet1/{number}",
            f"  description server {number}",
            "  mtu 9214",
            "  switchport access vlan 20",
            "!",
        )
    ]


def _drifted(text: str) -> str:
    """Return ``text`` with the last entry of a list of ours turned around: all gets past it."""
    assert OUTSIDE in text
    return text.replace(f"permit {OUTSIDE}", f"deny {OUTSIDE}", 1)
