"""The same program with less in it, for one address family: :func:`simplified`.

Law: for every route of that family the result says what the program says, and makes the same
changes in the same order. A daemon that takes each instruction for a line of configuration is
spared the questions whose answer is known, and the jumps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.assembler import Assembler, Label
from lab.switch.meaning import Branch, Change, HasCommunity, InPrefixes, IsFamily, Jump, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.meaning import Condition, Instruction, Program


def simplified(program: Program, version: int) -> Program:
    """Return ``program`` as it is for routes of family ``version``."""
    code = program.instructions
    ways = _ways(code, version)
    reached = _reached(code, ways)
    labels = {at: Label() for at in reached}
    made = Assembler()
    for number, at in enumerate(reached):
        made.place(labels[at])
        one = code[at]
        if isinstance(one, Branch):
            made.branch(one.condition, labels[ways[one.then]], labels[ways[one.otherwise]])
        elif isinstance(one, Verdict):
            made.add(one)
        elif isinstance(one, Change):
            made.add(one)
            if reached[number + 1] != ways[at + 1]:
                made.jump(labels[ways[at + 1]])
    return made.program()


def _ways(code: Sequence[Instruction], version: int) -> list[int]:
    """Return for each instruction the first one from there on that has something to say."""
    ways = list(range(len(code)))
    for at in reversed(range(len(code))):
        one = code[at]
        if isinstance(one, Jump):
            ways[at] = ways[one.to]
        elif isinstance(one, Branch):
            answer = _known(one.condition, version)
            if answer is not None:
                ways[at] = ways[one.then if answer else one.otherwise]
            elif ways[one.then] == ways[one.otherwise]:
                ways[at] = ways[one.then]
    return ways


def _reached(code: Sequence[Instruction], ways: Sequence[int]) -> list[int]:
    """Return what a route can come to, in order."""
    found: set[int] = set()
    waiting = [ways[0]]
    while waiting:
        at = waiting.pop()
        if at in found:
            continue
        found.add(at)
        one = code[at]
        if isinstance(one, Branch):
            waiting += [ways[one.then], ways[one.otherwise]]
        elif isinstance(one, Change):
            waiting.append(ways[at + 1])
    return sorted(found)


def _known(condition: Condition, version: int) -> bool | None:
    """Return what is true of all routes of the family, or None."""
    if isinstance(condition, IsFamily):
        return condition.version == version
    if isinstance(condition, InPrefixes):
        if condition.version != version or not any(said for said, _ in condition.ranges):
            return False
        said, first = condition.ranges[0]
        is_all = first.prefix.prefixlen == first.shortest == 0
        return True if said and is_all and first.longest == first.prefix.max_prefixlen else None
    if isinstance(condition, HasCommunity) and not condition.any_of:
        return False
    return None
