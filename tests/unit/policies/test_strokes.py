"""The fewest strokes from mask to mask, against trying them all."""

from functools import cache
from itertools import product

import pytest

from policies.columns import span
from policies.strokes import Stroke, Strokes

_LENGTHS = 6


def painted(mask: int, stroke: Stroke, aside: tuple[int, int] | None) -> int:
    """Return ``mask`` after ``stroke``; it spares the lengths aside unless it is on them alone."""
    low, high, permit = stroke
    lengths = span(low, high)
    if aside and not aside[0] <= low <= high <= aside[1]:
        lengths &= ~span(*aside)
    return mask | lengths if permit else mask & ~lengths


@cache
def fewest_from(old: int, aside: tuple[int, int] | None = None) -> tuple[int, ...]:
    """Return how many strokes each mask takes from ``old``: breadth first, all that are allowed."""
    fewest = {old: 0}
    reached = [old]
    while reached:
        found = []
        for before in reached:
            for stroke in product(range(_LENGTHS), range(_LENGTHS), (False, True)):
                if stroke[0] <= stroke[1]:
                    after = painted(before, stroke, aside)
                    if after not in fewest:
                        fewest[after] = fewest[before] + 1
                        found.append(after)
        reached = found
    return tuple(fewest[mask] for mask in range(1 << _LENGTHS))


@pytest.mark.parametrize("aside", [None, (0, 0), (2, 3), (1, 4), (5, 5)])
def test_every_change_of_six_lengths_takes_the_fewest_strokes(
    aside: tuple[int, int] | None,
) -> None:
    strokes = Strokes(_LENGTHS - 1, [aside] if aside else [])
    for old, new in product(range(1 << _LENGTHS), repeat=2):
        found = strokes.between(old, new)
        mask = old
        for stroke in found:
            mask = painted(mask, stroke, aside)
        assert mask == new
        assert len(found) == strokes.cost(old, new) == fewest_from(old, aside)[new]
