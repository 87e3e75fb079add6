"""How routes travel: the sessions as a graph; read ``Spread`` first.

Law: only shortest ways count. In this network a route from one end reaches every node along all of
its shortest ways, and a longer way would come back through an AS that has seen it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.topology import NODES, SESSIONS


@dataclass(frozen=True, slots=True)
class Spread:
    """The ways of an announcement from one node to all others."""

    source: str
    distance: Mapping[str, int]
    """Node -> number of sessions between it and the source."""

    @classmethod
    def of(cls, source: str) -> "Spread":
        """Return the ways from ``source``."""
        distance = {source: 0}
        queue = [source]
        for node in queue:
            for neighbor in neighbors(node):
                # Speakers pass nothing on: a way may end at one, never lead through it.
                if neighbor not in distance and (node == source or NODES[node].is_switch):
                    distance[neighbor] = distance[node] + 1
                    queue.append(neighbor)
        return cls(source, distance)

    def upstream(self, node: str) -> tuple[str, ...]:
        """Return the neighbors from which ``node`` gets the source's routes."""
        return self._at(node, -1)

    def downstream(self, node: str) -> tuple[str, ...]:
        """Return the neighbors to which ``node``, a switch, passes the source's routes on."""
        return self._at(node, 1) if NODES[node].is_switch else ()

    def _at(self, node: str, step: int) -> tuple[str, ...]:
        wanted = self.distance[node] + step
        return tuple(peer for peer in neighbors(node) if self.distance[peer] == wanted)


def neighbors(node: str) -> tuple[str, ...]:
    """Return the nodes that ``node`` has sessions with, each once."""
    found = (
        session.peer_of(node) for session in SESSIONS if node in (session.upper, session.lower)
    )
    return tuple(dict.fromkeys(found))
