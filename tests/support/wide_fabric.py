"""A fabric of any size on paper, fenced as its site wants it: :func:`write_fabric`.

Pods of two spines and their ToRs, a cluster in each, and two borders that all spines are behind;
the platform goes by the pod. Law: the same number makes the same files.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from wide_texts import deployed, drifted

from inventory.site import load_site
from policies.guards import wanted_guards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: NAPALM's names.
PLATFORMS = ("frr", "eos", "ios", "nxos", "iosxr_netconf", "junos")
#: Devices of a pod: two spines, the rest ToRs.
POD = 16
BORDERS = ("border1", "border2")
#: Every so many devices, one has an entry that somebody put in.
DRIFTED = 25
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

    @property
    def dialect(self) -> str:
        """What the platform is called that the driver speaks to."""
        return self.platform.removesuffix("_netconf")


def drifted_names(devices: int) -> set[str]:
    """Return the devices whose configurations are not as they are meant to be."""
    return {node.name for node in list(nodes_of(devices))[DRIFTED - 1 :: DRIFTED]}


def write_fabric(folder: Path, devices: int) -> tuple[Path, Path, Path]:
    """Write a site of so many devices, and two folders with a configuration of each.

    Return the three: the site, the configurations as they are, and as they are meant to be.
    """
    nodes = tuple(nodes_of(devices))
    pods = sorted({node.pod for node in nodes if node.role != "border"})
    site, configs, golden = (folder / name for name in ("site", "configs", "golden"))
    for one in (site, configs, golden):
        one.mkdir()
    files = {
        "site.yaml": SITE,
        "groups.yaml": GROUPS,
        "defaults.yaml": "username: ringfence\n",
        "pools.yaml": "clusters:\n" + "".join(map(_cluster, pods)),
        "hosts.yaml": "".join(_host(node) for node in nodes),
    }
    for name, text in files.items():
        (site / name).write_text(text, encoding="utf-8")
    wanted = wanted_guards(load_site(site))
    changed = drifted_names(devices)
    for node in nodes:
        text = deployed(node, wanted[node.name])
        (golden / f"{node.name}.cfg").write_text(text, encoding="utf-8")
        is_now = drifted(text) if node.name in changed else text
        (configs / f"{node.name}.cfg").write_text(is_now, encoding="utf-8")
    return site, configs, golden


def nodes_of(devices: int) -> Iterator[Node]:
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
    v6 = ip_address(f"2001:db8:{pod:x}:{spine}{port:03}::{end}")
    return f"172.{16 + spine}.{pod}.{2 * port + end}", str(v6)


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
        f"{node.name}:\n  hostname: {node.name}\n  groups: [{node.role}, {node.platform}]\n"
        f"  data:\n    asn: {node.asn}\n{rack}    sessions:\n{lines}"
    )
