"""Where new lines stand in a rendered configuration: `arrange`.

FRR prints what it is told in an order of its own. A candidate reads, and compares, best when its
new lines stand where FRR will print them: entries by number in their list, prefix-lists in the
order they were made in, a stanza by number in its route-map, a neighbor's line with the neighbor's
others. What was there before keeps its order. Only of the prefix-lists does more depend on this
than people's eyes: `differ` makes FRR print them so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasks.drivers.frr import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.drivers.frr.config_tree import Tree

_ROUTE_MAP_WORDS = 4  # route-map NAME ACTION NUMBER
_AF = "address-family "


@dataclass(frozen=True, slots=True)
class _Kin:
    """The sort of a line, what it belongs to, and its number there (-1 without)."""

    sort: str
    name: str
    number: int


def _kin(line: str) -> _Kin:
    words = line.split()
    if words[0] == "route-map" and len(words) == _ROUTE_MAP_WORDS:
        return _Kin("route-map", words[1], int(words[3]))
    if rules.is_definition(line):
        number = words.index("seq") + 1 if "seq" in words[:-1] else -1
        return _Kin(
            " ".join(words[:2]), rules.list_name(line), int(words[number]) if number > 0 else -1
        )
    if words[0] == "neighbor":
        return _Kin("neighbor", words[1], -1)
    return _Kin(words[0], "", -1)


@dataclass(slots=True)
class _Anchors:
    """Positions of the lines that were there before."""

    by_name: dict[tuple[str, str], list[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    by_sort: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, position: int, kin: _Kin) -> None:
        self.by_name[kin.sort, kin.name].append((kin.number, position))
        self.by_sort[kin.sort].append((kin.name, position))

    def after(self, kin: _Kin, line: str, *, end: int) -> int:
        """Return the position behind which a new line of this kin stands."""
        group = self.by_name.get((kin.sort, kin.name))
        if group and kin.number >= 0:
            place = bisect_left(group, (kin.number, -1))
            return group[place - 1][1] if place else group[0][1] - 1
        if group:
            return group[-1][1]
        names = self.by_sort.get(kin.sort)
        if names and rules.is_definition(line):
            place = bisect_left(names, (kin.name, -1))
            return names[place - 1][1] if place else names[0][1] - 1
        if names:
            return names[-1][1]
        following = "route-map" if rules.is_definition(line) else _AF.strip()
        others = self.by_sort.get(following)
        return others[0][1] - 1 if others and kin.sort != following else end


def arrange(tree: Tree, model: Tree) -> Tree:
    """Return `tree` in the order of `model`, and the lines that `model` lacks among their kin."""
    rivals = {rules.identity(line): line for line in tree}
    old = {rules.identity(line): line for line in model}
    kept = [rivals[mark] for mark in old if mark in rivals]
    known = {rivals[mark]: model[line] for mark, line in old.items() if mark in rivals}
    rest = [line for line in tree if line not in known]
    lines = _prefix_lists_as_made(_in_order(kept, rest) if rest else kept, tree)
    return {line: arrange(tree[line], known.get(line, {})) for line in lines}


def _prefix_lists_as_made(lines: list[str], tree: Tree) -> list[str]:
    """Return `lines` with the prefix-lists, where they stand, in the order that `tree` has."""
    for family in rules.PREFIX_LISTS:
        positions = [place for place, line in enumerate(lines) if line.startswith(family)]
        ranks = {name: rank for rank, name in enumerate(rules.prefix_list_names(tree, family))}
        ordered = sorted(
            (lines[place] for place in positions),
            key=lambda line: (ranks[rules.list_name(line)], _kin(line).number),
        )
        for place, line in zip(positions, ordered, strict=True):
            lines[place] = line
    return lines


def _in_order(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return `old` in its order with the lines of `new` put among them."""
    anchors = _Anchors()
    for position, line in enumerate(old):
        anchors.add(position, _kin(line))
    # Old lines keep their place; of new ones behind the same line, lists come first, by name and
    # number, then stanzas by number, and the rest as it was given.
    keyed = [((position, 0, "", 0), line) for position, line in enumerate(old)]
    for rank, line in enumerate(new):
        kin = _kin(line)
        position = anchors.after(kin, line, end=len(old))
        if rules.is_definition(line):
            keyed.append(((position, 1, kin.name, kin.number), line))
        else:
            keyed.append(((position, 2, "", kin.number if kin.number >= 0 else rank), line))
    return [line for _, line in sorted(keyed)]
