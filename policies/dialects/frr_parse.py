"""An FRR running configuration into a filter set: :class:`Parser`."""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.dialects.frr_peers import Peer, Sessions, asn
from policies.dialects.hierarchy import Block, blocks
from policies.errors import ParseError
from policies.filters import (
    PrefixList,
    RouteMap,
    Running,
    Session,
    SessionKey,
    Stanza,
)
from policies.prefix_list import Action, PrefixListEntry

if TYPE_CHECKING:
    from policies.filters import Semantics

FAMILY_WORD = {4: "ip", 6: "ipv6"}
_VERSION = {word: version for version, word in FAMILY_WORD.items()}
_ANY = {4: "0.0.0.0/0", 6: "::/0"}
_MAX = {4: 32, 6: 128}

#: A policy that FRR requires of eBGP sessions is required by default since 7.4, under the
#: traditional profile (doc/user/bgp.rst, "Require policy on EBGP").
_REQUIRES_POLICY_SINCE = (7, 4)

_ENTRY = re.compile(
    r"(?P<family>ip|ipv6) prefix-list (?P<name>\S+)(?: seq (?P<seq>\d+))? "
    r"(?P<action>permit|deny) (?P<prefix>\S+)(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)
#: Lines about a prefix-list that say nothing of what it permits.
_LIST_ASIDE = re.compile(r"(?:no )?(?:ip|ipv6) prefix-list (?:\S+ description .*|sequence-number)")
_LIST = re.compile(r"(?:ip|ipv6) prefix-list ")
_OPTIMIZATION = re.compile(r"(?:no )?route-map \S+ optimization")
_STANZA = re.compile(r"route-map (?P<name>\S+) (?P<action>permit|deny) (?P<seq>\d+)")
_MATCH = re.compile(r"match (?P<family>ip|ipv6) address prefix-list (?P<name>\S+)")
_ROUTER = re.compile(
    r"router bgp (?P<asn>\d+(?:\.\d+)?)(?: (?:vrf|view) (?P<vrf>\S+))?(?: as-notation \S+)?"
)
_FAMILY = re.compile(r"address-family ipv(?P<version>[46]) unicast")
_DEFAULT = re.compile(r"(?P<no>no )?bgp default ipv(?P<version>[46])-unicast")
_NEIGHBOR = re.compile(r"(?P<no>no )?neighbor (?P<name>\S+) (?P<rest>.+)")
_USE = re.compile(r"(?:\w+-map(?: vpn)?(?: import| export)?|call) (?P<name>\S+)")


class Parser:
    """Parses one running configuration; make a new one for the next."""

    def __init__(self, semantics: Semantics) -> None:
        self._semantics = semantics
        self._lists: dict[tuple[int, str], list[PrefixListEntry]] = defaultdict(list)
        self._stanzas: dict[str, list[Stanza]] = defaultdict(list)
        self._sessions: dict[SessionKey, Session] = {}
        self._routers: dict[str, int] = {}
        self._uses: dict[str, list[str]] = defaultdict(list)
        self._requires_policy = True

    def parse(self, text: str) -> Running:
        """Return the filter set of ``text``.

        Raises:
            ParseError: ``text`` is cut short or is no FRR configuration, or a line of a
                prefix-list makes no sense.
        """
        lines = text.splitlines()
        if not any(line.startswith("frr version ") for line in lines):
            raise ParseError("no FRR running configuration: the line `frr version` is missing")
        if not any(line.rstrip() == "end" for line in lines):
            raise ParseError("the FRR running configuration is cut short: it lacks its `end`")
        tops = blocks(lines)
        self._profile(tops)
        for top in tops:
            self._top(top)
        return Running(
            lists={
                key: PrefixList(*key, tuple(sorted(entries, key=lambda one: one.seq or 0)))
                for key, entries in self._lists.items()
            },
            route_maps={
                name: RouteMap(name, tuple(sorted(stanzas, key=lambda one: one.seq)))
                for name, stanzas in self._stanzas.items()
            },
            sessions=self._sessions,
            semantics=self._semantics,
            routers=self._routers,
            other_uses={name: tuple(lines) for name, lines in self._uses.items()},
        )

    def _profile(self, tops: list[Block]) -> None:
        for top in tops:
            words = top.words
            if words[:2] == ["frr", "version"]:
                numbers = tuple(int(one) for one in re.findall(r"\d+", words[2])[:2])
                if numbers < _REQUIRES_POLICY_SINCE:
                    self._requires_policy = False
            elif words == ["frr", "defaults", "datacenter"]:
                self._requires_policy = False

    def _top(self, top: Block) -> None:
        if _LIST.match(top.text):
            self._list(top)
        elif _OPTIMIZATION.fullmatch(top.text):
            return
        elif stanza := _STANZA.fullmatch(top.text):
            self._stanza(stanza, top)
        elif router := _ROUTER.fullmatch(top.text):
            self._router(router, top)
        else:
            for block in _all(top):
                self._use(block)

    def _list(self, top: Block) -> None:
        """Read an entry; a line that might be one and is not understood must not be lost."""
        if found := _ENTRY.fullmatch(top.text):
            self._entry(found, top)
        elif not _LIST_ASIDE.fullmatch(top.text):
            raise ParseError(f"line {top.number} `{top.text}` is no prefix-list entry")

    def _entry(self, found: re.Match[str], top: Block) -> None:
        version = _VERSION[found["family"]]
        entries = self._lists[version, found["name"]]
        prefix = found["prefix"]
        le = found["le"]
        if prefix == "any":
            prefix, le = _ANY[version], le or str(_MAX[version])
        try:
            entry = PrefixListEntry(
                action=Action(found["action"]),
                prefix=ip_network(prefix),
                ge=int(found["ge"]) if found["ge"] else None,
                le=int(le) if le else None,
                seq=int(found["seq"]) if found["seq"] else _next_seq(entries),
            )
            entries.append(_checked(entry, version, entries))
        except ValueError as error:
            raise ParseError(f"line {top.number} `{top.text}` makes no sense: {error}") from error

    def _stanza(self, found: re.Match[str], top: Block) -> None:
        lists: list[tuple[int, str]] = []
        unknown: list[str] = []
        sets: list[str] = []
        call, goes_on = None, False
        for child in top.children:
            words = child.words
            if one := _MATCH.fullmatch(child.text):
                lists.append((_VERSION[one["family"]], one["name"]))
            elif words[0] == "match":
                unknown.append(child.text)
            elif words[0] == "call":
                call = words[1]
                self._uses[call].append(child.text)
            else:
                goes_on = goes_on or words[0] in ("on-match", "continue")
                sets.append(child.text)
        self._stanzas[found["name"]].append(
            Stanza(
                seq=int(found["seq"]),
                action=Action(found["action"]),
                lists=tuple(lists),
                unknown=tuple(unknown),
                sets=tuple(sets),
                call=call,
                goes_on=goes_on,
            )
        )

    def _use(self, block: Block) -> None:
        """Note the route-maps that a line outside a session's policy refers to."""
        words = block.words
        if "description" in words or words[0] in ("set", "match", "banner"):
            return
        for found in _USE.finditer(block.text):
            self._uses[found["name"]].append(block.text)

    # BGP -----------------------------------------------------------------------------------

    def _router(self, found: re.Match[str], top: Block) -> None:
        vrf = found["vrf"] or ""
        self._routers[vrf] = asn(found["asn"])
        peers: dict[str, Peer] = defaultdict(Peer)
        default_active = {4: True, 6: False}
        requires_policy = self._requires_policy
        confederation: set[str] = set()
        for child in top.children:
            text, words = child.text, child.words
            if family := _FAMILY.fullmatch(text):
                for line in child.children:
                    self._neighbor(line, int(family["version"]), peers)
            elif text.startswith("address-family "):
                for block in child.children:
                    self._use(block)
            elif text.endswith("bgp ebgp-requires-policy"):
                requires_policy = words[0] != "no"
            elif default := _DEFAULT.fullmatch(text):
                default_active[int(default["version"])] = not default["no"]
            elif text.startswith("bgp confederation peers "):
                confederation.update(words[3:])
            elif text.startswith("bgp listen range ") and "peer-group" in words:
                peers[words[-1]].listens = True
            else:
                self._neighbor(child, None, peers)
        build = Sessions(vrf, self._routers[vrf], peers, default_active, confederation)
        self._sessions.update(build.sessions(requires_policy=requires_policy))

    def _neighbor(self, block: Block, version: int | None, peers: dict[str, Peer]) -> None:
        found = _NEIGHBOR.fullmatch(block.text)
        if not found:
            self._use(block)
            return
        known = peers[found["name"]].read(found["rest"].split(), version, no=bool(found["no"]))
        if not known:
            self._use(block)


def _checked(
    entry: PrefixListEntry, version: int, before: list[PrefixListEntry]
) -> PrefixListEntry:
    """Return ``entry`` if it can follow ``before`` in a list of ``version``; raise ValueError."""
    if entry.prefix.version != version:
        raise ValueError("the prefix is of the other family")
    if any(one.seq == entry.seq for one in before[-1:]):
        raise ValueError("its number is taken")
    return entry


def _next_seq(entries: list[PrefixListEntry]) -> int:
    """Return the number that FRR gives to an entry without one (lib/plist.c)."""
    highest = entries[-1].seq or 0 if entries else 0
    return highest // 5 * 5 + 5


def _all(block: Block) -> list[Block]:
    return [block, *(one for child in block.children for one in _all(child))]
