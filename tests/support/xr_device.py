"""A made-up IOS-XR: `print_xr` writes one, `XrDevice` takes a candidate in one commit.

Law: written from the platform's own output and manual, and shares nothing with
`policies.dialects`. Indentation means nothing to it, as to a device; a commit that leaves a
reference to nothing behind is refused whole.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from filter_sets import numbered_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.filters import Running, Session, Stanza
    from policies.prefix_list import PrefixListEntry

Tree = dict[str, "Tree"]

WAY = {"import": "in", "export": "out"}
_ENTER = {
    "top": r"router bgp \d+",
    "router": r"neighbor \S+|neighbor-group \S+|vrf \S+|address-family ipv[46] unicast",
    "vrf": r"neighbor \S+|address-family ipv[46] unicast",
    "neighbor": r"address-family ipv[46] unicast",
    "neighbor-group": r"address-family ipv[46] unicast",
    "address-family": r"",
}
_POLICY = re.compile(r"(?P<no>no )?route-policy (?P<name>[^\s(]+)(?:\(.*\))? (?P<way>in|out)")
_ENDS = {"prefix-set": "end-set", "route-policy": "end-policy"}


def print_xr(running: Running) -> str:
    """Return ``running`` as IOS-XR prints it: stanzas as conditions, lists as sets of permits."""
    lines = ["!! IOS XR Configuration 7.3.2", "!! Last configuration change at 0", "!"]
    lines += ["hostname leaf1", "!", *_sets(running)]
    known = {name for _, name in running.lists}
    for name, found in sorted(running.route_maps.items()):
        lines += [f"route-policy {name}", "  # made up"]
        lines += [f"  {line}" for one in found.stanzas for line in _stanza(one, known)]
        lines += ["end-policy", "!"]
    lines += ["router bgp 65001", *(f" {line}" for line in _router(running)), "!", "end", ""]
    return "\n".join(lines)


def as_sets(running: Running) -> Running:
    """Return ``running`` with lists that IOS-XR can hold: permits alone, in no order."""
    names = {name for _, name in running.lists}
    found = {}
    for name in sorted(names):
        for version in (4, 6):
            old = running.lists.get((version, name))
            some = [one for one in old.entries if one.action == "permit"] if old else []
            some.sort(key=lambda one: (one.prefix, one.lo, one.hi))
            if some or (version == 4 and not _permits(running, 6, name)):
                found[version, name] = numbered_list(version, name, some)
    return replace(running, lists=found)


def _permits(running: Running, version: int, name: str) -> bool:
    old = running.lists.get((version, name))
    return old is not None and any(one.action == "permit" for one in old.entries)


def _sets(running: Running) -> Iterator[str]:
    for name in sorted({name for _, name in running.lists}):
        yield f"prefix-set {name}"
        entries = [
            one
            for v in (6, 4)
            if (v, name) in running.lists
            for one in running.lists[v, name].entries
        ]
        for number, one in enumerate(reversed(entries), start=1):
            yield f"  {_element(one)}{',' if number < len(entries) else ''}"
        yield from ("end-set", "!")


def _element(one: PrefixListEntry) -> str:
    lengths = f" ge {one.ge}" if one.ge is not None else ""
    return f"{one.prefix}{lengths}" + (f" le {one.le}" if one.le is not None else "")


def _stanza(one: Stanza, known: set[str]) -> Iterator[str]:
    tests = [
        f"destination in {name}" if name in known else f"as-path in {name}-{version}"
        for version, name in one.lists
    ]
    tests += [f"community matches-any {line.rpartition(' ')[2]}" for line in one.unknown]
    body = "drop" if one.action == "deny" else "pass" if one.goes_on else "done"
    if tests:
        yield from (f"if {' and '.join(tests)} then", f"  {body}", "endif")
    else:
        yield body


def _router(running: Running) -> Iterator[str]:
    yield from ("bgp router-id 10.255.0.1", "address-family ipv4 unicast", "!")
    sessions = [one for one in running.sessions.values() if one.key.name != "swp1"]
    groups = [one for one in sessions if one.is_group]
    for one in sorted(groups, key=lambda group: str(group.key)):
        yield from _session(one, f"neighbor-group {one.key.name}")
    for vrf in sorted({one.key.vrf for one in sessions}):
        here = [one for one in sessions if one.key.vrf == vrf and not one.is_group]
        lines = [line for one in here for line in _session(one, f"neighbor {one.key.name}")]
        if vrf and here:
            yield from (f"vrf {vrf}", " rd auto", *(f" {line}" for line in lines), "!")
        else:
            yield from lines


def _session(one: Session, head: str) -> Iterator[str]:
    yield head
    if one.group is not None:
        yield f" use neighbor-group {one.group}"
    else:
        yield f" remote-as {65099 if one.is_external else 65001}"
    for version in one.versions:
        mine = {
            way: at.route_map
            for (family, way), at in one.attachments.items()
            if family == version and at.route_map and at.inherited_from is None
        }
        if mine or one.group is None:
            yield f" address-family ipv{version} unicast"
            yield from (f"  route-policy {name} {WAY[way]}" for way, name in mine.items())
            yield " !"
    yield "!"


class XrDevice:
    """Holds a running configuration; `take` commits a candidate, `text` prints what stands."""

    def __init__(self, text: str) -> None:
        self.objects: dict[str, list[str]] = {}
        self.tree: Tree = {}
        self.commits = 0
        path: list[tuple[int, Tree]] = [(-1, self.tree)]
        inside: list[str] | None = None
        for line in text.splitlines():
            word = line.strip()
            if inside is not None:
                inside.append(line)
                inside = None if word in _ENDS.values() else inside
            elif line.startswith(tuple(_ENDS)):
                inside = self.objects.setdefault(line, [])
            elif word and not word.startswith("!") and word != "end":
                indent = len(line) - len(line.lstrip())
                while path[-1][0] >= indent:
                    path.pop()
                path.append((indent, path[-1][1].setdefault(word, {})))

    def take(self, candidate: str) -> None:
        """Commit ``candidate``; all of it, or an AssertionError and nothing."""
        new = copy.deepcopy(self)
        new._load(candidate)
        new._verify()
        self.objects, self.tree = new.objects, new.tree
        self.commits += 1

    def _load(self, candidate: str) -> None:
        stack: list[tuple[str, Tree]] = [("top", self.tree)]
        inside: list[str] | None = None
        for line in candidate.splitlines():
            word = line.strip()
            if inside is not None:
                inside.append(line)
                inside = None if word in _ENDS.values() else inside
            elif word == "!":
                continue
            elif word.startswith(tuple(_ENDS)) and not _POLICY.fullmatch(word):
                # Entered anew, an object is replaced whole.
                inside = self.objects[word] = []
            elif word.startswith("no ") and word.removeprefix("no ") in self.objects:
                assert len(stack) == 1, f"read as a line of {stack[-1][0]}: {word}"
                del self.objects[word.removeprefix("no ")]
            else:
                self._line(stack, word)
        assert inside is None, "an object without an end"

    @staticmethod
    def _line(stack: list[tuple[str, Tree]], word: str) -> None:
        while True:
            mode, here = stack[-1]
            if mode == "address-family" and (found := _POLICY.fullmatch(word)):
                old = [one for one in here if re.fullmatch(rf"route-policy .+ {found['way']}", one)]
                if found["no"]:
                    assert old == [word.removeprefix("no ")], f"not there: {word}"
                for one in old:
                    del here[one]
                if not found["no"]:
                    here[word] = {}
                return
            if re.fullmatch(_ENTER[mode], word):
                kind = "router" if mode == "top" else word.split(maxsplit=1)[0]
                stack.append((kind, here.setdefault(word, {})))
                return
            assert mode != "top", f"invalid input: {word}"
            stack.pop()

    def _verify(self) -> None:
        words = [head.partition("(")[0].split() for head in self.objects]
        defined = {name: kind for kind, name in words}
        for head, lines in self.objects.items():
            for line in lines:
                for name in re.findall(r"destination in ([^\s(]+)", line):
                    assert defined.get(name) == "prefix-set", f"{head}: no prefix-set {name}"
                for name in re.findall(r"apply ([^\s(]+)", line):
                    assert defined.get(name) == "route-policy", f"{head}: no policy {name}"
        for line in self._print(self.tree, 0):
            if found := _POLICY.fullmatch(line.strip()):
                assert defined.get(found["name"]) == "route-policy", f"no policy: {line}"

    def text(self) -> str:
        """Return the running configuration."""
        objects = [
            line for head, lines in sorted(self.objects.items()) for line in (head, *lines, "!")
        ]
        about = ["!! IOS XR Configuration 7.3.2"]
        about += [f"!! Last configuration change at {self.commits}", "!"]
        return "\n".join((*about, *objects, *self._print(self.tree, 0), "end", ""))

    def _print(self, tree: Tree, depth: int) -> list[str]:
        lines = []
        # A direction is printed in its own place, whenever it was said.
        for line, below in sorted(tree.items(), key=lambda one: one[0].endswith(" out")):
            lines += [f"{' ' * depth}{line}", *self._print(below, depth + 1)]
            if line.startswith(("router ", "neighbor", "vrf ", "address-family ")):
                lines.append(f"{' ' * depth}!")
        return lines
