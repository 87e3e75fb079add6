"""Junos' configuration groups: :func:`expand` puts in place what ``apply-groups`` inherits.

A statement that stands in the configuration wins over an inherited one, an inner
``apply-groups`` over an outer one, an earlier group over a later one (Junos CLI guide, "Use
Configuration Groups"). Not written down is what becomes of a list of policies that stands in
both: its path is reported, and nobody should count on either. So is that of what a group says
under a condition (``when``).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.junos_text import Tree

APPLY, EXCEPT = "apply-groups", "apply-groups-except"

#: Where several values, or their order, would mix: chains of policies, and the terms of one.
_MIXED = ("import", "export", "policy-statement")

Path = tuple[str, ...]
#: The name of a group with what it says at some place.
Source = tuple[str, "Tree"]


def expand(tree: Tree) -> tuple[Tree, frozenset[Path], frozenset[Path]]:
    """Return ``tree`` with all that is inherited, the inherited paths, and the doubtful ones.

    An inherited path is that of the topmost word which nothing but a group says. Doubtful is
    the path of a chain or a policy that is said both in place and in a group.
    """
    groups = tree.get("groups", {})
    if not groups:
        return tree, frozenset(), frozenset()
    walk = _Walk(groups)
    whole = walk.node({key: sub for key, sub in tree.items() if key != "groups"}, (), ())
    return whole, frozenset(walk.inherited), frozenset(walk.doubtful)


class _Walk:
    def __init__(self, groups: Tree) -> None:
        self.groups = groups
        self.inherited: set[Path] = set()
        self.doubtful: set[Path] = set()

    def node(self, own: Tree, path: Path, outer: Sequence[Source]) -> Tree:
        """Return ``own``, which stands at ``path``, with what ``outer`` and its own groups add."""
        skipped = own.get(EXCEPT, {})
        sources = [
            (name, found)
            for applied in own.get(APPLY, {})
            for name in self._named(applied)
            for found in _at(self.groups[name], path)
        ]
        sources += [one for one in outer if one[0] not in skipped]
        out = {key: sub for key, sub in own.items() if key not in (APPLY, EXCEPT)}
        if not sources:
            return {
                key: self.node(sub, (*path, key), ()) if sub else sub for key, sub in out.items()
            }
        for _, found in sources:
            for key in found:
                if not _is_pattern(key) and key not in out and key not in (APPLY, EXCEPT):
                    out[key] = {}
                    self.inherited.add((*path, key))
        return {key: self._child(sub, (*path, key), sources) for key, sub in out.items()}

    def _child(self, own: Tree, path: Path, sources: Sequence[Source]) -> Tree:
        below = [(name, sub) for name, found in sources for sub in _under(found, path[-1])]
        mixed = path[-1] in _MIXED or (len(path) > 1 and path[-2] in _MIXED)
        if mixed and path[-1] != "policy-statement":
            said = [sub for _, sub in below if sub]
            if (own and said) or len(said) > 1 or any("when" in self.groups[n] for n, _ in below):
                self.doubtful.add(path)
        return self.node(own, path, below)

    def _named(self, applied: str) -> list[str]:
        """Return the groups that a name means: of a chassis cluster, those of either node."""
        if applied == "${node}":
            return [name for name in self.groups if fnmatchcase(name, "node[0-9]")]
        return [applied] if applied in self.groups else []


def _at(group: Tree, path: Path) -> Iterator[Tree]:
    """Yield what ``group`` says at ``path``."""
    if not path:
        yield group
        return
    for sub in _under(group, path[0]):
        yield from _at(sub, path[1:])


def _under(found: Tree, key: str) -> Iterator[Tree]:
    """Yield what stands below the words that mean ``key``: itself, then patterns."""
    if key in found:
        yield found[key]
    for word, sub in found.items():
        if _is_pattern(word) and fnmatchcase(key, word[1:-1]):
            yield sub


def _is_pattern(word: str) -> bool:
    return word.startswith("<") and word.endswith(">")
