"""How far prefixes get past a number of devices: :func:`spread`; by which way: :class:`BestWays`.

The fewest devices that drop a prefix on any way are a shortest path whose lengths are 0 and 1, for
all prefixes at once: at each step, the set of those that have come to a vertex past at most so many
devices. A device counts once, whether its import or its export drops. A way that visits a device
twice is never better than the same without the loop, so that the best way has none.

Prefixes are the bits of :class:`~policies.depth.atoms.Atoms`, gates pairs of them (export, import).
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.depth.fabric import Hops

Gates = list[tuple[int, int] | None]
"""By label: (export, import) as bits; None for a hop that does not carry this IP version."""


@dataclass(frozen=True, slots=True)
class Ways:
    """A graph of one IP version."""

    out: Sequence[Hops]
    gates: Gates
    is_end: Sequence[bool]


def spread(ways: Ways, start: int, prefixes: int) -> list[list[int]]:
    """Return, for 0, 1, 2... devices that drop, what of ``prefixes`` is held at each vertex.

    A device's own import counts for what it holds. What ``start`` exports is not filtered by it.
    Each list holds all of the one before; the last is everything that gets anywhere.
    """
    count = len(ways.out)
    offered, passed, charged = [0] * count, [0] * count, [0] * count
    found: list[list[int]] = []
    waiting = [start]
    while True:
        while waiting:
            near = waiting.pop()
            for far, label in ways.out[near]:
                gate = ways.gates[label]
                if gate is None:
                    continue
                export, import_ = gate
                sent = prefixes if near == start else passed[near] & export | charged[near]
                offered[far] |= sent
                if sent & import_ & ~passed[far]:
                    passed[far] |= sent & import_
                    if far != start and not ways.is_end[far]:
                        waiting.append(far)
        found.append([one | more for one, more in zip(passed, charged, strict=True)])
        # One more device may drop: whatever was offered to a device leaves it past all its filters.
        waiting = [
            vertex
            for vertex in range(count)
            if offered[vertex] & ~charged[vertex] and vertex != start and not ways.is_end[vertex]
        ]
        if offered == charged:
            return found
        charged = offered.copy()


Step = tuple[int, int]
"""(vertex, label) of a hop, the vertex that it leads to."""

#: A vertex, and whether the device there has dropped the prefix: it is counted, and lets it out.
_State = tuple[int, bool]


class BestWays:
    """The best ways of one prefix from ``start`` to everywhere.

    The fewest devices drop it there; of several such ways, it is one of the fewest hops.
    """

    def __init__(self, ways: Ways, start: int, prefix: int) -> None:
        self.start: _State = (start, True)
        self._from: dict[_State, tuple[_State, int]] = {}
        self._best: dict[int, tuple[_State, int]] = {}
        done: set[_State] = set()
        heap: list[tuple[int, int, _State, _State, int]] = [(0, 0, self.start, self.start, -1)]
        while heap:
            cost, length, state, before, by = heappop(heap)
            near, is_charged = state
            if length:
                self._best.setdefault(near, (before, by))
            if state in done or (length and (near == start or ways.is_end[near])):
                continue
            done.add(state)
            self._from[state] = (before, by)
            for far, label in ways.out[near]:
                gate = ways.gates[label]
                if gate is None:
                    continue
                drops = not prefix & gate[1]
                paid = cost + (not is_charged and not prefix & gate[0]) + drops
                heappush(heap, (paid, length + 1, (far, drops), state, label))

    def to(self, goal: int) -> tuple[Step, ...]:
        """Return the hops to ``goal``; KeyError if no way leads there."""
        state, by = self._best[goal]
        found = [(goal, by)]
        while state != self.start:
            near = state[0]
            state, by = self._from[state]
            found.append((near, by))
        return tuple(reversed(found))
