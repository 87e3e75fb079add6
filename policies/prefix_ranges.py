"""The canonical cover of a set by disjoint ranges.

Read `int_ranges` first. Its law: a prefix is covered from the widest block in which all prefixes of
its length are in the set, and lengths that follow each other from one block are one range. So the
cover depends on the set alone, and no prefix is covered twice.
"""

from policies.columns import Columns, span
from policies.prefix_trie import NONE, Trie, build

IntRange = tuple[int, int, int, int]
"""First address, prefix length, shortest and longest length that it covers."""


def runs(mask: int) -> list[tuple[int, int]]:
    """Return the runs of set bits of ``mask``, lowest first, as first and last bit.

    >>> runs(0b1101)
    [(0, 0), (2, 3)]
    """
    found: list[tuple[int, int]] = []
    while mask:
        low = (mask & -mask).bit_length() - 1
        # Adding the lowest bit carries to just past the end of the lowest run.
        carried = mask + (1 << low)
        found.append((low, (carried & -carried).bit_length() - 2))
        mask &= carried
    return found


def int_ranges(width: int, columns: Columns) -> list[IntRange]:
    """Return the canonical cover of ``columns``, sorted."""
    found: list[IntRange] = []
    full = span(0, width)
    trie = build(width, columns)
    cores = _cores(trie)

    def emit(first: int, depth: int, mask: int) -> None:
        found.extend((first, depth, low, high) for low, high in runs(mask >> depth << depth))

    top = len(cores) - 1
    if top == NONE:
        emit(0, 0, columns[1][0])
        return found
    # Each task is a block's depth, the branch within it, and what is constant in the enclosing
    # block, so covered already.
    tasks = [(0, top, 0)]
    while tasks:
        depth, branch, covered = tasks.pop()
        middle, core = trie.middles[branch], cores[branch]
        before, after, bottom = trie.before[branch], trie.after[branch], trie.depth(branch)
        for at in range(depth, bottom + 1):
            # The path from here down to the branch: a 1 leaves a constant block to the left, a 0 to
            # the right.
            path = (middle >> (width - bottom)) & ((1 << (bottom - at)) - 1)
            constant = core
            if path:
                constant &= before
            if path != (1 << (bottom - at)) - 1:
                constant &= after
            first = middle >> (width - at) << (width - at)
            if new := (constant & ~covered) >> at:
                emit(first, at, new << at)
            covered = constant
            if at == bottom or not ((before | after | core) & ~covered) >> at:
                break
            half = 1 << (width - at - 1)
            if middle & half:
                emit(first, at + 1, before & ~covered)
            else:
                emit(first + half, at + 1, after & ~covered)
        for half_branch, mask, first in (
            (trie.lefts[branch], trie.below[branch], trie.first(branch)),
            (trie.rights[branch], trie.above[branch], middle),
        ):
            if half_branch != NONE:
                tasks.append((bottom + 1, half_branch, covered))
            elif mask & ~covered & full:
                emit(first, bottom + 1, mask & ~covered)
    found.sort()
    return found


def _cores(trie: Trie) -> list[int]:
    """Return for each branch the lengths that are in the set all over its block."""
    cores: list[int] = []
    levels, middles = trie.levels, trie.middles
    for branch, (left, right) in enumerate(zip(trie.lefts, trie.rights, strict=True)):
        core = trie.below[branch] & trie.above[branch]
        half = 1 << levels[branch]
        if left != NONE:
            core &= cores[left]
            if middles[left] - (1 << levels[left]) != middles[branch] - half:
                core &= trie.before[left]
        if right != NONE:
            core &= cores[right]
            if middles[right] + (1 << levels[right]) != middles[branch] + half:
                core &= trie.after[right]
        cores.append(core)
    return cores
