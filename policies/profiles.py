"""What a block of addresses costs, for every background that the entries around it may leave.

Read `Profiles` first. A *profile* says which masks are worth painting on a block before anything
inside it is painted, and how many more strokes the inside then takes than at best: pairs of mask
and cost. From any other background the block costs the cheapest way to one of them. Equal profiles
have one number, so that the many blocks of a set that look alike are worked out once.
"""

from itertools import product

from policies.strokes import Strokes

Points = tuple[tuple[int, int], ...]
"""Mask and cost, by mask; the least cost is 0."""

_WIDEST = 16
"""Points kept of a profile: no set in the tests needs more, and it bounds the worst case."""


class Profiles:
    """All profiles met so far, by number.

    The laws: a point is left out only if the way over another point costs no more whatever the
    background, except where more than `_WIDEST` remain (`cut` says whether that ever was so). The
    masks tried on a block are those of its halves, what two of them share, have together, have
    together with the lengths between filled up, and none.
    """

    def __init__(self, strokes: Strokes) -> None:
        self.strokes = strokes
        self.cut = False
        self._points: list[Points] = []
        self._numbers: dict[Points, int] = {}
        self._constants: dict[int, int] = {}
        self._joined: dict[tuple[int, int, int], int] = {}
        self._chosen: dict[tuple[int, int], int] = {}

    def constant(self, mask: int) -> int:
        """Return the profile of a block that has ``mask`` everywhere."""
        found = self._constants.get(mask)
        if found is None:
            found = self._constants[mask] = self._number(((mask, 0),))
        return found

    def join(self, left: int, right: int, own: int) -> int:
        """Return the profile of a block from those of its halves.

        ``own`` is the bit of the block's own length, or 0 if that is not wanted: only what is
        painted on the block and around it can set it.
        """
        key = (left, right, own)
        found = self._joined.get(key)
        if found is None:
            found = self._joined[key] = self._number(self._join(left, right, own))
        return found

    def cost(self, profile: int, background: int) -> int:
        """Return what the block costs over ``background``, as more than at best."""
        cost = self.strokes.cost
        return min([extra + cost(background, mask) for mask, extra in self._points[profile]])

    def choose(self, profile: int, background: int) -> int:
        """Return the mask to paint on the block over ``background``: itself, if it will do."""
        key = (profile, background)
        found = self._chosen.get(key)
        if found is None:
            cost = self.strokes.cost
            found = self._chosen[key] = min(
                (extra + cost(background, mask), mask != background, mask)
                for mask, extra in self._points[profile]
            )[2]
        return found

    def _number(self, points: Points) -> int:
        found = self._numbers.get(points)
        if found is None:
            found = self._numbers[points] = len(self._points)
            self._points.append(points)
        return found

    def _join(self, left: int, right: int, own: int) -> Points:
        masks = {0}
        for (one, _), (other, _) in product(self._points[left], self._points[right]):
            both = one | other
            masks |= {one, other, one & other, both, (1 << both.bit_length()) - (both & -both)}
        costs = sorted(
            (self.cost(left, mask) + self.cost(right, mask), mask | own) for mask in masks
        )
        kept: list[tuple[int, int]] = []
        for cost, mask in costs:
            if all(other + self.strokes.cost(mask, point) > cost for other, point in kept):
                kept.append((cost, mask))
        self.cut |= len(kept) > _WIDEST
        least = kept[0][0]
        return tuple(sorted((mask, cost - least) for cost, mask in kept[:_WIDEST]))
