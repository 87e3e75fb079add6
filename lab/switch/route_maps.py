"""Prefix-lists and route-maps of IOS-like text, and what they mean: :class:`Policies`.

A platform gives its blocks to :func:`read_policies`, and asks :meth:`Policies.program` for what a
route-map does, :meth:`Policies.list_program` for a prefix-list on a session. What an undefined
or empty list or map means differs by platform: :class:`Habits`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.assembler import Assembler, Label
from lab.switch.meaning import (
    AsPathMatches,
    Change,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Program,
    Range,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lab.switch.meaning import Condition

_VERSION = {"ip": 4, "ipv6": 6}
_LIST = re.compile(r"(?P<family>ip|ipv6) prefix-list (?P<name>\S+)(?: (?P<rest>.+))?")
_ENTRY = re.compile(
    r"(?:seq )?(?P<seq>\d+)? ?(?P<action>permit|deny) (?P<prefix>\S+)"
    r"(?: eq (?P<eq>\d+))?(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)
_AS_PATH = re.compile(
    r"(?:bgp|ip) as-path access-list (?P<name>\S+)(?: seq (?P<seq>\d+))? (?P<action>permit|deny) "
    r"\"?(?P<regex>[^\"]+?)\"?(?: any)?"
)
_COMMUNITY = re.compile(
    r"(?:bgp|ip) community-list (?:standard )?(?P<name>\S+)(?: seq (?P<seq>\d+))? "
    r"(?P<action>permit|deny) (?P<values>\S.*)"
)
_STANZA = re.compile(r"route-map (?P<name>\S+) (?P<action>permit|deny) (?P<seq>\d+)")
_MATCH_LIST = re.compile(r"match (?P<family>ip|ipv6) address prefix-list (?P<names>\S.*)")
_MATCH_OTHER = re.compile(r"match (?P<kind>as-path|community) (?P<names>\S.*)")
_CONTINUE = re.compile(r"continue(?: (?P<seq>\d+))?")
_SET = re.compile(r"set (?P<text>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a platform makes of a name that stands for nothing.

    A list that "matches" does so for every route of its family.
    """

    undefined_list_matches: bool
    empty_list_matches: bool
    undefined_map_permits: bool
    undefined_attached_list_permits: bool
    undefined_other_matches: bool = False
    """Of as-path and community lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of any list: ``value`` is a range, a regular expression, or communities."""

    seq: int
    is_permit: bool
    value: Range | str | tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Stanza:
    """A route-map's stanza; ``matches`` are (kind, names), of which any name is enough.

    A kind is "ip", "ipv6", "as-path" or "community"; all kinds have to match. ``goes_on`` is
    the number that a match continues at, 0 for the next stanza.
    """

    is_permit: bool
    matches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    goes_on: int | None = None


#: (kind, name) of a list, with the kinds of :class:`Stanza`.
ListKey = tuple[str, str]


def prefix_entry(text: str, *, seq: int) -> Entry | None:
    """Return an entry of a prefix-list, ``seq`` where it has no number; None if it is none.

    Raises:
        ValueError: its prefix or its lengths make no sense.
    """
    found = _ENTRY.fullmatch(text)
    if found is None:
        return None
    prefix = ip_network(found["prefix"], strict=False)
    shortest = longest = prefix.prefixlen
    if found["eq"]:
        shortest = longest = int(found["eq"])
    if found["ge"]:
        shortest, longest = int(found["ge"]), prefix.max_prefixlen
    if found["le"]:
        longest = int(found["le"])
    if not prefix.prefixlen <= shortest <= longest <= prefix.max_prefixlen:
        raise ValueError(f"{text}: its lengths are not in order")
    return Entry(
        seq=int(found["seq"] or seq),
        is_permit=found["action"] == "permit",
        value=Range(prefix, shortest, longest),
    )


@dataclass(slots=True)
class Policies:
    """All lists and route-maps of a configuration."""

    habits: Habits
    lists: dict[ListKey, list[Entry]] = field(default_factory=dict)
    maps: dict[str, dict[int, Stanza]] = field(default_factory=dict)

    def program(self, name: str) -> Program:
        """Return what the route-map does to a session's routes."""
        stanzas = self.maps.get(name)
        if stanzas is None:
            return Program((Verdict(accept=self.habits.undefined_map_permits),))
        return _Compiler(self, stanzas).program()

    def list_program(self, name: str, version: int) -> Program:
        """Return what a prefix-list does that stands on a session by itself."""
        kind = "ip" if version == 4 else "ipv6"  # noqa: PLR2004 - IP versions
        if (kind, name) not in self.lists:
            return Program((Verdict(accept=self.habits.undefined_attached_list_permits),))
        only = Stanza(is_permit=True, matches={kind: (name,)})
        return _Compiler(self, {1: only}).program()


def read_policies(blocks: Iterable[tuple[str, Sequence[str]]], habits: Habits) -> Policies:
    """Return what is in ``blocks``: a top-level line each, with the lines below it.

    Prefix-lists may be blocks, or a line for each entry. Blocks of other kinds are passed over.
    """
    policies = Policies(habits)
    for head, below in blocks:
        if found := _STANZA.fullmatch(head):
            stanza = _stanza(found["action"] == "permit", below)
            policies.maps.setdefault(found["name"], {})[int(found["seq"])] = stanza
        elif found := _LIST.fullmatch(head):
            entries = policies.lists.setdefault((found["family"], found["name"]), [])
            for text in [found["rest"]] if found["rest"] else below:
                entry = prefix_entry(text, seq=len(entries) + 1)
                entries += [] if entry is None else [entry]
        elif found := _AS_PATH.fullmatch(head):
            _add(policies, "as-path", found, found["regex"])
        elif found := _COMMUNITY.fullmatch(head):
            _add(policies, "community", found, tuple(found["values"].split()))
    for entries in policies.lists.values():
        entries.sort(key=lambda one: one.seq)
    return policies


def _add(policies: Policies, kind: str, found: re.Match[str], value: str | tuple[str, ...]) -> None:
    entries = policies.lists.setdefault((kind, found["name"]), [])
    seq = int(found["seq"] or len(entries) + 1)
    entries.append(Entry(seq=seq, is_permit=found["action"] == "permit", value=value))


def _stanza(is_permit: bool, below: Sequence[str]) -> Stanza:
    stanza = Stanza(is_permit=is_permit)
    for line in below:
        if found := _MATCH_LIST.fullmatch(line):
            stanza.matches[found["family"]] = tuple(found["names"].split())
        elif found := _MATCH_OTHER.fullmatch(line):
            stanza.matches[found["kind"]] = tuple(found["names"].split())
        elif found := _SET.fullmatch(line):
            stanza.changes.append(found["text"])
        elif found := _CONTINUE.fullmatch(line):
            stanza.goes_on = int(found["seq"] or 0)
        elif not line.startswith(("description ", "!")):
            raise ValueError(f"no route-map line that the switch understands: {line!r}")
    return stanza


class _Compiler:
    """Makes one route-map a program.

    A route that a stanza has permitted and sent on is accepted at the end of the map, any other
    is not: so each stanza is there twice, where any goes on.
    """

    def __init__(self, policies: Policies, stanzas: dict[int, Stanza]) -> None:
        self._lists = policies.lists
        self._habits = policies.habits
        self._stanzas = sorted(stanzas.items())
        self._code = Assembler()

    def program(self) -> Program:
        code = self._code
        passes = (
            (False, True) if any(one.goes_on is not None for _, one in self._stanzas) else (False,)
        )
        count = len(self._stanzas)
        labels = {(at, held): Label() for at in range(count + 1) for held in passes}
        for at, (_, stanza) in enumerate(self._stanzas):
            for held in passes:
                code.place(labels[at, held])
                self._one(at, stanza, labels, held=held)
        for held in passes:
            code.place(labels[count, held])
            code.add(Verdict(accept=held))
        return code.program()

    def _one(
        self, at: int, stanza: Stanza, labels: dict[tuple[int, bool], Label], *, held: bool
    ) -> None:
        code = self._code
        otherwise = labels[at + 1, held]
        for kind, names in stanza.matches.items():
            matched = Label()
            for name in names:
                following = otherwise if name is names[-1] else Label()
                self._list(kind, name, matched, following)
                if following is not otherwise:
                    code.place(following)
            code.place(matched)
        if stanza.is_permit:
            for text in stanza.changes:
                code.add(Change(text))
        if stanza.goes_on is None or not stanza.is_permit:
            code.add(Verdict(accept=stanza.is_permit))
        else:
            code.jump(labels[self._target(at, stanza.goes_on), True])

    def _target(self, at: int, seq: int) -> int:
        """Return the place of the stanza to go on at; the next where there is none such."""
        later = [place for place, (number, _) in enumerate(self._stanzas) if number == seq]
        return later[0] if later and later[0] > at else at + 1

    def _list(self, kind: str, name: str, matched: Label, otherwise: Label) -> None:
        """Go to ``matched`` if the list permits the route, else to ``otherwise``."""
        entries = self._lists.get((kind, name))
        if kind in _VERSION:
            self._code.branch(self._prefixes(_VERSION[kind], entries), matched, otherwise)
        elif entries is None:
            self._code.jump(matched if self._habits.undefined_other_matches else otherwise)
        elif (simple := _any_of(entries)) is not None:
            self._code.branch(simple, matched, otherwise)
        else:
            for entry in entries:
                following = Label()
                for condition in _all_of(entry):
                    here = Label()
                    self._code.branch(condition, here, following)
                    self._code.place(here)
                self._code.jump(matched if entry.is_permit else otherwise)
                self._code.place(following)
            self._code.jump(otherwise)

    def _prefixes(self, version: int, entries: list[Entry] | None) -> Condition:
        habits = self._habits
        if entries is None and habits.undefined_list_matches:
            return IsFamily(version)
        if entries == [] and habits.empty_list_matches:
            return IsFamily(version)
        ranges = tuple(
            (one.is_permit, one.value) for one in entries or () if isinstance(one.value, Range)
        )
        return InPrefixes(version, ranges)


def _any_of(entries: Sequence[Entry]) -> Condition | None:
    """Return the list as one condition; None if it is more than alternatives."""
    values = [one.value for one in entries if one.is_permit]
    regexes = tuple(one for one in values if isinstance(one, str))
    single = tuple(one[0] for one in values if isinstance(one, tuple) and len(one) == 1)
    if entries and len(regexes) == len(entries):
        return AsPathMatches(regexes)
    if entries and len(single) == len(entries):
        return HasCommunity(single)
    return None


def _all_of(entry: Entry) -> list[Condition]:
    if isinstance(entry.value, str):
        return [AsPathMatches((entry.value,))]
    if isinstance(entry.value, tuple):
        return [HasCommunity((one,)) for one in entry.value]
    raise TypeError(f"a prefix in a list of another kind: {entry.value}")
