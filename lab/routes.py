"""BGP tables of switches and speakers in one form; read ``routes`` first.

Law: a path is judged by what the daemon itself holds after its import policy, never by what was
sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from lab.errors import LabError
from lab.network import Network
from lab.topology import NODES, Address, Session, sessions_of
from lab.topology import Network as Prefix

Community = tuple[int, int]
Table = Mapping[Prefix, tuple["Path", ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way to a prefix, as a node holds it."""

    peer: str
    """The node that it was learned from; the node's own name for what it announces itself."""
    best: bool
    as_path: tuple[int, ...]
    communities: frozenset[Community]


def routes(network: Network, node: str, version: int) -> Table:
    """Return a node's BGP table: prefix -> its accepted paths, the best one first."""
    if NODES[node].is_switch:
        answer = network.bgpd_json(node, f"show bgp ipv{version} unicast json detail")
        return _from_frr(node, answer)
    return _from_bird(node, network.bird(node, f"show route table master{version} all"))


def best_of(table: Table, prefix: Prefix) -> Path | None:
    """Return the path that traffic follows, if the prefix is known."""
    return next((path for path in table.get(prefix, ()) if path.best), None)


def _peers(node: str) -> dict[Address, str]:
    """Return the neighbors' addresses -> their names."""
    return {_other(session, node): session.peer_of(node) for session in sessions_of(node)}


def _other(session: Session, node: str) -> Address:
    return session.address_of(session.peer_of(node))


def _from_frr(node: str, answer: Any) -> Table:  # noqa: ANN401 - FRR's JSON
    peers = _peers(node)
    table: dict[Prefix, tuple[Path, ...]] = {}
    for text, entry in answer.get("routes", {}).items():
        paths = [_frr_path(node, peers, path) for path in entry if path.get("valid")]
        if paths:
            table[ip_network(text)] = _best_first(paths)
    return table


def _frr_path(node: str, peers: Mapping[Address, str], path: Any) -> Path:  # noqa: ANN401
    segments = path.get("aspath", {}).get("segments", [])
    # A locally originated route names the unspecified address as its peer.
    peer = peers.get(ip_address(path["peer"]["peerId"]), node)
    return Path(
        peer=peer,
        best=bool(path.get("bestpath", {}).get("overall")),
        as_path=tuple(int(number) for segment in segments for number in segment["list"]),
        communities=frozenset(
            (int(item.split(":")[0]), int(item.split(":")[1]))
            for item in path.get("community", {}).get("list", [])
            if ":" in item
        ),
    )


_BIRD_PATH = re.compile(
    r"^(?P<prefix>[0-9a-f.:]+/\d+)?\s+(?P<kind>unicast|blackhole|unreachable|prohibited)"
    r" \[(?P<protocol>\S+) [^\]]*\](?P<best> \*)?"
)
_BIRD_ORIGIN = re.compile(r"^(?:origin|extra|direct|kernel)")


def _from_bird(node: str, text: str) -> Table:
    table: dict[Prefix, list[Path]] = {}
    prefix: Prefix | None = None
    blocks: list[tuple[Prefix, re.Match[str], list[str]]] = []
    for line in text.splitlines():
        match = _BIRD_PATH.match(line)
        if match:
            if match["prefix"]:
                prefix = ip_network(match["prefix"])
            if prefix is None:
                raise LabError(f"BIRD's table begins without a prefix: {line}")
            blocks.append((prefix, match, []))
        elif blocks:
            blocks[-1][2].append(line)
    for found, match, details in blocks:
        table.setdefault(found, []).append(_bird_path(node, match, details))
    return {key: _best_first(paths) for key, paths in table.items()}


def _bird_path(node: str, match: re.Match[str], details: list[str]) -> Path:
    protocol = match["protocol"]
    attributes = {
        name: value
        for name, _, value in (line.strip().partition(":") for line in details)
        if name.startswith("BGP.")
    }
    pairs = re.findall(r"\((\d+),(\d+)\)", attributes.get("BGP.community", ""))
    return Path(
        peer=node if _BIRD_ORIGIN.match(protocol) else protocol.rsplit("_v", 1)[0],
        best=match["best"] is not None,
        as_path=tuple(int(number) for number in attributes.get("BGP.as_path", "").split()),
        communities=frozenset((int(high), int(low)) for high, low in pairs),
    )


def _best_first(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths, key=lambda path: not path.best))
