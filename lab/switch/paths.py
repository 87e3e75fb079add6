"""Every path to one prefix, as a virtual switch shows it: :func:`paths_to`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.base import Daemon, Neighbor, Route
    from lab.switch.meaning import Network


def paths_to(daemon: Daemon, prefix: Network) -> tuple[tuple[Neighbor, Route], ...]:
    """Return who announces ``prefix``, the best path first, and what was accepted of it."""
    return tuple(sorted(_paths(daemon, prefix), key=lambda found: not found[1].is_best))


def _paths(daemon: Daemon, prefix: Network) -> Iterator[tuple[Neighbor, Route]]:
    for neighbor in daemon.neighbors():
        if prefix.version in neighbor.accepted:
            for route in daemon.routes_from(neighbor.address, prefix.version):
                if route.prefix == prefix:
                    yield neighbor, route
