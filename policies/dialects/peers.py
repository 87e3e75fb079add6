"""The neighbors, groups and templates of one BGP instance: what their lines say.

Read :class:`Peer`, which takes lines. What one has from another is in
:mod:`policies.dialects.peer_inheritance`, what a session ends up with in
:mod:`policies.dialects.peer_sessions`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from policies.errors import ParseError
from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIRECTION = {"in": Direction.IMPORT, "out": Direction.EXPORT}
_ASN = re.compile(r"(?:\d{1,5}\.)?\d{1,10}", re.ASCII)
_RANK = re.compile(r"\d{1,10}", re.ASCII)
_MISSING = re.compile(r"direction (?P<way>in|out) action (?P<action>\S+)")

#: Characters that an error quotes of what is no number.
_SHOWN = 40

Place = tuple[int | None, Direction]


class Said(NamedTuple):
    """What a line attaches, and the line's number in the text."""

    value: str
    line: int


def asn(text: str) -> int:
    """Return an AS number; ``1.10`` is asdot notation (RFC 5396).

    Raises:
        ValueError: it is none.
    """
    if not is_asn(text):
        raise ValueError(f"`{text[:_SHOWN]}` is no AS number")
    high, _, low = text.rpartition(".")
    return (int(high or 0) << 16) + int(low)


def is_asn(text: str) -> bool:
    """Return whether ``text`` is an AS number, plain or in asdot notation."""
    return _ASN.fullmatch(text) is not None


def peer_name(text: str) -> str:
    """Return the name of a neighbor as the site writes it: addresses in their shortest form."""
    for kind in (ip_address, ip_network):
        try:
            return str(kind(text))
        except ValueError:
            continue
    return text


@dataclass(slots=True)
class Peer:
    """What the lines about one neighbor, group or template say, before inheritance.

    A family of None stands for lines outside of any family. ``templates`` are what is
    inherited besides the group, each with the number that ranks it. ``doubts`` are what may
    decide here besides all that is read, for this one alone and for none that inherits from it.
    ``line`` is the number of the first line about it.
    """

    is_group: bool = False
    group: str | None = None
    remote_as: str | None = None
    local_as: str | None = None
    listens: bool = False
    unjudged: set[str] = field(default_factory=set)
    vpns: set[str] = field(default_factory=set)
    active: dict[int, bool] = field(default_factory=dict)
    originates_default: dict[int | None, int] = field(default_factory=dict)
    policies: dict[Place, dict[str, Said]] = field(default_factory=lambda: defaultdict(dict))
    templates: dict[int | None, list[tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    missing: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    doubts: set[str] = field(default_factory=set)
    line: int | None = None

    def read(self, words: list[str], version: int | None, at: int, *, no: bool = False) -> bool:
        """Take line number ``at``, without ``neighbor NAME``.

        Return whether nothing else needs to see it.

        Raises:
            ParseError: a number in it is none.
        """
        match words:
            case ["peer-group"] | ["peer", "group"]:
                self.is_group = True
            case ["peer-group", group] | ["peer", "group", group]:
                self.group = group
            case ["remote-as", number, *rest] if is_asn(number) or not rest:
                self.remote_as = number
            case ["local-as", number, *_]:
                self.local_as = number
            case ["interface", *rest]:
                self._interface(rest)
            case ["inherit", "peer-policy" | "peer-session" as kind, name, *rank]:
                place = version if kind == "peer-policy" else None
                self.templates[place].append((_rank(rank, at), name))
            case ["activate"]:
                self.active[version or 4] = not no
            case ["activate", "6pe"] if not no:
                # EOS: IPv6 with labels (RFC 4798).
                self.unjudged.add("ipv6 6pe")
            case _ if no:
                return False
            case _:
                return self._policy(words, version, at)
        return True

    def _policy(self, words: list[str], version: int | None, at: int) -> bool:
        match words:
            case [
                "route-map" | "prefix-list" | "filter-list" | "distribute-list" as kind,
                name,
                "in" | "out" as way,
            ]:
                self.policies[version, _DIRECTION[way]][kind] = Said(name, at)
            case ["rcf", "in" | "out" as way, name]:
                self.policies[version, _DIRECTION[way]]["rcf"] = Said(name, at)
            case ["unsuppress-map" as kind, name] | ["advertise-map" as kind, name, *_]:
                self.policies[version, Direction.EXPORT][kind] = Said(name, at)
                return False
            case ["missing-policy", *_]:
                read_missing(" ".join(words), version, self.missing)
            case ["default-originate", *_]:
                self.originates_default[version] = at
                return False
            case _:
                return False
        return True

    def _interface(self, rest: list[str]) -> None:
        """Read ``interface [v6only] [remote-as AS | peer-group GROUP]``, without its first word."""
        for key, value in pairwise(rest):
            if key == "remote-as":
                self.remote_as = value
            elif key == "peer-group":
                self.group = value


def _rank(words: Sequence[str], at: int) -> int:
    """Return the number that ranks a template, which stands in line ``at``; 0 without one."""
    if not words:
        return 0
    if not _RANK.fullmatch(words[0]):
        raise ParseError(f"line {at}: `{words[0][:_SHOWN]}` is no number of a template")
    return int(words[0])


def read_missing(text: str, version: int | None, into: dict[Place, set[str]]) -> None:
    """Note what ``text`` says that a session without a policy does."""
    if found := _MISSING.search(text):
        into[version, _DIRECTION[found["way"]]].add(found["action"])
