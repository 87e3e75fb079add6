"""Prefix-lists line by line, read and written: what IOS-like platforms have in common.

Read :class:`Lists` and :func:`entry_text`. Law: a line that might be an entry and is not
understood is an error or is kept as unknown, and never lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.errors import ParseError
from policies.filters import PrefixList
from policies.prefix_list import Action, PrefixListEntry, canonical_ge_le

if TYPE_CHECKING:
    from policies.dialects.hierarchy import Block

FAMILY_WORD = {4: "ip", 6: "ipv6"}
VERSION = {word: version for version, word in FAMILY_WORD.items()}
_ANY = {4: "0.0.0.0/0", 6: "::/0"}
_MAX = {4: 32, 6: 128}

_ENTRY = re.compile(
    r"(?:seq (?P<seq>\d+) )?(?P<action>permit|deny) (?P<prefix>\S+)"
    r"(?: eq (?P<eq>\d+))?(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)
_MASKED = re.compile(r"(?:seq \d+ )?(?:permit|deny) \S+(?: (?:eq|ge|le) \d+)* mask \S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGrammar:
    """What a platform's entries know: ``eq N``, wildcard masks, host bits beyond the length.

    ``step`` is what it goes on by when an entry has no number.
    """

    eq: bool = False
    mask: bool = False
    host_bits: bool = False
    step: int = 5


class Lists:
    """Gathers the prefix-lists of one configuration, an entry at a time."""

    def __init__(self, grammar: ListGrammar) -> None:
        self._grammar = grammar
        self._named: dict[tuple[int, str], None] = {}
        self._entries: dict[tuple[int, str], dict[int, PrefixListEntry]] = {}
        self._unknown: dict[tuple[int, str], list[str]] = {}
        self._numbers: dict[tuple[int, str], dict[int, int]] = {}
        self._unknown_numbers: dict[tuple[int, str], list[int]] = {}

    def name(self, version: int, name: str) -> None:
        """Note that there is such a list, which may turn out to have no entry."""
        self._named[version, name] = None

    def read(self, version: int, name: str, text: str, line: Block) -> None:
        """Take the entry ``text`` of a list, which stands in ``line``.

        Raises:
            ParseError: the entry makes no sense.
        """
        key = (version, name)
        if self._grammar.mask and _MASKED.fullmatch(text):
            self._unknown.setdefault(key, []).append(text)
            self._unknown_numbers.setdefault(key, []).append(line.number)
            return
        found = _ENTRY.fullmatch(text)
        if not found or (found["eq"] and not self._grammar.eq):
            raise ParseError(f"line {line.number} `{line.text}` is no prefix-list entry")
        try:
            seq = self._add(found, version, self._entries.setdefault(key, {}))
        except ValueError as error:
            raise ParseError(f"line {line.number} `{line.text}` makes no sense: {error}") from error
        self._numbers.setdefault(key, {})[seq] = line.number

    def _add(self, found: re.Match[str], version: int, entries: dict[int, PrefixListEntry]) -> int:
        """Add an entry to ``entries``; return its number."""
        prefix, ge, le = found["prefix"], found["ge"] or found["eq"], found["le"] or found["eq"]
        if prefix == "any":
            prefix, le = _ANY[version], le or str(_MAX[version])
        step = self._grammar.step
        highest = next(reversed(entries), 0)
        entry = PrefixListEntry(
            action=Action(found["action"]),
            prefix=ip_network(prefix, strict=not self._grammar.host_bits),
            ge=int(ge) if ge else None,
            le=int(le) if le else None,
            seq=int(found["seq"]) if found["seq"] else highest // step * step + step,
        )
        if entry.prefix.version != version:
            raise ValueError("the prefix is of the other family")
        if entry.seq in entries:
            raise ValueError("its number is taken")
        entries[entry.seq or 0] = entry
        return entry.seq or 0

    def lines(self) -> dict[tuple[int, str], tuple[int, ...]]:
        """Return the numbers of the lines of each list: its entries, then what is unknown."""
        keys = {**self._numbers, **self._unknown_numbers}
        return {
            key: (
                *(number for _, number in sorted(self._numbers.get(key, {}).items())),
                *self._unknown_numbers.get(key, ()),
            )
            for key in keys
        }

    def all(self) -> dict[tuple[int, str], PrefixList]:
        """Return the lists by family and name, entries by number."""
        # In the order of their first entries, which on some platforms is that of the text.
        keys = dict.fromkeys([*self._entries, *self._unknown, *self._named])
        return {
            key: PrefixList(
                *key,
                tuple(one for _, one in sorted(self._entries.get(key, {}).items())),
                tuple(self._unknown.get(key, ())),
            )
            for key in keys
        }


def entry_text(entry: PrefixListEntry, *, upper: bool = False) -> str:
    """Return an entry as it is written, from ``seq`` on; IOS-XE prints IPv6 in upper case."""
    ge, le = canonical_ge_le(entry)
    prefix = str(entry.prefix).upper() if upper else str(entry.prefix)
    length = (f" ge {ge}" if ge is not None else "") + (f" le {le}" if le is not None else "")
    return f"seq {entry.seq} {entry.action} {prefix}{length}"


def list_lines(one: PrefixList, *, upper: bool = False) -> list[str]:
    """Return a prefix-list as lines of their own, the form of IOS-XE, NX-OS and FRR."""
    head = f"{FAMILY_WORD[one.version]} prefix-list {one.name}"
    texts = [entry_text(entry, upper=upper) for entry in one.entries]
    return [f"{head} {text}" for text in (*texts, *one.unknown)]
