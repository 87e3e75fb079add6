"""The network as hops that prefixes take, each with its filters: :class:`Fabric`.

A vertex is a switch, the nodes of the same clusters behind one ToR, or the outside. A hop goes from
one to another and has, for each IP version, a gate: what the near end's export and the far end's
import let through, and what the best guards there would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inventory.fields import Role

if TYPE_CHECKING:
    from policies.prefix_set import PrefixSet


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """Return a key that sorts ``tor2`` before ``tor10``."""
    return tuple((text, int(digits or -1)) for text, digits in re.findall(r"(\D*)(\d*)", name))


@dataclass(frozen=True, slots=True)
class Vertex:
    """A switch, some nodes behind a ToR (``device``), or the outside (``device`` is "").

    ``clusters`` are those that it may announce blocks of; ``crowded`` the IP versions in which it
    is several speakers, so that one of them can attack another.
    """

    kind: Role
    device: str
    clusters: tuple[str, ...] = ()
    crowded: frozenset[int] = frozenset()

    @property
    def is_end(self) -> bool:
        """Whether it passes nothing on."""
        return self.kind in (Role.NODE, Role.EXTERNAL)

    def __str__(self) -> str:
        if self.kind is Role.NODE:
            return f"node of {'/'.join(self.clusters)} at {self.device}"
        return self.device or "outside"


@dataclass(frozen=True, slots=True)
class Gate:
    """Four sets, by their place in ``Fabric.sets``, of one hop and IP version."""

    export: int
    import_: int
    could_export: int
    could_import: int


Label = tuple[Gate | None, ...]
"""A hop's gates, in the order of ``VERSIONS``; None for a version that it does not carry."""

Hops = list[tuple[int, int]]
"""(the other vertex, the place of the label)."""


@dataclass(slots=True)
class Fabric:
    """The graph: ``out`` and ``into`` have the hops of each vertex, ascending.

    ``unknown`` are the devices of which nothing, or not everything, is known.
    """

    vertices: list[Vertex] = field(default_factory=list)
    out: list[Hops] = field(default_factory=list)
    into: list[Hops] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    sets: list[PrefixSet] = field(default_factory=list)
    unknown: frozenset[str] = frozenset()
