"""What prefix sets are checked against: every prefix of a small world, looked at one by one.

Nothing here uses the columns, the trie or the painting of the program.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from hypothesis import strategies as st

Network = IPv4Network | IPv6Network
Range = tuple[Network, int, int]

# The two ends of the address space, and a place amid it.
_CORNERS: dict[int, tuple[Network, ...]] = {
    4: tuple(IPv4Network(text) for text in ("0.0.0.0/29", "10.65.3.8/29", "255.255.255.248/29")),
    6: tuple(IPv6Network(text) for text in ("::/125", "fd00:65::18/125", f"{'ffff:' * 7}fff8/125")),
}


def corner(network: Network) -> tuple[Network, ...]:
    """Return every prefix inside ``network``, and those that it is inside of."""
    inside = [n for k in range(4) for n in network.subnets(prefixlen_diff=k)]
    return (*inside, *(network.supernet(new_prefix=k) for k in range(network.prefixlen)))


WORLD = {
    version: tuple(dict.fromkeys(prefix for one in corners for prefix in corner(one)))
    for version, corners in _CORNERS.items()
}
"""Every prefix that is looked at, by IP version."""


def covers(item: Range, prefix: Network) -> bool:
    network, low, high = item
    return low <= prefix.prefixlen <= high and int(prefix.network_address) >> (
        network.max_prefixlen - network.prefixlen
    ) == int(network.network_address) >> (network.max_prefixlen - network.prefixlen)


def members(version: int, items: Iterable[Range]) -> frozenset[Network]:
    """Return the prefixes of the world that one of ``items`` covers."""
    rows = list(items)
    return frozenset(p for p in WORLD[version] if any(covers(row, p) for row in rows))


@st.composite
def ranges(draw: st.DrawFn, version: int) -> Range:
    """Draw a network of the world with a range of lengths."""
    network = draw(st.sampled_from(WORLD[version]))
    low = draw(st.integers(network.prefixlen, network.max_prefixlen))
    return network, low, draw(st.integers(low, network.max_prefixlen))


class TinyRow(NamedTuple):
    """A prefix-list entry over addresses of a few bits, as `shortest_rows` returns it."""

    first: int
    length: int
    low: int
    high: int
    permit: bool


class TinyTrie:
    """All sets of prefixes of addresses of ``width`` bits: a set is an int, a bit for each node.

    `fewest` is, for each set, the number of entries of the shortest list that permits it and ends
    in one for all prefixes. It is found by painting whatever can be painted, from the last entry to
    the first, breadth first: no list is left out.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.nodes = [(depth, at) for depth in range(width + 1) for at in range(1 << depth)]
        self.rectangles = {
            (depth, at, low, high): self._rectangle(depth, at, low, high)
            for depth, at in self.nodes
            for low in range(depth, width + 1)
            for high in range(low, width + 1)
        }
        self.fewest = self._fewest()

    def _rectangle(self, depth: int, at: int, low: int, high: int) -> int:
        return sum(
            1 << number
            for number, (node_depth, node) in enumerate(self.nodes)
            if low <= node_depth <= high and node >> (node_depth - depth) == at
        )

    def _fewest(self) -> bytearray:
        everything = (1 << len(self.nodes)) - 1
        fewest = bytearray(everything + 1)
        fewest[0] = fewest[everything] = 1
        reached = [0, everything]
        entries = 1
        while reached:
            entries += 1
            found = []
            for before in reached:
                for rectangle in self.rectangles.values():
                    for after in (before | rectangle, before & ~rectangle):
                        if not fewest[after]:
                            fewest[after] = entries
                            found.append(after)
            reached = found
        return fewest

    def blocks(self, wanted: int) -> list[tuple[int, int, int]]:
        """Return the set as ``(first address, length, mask)``, one for each member."""
        return [
            (at << (self.width - depth), depth, 1 << depth)
            for number, (depth, at) in enumerate(self.nodes)
            if wanted >> number & 1
        ]

    def permitted(self, rows: Sequence[tuple[int, int, int, int, bool]]) -> int:
        """Return the set that a list permits: the last entry is painted first."""
        painted = 0
        for row in map(TinyRow._make, reversed(rows)):
            at = row.first >> (self.width - row.length)
            rectangle = self.rectangles[row.length, at, row.low, row.high]
            painted = painted | rectangle if row.permit else painted & ~rectangle
        return painted
