"""The attack drill: announce, wait, look, take back; read ``drill`` first.

Law: no blind waits. Behind its attacks each attacker sends a beacon that it may announce. BGP keeps
the order on every session and FRR in every queue, so where the beacon has arrived from all sides,
an attack that is not there was dropped. At the end nothing that the drill announced is left
anywhere.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_network

from lab.announce import announce, withdraw
from lab.attacks import ATTACKS, BEACONS, MARKS, Attack
from lab.errors import LabError
from lab.graph import Spread
from lab.network import Network
from lab.readiness import missing_routes
from lab.routes import Table, routes
from lab.topology import NODES, SWITCHES, VERSIONS, sessions_of
from lab.topology import Network as Prefix
from lab.verdicts import Advertised, AttackResult, Observation, judge

Progress = Callable[[str], None]

_WITHIN_S = 30.0
_RECOVER_WITHIN_S = 20.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A drill's outcome."""

    results: tuple[AttackResult, ...]
    missing: tuple[tuple[str, Prefix], ...]
    """(node, prefix) of each legitimate route that was not in place after the drill."""


def drill(
    network: Network,
    attacks: tuple[Attack, ...] = ATTACKS,
    *,
    progress: Progress = lambda _words: None,
) -> Report:
    """Run ``attacks``, one attacker after the other, and return where each got to."""
    results: list[AttackResult] = []
    for attacker in dict.fromkeys(attack.attacker for attack in attacks):
        own = tuple(attack for attack in attacks if attack.attacker == attacker)
        results += _campaign(network, attacker, own, progress)
    return Report(results=tuple(results), missing=_missing_at_last(network, progress))


def _missing_at_last(network: Network, progress: Progress) -> tuple[tuple[str, Prefix], ...]:
    """Return the legitimate routes that do not come back after the last attack."""
    deadline = time.monotonic() + _RECOVER_WITHIN_S
    while (missing := missing_routes(network)) and time.monotonic() < deadline:
        progress("waiting for the legitimate routes that the attacks had displaced")
        time.sleep(_POLL_S)
    return tuple(missing)


def _campaign(
    network: Network, attacker: str, attacks: tuple[Attack, ...], progress: Progress
) -> list[AttackResult]:
    prefixes = tuple(attack.prefix for attack in attacks)
    progress(f"{attacker} announces {len(prefixes)} prefixes that it must not")
    try:
        announce(network, attacker, prefixes, community=MARKS[attacker])
        announce(network, attacker, prefixes + BEACONS[attacker], community=MARKS[attacker])
        _await_beacon(network, attacker, progress)
        seen = {version: observe(network, version) for version in VERSIONS}
    finally:
        withdraw(network, attacker)
    await_gone(network, attacker, progress)
    return [judge(attack, seen[attack.prefix.version]) for attack in attacks]


def _await_beacon(network: Network, attacker: str, progress: Progress) -> None:
    _await(
        lambda: _beacon_lacking(network, attacker),
        lambda lacking: f"the beacon of {attacker} is not at {'; not at '.join(lacking)}",
        progress,
    )


def _beacon_lacking(network: Network, attacker: str) -> list[str]:
    spread = Spread.of(attacker)
    lacking: list[str] = []
    for beacon in BEACONS[attacker]:
        for node in NODES:
            if node == attacker:
                continue
            paths = routes(network, node, beacon.version).get(beacon, ())
            came_from = {path.peer for path in paths if MARKS[attacker] in path.communities}
            lacking += [
                f"{node} from {peer} ({beacon})"
                for peer in spread.upstream(node)
                if peer not in came_from
            ]
    return lacking


def await_gone(network: Network, attacker: str, progress: Progress = lambda _words: None) -> None:
    """Wait until no node but the attacker itself holds a path with its mark."""
    mark = MARKS[attacker]

    def left() -> list[str]:
        return [
            f"{node} ({prefix})"
            for node in NODES
            if node != attacker
            for version in VERSIONS
            for prefix, paths in routes(network, node, version).items()
            if any(mark in path.communities for path in paths)
        ]

    _await(left, lambda rest: f"what {attacker} announced is still at {', '.join(rest)}", progress)


def _await(
    lacking: Callable[[], list[str]], sentence: Callable[[list[str]], str], progress: Progress
) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while rest := lacking():
        if time.monotonic() > deadline:
            raise LabError(f"after {_WITHIN_S:.0f} s {sentence(rest[:5])}")
        progress(f"waiting: {sentence(rest[:1])}")
        time.sleep(_POLL_S)


def observe(network: Network, version: int) -> Observation:
    """Read every node's table, and what the switches advertise, for one IP version."""
    tables: dict[str, Table] = {node: routes(network, node, version) for node in NODES}
    return Observation(tables=tables, advertised=_advertised(network, version))


def _advertised(network: Network, version: int) -> Advertised:
    found: dict[tuple[str, str], frozenset[Prefix]] = {}
    for switch in SWITCHES:
        for session in sessions_of(switch):
            if version not in session.families:
                continue
            peer = session.peer_of(switch)
            command = (
                f"show bgp ipv{version} unicast neighbors {session.address_of(peer)} "
                "advertised-routes json"
            )
            answer = network.bgpd_json(switch, command)
            found[switch, peer] = _prefixes(answer.get("advertisedRoutes", {}))
    return found


def _prefixes(texts: Iterable[str]) -> frozenset[Prefix]:
    return frozenset(ip_network(text) for text in texts)
