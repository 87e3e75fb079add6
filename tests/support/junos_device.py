"""A Junos configuration store that takes set and delete lines and commits at once: `JunosDevice`.

Law: it knows statements by their words alone, refuses to delete what is not there and to commit
a reference to a policy that is not there, and shares nothing with `policies.dialects`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Tree = dict[str, "Tree"]

#: The order in which a group or a neighbor prints what it has, whenever it was said.
ORDER = ("type", "description", "import", "family", "export", "peer-as", "allow", "neighbor")
NAMED = ("group", "neighbor", "policy-statement", "term", "routing-instances")


class JunosDevice:
    """Holds a running configuration; `take` takes a candidate, `text` prints what stands."""

    def __init__(self, text: str) -> None:
        self.tree: Tree = {}
        self.take(text)

    def take(self, candidate: str) -> None:
        """Take a candidate of set and delete lines, and commit it."""
        for line in candidate.splitlines():
            command, *path = shlex.split(line)
            if command == "set":
                self._set(path)
            else:
                assert command == "delete", f"no command: {line}"
                self._delete(path, line)
        self._check()

    def _set(self, path: list[str]) -> None:
        here = self.tree
        for word in path:
            here = here.setdefault(word, {})

    def _delete(self, path: list[str], line: str) -> None:
        way = [self.tree]
        for word in path:
            assert word in way[-1], f"statement not found: {line}"
            way.append(way[-1][word])
        for at in range(len(path) - 1, -1, -1):
            del way[at][path[at]]
            entry = at > 0 and at > 1 and path[at - 2] in NAMED
            if way[at] or entry:
                break

    def _check(self) -> None:
        """Assert that every policy that is named is there."""
        known = set(self.tree.get("policy-options", {}).get("policy-statement", {}))
        for line in lines(self.tree):
            for at, word in enumerate(line[1:], start=1):
                chain = line[at - 1] in ("import", "export") and "bgp" in line
                if chain or (line[at - 1] == "policy" and "from" in line):
                    assert word in known, f"Policy {word} referenced but not defined"

    def text(self) -> str:
        """Return the running configuration in set form."""
        rows = [" ".join(map(quoted, line)) for line in lines(self.tree)]
        return "".join(f"set {row}\n" for row in rows)


def quoted(word: str) -> str:
    return f'"{word}"' if " " in word or not word else word


def lines(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the statements in the order in which they are printed."""
    keys = list(tree)
    if path[-2:-1] in (("group",), ("neighbor",)):
        keys.sort(key=lambda key: ORDER.index(key) if key in ORDER else len(ORDER))
    for key in keys:
        if tree[key]:
            yield from lines(tree[key], (*path, key))
        else:
            yield (*path, key)
