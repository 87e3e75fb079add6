"""The compressed binary trie under columns: only the blocks in which something changes.

Read `Trie` first. A *branch* is an aligned block of addresses that is cut at its middle, either
because the set changes exactly there or because both halves hold a change. A trie has fewer than
two branches per start of its columns. Between a branch and the next one below lies a *chain* of
blocks that only narrow down to it; what hangs off a chain at either side is constant.
"""

from dataclasses import dataclass

from policies.columns import Columns

NONE = -1
"""In place of a branch's number: this half is constant."""


@dataclass(frozen=True, slots=True)
class Trie:
    """The branches of columns, numbered from below: the last is the topmost.

    All lists are indexed by the branch's number. `below` and `above` are the masks just below and
    at the middle: what a constant half is made of. `before` and `after` are the masks that the
    columns have just before the branch's first change and from its last change on: what hangs off
    the chain to its left and right.
    """

    width: int
    middles: list[int]
    levels: list[int]
    lefts: list[int]
    rights: list[int]
    below: list[int]
    above: list[int]
    before: list[int]
    after: list[int]

    def depth(self, branch: int) -> int:
        """Return the prefix length of the branch's block."""
        return self.width - self.levels[branch] - 1

    def first(self, branch: int) -> int:
        """Return the first address of the branch's block."""
        return self.middles[branch] - (1 << self.levels[branch])


def build(width: int, columns: Columns) -> Trie:
    """Return the trie of ``columns`` in linear time; it has no branch if the columns are constant.

    A middle of level ``k`` ends in ``k`` zero bits. Among consecutive middles the highest level is
    unique, so the branches are the Cartesian tree of the levels, which one stack builds from left
    to right.
    """
    starts, masks = columns
    trie = Trie(width, [], [], [], [], [], [], [], [])
    done = (
        trie.middles.append, trie.levels.append, trie.lefts.append, trie.rights.append,
        trie.below.append, trie.above.append, trie.before.append, trie.after.append,
    )  # fmt: skip
    firsts = trie.before
    lasts = trie.after
    # Open branches: level, middle, number of the left half's branch, index of the segment at the
    # middle and of the one below it.
    stack: list[tuple[int, int, int, int, int]] = []

    def close(limit: int) -> int:
        """Number the open branches of a level under ``limit``; return the last one's number."""
        right = NONE
        while stack and stack[-1][0] < limit:
            level, middle, left, at, under = stack.pop()
            number = len(firsts)
            row = (
                middle, level, left, right, masks[under], masks[at],
                firsts[left] if left >= 0 else masks[under],
                lasts[right] if right >= 0 else masks[at],
            )  # fmt: skip
            for append, value in zip(done, row, strict=True):
                append(value)
            right = number
        return right

    previous_level = width + 1
    for index in range(1, len(starts)):
        start = starts[index]
        level = (start & -start).bit_length() - 1
        if index > 1:
            cut = (starts[index - 1] ^ (start - 1)).bit_length() - 1
            if cut > previous_level and cut > level:
                middle = (start - 1) >> cut << cut
                stack.append((cut, middle, close(cut), index - 1, index - 1))
        stack.append((level, start, close(level), index, index - 1))
        previous_level = level
    close(width + 1)
    return trie
