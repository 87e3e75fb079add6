"""The compressed binary trie under columns: only the blocks in which something changes.

Read `Trie` first. A *branch* is an aligned block of addresses that is of interest: it is cut at its
middle, because the set changes exactly there or because both halves hold a change, or it is an
island, constant in itself and unlike its surroundings. A trie has fewer than two branches per start
of its columns. Between a branch and the next one below lies a *chain* of blocks that only narrow
down to it; what hangs off a chain at either side is constant.
"""

from dataclasses import dataclass, field

from policies.columns import Columns

NONE = -1
"""In place of a branch's number: this half is constant."""


@dataclass(frozen=True, slots=True)
class Trie:
    """The branches of columns, numbered from left to right by where they are cut.

    All lists go by the number. A block is ``2 << level`` addresses from ``first`` on (a host is an
    island of level -1). `below` and `above` are the masks just below and at the middle: what a
    constant half is made of. `before` and `after` are the masks that the columns have just before
    the branch's first change and from its last change on: what hangs off the chain to its left and
    right. `order` is all branches, each after those inside it.
    """

    width: int
    firsts: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    lefts: list[int] = field(default_factory=list)
    rights: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    above: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)

    @property
    def top(self) -> int:
        """The branch that holds all others, or `NONE`."""
        return self.order[-1] if self.order else NONE

    def depth(self, branch: int) -> int:
        """Return the prefix length of the branch's block."""
        return self.width - self.levels[branch] - 1

    def middle(self, branch: int) -> int:
        """Return the address at which the branch's block is cut."""
        return self.firsts[branch] + (1 << self.levels[branch] + 1 >> 1)

    def add(self, stack: list[int], first: int, level: int, below: int, above: int) -> None:
        """Add the next branch from the left; ``stack`` holds the open ones, outermost first."""
        left = self.close(stack, level)
        stack.append(len(self.firsts))
        self.firsts.append(first)
        self.levels.append(level)
        self.lefts.append(left)
        self.rights.append(NONE)
        self.below.append(below)
        self.above.append(above)
        self.before.append(below if left < 0 else self.before[left])
        self.after.append(above)

    def add_island(self, stack: list[int], first: int, level: int, mask: int, around: int) -> None:
        """Add the next branch from the left: a block of ``mask`` with ``around`` all about it."""
        self.add(stack, first, level, mask, mask)
        self.before[-1] = self.after[-1] = around

    def close(self, stack: list[int], level: int) -> int:
        """Take the open branches of lower levels off ``stack``; return the outermost of them."""
        inner = NONE
        levels = self.levels
        while stack and levels[stack[-1]] < level:
            branch = stack.pop()
            if inner >= 0:
                self.rights[branch] = inner
                self.after[branch] = self.after[inner]
            self.order.append(branch)
            inner = branch
        return inner


def build(width: int, columns: Columns) -> Trie:
    """Return the trie of ``columns`` in linear time; it has no branch if the columns are constant.

    Branches are nested or disjoint, and what joins two neighbours is the highest bit in which their
    addresses differ. So they are the Cartesian tree of their levels, which one stack builds from
    left to right.
    """
    starts, masks = columns
    trie = Trie(width)
    stack: list[int] = []
    # The address that ends what the last branch needs around it, and the mask from there on.
    last, last_level, mask = 0, width, masks[0]
    index, count = 1, len(starts)
    while index < count:
        start = starts[index]
        size = starts[index + 1] - start if index + 1 < count and masks[index + 1] == mask else 0
        island = size > 0 and not size & (size - 1) and not start & (size - 1)
        # What this branch needs around it begins at `need`.
        need = start if island else start - 1
        level = size.bit_length() - 2 if island else (start & -start).bit_length() - 1
        cut = (last ^ need).bit_length() - 1
        if cut > last_level and cut > level:
            trie.add(stack, need >> cut + 1 << cut + 1, cut, mask, mask)
        if island:
            trie.add_island(stack, start, level, masks[index], mask)
            last = start + size - 1
        else:
            trie.add(stack, start - (1 << level), level, mask, masks[index])
            last = start
        index += 2 if island else 1
        mask = masks[index - 1]
        last_level = level
    trie.close(stack, width)
    return trie
