"""The canonical cover of a set by disjoint ranges.

Read `int_ranges` first. Its law: a prefix is covered from the widest block in which all prefixes of
its length are in the set, and lengths that follow each other from one block are one range. So the
cover depends on the set alone, and no prefix is covered twice.
"""

from collections.abc import Callable
from functools import lru_cache

from policies.columns import Columns
from policies.prefix_trie import NONE, Trie, build

IntRange = tuple[int, int, int, int]
"""First address, prefix length, shortest and longest length that it covers."""


Emit = Callable[[int, int, int], None]
"""Takes a first address, a prefix length, and a mask of lengths."""


@lru_cache(maxsize=1024)
def runs(mask: int) -> tuple[tuple[int, int], ...]:
    """Return the runs of set bits of ``mask``, lowest first, as first and last bit.

    >>> runs(0b1101)
    ((0, 0), (2, 3))
    """
    found: list[tuple[int, int]] = []
    while mask:
        low = (mask & -mask).bit_length() - 1
        # Adding the lowest bit carries to just past the end of the lowest run.
        carried = mask + (1 << low)
        found.append((low, (carried & -carried).bit_length() - 2))
        mask &= carried
    return tuple(found)


def int_ranges(width: int, columns: Columns, limit: int | None = None) -> list[IntRange]:
    """Return the canonical cover of ``columns``, sorted.

    With a ``limit`` it stops once there are more ranges than that: what it returns is then longer
    than the limit, and not all.
    """
    found: list[IntRange] = []
    trie = build(width, columns)
    cores = _cores(trie)

    def emit(first: int, depth: int, mask: int) -> None:
        if mask >> depth:
            found.extend((first, depth, low, high) for low, high in runs(mask >> depth << depth))

    top = trie.top
    if top == NONE:
        emit(0, 0, columns[1][0])
        return found
    # Each task is a block's depth, the branch within it, and what is constant in the enclosing
    # block, so covered already.
    tasks = [(0, top, 0)]
    while tasks:
        if limit is not None and len(found) > limit:
            return found
        depth, branch, covered = tasks.pop()
        half = width - trie.levels[branch]
        covered = _chain(trie, branch, depth, cores[branch], covered, emit)
        for inner, mask, first in (
            (trie.lefts[branch], trie.below[branch], trie.firsts[branch]),
            (trie.rights[branch], trie.above[branch], trie.middle(branch)),
        ):
            if inner != NONE:
                tasks.append((half, inner, covered))
            elif mask & ~covered:
                emit(first, half, mask & ~covered)
    found.sort()
    return found


def _chain(  # noqa: PLR0917 - one step of a hot loop
    trie: Trie, branch: int, depth: int, core: int, covered: int, emit: Emit
) -> int:
    """Emit from the blocks of length ``depth`` down to the branch's; return what is covered."""
    before, after = trie.before[branch], trie.after[branch]
    block, bottom = trie.firsts[branch], trie.width - trie.levels[branch] - 1
    if depth == bottom or (before == after and not before & ~core):
        # What hangs off the chain has nothing of its own: all but its last block are alike.
        if depth < bottom:
            if before & ~covered:
                emit(
                    block >> (trie.width - depth) << (trie.width - depth), depth, before & ~covered
                )
            covered = before
        if core & ~covered:
            emit(block, bottom, core & ~covered)
        return core
    for at in range(depth, bottom + 1):
        # The way from here down to the branch: a 1 leaves a constant block to the left, a 0 to the
        # right.
        ways = (1 << (bottom - at)) - 1
        way = block >> (trie.width - bottom) & ways
        constant = core & (before if way else -1) & (after if way != ways else -1)
        first = block >> (trie.width - at) << (trie.width - at)
        emit(first, at, constant & ~covered)
        covered = constant
        if at == bottom or not ((before | after | core) & ~covered) >> at:
            break
        half = 1 << (trie.width - at - 1)
        if block & half:
            emit(first, at + 1, before & ~covered)
        else:
            emit(first + half, at + 1, after & ~covered)
    return covered


def _cores(trie: Trie) -> list[int]:
    """Return for each branch the lengths that are in the set all over its block.

    What hangs off the chain to a half's branch needs no look: the branch has the same mask at its
    own edge, or is an island and has it at the middle of this one.
    """
    cores = [below & above for below, above in zip(trie.below, trie.above, strict=True)]
    for branch in trie.order:
        for half in (trie.lefts[branch], trie.rights[branch]):
            if half != NONE:
                cores[branch] &= cores[half]
    return cores
