"""The cheapest way to paint a whole set: which strokes on which block.

Read `paint` first. It is a dynamic programme over the trie. From the inside out, every block gets
its profile: what it costs over each background that could be worth leaving there. From the outside
in, every block then takes the cheapest over the background that it really gets. Wider blocks are
painted before those inside, so in the list, where the first match wins, they come after them.

For next hops in place of masks this is ORTC (R. P. Draves, C. King, S. Venkatachary, B. D. Zill,
"Constructing Optimal IP Routing Tables", INFOCOM 1999); new is that a background is a set of
lengths, that a stroke changes a run of them, and that a block's own length is out of reach of what
is inside.
"""

from dataclasses import dataclass, field

from policies.prefix_trie import NONE, Trie
from policies.profiles import Profiles
from policies.strokes import Stroke

Painted = tuple[int, int, int, tuple[Stroke, ...]]
"""Address after the block, bits of an address beyond its length, first address, its strokes."""


def paint(
    trie: Trie, profiles: Profiles, backgrounds: tuple[int, ...]
) -> tuple[int, list[Painted]]:
    """Return the cheapest of ``backgrounds`` to start from, and what to paint on which block.

    The blocks are sorted, each after those inside it. ``trie`` must have a branch.
    """
    painting = _Painting(trie, profiles)
    painting.work_out()
    top = painting.lifted(trie.top, 0)
    background = min(backgrounds, key=lambda mask: profiles.cost(top, mask))
    painting.take(background)
    painting.painted.sort()
    return background, painting.painted


@dataclass(slots=True)
class _Painting:
    trie: Trie
    profiles: Profiles
    painted: list[Painted] = field(default_factory=list)
    # By branch: the profile of its block.
    own: list[int] = field(init=False)
    # By profile, depth of its block and mask all around it: the profiles up the chain, until
    # nothing of what is inside matters any more.
    settling: dict[tuple[int, int, int], list[int]] = field(default_factory=dict)

    def work_out(self) -> None:
        """Find the profile of every branch's block, from the inside out."""
        trie, lifted = self.trie, self.lifted
        constant, join = self.profiles.constant, self.profiles.join
        lefts, rights, levels = trie.lefts, trie.rights, trie.levels
        below, above, width = trie.below, trie.above, trie.width
        own = self.own = [NONE] * len(lefts)
        for branch in trie.order:
            half = width - levels[branch]
            longer = -1 << half
            left, right, under = lefts[branch], rights[branch], below[branch]
            own[branch] = join(
                constant(under & longer) if left < 0 else lifted(left, half),
                constant(above[branch] & longer) if right < 0 else lifted(right, half),
                under & 1 << half - 1,
            )

    def lifted(self, branch: int, depth: int) -> int:
        """Return the profile of the block of length ``depth`` around ``branch``."""
        profile = self.own[branch]
        bottom = self.trie.width - self.trie.levels[branch] - 1
        mask = self.trie.before[branch]
        if mask != self.trie.after[branch]:
            return profile if bottom == depth else self.chain(branch, depth)[-1]
        key = (profile, bottom, mask)
        settling = self.settling.get(key)
        if settling is None:
            settling = self.settling[key] = self.settle(*key)
        if bottom - depth < len(settling):
            return settling[bottom - depth]
        return self.profiles.constant(mask & -1 << depth)

    def settle(self, profile: int, depth: int, mask: int) -> list[int]:
        """Return the profiles of ``profile``'s block and those around it, ``mask`` besides it.

        It ends where only the surroundings count, as they do from there on up: not one of the
        blocks around it would be painted with anything but ``mask``.
        """
        constant, join = self.profiles.constant, self.profiles.join
        found: list[int] = []
        while depth >= 0 and profile != constant(mask & -1 << depth):
            found.append(profile)
            depth -= 1
            if depth >= 0:
                profile = join(profile, constant(mask & -2 << depth), mask & 1 << depth)
        return found

    def chain(self, branch: int, depth: int) -> list[int]:
        """Return the profiles of the branch's block and those around it, up to length ``depth``."""
        trie, profile = self.trie, self.own[branch]
        bottom = trie.depth(branch)
        first = trie.firsts[branch] >> (trie.width - bottom)
        found = [profile]
        for at in range(bottom - 1, depth - 1, -1):
            # The bit of the address says on which side of the block inside the constant half is.
            constant = trie.before[branch] if first & 1 else trie.after[branch]
            first >>= 1
            beside = self.profiles.constant(constant & -2 << at)
            profile = self.profiles.join(profile, beside, trie.below[branch] & 1 << at)
            found.append(profile)
        return found

    def take(self, background: int) -> None:
        """Choose for every block, from the outside in, starting over ``background``."""
        trie, width = self.trie, self.trie.width
        firsts, levels, lefts, rights = trie.firsts, trie.levels, trie.lefts, trie.rights
        below, above = trie.below, trie.above
        tasks = [(0, trie.top, background)]
        while tasks:
            depth, branch, mask = tasks.pop()
            mask = self.take_chain(depth, branch, mask)
            level = levels[branch]
            half = width - level
            if (left := lefts[branch]) >= 0:
                tasks.append((half, left, mask))
            elif (new := below[branch] & -1 << half) != mask:
                self.stroke(firsts[branch], half, mask, new)
            if (right := rights[branch]) >= 0:
                tasks.append((half, right, mask))
            elif (new := above[branch] & -1 << half) != mask:
                self.stroke(firsts[branch] + (1 << level), half, mask, new)

    def take_chain(self, depth: int, branch: int, background: int) -> int:
        """Choose for the blocks from length ``depth`` to the branch's; return what that leaves."""
        trie, choose = self.trie, self.profiles.choose
        before, after = trie.before[branch], trie.after[branch]
        block, bottom = trie.firsts[branch], trie.width - trie.levels[branch] - 1
        if before != after:
            chain = self.chain(branch, depth)
        else:
            chain = self.settling[self.own[branch], bottom, before]
            if bottom - depth >= len(chain):
                # Where only the surroundings count, they are painted at once, as far as that goes.
                self.stroke(block, depth, background, before & -1 << depth)
                depth = bottom - len(chain) + 1
                background = before & -1 << depth
        for at in range(depth, bottom + 1):
            mask = choose(chain[bottom - at], background)
            if mask != background:
                self.stroke(block, at, background, mask)
            background = mask & -2 << at
            if at < bottom:
                half = 1 << (trie.width - at - 1)
                beside = (before if block & half else after) & -2 << at
                if beside != background:
                    self.stroke(block ^ half, at + 1, background, beside)
        return background

    def stroke(self, address: int, depth: int, old: int, new: int) -> None:
        """Paint the block of length ``depth`` around ``address`` from ``old`` to ``new``."""
        if old != new:
            bits = self.trie.width - depth
            first = address >> bits << bits
            strokes = self.profiles.strokes.between(old, new)
            self.painted.append((first + (1 << bits), bits, first, strokes))
