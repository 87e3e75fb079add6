"""How far prefixes get past a number of devices: :func:`spread`; by which way: :class:`BestWays`.

The fewest devices that drop a prefix on any way are a shortest path whose lengths are 0 and 1, for
all prefixes at once: at each step, the set of those that have come to a vertex past at most so many
devices. A device counts once, whether its import or its export drops. A way that visits a device
twice is never better than the same without the loop, so that the best way has none.

Prefixes are the bits of :class:`~policies.depth.atoms.Atoms`, gates pairs of them (export, import).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.depth.fabric import Hops

Gates = list[tuple[int, int] | None]
"""By label: (export, import) as bits; None for a hop that does not carry this IP version."""


@dataclass(frozen=True, slots=True)
class Ways:
    """A graph of one IP version; an end passes nothing on, nodes are the ends behind a ToR."""

    out: Sequence[Hops]
    gates: Gates
    is_end: Sequence[bool]
    is_node: Sequence[bool]


Sources = Sequence[tuple[int, int]]
"""(vertex, what it announces): not filtered by its own exports, and not meant for its own nodes."""


def spread(ways: Ways, sources: Sources) -> list[list[int]]:
    """Return, for 0, 1, 2... devices that drop, what has come to each vertex.

    A device's own import counts for what it holds. Each list holds all of the one before; the last
    is everything that gets anywhere.
    """
    count = len(ways.out)
    offered, passed, charged = [0] * count, [0] * count, [0] * count
    found: list[list[int]] = []
    waiting: list[int] = []

    def send(near: int, announced: int) -> None:
        for far, label in ways.out[near]:
            gate = ways.gates[label]
            if gate is None or (announced and ways.is_node[far]):
                continue
            export, import_ = gate
            sent = announced or passed[near] & export | charged[near]
            offered[far] |= sent
            if sent & import_ & ~passed[far]:
                passed[far] |= sent & import_
                if not ways.is_end[far]:
                    waiting.append(far)

    for start, prefixes in sources:
        send(start, prefixes)
    while True:
        while waiting:
            send(waiting.pop(), 0)
        found.append([one | more for one, more in zip(passed, charged, strict=True)])
        if offered == charged:
            return found
        # One more device may drop: whatever was offered to a device leaves it past all its filters.
        waiting += [
            vertex
            for vertex in range(count)
            if offered[vertex] & ~charged[vertex] and not ways.is_end[vertex]
        ]
        charged = offered.copy()


Step = tuple[int, int]
"""(vertex, label) of a hop, the vertex that it leads to."""

#: A vertex, and whether the device there has dropped the prefix: it is counted, and lets it out.
_State = tuple[int, bool]


class BestWays:
    """The best ways of one prefix from any of ``starts``, found as far as they are asked for.

    The fewest devices drop it there; of several such ways, it is one of the fewest hops.
    """

    def __init__(self, ways: Ways, starts: Iterable[int], prefix: int) -> None:
        self._ways = ways
        self._prefix = prefix
        self._from: dict[_State, tuple[_State, int]] = {}
        self._best: dict[int, tuple[int, _State, int]] = {}
        self._done: set[_State] = set()
        self._heap: list[tuple[int, int, _State, _State | None, int]] = [
            (0, 0, (start, True), None, -1) for start in sorted(starts)
        ]

    def _reach(self, goal: int) -> tuple[int, _State, int]:
        """Return cost, last state and last label of the way to ``goal``; KeyError if none is."""
        while self._heap and goal not in self._best:
            cost, length, state, before, by = heappop(self._heap)
            if before is not None:
                self._best.setdefault(state[0], (cost, before, by))
            if state in self._done or (length and self._ways.is_end[state[0]]):
                continue
            self._done.add(state)
            if before is not None:
                self._from[state] = (before, by)
            self._expand(cost, length, state)
        return self._best[goal]

    def _expand(self, cost: int, length: int, state: _State) -> None:
        near, is_charged = state
        for far, label in self._ways.out[near]:
            gate = self._ways.gates[label]
            if gate is None or (not length and self._ways.is_node[far]):
                continue
            drops = not self._prefix & gate[1]
            if (far, drops) in self._done and far in self._best:
                continue
            paid = cost + (not is_charged and not self._prefix & gate[0]) + drops
            heappush(self._heap, (paid, length + 1, (far, drops), state, label))

    def leads_to(self, goal: int) -> bool:
        """Return whether there is a way to ``goal`` that comes by no start twice."""
        try:
            self._reach(goal)
        except KeyError:
            return False
        return True

    def cost(self, goal: int) -> int:
        """Return how many devices drop it on the way to ``goal``; KeyError if there is none."""
        return self._reach(goal)[0]

    def to(self, goal: int) -> tuple[int, tuple[Step, ...]]:
        """Return where the way to ``goal`` starts, and its hops; KeyError if there is none."""
        _, state, by = self._reach(goal)
        found = [(goal, by)]
        while state in self._from:
            near = state[0]
            state, by = self._from[state]
            found.append((near, by))
        return state[0], tuple(reversed(found))
