"""Vertices that are alike, folded into one: :func:`refine` and :class:`Quotient`.

Two vertices are alike if the same sorts of hops lead to and from alike vertices (colour refinement,
where "one" and "several" are told apart and numbers are not). A search of the folded graph finds
what one of the whole graph finds: every hop of it is there between some two, and into each vertex
of a class that one hop leads to. If the attacker is alone in its class, any way found to a class is
a way from the attacker to each vertex of that class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from policies.depth.fabric import Fabric, Hops

Colours = list[int]
"""A colour for each vertex, numbered by first appearance."""


def refine(fabric: Fabric, seed: Sequence[Hashable]) -> Colours:
    """Return the coarsest colours, finer than ``seed``, with which alike vertices are one."""
    colours = numbered(seed)
    count = len(set(colours))
    while True:
        colours = numbered(
            [
                (colours[vertex], *_around(colours, out), *_around(colours, into))
                for vertex, (out, into) in enumerate(zip(fabric.out, fabric.into, strict=True))
            ]
        )
        if len(set(colours)) == count:
            return colours
        count = len(set(colours))


def numbered(marks: Sequence[Hashable]) -> Colours:
    """Return ``marks`` as numbers, in the order in which they first appear."""
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(mark, len(numbers)) for mark in marks]


def _around(colours: Colours, hops: Hops) -> tuple[frozenset[object], frozenset[object]]:
    """Return which (colour, label) there are among ``hops``, and which more than once."""
    some: set[object] = set()
    several: set[object] = set()
    for other, label in hops:
        key = (colours[other], label)
        (several if key in some else some).add(key)
    return frozenset(some), frozenset(several)


@dataclass(frozen=True, slots=True)
class Quotient:
    """The folded graph: the members of each class, ascending, and its hops to other classes."""

    colours: Colours
    members: list[list[int]]
    out: list[Hops]
    is_end: list[bool]

    @classmethod
    def of(cls, fabric: Fabric, colours: Colours) -> Quotient:
        """Return ``fabric`` folded by ``colours``."""
        members: list[list[int]] = [[] for _ in range(max(colours) + 1)]
        for vertex, colour in enumerate(colours):
            members[colour].append(vertex)
        out = [
            sorted({(colours[far], label) for far, label in fabric.out[one[0]]}) for one in members
        ]
        return cls(colours, members, out, [fabric.vertices[one[0]].is_end for one in members])

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
