"""Prefixes that no filter tells apart, so that a set of them becomes an integer: :class:`Atoms`.

A finite family of prefix sets cuts all prefixes into *atoms*: two prefixes are in one atom if they
are in the same sets of the family. Each set is then a union of atoms, written as an integer with a
bit for each, and union, intersection and difference are ``|``, ``&`` and ``& ~``. (The idea is that
of atomic predicates: Yang and Lam, "Real-time verification of network properties", ICNP 2013.)

Law: ``bits`` keeps the algebra exactly, and ``witness`` of any bits is in every set that has them.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.prefix_set import WIDTHS, network_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.prefix_set import Network, PrefixSet

#: Examples that people know as such, where one of them fits: RFC 5737 and RFC 3849.
_WELL_KNOWN = {4: ip_network("198.51.100.0/24"), 6: ip_network("2001:db8::/48")}


class Atoms:
    """The atoms of a family of sets of one IP version; at least one set must be given."""

    def __init__(self, version: int, sets: Iterable[PrefixSet]) -> None:
        self.version = version
        self._index = {one: at for at, one in enumerate(dict.fromkeys(sets))}
        width = WIDTHS[version]
        found: dict[int, tuple[int, int]] = {}
        for start, cells in _stretches(list(self._index), width):
            for lengths, inside in cells:
                length = (lengths & -lengths).bit_length() - 1
                one = (length, start >> (width - length) << (width - length))
                found[inside] = min(found.get(inside, one), one)
        known = _WELL_KNOWN[version]
        well_known = sum(1 << at for one, at in self._index.items() if known in one)
        # The best example has the lowest bit, so that it is at hand.
        order = sorted(found, key=lambda inside: (inside != well_known, found[inside]))
        self._examples = [
            known if inside == well_known else network_of(version, *reversed(found[inside]))
            for inside in order
        ]
        self._bits = [0] * len(self._index)
        for atom, inside in enumerate(order):
            left = inside
            while left:
                lowest = left & -left
                self._bits[lowest.bit_length() - 1] |= 1 << atom
                left ^= lowest

    @property
    def count(self) -> int:
        """How many atoms there are."""
        return len(self._examples)

    def bits(self, one: PrefixSet) -> int:
        """Return a set of the family as an integer; KeyError for any other set."""
        return self._bits[self._index[one]]

    def witness(self, bits: int) -> Network:
        """Return a prefix of the atoms ``bits``, which are not 0.

        One that people know as an example, else the shortest, the lowest of several.
        """
        return self._examples[self.atom(bits).bit_length() - 1]

    def atom(self, bits: int) -> int:
        """Return the one atom of ``bits`` that `witness` is of, as bits."""
        return bits & -bits


Cells = list[tuple[int, int]]


def _stretches(sets: list[PrefixSet], width: int) -> Iterator[tuple[int, Cells]]:
    """Yield (first address, cells) of each stretch of addresses in which no set changes.

    A cell is lengths, as a mask, that are in the same sets, and these, as bits by their place.
    """
    changes: dict[int, list[tuple[int, int]]] = {}
    for place, one in enumerate(sets):
        for start, mask in zip(one.starts, one.masks, strict=True):
            changes.setdefault(start, []).append((place, mask))
    masks = [0] * len(sets)
    # Few masks are in use at any address, however many sets there are: they are split together.
    holders = {0: (1 << len(sets)) - 1}
    full = (2 << width) - 1
    seen: set[frozenset[tuple[int, int]]] = set()
    for start in sorted(changes):
        for place, mask in changes[start]:
            bit = 1 << place
            left = holders[masks[place]] & ~bit
            if left:
                holders[masks[place]] = left
            else:
                del holders[masks[place]]
            holders[mask] = holders.get(mask, 0) | bit
            masks[place] = mask
        key = frozenset(holders.items())
        if key not in seen:
            # An address further on with the same masks has no shorter example.
            seen.add(key)
            yield start, _split(holders, full)


def _split(holders: Mapping[int, int], full: int) -> Cells:
    """Return the lengths of ``full``, parted by which of the masks they are in."""
    cells: Cells = [(full, 0)]
    for mask, places in holders.items():
        cells = [
            (lengths & part, inside | more)
            for lengths, inside in cells
            for part, more in ((mask, places), (~mask, 0))
            if lengths & part
        ]
    return cells
