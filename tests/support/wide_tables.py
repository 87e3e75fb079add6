"""What the BGP of a wide fabric's devices holds: :func:`daemon_of`, :func:`illegal_names`.

Nodes announce their blocks, ToRs and spines pass them on, the outside announces a default route
and some more. On every :data:`ILLEGAL` th device there is one route that its fence does not allow:
a longer prefix than any block. Law: all sessions are up, and nothing but that is illegal.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from recording_daemon import RecordingDaemon
from wide_fabric import nodes_of

from lab.switch.base import Neighbor, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wide_fabric import Link, Node

    from lab.switch.meaning import Address, Network

ILLEGAL = 40
#: Nodes of a rack, and the blocks of each.
SERVERS = 8
BLOCKS = {4: 2, 6: 1}
#: Routes that the outside announces besides its default route.
OUTSIDE = 200


def illegal_names(devices: int) -> dict[str, str]:
    """Return the devices with an illegal route, and the neighbor that it came from."""
    chosen = list(nodes_of(devices))[ILLEGAL // 2 :: ILLEGAL]
    return {node.name: str(_below(node)[0]) for node in chosen}


def daemon_of(node: Node, *, is_illegal: bool, pods: Sequence[int]) -> RecordingDaemon:
    """Return a daemon that says what BGP on ``node`` does; ``pods`` has the ToRs of each pod."""
    daemon = RecordingDaemon()
    routes = {key: list(some) for key, some in _routes(node, pods)}
    if is_illegal:
        peer, pod = _below(node)
        routes[peer, 4].append(_route(ip_network(f"10.{pod}.0.0/27"), str(peer), "64512"))
    found = []
    for peer in dict.fromkeys(peer for peer, _ in routes):
        here = {version: some for (who, version), some in routes.items() if who == peer}
        for version, some in here.items():
            daemon.set_routes(peer, version, *some)
        found.append(
            Neighbor(
                address=peer,
                remote_asn=_asn(node, peer),
                state="Established",
                uptime_s=86400,
                group="NODES" if peer in _servers(node) else None,
                accepted={version: len(some) for version, some in here.items()},
                advertised=dict.fromkeys(here, 10),
            )
        )
    daemon.set_neighbors(*sorted(found, key=lambda one: (one.address.version, int(one.address))))
    return daemon


def _servers(node: Node) -> tuple[Address, ...]:
    if node.role != "tor":
        return ()
    return tuple(ip_address(f"10.99.0.{10 + number}") for number in range(SERVERS))


def _below(node: Node) -> tuple[Address, int]:
    """Return a neighbor that only pools are to come from, and its pod."""
    if node.role == "tor":
        return _servers(node)[-1], node.pod
    link = next(link for link in node.links if not link.up)
    return ip_address(link.address), link.pod


def _asn(node: Node, peer: Address) -> int:
    links = (link.asn for link in node.links if str(peer) in (link.address, link.address6))
    return next(links, 64500 if node.role == "border" else node.asn)


def _routes(node: Node, pods: Sequence[int]) -> Iterator[tuple[tuple[Address, int], list[Route]]]:
    rack = int(node.name.partition("-")[2]) if node.role == "tor" else 0
    for number, peer in enumerate(_servers(node)):
        for version in (4, 6):
            here = _blocks(node.pod, rack, number, version)
            yield (peer, version), [_route(one, str(peer), "") for one in here]
    for link in node.links:
        for text, version in ((link.address, 4), (link.address6, 6)):
            heard = _heard(node, link, rack, version, pods)
            yield (
                (ip_address(text), version),
                [_route(one, text, f"{link.asn} 64512") for one in heard],
            )
    if node.role == "border":
        peer = ip_address("203.0.113.1")
        more = [ip_network(f"198.{18 + at // 256}.{at % 256}.0/24") for at in range(OUTSIDE)]
        hears = [ip_network("0.0.0.0/0"), *more]
        yield (peer, 4), [_route(one, str(peer), "64500") for one in hears]


def _heard(
    node: Node, link: Link, rack: int, version: int, pods: Sequence[int]
) -> Iterator[Network]:
    """Yield what comes over a link: from below the pod's blocks, from above the rest."""
    if link.up:
        yield ip_network("0.0.0.0/0" if version == 4 else "::/0")
    if node.role == "spine" and link.up:
        return
    racks = range(1, pods[link.pod] + 1)
    if node.role == "spine":
        racks = range(link.asn - 65200, link.asn - 65200 + 1)
    for other in racks:
        if other != rack:
            for number in range(SERVERS):
                yield from _blocks(link.pod, other, number, version)


def _blocks(pod: int, rack: int, server: int, version: int) -> Iterator[Network]:
    """Yield the blocks of a node."""
    first = (rack * SERVERS + server) * BLOCKS[version]
    for number in range(first, first + BLOCKS[version]):
        if version == 4:
            yield ip_network(((10 << 24) + (pod << 16) + (number << 6), 26))
        else:
            yield ip_network(((0xFD00 << 112) + (pod << 96) + (number << 6), 122))


def _route(prefix: Network, next_hop: str, as_path: str) -> Route:
    return Route(prefix=prefix, next_hop=next_hop, as_path=as_path, is_best=True)
