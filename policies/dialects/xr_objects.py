"""Sets and policies of an IOS-XR configuration, as text and as values: :func:`split_objects`.

They are not indented as everything else is but end in a word of their own, so they are taken
out before anybody looks at the hierarchy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from policies.dialects.xr_rpl import RplError, arguments, arguments_at, tokens
from policies.errors import ParseError
from policies.filters import PrefixList
from policies.prefix_list import Action, PrefixListEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Network = IPv4Network | IPv6Network

_OPENS = re.compile(
    r"(?P<kind>(?:as-path|community|esi|etag|extcommunity|large-community|mac|ospf-area|prefix|rd"
    r"|tag)-set|route-policy|policy-global)(?:\s+(?P<name>\S.*))?"
)
_ENDS = {"route-policy": "end-policy", "policy-global": "end-global"}
_ENTRY = re.compile(r"(?P<prefix>\S+)(?: eq (?P<eq>\d+)|(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?)")
_STEP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RplObject:
    """A set or a policy; ``lines`` are those between the first and the last.

    ``first`` and ``last`` are their places in the text, counted from 0.
    """

    kind: str
    name: str
    parameters: tuple[str, ...]
    lines: tuple[str, ...]
    first: int
    last: int


def split_objects(lines: Sequence[str]) -> tuple[list[RplObject], list[str]]:
    """Return the objects of ``lines``, and the lines with an empty one for each of theirs.

    Raises:
        ParseError: an object lacks its end: the text is cut short.
    """
    found: list[RplObject] = []
    rest = list(lines)
    at = 0
    while at < len(lines):
        opened = _OPENS.fullmatch(lines[at].rstrip())
        if not opened:
            at += 1
            continue
        end = _ENDS.get(opened["kind"], "end-set")
        last = next((n for n in range(at + 1, len(lines)) if lines[n].strip() == end), None)
        if last is None:
            raise ParseError(f"line {at + 1} `{lines[at].strip()}`: its `{end}` is missing")
        name, *rest_of_name = tokens([opened["name"] or ""]) or ("",)
        found.append(
            RplObject(
                kind=opened["kind"],
                name=name,
                parameters=_parameters(rest_of_name),
                lines=tuple(lines[at + 1 : last]),
                first=at,
                last=last,
            )
        )
        rest[at : last + 1] = [""] * (last + 1 - at)
        at = last + 1
    return found, rest


def _parameters(words: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(" ".join(one) for one in arguments(words))
    except RplError:
        return ()


def prefix_set(name: str, words: Sequence[str]) -> tuple[PrefixList, ...]:
    """Return the set whose elements are ``words`` as a list of each family that it speaks of.

    An empty one, which no route is in, is an empty list of IPv4. Order says nothing, so the
    entries are sorted. An element that is not understood is unknown in both families.
    """
    return tuple(one for one, _ in located_set(name, words, [0] * len(words)))


def located_set(
    name: str, words: Sequence[str], numbers: Sequence[int]
) -> tuple[tuple[PrefixList, tuple[int, ...]], ...]:
    """Return the lists of :func:`prefix_set`, each with the numbers of its elements' lines.

    ``numbers`` are those of the lines of ``words``; entries come first, then what is unknown.
    """
    entries: dict[int, list[tuple[PrefixListEntry, int]]] = {}
    unknown: list[tuple[str, int]] = []
    for element in arguments_at(("(", *words, ")")):
        text = " ".join(words[at - 1] for at in element)
        number = numbers[element[0] - 1]
        try:
            for one in _entries(text):
                entries.setdefault(one.prefix.version, []).append((one, number))
        except ValueError:
            unknown.append((text, number))
    versions = (4, 6) if unknown else tuple(sorted(entries)) or (4,)
    found = []
    for version in versions:
        rows = sorted(
            entries.get(version, ()), key=lambda row: (row[0].prefix, row[0].lo, row[0].hi)
        )
        made = PrefixList(
            version, name, _numbered(one for one, _ in rows), tuple(text for text, _ in unknown)
        )
        found.append((made, tuple(number for _, number in (*rows, *unknown))))
    return tuple(found)


def _numbered(ordered: Iterable[PrefixListEntry]) -> tuple[PrefixListEntry, ...]:
    return tuple(
        PrefixListEntry(
            action=one.action, prefix=one.prefix, ge=one.ge, le=one.le, seq=_STEP * number
        )
        for number, one in enumerate(ordered, start=1)
    )


def _entries(text: str) -> Iterator[PrefixListEntry]:
    """Yield what an element means: several entries where it names lengths above its own.

    ``10.0.7.2/32 ge 16 le 24`` are the prefixes of these lengths that the address is in.
    Source: IOS-XR routing configuration guide, "prefix-set".
    """
    found = _ENTRY.fullmatch(text)
    if not found:
        raise RplError(f"no element of a prefix-set: {text}")
    prefix = ip_network(found["prefix"], strict=False)
    own, longest = prefix.prefixlen, prefix.max_prefixlen
    low = int(found["eq"] or found["ge"] or own)
    high = int(found["eq"] or found["le"] or (longest if found["ge"] else own))
    if not low <= high <= longest:
        raise RplError(f"no lengths: {text}")
    for length in range(low, min(high + 1, own)):
        yield PrefixListEntry(action=Action.PERMIT, prefix=prefix.supernet(new_prefix=length))
    if high >= own:
        yield PrefixListEntry(action=Action.PERMIT, prefix=prefix, ge=max(low, own), le=high)


def element_text(entry: PrefixListEntry) -> str:
    """Return an entry as an element of a prefix-set."""
    own, low, high = entry.prefix.prefixlen, entry.lo, entry.hi
    if low == high:
        return f"{entry.prefix}" if low == own else f"{entry.prefix} eq {low}"
    return f"{entry.prefix} le {high}" if low == own else f"{entry.prefix} ge {low} le {high}"
