"""A :class:`~lab.switch.meaning.Program` as FRR's route-map; read :func:`compiled` first.

Each instruction becomes a stanza, a branch a few of them, and ``on-match goto`` is what jumps.
Law: names are made of the content, so an object with a name that exists is never changed; a
condition whose answer is known beforehand (the other family, an empty list) is not left to FRR,
which has an opinion of its own on empty lists.
Source: FRR 8.4.4, lib/routemap.c (route_map_apply_ext): a stanza that matches does its ``set``
lines, then goes where ``on-match`` says. ``no route-map X optimization`` makes it look at every
stanza in turn, the first too, which is else picked from a table of prefixes (FRR issue 14246: the
table may lose some).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby
from operator import itemgetter
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
    from collections.abc import Iterable, Iterator

    from lab.switch.meaning import Condition, Instruction, Program, Range

_LIST_LENGTH = 32


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


@dataclass(frozen=True, slots=True)
class _Stanza:
    """A stanza without its number; ``goto`` is an instruction's."""

    word: str = "permit"
    lines: tuple[str, ...] = ()
    goto: int | None = None


@lru_cache(maxsize=1024)
def compiled(program: Program, version: int) -> RouteMap:
    """Return what decides on routes of one family as ``program`` does."""
    lists: dict[str, Item] = {}
    stanzas = [_stanzas(one, version, lists) for one in program.instructions]
    first = [*accumulate(map(len, stanzas), initial=1)]
    numbered = enumerate((one for group in stanzas for one in group), 1)
    lines = [(f"{one.word} {number}", *one.lines, *_goto(one, first)) for number, one in numbered]
    name = _named("M", [line for group in lines for line in group])
    create = [f"no route-map {name} optimization"]
    for head, *body in lines:
        create += [f"route-map {name} {head}", *body]
    item = Item(name, tuple(create), (f"no route-map {name}",))
    return RouteMap(item, tuple(lists.values()))


def _goto(stanza: _Stanza, first: list[int]) -> list[str]:
    return [] if stanza.goto is None else [f"on-match goto {first[stanza.goto]}"]


def _stanzas(instruction: Instruction, version: int, lists: dict[str, Item]) -> list[_Stanza]:
    match instruction:
        case Verdict(accept):
            return [_Stanza("permit" if accept else "deny")]
        case Jump(to):
            return [_Stanza(goto=to)]
        case Change(text):
            return [_Stanza(lines=(f"set {text}", "on-match next"))]
        case Branch(condition, then, otherwise):
            made: list[_Stanza] = []
            for is_true, line, item in _tests(condition, version):
                lists[item.name] = item
                made.append(_Stanza(lines=(line,), goto=then if is_true else otherwise))
            if isinstance(condition, IsFamily) and condition.version == version:
                return [_Stanza(goto=then)]
            return [*made, _Stanza(goto=otherwise)]


def _tests(condition: Condition, version: int) -> Iterator[tuple[bool, str, Item]]:
    """Yield (the answer, the ``match`` line, its list): the first that matches answers.

    Where none does, the answer is no.
    """
    match condition:
        case InPrefixes(of, ranges) if of == version:
            kind = "ip" if version == 4 else "ipv6"  # noqa: PLR2004 - the IP version
            for is_permitted, run in groupby(_entries(ranges), key=itemgetter(1)):
                texts = [f"permit {text}" for text, _ in run]
                # bgpd compares every entry of a list with every other.
                for begin in range(0, len(texts), _LIST_LENGTH):
                    item = _list(f"{kind} prefix-list", texts[begin : begin + _LIST_LENGTH])
                    yield is_permitted, f"match {kind} address prefix-list {item.name}", item
        case HasCommunity(any_of) if any_of:
            item = _list("bgp community-list standard", [f"permit {one}" for one in any_of])
            yield True, f"match community {item.name}", item
        case AsPathMatches(any_of) if any_of:
            item = _list("bgp as-path access-list", [f"permit {one}" for one in any_of])
            yield True, f"match as-path {item.name}", item


def _entries(ranges: Iterable[tuple[bool, Range]]) -> list[tuple[str, bool]]:
    """Return a prefix-list's entries, without those that no prefix fits and those said before."""
    found: dict[str, bool] = {}
    for is_permitted, one in ranges:
        own = one.prefix.prefixlen
        shortest, longest = max(one.shortest, own), min(one.longest, one.prefix.max_prefixlen)
        if shortest <= longest:
            text = str(one.prefix)
            text += f" ge {shortest}" if shortest > own else ""
            text += f" le {longest}" if longest > own else ""
            found.setdefault(text, is_permitted)
    return list(found.items())


def _list(command: str, entries: list[str]) -> Item:
    name = _named("L", [command, *entries])
    lines = (f"{command} {name} seq {number} {text}" for number, text in enumerate(entries, 1))
    return Item(name, tuple(lines), (f"no {command} {name}",))


def _named(kind: str, lines: list[str]) -> str:
    return f"{kind}-{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"
