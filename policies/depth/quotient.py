"""Vertices that are alike, folded into one: :func:`refine`, `set_apart` and :class:`Quotient`.

Two vertices are alike if the same sorts of hops lead to and from alike vertices (colour refinement,
where "one" and "several" are told apart and numbers are not). A search of the folded graph finds
what one of the whole graph finds: every hop of it is there between some two, and into each vertex
of a class that one hop leads to. If the attacker is alone in its class, any way found to a class is
a way from the attacker to each vertex of that class.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.fields import Role

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from policies.depth.fabric import Fabric, Hops

Colours = list[int]
"""A colour for each vertex, from 0 on without a gap."""


def refine(fabric: Fabric, seed: Sequence[Hashable]) -> Colours:
    """Return the coarsest colours, finer than ``seed``, with which alike vertices are one."""
    numbers: dict[Hashable, int] = {}
    colours = [numbers.setdefault(mark, len(numbers)) for mark in seed]
    _settle(fabric, colours, range(len(colours)))
    return colours


def set_apart(fabric: Fabric, colours: Colours, vertex: int) -> Colours:
    """Return ``colours``, as `refine` made them, refined with ``vertex`` in a class of its own."""
    found = colours.copy()
    if colours.count(colours[vertex]) == 1:
        return found
    found[vertex] = max(found) + 1
    _settle(fabric, found, [vertex])
    return found


def _settle(fabric: Fabric, colours: Colours, changed: Iterable[int]) -> None:
    """Refine ``colours`` until alike vertices are one, given which of them have just changed.

    Only what is around a change can differ by it, and of the parts of a class the largest keeps
    its colour: so a change that stays local is looked at locally.
    """
    sizes = Counter(colours)
    fresh = max(colours) + 1
    while changed:
        parts: defaultdict[int, defaultdict[Hashable, list[int]]]
        parts = defaultdict(lambda: defaultdict(list))
        for vertex in _beside(fabric, changed):
            around = (*_around(colours, fabric.out[vertex]), *_around(colours, fabric.into[vertex]))
            parts[colours[vertex]][around].append(vertex)
        changed = []
        for colour, by_sort in parts.items():
            left = sizes[colour] - sum(map(len, by_sort.values()))
            largest = max(by_sort.values(), key=len)
            for part in by_sort.values():
                if part is largest and not left:
                    continue
                for vertex in part:
                    colours[vertex] = fresh
                sizes[fresh] = len(part)
                sizes[colour] -= len(part)
                fresh += 1
                changed += part


def _beside(fabric: Fabric, changed: Iterable[int]) -> list[int]:
    """Return the vertices with a hop to or from one of ``changed``, ascending."""
    return sorted(
        {
            near
            for vertex in changed
            for hops in (fabric.out, fabric.into)
            for near, _ in hops[vertex]
        }
    )


def _around(colours: Colours, hops: Hops) -> tuple[frozenset[object], frozenset[object]]:
    """Return which (colour, label) there are among ``hops``, and which more than once."""
    keys = [(colours[other], label) for other, label in hops]
    some = frozenset(keys)
    if len(some) == len(keys):
        return some, frozenset()
    return some, frozenset(key for key, count in Counter(keys).items() if count > 1)


@dataclass(frozen=True, slots=True)
class Quotient:
    """The folded graph: the members of each class, ascending, and its hops to other classes."""

    colours: Colours
    members: list[list[int]]
    out: list[Hops]
    is_end: list[bool]
    is_node: list[bool]

    @classmethod
    def of(cls, fabric: Fabric, colours: Colours) -> Quotient:
        """Return ``fabric`` folded by ``colours``."""
        members: list[list[int]] = [[] for _ in range(max(colours) + 1)]
        for vertex, colour in enumerate(colours):
            members[colour].append(vertex)
        out = [
            sorted({(colours[far], label) for far, label in fabric.out[one[0]]}) for one in members
        ]
        first = [fabric.vertices[one[0]] for one in members]
        return cls(
            colours,
            members,
            out,
            is_end=[one.is_end for one in first],
            is_node=[one.kind is Role.NODE for one in first],
        )

    def unfold(
        self, fabric: Fabric, start: int, way: Sequence[tuple[int, int]], goal: int
    ) -> list[tuple[int, int]]:
        """Return a way of the folded graph as one of ``fabric`` that ends at ``goal``.

        Both ways are the (vertex, label) of each hop, the vertex that it leads to; ``start`` is the
        class where it begins, which has one member.
        """
        found = [(goal, way[-1][1])]
        classes = [start, *(one for one, _ in way)]
        for place in range(len(way) - 1, 0, -1):
            vertex, label = found[0]
            near = next(
                near
                for near, by in fabric.into[vertex]
                if by == label and self.colours[near] == classes[place]
            )
            found.insert(0, (near, way[place - 1][1]))
        return found
