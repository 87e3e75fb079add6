"""A loaded candidate with all that a commit of it needs; `merged` and `replaced` make one.

Everything is decided here, before anything is sent: what the switch will have, how it gets there,
how it gets back, and which lines tell whether it is there.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from tasks.drivers.frr import rules
from tasks.drivers.frr.config_tree import Tree, flatten, parse, render
from tasks.drivers.frr.differ import Steps, steps, touched
from tasks.drivers.frr.merge import merge
from tasks.drivers.frr.placement import arrange


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the switch has, what it should have, and both ways between them."""

    running_text: str
    """The running configuration the candidate was made on, byte for byte."""
    running: Tree
    intended: Tree
    apply: Steps
    undo: Steps
    present: tuple[str, ...]
    """Flat lines that the commit adds; see `config_tree.flatten`."""
    absent: tuple[str, ...]
    """Flat lines that the commit removes."""

    def text(self) -> str:
        """Return the intended configuration."""
        return render(self.intended)

    def diff(self) -> str:
        """Return the unified difference from running to intended; "" if there is none."""
        if not self.apply:
            return ""
        old, new = (one.rstrip("\n").split("\n") for one in (render(self.running), self.text()))
        return "\n".join(difflib.unified_diff(old, new, "running", "candidate", lineterm=""))

    def definitions(self) -> tuple[str, ...]:
        """Return the list entries that must be on the switch before anything refers to them."""
        return tuple(line for line in self.present if rules.is_definition(line))

    def expected(self) -> tuple[str, ...]:
        """Return the whole intended configuration in flat lines."""
        return tuple(flatten(self.intended))


def merged(running_text: str, candidate: str) -> Candidate:
    """Return the candidate that adds to the running configuration.

    Raises:
        ValueError: the candidate can't be understood, or FRR can't carry it out.
    """
    running = parse(running_text)
    return _between(running_text, running, merge(running, candidate))


def replaced(running_text: str, candidate: str) -> Candidate:
    """Return the candidate that puts a whole configuration in place of the running one.

    Raises:
        ValueError: as `merged`.
    """
    running = parse(running_text)
    # What the device decides about itself stays, whatever the text says of it.
    own = {line: below for line, below in running.items() if rules.DEVICE_LINES.match(line)}
    text = "\n".join(
        line for line in candidate.split("\n") if not rules.DEVICE_LINES.match(line.strip())
    )
    return _between(running_text, running, _lists_as_made(running, merge(own, text)))


def _lists_as_made(running: Tree, intended: Tree) -> Tree:
    """Return `intended` with the prefix-lists that are there already first, in their order.

    A whole configuration that somebody wrote has them in any order, and means nothing by it.
    """
    known = {
        name: rank
        for rank, name in enumerate(
            name
            for family in rules.PREFIX_LISTS
            for name in rules.prefix_list_names(running, family)
        )
    }
    lists = [line for line in intended if line.startswith(rules.PREFIX_LISTS)]
    lists.sort(key=lambda line: known.get(rules.list_name(line), len(known)))
    others = {line: below for line, below in intended.items() if line not in frozenset(lists)}
    return others | {line: intended[line] for line in lists}


def _between(running_text: str, running: Tree, intended: Tree) -> Candidate:
    for before, after in ((running, intended), (intended, running)):
        _refuse_lost_siblings(before, after)
    intended = arrange(intended, running)
    present, absent = touched(running, intended)
    return Candidate(
        running_text=running_text,
        running=running,
        intended=intended,
        apply=steps(running, intended),
        undo=steps(intended, running),
        present=tuple(present),
        absent=tuple(absent),
    )


def _refuse_lost_siblings(before: Tree, after: Tree) -> None:
    """Refuse what makes FRR before 9 forget entries that stay in a prefix-list.

    Deleting one of two entries with the same prefix takes the prefix out of the route-maps' lookup
    tree, and the other entry no longer matches (FRRouting issue 14246, seen on 8.4.4). Either way
    of a commit may do it: forwards, or when it is undone.
    """
    kept: dict[tuple[str, str], str] = {}
    for line in after:
        entry = _prefix_list_entry(line)
        if entry and line in before:
            kept[entry.name, entry.prefix] = line
    numbers = {rules.identity(line) for line in after}
    for line in before:
        entry = _prefix_list_entry(line)
        if not entry or line in after or rules.identity(line) in numbers:
            continue
        sibling = kept.get((entry.name, entry.prefix))
        if sibling is not None:
            raise ValueError(
                f"removing {line!r} would make FRR overlook {sibling!r}, which has the same prefix "
                "(FRRouting issue 14246): give the changed list a new name"
            )


def _prefix_list_entry(line: str) -> rules.Entry | None:
    return rules.entry(line) if line.startswith(("ip prefix-list ", "ipv6 prefix-list ")) else None
