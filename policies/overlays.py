"""Lengths worth deciding for all prefixes at once, ahead of everything else in a prefix-list.

Read `candidates` first. Pools that announce, say, their /26 blocks and single addresses need two
entries each. With one ``deny 0.0.0.0/0 ge 27 le 31`` ahead of them, an overlay, one ``ge 26 le 32``
each is enough.
"""

from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from policies.columns import Columns, span
from policies.prefix_ranges import runs

_MASKS = 64
_CANDIDATES = 3


class Overlay(NamedTuple):
    """A run of lengths that is permitted or denied for all prefixes; exceptions come before it."""

    low: int
    high: int
    permit: bool


def candidates(width: int, columns: Columns) -> list[Overlay]:
    """Return the overlays likely to make the list for ``columns`` shorter, most likely first.

    An estimate: it counts the stretches of addresses in which a hole between permitted (or denied)
    lengths is just the overlay's, less those in which the overlay is wrong. Only the most frequent
    masks are looked at. At most a few are returned, as each has to be tried.
    """
    counts = Counter(columns[1]).most_common(_MASKS)
    full = span(0, width)
    saved: Counter[Overlay] = Counter()
    for mask, count in counts:
        for permit in (False, True):
            found = runs(full ^ mask if permit else mask)
            for (_, before), (after, _) in pairwise(found):
                saved[Overlay(before + 1, after - 1, permit)] += count
    for overlay in saved:
        lengths = span(overlay.low, overlay.high)
        right = lengths if overlay.permit else 0
        saved[overlay] -= sum(count for mask, count in counts if mask & lengths != right)
    # The overlay is an entry itself, so to save one is not enough.
    worth = [(-count, overlay) for overlay, count in saved.items() if count > 1]
    return [overlay for _, overlay in sorted(worth)[:_CANDIDATES]]
