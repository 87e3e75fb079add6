"""How few prefix-list entries on one block of addresses turn one mask into another.

Seen from the default upwards a prefix-list is painted: each entry writes its colour, permit or
deny, over a run of lengths, and hides what was there. Read `Strokes` first; a *stroke* is one such
write.
"""

from collections.abc import Iterable, Sequence

from policies.columns import span

Stroke = tuple[int, int, bool]
"""Shortest and longest length, and whether they are permitted."""

Run = tuple[int, int]
"""Shortest and longest of some lengths in a row."""


class Strokes:
    """The fewest strokes from mask to mask; answers are remembered.

    The law: strokes that touch or overlap make up segments. A segment that ends up with ``r`` runs
    of equal colour needs ``r // 2 + 1`` strokes, all of it in one colour and then every other run;
    lengths outside segments keep their colour. So the fewest is the best choice of segments, which
    a walk over the runs finds.

    ``aside`` are disjoint runs of lengths that are painted on their own, on top of the others: a
    stroke on the others goes across them without effect, and no stroke on them leaves them.
    """

    def __init__(self, width: int, aside: Iterable[Run] = ()) -> None:
        self.aside = tuple(sorted(aside))
        self._others = [
            length
            for length in range(width + 1)
            if not any(low <= length <= high for low, high in self.aside)
        ]
        self._known: dict[tuple[int, int], tuple[Stroke, ...]] = {}

    def between(self, old: int, new: int) -> tuple[Stroke, ...]:
        """Return the strokes, the first to be painted first, that turn ``old`` into ``new``.

        >>> Strokes(32).between(0b0000, 0b1011)
        ((0, 1, True), (3, 3, True))
        >>> Strokes(32, [(2, 2)]).between(0b0000, 0b1011)
        ((0, 3, True),)
        """
        found = self._known.get((old, new))
        if found is None:
            found = self._known[old, new] = tuple(self._between(old, new))
        return found

    def cost(self, old: int, new: int) -> int:
        """Return how many strokes `between` takes."""
        if old == new:
            return 0
        if not self.aside:
            changed = old ^ new
            hull = (1 << changed.bit_length()) - (changed & -changed)
            if new & hull in (0, hull):
                return 1
        return len(self.between(old, new))

    def _between(self, old: int, new: int) -> list[Stroke]:
        if not self.aside:
            return _fewest(old, new)
        others = self._others
        found = [
            (others[low], others[high], colour)
            for low, high, colour in _fewest(self._closed_up(old), self._closed_up(new))
        ]
        for low, high in self.aside:
            only = span(low, high)
            found += _fewest(old & only, new & only)
        return found

    def _closed_up(self, mask: int) -> int:
        """Return the mask of the lengths that are not aside, numbered without gaps."""
        for low, high in reversed(self.aside):
            mask = mask & ((1 << low) - 1) | mask >> (high + 1) << low
        return mask


def _fewest(old: int, new: int) -> list[Stroke]:
    """Return the fewest strokes from ``old`` to ``new``, all lengths in their natural order."""
    if old == new:
        return []
    # Pieces are lengths in a row, alike in both masks: where each begins, and the end of the last.
    changed = old ^ new
    edges = (new ^ new << 1) | (changed ^ changed << 1) | 1 << max(old, new).bit_length()
    begins: list[int] = []
    while edges:
        lowest = edges & -edges
        begins.append(lowest.bit_length() - 1)
        edges ^= lowest
    colours = [bool(new >> begin & 1) for begin in begins[:-1]]
    # For the first pieces, one more each time: the fewest strokes, and where the last segment
    # begins (past the last piece if that one is kept as it is).
    fewest = [(0, 0)]
    for end in range(1, len(begins)):
        kept = not changed >> begins[end - 1] & 1
        best = (fewest[end - 1][0], end) if kept else (len(begins), end)
        runs = 0
        for begin in range(end - 1, -1, -1):
            runs += begin == end - 1 or colours[begin] != colours[begin + 1]
            cost = fewest[begin][0] + runs // 2 + 1
            if cost < best[0]:
                best = (cost, begin)
        fewest.append(best)
    segments: list[tuple[int, int]] = []
    end = len(begins) - 1
    while end:
        begin = fewest[end][1]
        if begin == end:
            end -= 1
        else:
            segments.append((begin, end))
            end = begin
    return [
        stroke
        for begin, end in reversed(segments)
        for stroke in _segment(begins[begin : end + 1], colours[begin:end])
    ]


def _segment(begins: Sequence[int], colours: Sequence[bool]) -> list[Stroke]:
    """Return the strokes of one segment: all of it in its first colour, then the other runs."""
    runs: list[Stroke] = []
    for begin, after, colour in zip(begins, begins[1:], colours, strict=False):
        if runs and runs[-1][2] == colour:
            runs[-1] = (runs[-1][0], after - 1, colour)
        else:
            runs.append((begin, after - 1, colour))
    return [(runs[0][0], runs[-1][1], runs[0][2]), *runs[1::2]]
