"""Two configurations into the commands that lead from one to the other; read `steps` first.

The order makes before it breaks: lists are there before anything refers to them, and go when
nothing refers to them any more. Nothing is negated that is only overwritten, so no session
is without its policy in between.

Law: a switch with `old` that has run ``steps(old, new)`` has `new`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.drivers.frr import rules
from tasks.drivers.frr.config_tree import Tree, flatten

_ROUTE_MAP = "route-map "


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Commands for ``vtysh -f``, one file per step; a step with nothing to do is empty.

    FRR collects what such a file says about prefix-lists and route-maps and applies it in one
    transaction: bgpd judges no UPDATE between the first and the last line of it (``XFRR_start_
    configuration`` allows pending commits in lib/lib_vty.c; lib/northbound_cli.c commits them
    before the first command of another kind, which includes ``exit``; hence no ``exit`` after a
    stanza here). A stanza is therefore never seen without its ``match``.
    """

    define: tuple[str, ...]
    """Lists: new, changed, and entries that leave a list which stays."""
    refer: tuple[str, ...]
    """Route-maps first, then all the other contexts and lines."""
    retire: tuple[str, ...]
    """Route-maps that nothing uses any more."""
    remove: tuple[str, ...]
    """Lists that nothing uses any more."""

    def __bool__(self) -> bool:
        return bool(self.define or self.refer or self.retire or self.remove)

    def files(self) -> tuple[tuple[str, ...], ...]:
        """Return the steps in the order they run in."""
        return self.define, self.refer, self.retire, self.remove


def steps(old: Tree, new: Tree) -> Steps:
    """Return what turns `old` into `new`; nothing for equal trees."""
    define, remove = _lists(old, new)
    maps, retire = _route_maps(old, new)
    refer: list[str] = [*maps]
    refer.extend(_level(_others(old), _others(new), depth=0))
    return Steps(
        define=tuple(define), refer=tuple(refer), retire=tuple(retire), remove=tuple(remove)
    )


def touched(old: Tree, new: Tree) -> tuple[list[str], list[str]]:
    """Return the flat lines that are only in `new`, and those that are only in `old`."""
    before, after = set(flatten(old)), set(flatten(new))
    return sorted(after - before), sorted(before - after)


def _others(tree: Tree) -> Tree:
    return {
        line: below
        for line, below in tree.items()
        if not (rules.is_definition(line) or line.startswith(_ROUTE_MAP))
    }


def _lists(old: Tree, new: Tree) -> tuple[list[str], list[str]]:
    """Return the commands for lists that come or change, and for those that go.

    Entries leave a surviving prefix-list ahead of those that join it: in one transaction the order
    is not seen outside, and FRR ignores an entry that equals one which is still there. Lists of
    other kinds are changed line by line, so there the new entries come first.
    """
    before = [line for line in old if rules.is_definition(line)]
    after = [line for line in new if rules.is_definition(line)]
    moved = [name for family in rules.PREFIX_LISTS for name in _moved(old, new, family)]
    surviving = {rules.list_name(line) for line in after}
    overwritten = {rules.identity(line) for line in after}
    come = [line for line in after if line not in old]
    go = [f"no {line}" for line in before if line not in new]
    leave = [
        line
        for line in go
        if rules.list_name(line[3:]) in surviving and rules.identity(line[3:]) not in overwritten
    ]
    settled = frozenset(moved)
    define = [
        *(
            line
            for line in leave
            if rules.is_transactional(line[3:]) and rules.list_name(line[3:]) not in settled
        ),
        *(
            line
            for line in come
            if rules.is_transactional(line) and rules.list_name(line) not in settled
        ),
        *_remade(moved, before, after),
        *(line for line in come if not rules.is_transactional(line)),
        *(line for line in leave if not rules.is_transactional(line[3:])),
    ]
    gone = dict.fromkeys(rules.list_name(line) for line in before)
    remove = [
        f"no {line}"
        for line in before
        if rules.list_name(line) not in surviving and not rules.is_transactional(line)
    ]
    remove.extend(
        f"no {name}" for name in gone if name not in surviving and rules.is_transactional(name)
    )
    return define, list(reversed(remove))


def _moved(old: Tree, new: Tree, family: str) -> list[str]:
    """Return the prefix-lists from the first one on that would not be printed where `new` has it.

    FRR 8 prints them in the order they were made in: those that stay, then those that come.
    """
    wanted = rules.prefix_list_names(new, family)
    there = rules.prefix_list_names(old, family)
    staying = frozenset(wanted)
    come = [name for name in wanted if name not in frozenset(there)]
    for place, name in enumerate([*(name for name in there if name in staying), *come]):
        if name != wanted[place]:
            return wanted[place:]
    return []


def _remade(names: list[str], before: list[str], after: list[str]) -> list[str]:
    """Return the commands that make lists in this order, whether they are there already or not.

    Taking a list away and giving it back in one transaction says nothing to the daemon: FRR
    compares the configuration before and after, finds no difference (northbound debugging on 8.4.4
    shows no callback), and only prints the list behind the others from then on.
    """
    there = {rules.list_name(line) for line in before}
    lines: dict[str, list[str]] = {name: [] for name in names}
    for line in after:
        if rules.list_name(line) in lines:
            lines[rules.list_name(line)].append(line)
    return [
        command
        for name in names
        for command in ([f"no {name}"] if name in there else []) + lines[name]
    ]


def _route_maps(old: Tree, new: Tree) -> tuple[list[str], list[str]]:
    """Return the commands for maps that come or change, and for those that go whole."""
    before = {line: below for line, below in old.items() if line.startswith(_ROUTE_MAP)}
    after = {line: below for line, below in new.items() if line.startswith(_ROUTE_MAP)}
    surviving = {line.split()[1] for line in after}
    staying = {line: below for line, below in before.items() if line.split()[1] in surviving}
    gone = dict.fromkeys(line.split()[1] for line in before)
    retire = [f"no route-map {name}" for name in gone if name not in surviving]
    return _level(staying, after, depth=0), list(reversed(retire))


def _level(old: Tree, new: Tree, *, depth: int, dying: frozenset[str] = frozenset()) -> list[str]:
    """Return the commands for one context and those below: what comes, then what goes.

    `dying` are the neighbors that go altogether. They go with one command and everything said of
    them: taking their route-map first would open them for a moment.
    """
    indent = " " * depth
    rivals = {rules.identity(line): line for line in old}
    dying |= vanishing_neighbors(old, new)
    commands: list[str] = []
    for line, below in new.items():
        former = rivals.get(rules.identity(line))
        known = old[former] if former is not None else {}
        inside = _level(known, below, depth=depth + 1, dying=dying)
        if line == former and not inside:
            continue
        commands.extend(_context(indent + line, inside))
    kept = {rules.identity(line) for line in new}
    for line, below in reversed(list(old.items())):
        if rules.identity(line) in kept or rules.neighbor_name(line) in dying:
            continue
        if rules.is_permanent(line):
            inside = _level(below, {}, depth=depth + 1, dying=dying)
            commands.extend(_context(indent + line, inside) if inside else [])
        elif not line.startswith("no ") or line[3:] not in new:
            commands.append(indent + rules.negation(line))
    vanishing = sorted(vanishing_neighbors(old, new))
    groups = [name for name in vanishing if f"neighbor {name} peer-group" in old]
    commands.extend(f"{indent}no neighbor {name}" for name in vanishing if name not in groups)
    commands.extend(f"{indent}no neighbor {name} peer-group" for name in groups)
    return commands


def _context(line: str, inside: list[str]) -> list[str]:
    """Return a line with its inside; an address family is left, or what follows is its own."""
    if not line.lstrip().startswith("address-family "):
        return [line, *inside]
    return [line, *inside, line[: len(line) - len(line.lstrip())] + "exit-address-family"]


def vanishing_neighbors(old: Tree, new: Tree) -> frozenset[str]:
    """Return the neighbors and peer groups that exist in the context `old` and not in `new`."""
    return rules.neighbors_of(old) - rules.neighbors_of(new)
