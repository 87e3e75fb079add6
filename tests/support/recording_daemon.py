"""A routing daemon that only takes notes: :class:`RecordingDaemon`.

What a virtual switch hands down is in ``router`` and ``applied``; what it is told about neighbors
and routes is what the test has set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.switch.base import Neighbor, Route
    from lab.switch.meaning import Address, Router


class RecordingDaemon:
    """Stands where the FRR daemon does; see :class:`lab.switch.base.Daemon`."""

    def __init__(self) -> None:
        self.applied: list[Router | None] = []
        #: (peer, version, is inbound) of every refresh.
        self.refreshed: list[tuple[Address | str, int, bool]] = []
        self._neighbors: tuple[Neighbor, ...] = ()
        self._routes: dict[tuple[Address, int], tuple[Route, ...]] = {}

    @property
    def router(self) -> Router | None:
        """The last meaning that was applied."""
        return self.applied[-1] if self.applied else None

    def set_neighbors(self, *neighbors: Neighbor) -> None:
        self._neighbors = neighbors

    def set_routes(self, peer: Address, version: int, *routes: Route) -> None:
        self._routes[peer, version] = routes

    def apply(self, router: Router | None) -> None:
        self.applied.append(router)

    def refresh(self, peer: Address | str, version: int, *, inbound: bool) -> None:
        self.refreshed.append((peer, version, inbound))

    def neighbors(self) -> tuple[Neighbor, ...]:
        return self._neighbors

    def routes_from(self, peer: Address, version: int) -> tuple[Route, ...]:
        return self._routes.get((peer, version), ())
