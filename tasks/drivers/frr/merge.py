"""A candidate applied to a configuration; `merge` is the function to read first.

The result is what the switch should have afterwards, in FRR's own words. Where FRR prints something
else than a candidate says, in a way that `rules` does not know, the commit finds out by comparing,
and takes everything back.

Law: ``merge(tree, "") == tree``, and a candidate that only holds lines of the tree changes nothing.
"""

from __future__ import annotations

from tasks.drivers.frr import rules
from tasks.drivers.frr.config_tree import Tree, copy, parse


def merge(tree: Tree, candidate: str) -> Tree:
    """Return `tree` with the candidate's lines added, overwritten or, after ``no``, removed.

    Raises:
        ValueError: a line that only makes sense inside a context stands outside of any.
    """
    result = copy(tree)
    wanted = parse(candidate)
    for line in wanted:
        if rules.belongs_inside(line):
            raise ValueError(f"{line!r} stands outside of any context: indent it under its own")
    _merge_into(result, wanted, context="")
    return _without_empty(result)


def _merge_into(tree: Tree, wanted: Tree, *, context: str) -> None:
    for raw, below in wanted.items():
        line = rules.normalise(raw)
        if line.startswith("no "):
            _remove(tree, line, context=context)
        else:
            present = _put(tree, line, context=context)
            if present is not None:
                _merge_into(tree[present], below, context=present)


def _put(tree: Tree, line: str, *, context: str) -> str | None:
    """Add or overwrite one line; return the line now there, or None if it is a default."""
    tree.pop(f"no {line}", None)
    if _is_default(line, context=context):
        return None
    line = _with_sequence(tree, line)
    if line in tree:
        return line
    mark = rules.identity(line)
    rival = next((other for other in tree if rules.identity(other) == mark), None)
    if rival is None:
        _insert(tree, line)
    else:
        items = [(line if other == rival else other, below) for other, below in tree.items()]
        tree.clear()
        tree.update(items)
    return line


def _is_default(line: str, *, context: str) -> bool:
    """Whether FRR does not print this line: neighbors are active in IPv4 unicast by themselves."""
    words = line.split()
    return context == "address-family ipv4 unicast" and words[::2] == ["neighbor", "activate"]


def _with_sequence(tree: Tree, line: str) -> str:
    """Give a prefix-list entry without a number the one that FRR would: the highest plus 5."""
    parts = rules.prefix_list_parts(line)
    if parts is None or parts[1]:
        return line
    head, _, action, prefix, bounds = parts
    content = " ".join(filter(None, (action, prefix, bounds)))
    highest = 0
    for other in tree:
        found = rules.prefix_list_parts(other)
        if found and found[0] == head:
            if " ".join(filter(None, found[2:])) == content:
                return other  # FRR ignores an entry that the list has already
            highest = max(highest, int(found[1].split()[1]))
    return f"{head} seq {highest + 5} {content}"


def _insert(tree: Tree, line: str) -> None:
    """Put a new line behind its kin, so that a rendered candidate reads like FRR's own print."""
    kin = _kinship(line)
    after = -1
    for position, other in enumerate(tree):
        theirs = _kinship(other)
        if theirs[0] == kin[0] and (after < 0 or theirs <= kin):
            after = position if theirs <= kin else position - 1
    items = list(tree.items())
    if after < 0 and not any(_kinship(other)[0] == kin[0] for other in tree):
        contexts = [n for n, (other, _) in enumerate(items) if other.startswith("address-family ")]
        after = (contexts[0] if contexts and not line.startswith("address") else len(items)) - 1
    items.insert(after + 1, (line, {}))
    tree.clear()
    tree.update(items)


def _kinship(line: str) -> tuple[str, str, int]:
    """Return what sort of line it is, its name, and its number."""
    words = line.split()
    number = words.index("seq") + 1 if "seq" in words[:-1] else -1
    if words[0] == "route-map" and len(words) > 3:  # noqa: PLR2004 - route-map NAME ACTION SEQ
        return "route-map", words[1], int(words[3])
    if number > 0 and rules.is_definition(line):
        return " ".join(words[:2]), rules.list_name(line), int(words[number])
    if words[0] == "neighbor":
        return f"neighbor {words[1]}", "", 0
    return words[0], "", 0


def _remove(tree: Tree, line: str, *, context: str) -> None:
    target = line.removeprefix("no ")
    matches = [other for other in tree if _is_meant(target, other)]
    if matches:
        existed = {rules.neighbor_name(other) for other in matches if rules.is_birth(other)}
        for other in matches:
            del tree[other]
        _forget(
            tree, existed - {rules.neighbor_name(other) for other in tree if rules.is_birth(other)}
        )
    elif rules.is_printed_negation(line) and _adds_negation(line, context=context):
        _insert(tree, line)


def _adds_negation(line: str, *, context: str) -> bool:
    """Whether the negation differs from the default: only IPv4 unicast is active by itself."""
    return not line.endswith(" activate") or context == "address-family ipv4 unicast"


def _forget(tree: Tree, neighbors: set[str]) -> None:
    """Drop everything said of neighbors that are gone, here and in the address families."""
    for line in [line for line in tree if rules.neighbor_name(line) in neighbors]:
        del tree[line]
    for line, below in tree.items():
        if line.startswith("address-family "):
            _forget(below, neighbors)


def _is_meant(target: str, line: str) -> bool:
    """Whether ``no target`` removes `line`: itself, its rivals, or everything it begins.

    FRR ignores the name in ``no neighbor X route-map NAME in`` and the content after ``seq N``.
    """
    if line == target or line.startswith(target + " "):
        return True
    mark = rules.identity(target)
    if len(mark) > 1 and rules.identity(line) == mark:
        return True
    parts, other = rules.prefix_list_parts(target), rules.prefix_list_parts(line)
    return bool(
        parts and other and not parts[1] and (parts[0], *parts[2:]) == (other[0], *other[2:])
    )


def _without_empty(tree: Tree) -> Tree:
    """Drop contexts that FRR does not print when nothing stands in them."""
    result: Tree = {}
    for line, below in tree.items():
        kept = _without_empty(below)
        if kept or not rules.is_permanent(line):
            result[line] = kept
    return result
