"""A candidate applied to a configuration; `merge` is the function to read first.

The result is what the switch should have afterwards, in FRR's own words. Where FRR prints something
else than a candidate says, in a way that `rules` does not know, the commit finds out by comparing,
and takes everything back.

Law: ``merge(tree, "") == tree``, and a candidate that only holds lines of the tree changes nothing.
"""

from __future__ import annotations

from tasks.drivers.frr import rules
from tasks.drivers.frr.config_tree import Tree, parse
from tasks.drivers.frr.numbering import Numbers

_IPV4 = "address-family ipv4 unicast"
_INACTIVE = "no bgp default ipv4-unicast"


def merge(tree: Tree, candidate: str) -> Tree:
    """Return `tree` with the candidate's lines added, overwritten or, after ``no``, removed.

    Raises:
        ValueError: a line that only makes sense inside a context stands outside of any.
    """
    wanted = parse(candidate)
    for line in wanted:
        if rules.belongs_inside(line):
            raise ValueError(f"{line!r} stands outside of any context: indent it under its own")
    level = _Level(tree, context="")
    level.apply(wanted)
    return level.tree()


class _Level:
    """One context of a configuration while a candidate is applied to it.

    Lines are kept by identity, so that one which overwrites another takes its place.
    """

    def __init__(self, tree: Tree, *, context: str, above: _Level | None = None) -> None:
        self._context = context
        self._above = above
        self._lines: dict[rules.Identity, str] = {}
        self._inside: dict[rules.Identity, _Level] = {}
        for line, below in tree.items():
            # Lines that FRR shows side by side are not rivals, whatever the table says.
            mark = rules.identity(line) if rules.identity(line) not in self._lines else (line,)
            self._lines[mark] = line
            self._inside[mark] = _Level(below, context=line, above=self)
        self._numbers: Numbers | None = None

    def tree(self) -> Tree:
        """Return what the context holds now, without inner contexts that FRR would not print."""
        result: Tree = {}
        for mark, line in self._lines.items():
            below = self._inside[mark].tree()
            if below or not rules.is_permanent(line):
                result[line] = below
        return result

    def holds(self, line: str) -> bool:
        """Whether exactly this line stands here."""
        return self._lines.get(rules.identity(line)) == line

    def apply(self, wanted: Tree) -> None:
        """Apply a candidate's lines in their order."""
        for raw, below in wanted.items():
            line = rules.normalise(raw)
            if line.startswith("no "):
                self._remove(line)
            elif not self._is_default(line):
                self._drop(rules.identity(f"no {line}"))
                self._put(self._numbered(line)).apply(below)
            else:
                self._drop(rules.identity(f"no {line}"))

    def _put(self, line: str) -> _Level:
        mark = rules.identity(line)
        if self._numbers is not None:
            self._numbers = self._numbers.with_line(line) if mark not in self._lines else None
        self._lines[mark] = line
        return self._inside.setdefault(mark, _Level({}, context=line, above=self))

    def _drop(self, mark: rules.Identity) -> None:
        if self._lines.pop(mark, None) is not None:
            del self._inside[mark]
            self._numbers = None

    def _is_default(self, line: str) -> bool:
        """Whether FRR does not print this line, because it says what holds anyway."""
        return self._active_by_default() and line.split()[::2] == ["neighbor", "activate"]

    def _active_by_default(self) -> bool:
        """Whether neighbors are active here by themselves: in IPv4 unicast, unless switched off."""
        return self._context == _IPV4 and not (self._above and self._above.holds(_INACTIVE))

    def _numbered(self, line: str) -> str:
        """Give an entry of a list that comes without a number the one that FRR would."""
        entry = rules.entry(line)
        if entry is None or entry.seq:
            return line
        if self._numbers is None:
            self._numbers = Numbers(self._lines.values())
        return self._numbers.numbered(entry)

    def _remove(self, line: str) -> None:
        target = line.removeprefix("no ")
        mark = rules.identity(target)
        meant = [mark] if mark in self._lines else self._begun_by(target)
        if meant:
            existed = self._neighbors()
            for each in meant:
                self._drop(each)
            while gone := existed - self._neighbors():
                existed -= gone
                self.forget(gone)
        elif rules.is_printed_negation(line) and self._tells_something(line):
            self._put(line)

    def _begun_by(self, target: str) -> list[rules.Identity]:
        """Return the lines that a ``no`` removes without naming them in full."""
        entry = rules.entry(target)
        return [
            mark
            for mark, line in self._lines.items()
            if line.startswith(target + " ") or (entry and _same_entry(entry, line))
        ]

    def _tells_something(self, line: str) -> bool:
        """Whether a negation differs from the default here."""
        return not line.endswith(" activate") or self._active_by_default()

    def _neighbors(self) -> frozenset[str]:
        return rules.neighbors_of(self._lines.values())

    def forget(self, neighbors: frozenset[str]) -> None:
        """Drop everything said of neighbors that are gone, here and in the address families."""
        if not neighbors:
            return
        for mark, line in list(self._lines.items()):
            if rules.neighbor_name(line) in neighbors or rules.group_of(line) in neighbors:
                self._drop(mark)
            elif line.startswith("address-family "):
                self._inside[mark].forget(neighbors)


def _same_entry(entry: rules.Entry, line: str) -> bool:
    """Whether an entry named without its number is this line."""
    other = rules.entry(line)
    return (
        other is not None and not entry.seq and (entry.name, entry.what) == (other.name, other.what)
    )
