"""The shortest prefix-list that says a set of prefixes.

Read `shortest` first. Its law: what the list permits is exactly the set. How the list is found is
in `policies.painting` (most specific entries first) and `policies.overlays` (a few entries for all
prefixes ahead of them).
"""

from collections.abc import Sequence

from policies.columns import Columns, span
from policies.overlays import Overlay, candidates
from policies.painting import Painted, paint
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_ranges import int_ranges
from policies.prefix_set import WIDTHS, PrefixSet, network_of
from policies.prefix_trie import NONE, Trie, build
from policies.profiles import Profiles
from policies.strokes import Strokes

_MODERATE = 5_000
"""Stretches of addresses up to which the plain covers are always worked out for comparison."""

Row = tuple[int, int, int, int, bool]
"""First address, prefix length, shortest and longest length, and whether it permits."""


def shortest(wanted: PrefixSet) -> tuple[PrefixListEntry, ...]:
    r"""Return an ordered prefix-list that permits exactly ``wanted``, as short as can be found.

    The last entry is for all prefixes and states the default; it counts. So the list is never
    empty. Entries have no `seq`. Near-linear: 100,000 random prefixes take about a second.

    How short: the least possible for every set over addresses of up to 3 bits (all 32,768 of them,
    against an exhaustive search over all lists). In general it is a search among lists whose
    entries are ordered most specific first, with overlays (entries for all prefixes, of some
    lengths) ahead of them. Two things in it are not proven to lose nothing: which masks are tried
    as backgrounds (`policies.profiles`) and which overlays (`policies.overlays`). The plain covers
    (`PrefixSet.ranges` as permits, or those of the complement as denies) are a bound: they are
    taken if they are shorter, which is looked at for sets of moderate size, and for any set of
    which a profile was cut.

    >>> from ipaddress import IPv4Network
    >>> pool = PrefixSet.of(IPv4Network("10.65.0.0/16"), ge=26, le=26)
    >>> print(*shortest(pool), sep="\n")
    permit 10.65.0.0/16 ge 26 le 26
    deny 0.0.0.0/0 le 32
    >>> print(*shortest(~pool), sep="\n")
    deny 10.65.0.0/16 ge 26 le 26
    permit 0.0.0.0/0 le 32
    >>> print(*shortest(PrefixSet.empty(6)), sep="\n")
    deny ::/0 le 128
    """
    version = wanted.version
    return tuple(
        [
            PrefixListEntry(
                action=Action.PERMIT if permit else Action.DENY,
                prefix=network_of(version, first, length),
                ge=None if low == length else low,
                le=None if high == length else high,
            )
            for first, length, low, high, permit in shortest_rows(
                WIDTHS[version], (wanted.starts, wanted.masks)
            )
        ]
    )


def shortest_rows(width: int, columns: Columns) -> list[Row]:
    """Return `shortest` on integers, for addresses of ``width`` bits."""
    trie = build(width, columns)
    best = _rows(trie, columns, ())
    if len(columns[0]) <= _MODERATE:
        best = _shorter_cover(width, columns, best)
    overlays: tuple[Overlay, ...] = ()
    for overlay in candidates(width, columns):
        if all(overlay.high < other.low or other.high < overlay.low for other in overlays):
            rows = _rows(trie, columns, (*overlays, overlay))
            if len(rows) < len(best):
                best, overlays = rows, (*overlays, overlay)
    return best


def _rows(trie: Trie, columns: Columns, overlays: Sequence[Overlay]) -> list[Row]:
    """Return the shortest list found that has ``overlays``."""
    width, masks = trie.width, columns[1]
    strokes = Strokes(width, [(overlay.low, overlay.high) for overlay in overlays])
    profiles = Profiles(strokes)
    deny, permit = (_overlaid(mask, overlays) for mask in (0, span(0, width)))
    painted: list[Painted]
    if trie.top == NONE:
        start = min((deny, permit), key=lambda mask: strokes.cost(mask, masks[0]))
        painted = [(1 << width, width, 0, strokes.between(start, masks[0]))]
    else:
        start, painted = paint(trie, profiles, (deny, permit))
    ahead: list[Row] = []
    rows: list[Row] = []
    for _, bits, first, block in painted:
        for low, high, colour in reversed(block):
            exception = any(overlay.low <= low <= overlay.high for overlay in overlays)
            (ahead if exception else rows).append((first, width - bits, low, high, colour))
    ahead += [(0, 0, *overlay) for overlay in overlays]
    rows = [*ahead, *rows, (0, 0, 0, width, start == permit)]
    return _shorter_cover(width, columns, rows) if profiles.cut else rows


def _overlaid(mask: int, overlays: Sequence[Overlay]) -> int:
    for low, high, permit in overlays:
        mask = mask | span(low, high) if permit else mask & ~span(low, high)
    return mask


def _shorter_cover(width: int, columns: Columns, best: list[Row]) -> list[Row]:
    """Return the shorter of ``best`` and the plain covers.

    These are: what is permitted, then deny; and what is denied, then permit.
    """
    starts, masks = columns
    full = span(0, width)
    inverted = starts, tuple([full ^ mask for mask in masks])
    for part, permit in ((columns, True), (inverted, False)):
        cover = int_ranges(width, part, limit=len(best) - 2)
        if len(cover) < len(best) - 1:
            best = [*((*row, permit) for row in cover), (0, 0, 0, width, not permit)]
    return best
