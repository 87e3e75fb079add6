"""Sets of prefixes of one address family: exact algebra without sampling or enumeration.

Read `PrefixSet` first. Its law: two sets that hold the same prefixes are equal, hash alike, and
print alike, however they were built. The representation and its arithmetic are in
`policies.columns`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from ipaddress import IPv4Network, IPv6Network
from operator import and_, or_, xor
from typing import Self

from policies.columns import Columns, merge, span, union, union_of_blocks
from policies.prefix_ranges import int_ranges

Network = IPv4Network | IPv6Network

WIDTHS = {4: 32, 6: 128}
"""Bits of an address, which is also the longest prefix length, by IP version."""

_NETWORK_OF: dict[int, type[Network]] = {4: IPv4Network, 6: IPv6Network}
_BRIEF = 3
"""Ranges or examples in a set's repr."""

_LONG = 200
"""Stretches from which on a set's repr does not work out its ranges."""


def width_of(version: int) -> int:
    """Return the bits of an address of IP ``version``; raise ValueError unless it is 4 or 6."""
    if version not in WIDTHS:
        raise ValueError(f"IP version must be 4 or 6, not {version!r}")
    return WIDTHS[version]


def network_of(version: int, first: int, length: int) -> Network:
    """Return the network of IP ``version`` that begins at the address ``first`` (an integer)."""
    return _NETWORK_OF[version]((first, length))


def range_text(network: Network, low: int, high: int) -> str:
    """Return ``network`` with its length range as people write it in a prefix-list.

    >>> range_text(IPv4Network("10.0.0.0/8"), 24, 32)
    '10.0.0.0/8 ge 24 le 32'
    """
    if low == high == network.prefixlen:
        return str(network)
    return f"{network} le {high}" if low == network.prefixlen else f"{network} ge {low} le {high}"


@dataclass(frozen=True, slots=True, repr=False)
class PrefixSet:
    """An immutable set of prefixes (network and length) of one IP version.

    Make one with `empty`, `everything`, `of`, `union`, `from_ranges` or `from_int_ranges`; the
    fields are canonical columns (see `policies.columns`) and not meant to be made by hand. ``| & -
    ^ ~``, ``<=``, ``==``, ``in`` and truth are those of sets; the complement is taken in
    `everything`. Mixing versions raises ValueError.

    >>> pool = PrefixSet.of(IPv4Network("10.65.0.0/16"), ge=26, le=26)
    >>> IPv4Network("10.65.3.64/26") in pool, IPv4Network("10.65.3.64/27") in pool
    (True, False)
    >>> pool
    PrefixSet(v4: 10.65.0.0/16 ge 26 le 26)
    >>> (~pool).witness()
    IPv4Network('0.0.0.0/0')
    """

    version: int
    starts: tuple[int, ...]
    masks: tuple[int, ...]

    @classmethod
    def empty(cls, version: int) -> Self:
        """Return the set without a prefix."""
        width_of(version)
        return cls(version, (0,), (0,))

    @classmethod
    def everything(cls, version: int) -> Self:
        """Return the set of all prefixes of all lengths, default route and host routes too."""
        return cls(version, (0,), (span(0, width_of(version)),))

    @classmethod
    def of(cls, network: Network, ge: int | None = None, le: int | None = None) -> Self:
        """Return what one prefix-list entry matches: prefixes inside ``network``, by length.

        The range is ``ge`` to ``le``. Without ``ge`` it begins at the network's own length; without
        ``le`` it ends at the longest if ``ge`` is given, else at the network's own length (an exact
        match).

        Raises:
            ValueError: unless own length <= ge <= le <= longest.
        """
        low, high = length_range(network, ge, le)
        return cls.from_int_ranges(
            network.version, [(int(network.network_address), network.prefixlen, low, high)]
        )

    @classmethod
    def union(cls, version: int, parts: Iterable["PrefixSet"]) -> Self:
        """Return the union of ``parts``; empty if there are none. Near-linear in their size."""
        rows: list[Columns] = []
        for part in parts:
            if part.version != version:
                raise ValueError(_mixed(version, part.version))
            rows.append((part.starts, part.masks))
        return cls(version, *union(width_of(version), rows))

    @classmethod
    def from_ranges(cls, version: int, items: Iterable[tuple[Network, int, int]]) -> Self:
        """Return the union of ``(network, shortest length, longest length)`` ranges."""
        rows: list[tuple[int, int, int, int]] = []
        for network, low, high in items:
            if network.version != version:
                raise ValueError(_mixed(version, network.version))
            rows.append((int(network.network_address), network.prefixlen, low, high))
        return cls.from_int_ranges(version, rows)

    @classmethod
    def from_int_ranges(cls, version: int, items: Iterable[tuple[int, int, int, int]]) -> Self:
        """Return the union of ranges given as integers.

        A range is ``(first address, prefix length, shortest, longest length)``. The bulk path: it
        makes no `ipaddress` objects. The first address must have no host bits.

        Raises:
            ValueError: if a range is not prefix length <= shortest <= longest <= width, or has host
            bits.
        """
        width = width_of(version)
        blocks: list[tuple[int, int, int]] = []
        for first, length, low, high in items:
            if not 0 <= length <= low <= high <= width:
                raise ValueError(f"not {length} <= shortest <= longest <= {width}: {low} to {high}")
            if first >> width or first & ((1 << (width - length)) - 1):
                raise ValueError(f"{first:#x}/{length} is not an IPv{version} network")
            blocks.append((first, length, (2 << high) - (1 << low)))
        return cls(version, *union_of_blocks(width, blocks))

    def __or__(self, other: "PrefixSet") -> Self:
        return self._merge(other, or_)

    def __and__(self, other: "PrefixSet") -> Self:
        return self._merge(other, and_)

    def __xor__(self, other: "PrefixSet") -> Self:
        return self._merge(other, xor)

    def __sub__(self, other: "PrefixSet") -> Self:
        return self._merge(other, _and_not)

    def __invert__(self) -> Self:
        full = span(0, WIDTHS[self.version])
        return type(self)(self.version, self.starts, tuple([full ^ mask for mask in self.masks]))

    def __bool__(self) -> bool:
        return len(self.masks) > 1 or self.masks[0] != 0

    def __contains__(self, network: Network) -> bool:
        if network.version != self.version:
            raise ValueError(_mixed(self.version, network.version))
        at = bisect_right(self.starts, int(network.network_address)) - 1
        return bool(self.masks[at] >> network.prefixlen & 1)

    def issubset(self, other: "PrefixSet") -> bool:
        """Return whether every prefix of this set is in ``other``."""
        return not self - other

    __le__ = issubset

    def isdisjoint(self, other: "PrefixSet") -> bool:
        """Return whether no prefix is in both sets."""
        return not self & other

    def witness(self) -> Network | None:
        """Return the shortest member, the lowest of several; None if the set is empty."""
        lengths = reduce(or_, set(self.masks))
        if not lengths:
            return None
        lowest = lengths & -lengths
        # The first segment with this length begins where its first prefix begins: bits hold for
        # whole blocks.
        first = next(s for s, mask in zip(self.starts, self.masks, strict=True) if mask & lowest)
        return network_of(self.version, first, lowest.bit_length() - 1)

    def witnesses(self, limit: int) -> tuple[Network, ...]:
        """Return up to ``limit`` members as examples for people: `witness`, then others far apart.

        Each of the others stands for a stretch of addresses in which something is a member that is
        not one everywhere: the shortest such, the first. They are sorted, without repeats, and the
        same every time.

        >>> pools = PrefixSet.of(IPv4Network("10.65.0.0/16"), 26, 26) | PrefixSet.of(
        ...     IPv4Network("10.70.0.0/24"))
        >>> pools.witnesses(5)
        (IPv4Network('10.70.0.0/24'), IPv4Network('10.65.0.0/26'))
        """
        best = self.witness()
        if best is None or limit < 1:
            return ()
        width = WIDTHS[self.version]
        everywhere = reduce(and_, set(self.masks))
        places = set()
        for start, mask in zip(self.starts, self.masks, strict=True):
            if special := mask & ~everywhere:
                length = (special & -special).bit_length() - 1
                places.add((start >> (width - length) << (width - length), length))
        rest = sorted(places - {(int(best.network_address), best.prefixlen)})
        count = min(limit - 1, len(rest))
        chosen = [rest[i * len(rest) // count] for i in range(count)]
        return (best, *(network_of(self.version, first, length) for first, length in chosen))

    def address_count(self) -> int:
        """Return how many addresses are inside at least one member."""
        ends = (*self.starts[1:], 1 << WIDTHS[self.version])
        return sum(
            end - start
            for start, end, mask in zip(self.starts, ends, self.masks, strict=True)
            if mask
        )

    def int_ranges(self) -> list[tuple[int, int, int, int]]:
        """Return `ranges` with integers: ``(first address, prefix length, shortest, longest)``."""
        return int_ranges(WIDTHS[self.version], (self.starts, self.masks))

    def ranges(self) -> Iterator[tuple[Network, int, int]]:
        """Yield disjoint ``(network, shortest, longest length)`` that make up this set, sorted.

        The cover is canonical: each prefix comes from the widest network all of whose prefixes of
        its length are members, and lengths in a row are one range. Equal sets yield the same.
        """
        for first, length, low, high in self.int_ranges():
            yield network_of(self.version, first, length), low, high

    def __repr__(self) -> str:
        if len(self.starts) > _LONG:
            some = ", ".join(map(str, self.witnesses(_BRIEF)))
            return f"PrefixSet(v{self.version}: {len(self.starts)} stretches, such as {some})"
        ranges = [range_text(*item) for item in self.ranges()]
        more = f", {len(ranges) - _BRIEF} more" if len(ranges) > _BRIEF else ""
        return f"PrefixSet(v{self.version}: {', '.join(ranges[:_BRIEF]) or 'empty'}{more})"

    def _merge(self, other: "PrefixSet", operation: Callable[[int, int], int]) -> Self:
        if self.version != other.version:
            raise ValueError(_mixed(self.version, other.version))
        columns = merge((self.starts, self.masks), (other.starts, other.masks), operation)
        return type(self)(self.version, *columns)


def length_range(network: Network, ge: int | None, le: int | None) -> tuple[int, int]:
    """Return the shortest and longest length that a prefix-list entry matches.

    Raises:
        ValueError: unless own length <= ge <= le <= longest.
    """
    own, longest = network.prefixlen, network.max_prefixlen
    low = own if ge is None else ge
    high = le if le is not None else own if ge is None else longest
    if not own <= low <= high <= longest:
        raise ValueError(
            f"{network}: must have {own} <= ge <= le <= {longest}, not ge {ge} le {le}"
        )
    return low, high


def _and_not(left: int, right: int) -> int:
    return left & ~right


def _mixed(ours: int, theirs: int) -> str:
    return f"a set of IPv{ours} prefixes cannot be combined with IPv{theirs}"
