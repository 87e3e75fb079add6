"""A :class:`~lab.switch.meaning.Program` as FRR's route-map; read :func:`compiled` first.

Each instruction becomes one stanza, or two where both ways of a branch lead elsewhere, and
``on-match goto`` is what jumps. Law: names are made of the content, so an object with a name that
exists is never changed; a condition whose answer is known beforehand (the other family, an empty
list) is not left to FRR, which has an opinion of its own on empty lists.
Source: FRR 8.4.4, lib/routemap.c (route_map_apply_ext): a stanza that matches does its ``set``
lines, then goes where ``on-match`` says. ``no route-map X optimization`` makes it look at every
stanza in turn, the first too, which is else picked from a table of prefixes (FRR issue 14246: the
table may lose some).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.switch.meaning import Condition, Program, Range


@dataclass(frozen=True, slots=True)
class Item:
    """Something that FRR knows by its name: the lines that make it, and those that unmake it."""

    name: str
    create: tuple[str, ...]
    remove: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteMap:
    """A compiled policy: the map, and the lists that must exist before it does."""

    map: Item
    lists: tuple[Item, ...]


@lru_cache(maxsize=1024)
def compiled(program: Program, version: int) -> RouteMap:
    """Return what decides on routes of one family as ``program`` does."""
    lists: dict[str, Item] = {}
    lines: list[str] = []
    for at, instruction in enumerate(program.instructions):
        for number, (head, body) in enumerate(_stanzas(at, instruction, version, lists)):
            lines += [f"{head} {_first(at) + number}", *body, "exit"]
    name = _named("M", lines)
    # The optimization has to be off before a route is judged by the map, so nothing is lost here.
    create = [f"no route-map {name} optimization"]
    create += [f"route-map {name} {line}" if _is_head(line) else line for line in lines]
    remove = (f"no route-map {name}",)
    return RouteMap(Item(name, tuple(create), remove), tuple(lists.values()))


def _is_head(line: str) -> bool:
    return line.startswith(("permit ", "deny "))


def _first(at: int) -> int:
    """Return the number of an instruction's first stanza; there is room for a second."""
    return 2 * at + 1


def _goto(at: int) -> str:
    return f"on-match goto {_first(at)}"


def _stanzas(
    at: int, instruction: object, version: int, lists: dict[str, Item]
) -> list[tuple[str, list[str]]]:
    match instruction:
        case Verdict(accept):
            return [("permit" if accept else "deny", [])]
        case Jump(to):
            return [("permit", [_goto(to)])]
        case Change(text):
            return [("permit", [f"set {text}", "on-match next"])]
        case Branch(condition, then, otherwise):
            test = _test(condition, version)
            if isinstance(test, bool):
                return [("permit", [_goto(then if test else otherwise)])]
            line, item = test
            lists[item.name] = item
            taken = ("permit", [line, _goto(then)])
            return [taken] if otherwise == at + 1 else [taken, ("permit", [_goto(otherwise)])]
        case _:
            raise TypeError(f"{instruction!r} is no instruction")


def _test(condition: Condition, version: int) -> bool | tuple[str, Item]:
    """Return the ``match`` line and the list that it needs, or what the answer always is."""
    match condition:
        case IsFamily(of):
            return of == version
        case InPrefixes(of, ranges):
            kind = "ip" if version == 4 else "ipv6"  # noqa: PLR2004 - the IP version
            entries = _entries(ranges) if of == version else []
            command, line = f"{kind} prefix-list", f"match {kind} address prefix-list"
        case HasCommunity(any_of):
            entries = [f"permit {community}" for community in any_of]
            command, line = "bgp community-list standard", "match community"
        case AsPathMatches(any_of):
            entries = [f"permit {expression}" for expression in any_of]
            command, line = "bgp as-path access-list", "match as-path"
    if not entries:
        return False
    item = _list(command, entries)
    return f"{line} {item.name}", item


def _entries(ranges: Iterable[tuple[bool, Range]]) -> list[str]:
    """Return a prefix-list's entries, without those that no prefix fits."""
    found: list[str] = []
    for is_permitted, one in ranges:
        own = one.prefix.prefixlen
        shortest, longest = max(one.shortest, own), min(one.longest, one.prefix.max_prefixlen)
        if shortest > longest:
            continue
        text = f"{'permit' if is_permitted else 'deny'} {one.prefix}"
        text += f" ge {shortest}" if shortest > own else ""
        text += f" le {longest}" if longest > own else ""
        # FRR takes no second entry that is equal, and the first decides anyway.
        if text not in found:
            found.append(text)
    return found


def _list(command: str, entries: list[str]) -> Item:
    name = _named("L", [command, *entries])
    lines = (f"{command} {name} seq {number} {text}" for number, text in enumerate(entries, 1))
    return Item(name, tuple(lines), (f"no {command} {name}",))


def _named(kind: str, lines: list[str]) -> str:
    return f"{kind}-{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"
