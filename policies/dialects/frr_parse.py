"""An FRR running configuration into a filter set: :class:`Parser`."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

from policies.dialects.hierarchy import Block, blocks
from policies.errors import ParseError
from policies.filters import (
    Attachment,
    Direction,
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
_DIRECTION = {"in": Direction.IMPORT, "out": Direction.EXPORT}
_ANY = {4: "0.0.0.0/0", 6: "::/0"}
_MAX = {4: 32, 6: 128}

#: A policy that FRR requires of eBGP sessions is required by default since 7.4, under the
#: traditional profile (doc/user/bgp.rst, "Require policy on EBGP").
_REQUIRES_POLICY_SINCE = (7, 4)

_ENTRY = re.compile(
    r"(?P<family>ip|ipv6) prefix-list (?P<name>\S+)(?: seq (?P<seq>\d+))? "
    r"(?P<action>permit|deny) (?P<prefix>\S+)(?: ge (?P<ge>\d+))?(?: le (?P<le>\d+))?"
)
_STANZA = re.compile(r"route-map (?P<name>\S+) (?P<action>permit|deny) (?P<seq>\d+)")
_MATCH = re.compile(r"match (?P<family>ip|ipv6) address prefix-list (?P<name>\S+)")
_ROUTER = re.compile(r"router bgp (?P<asn>\d+(?:\.\d+)?)(?: (?:vrf|view) (?P<vrf>\S+))?")
_FAMILY = re.compile(r"address-family ipv(?P<version>[46]) unicast")
_DEFAULT = re.compile(r"(?P<no>no )?bgp default ipv(?P<version>[46])-unicast")
_NEIGHBOR = re.compile(r"(?P<no>no )?neighbor (?P<name>\S+) (?P<rest>.+)")
_USE = re.compile(r"(?:\w+-map(?: vpn)?(?: import| export)?|call) (?P<name>\S+)")


@dataclass(slots=True)
class _Peer:
    """What the lines about one neighbor or peer group say, before inheritance."""

    is_group: bool = False
    group: str | None = None
    remote_as: str | None = None
    listens: bool = False
    active: dict[int, bool] = field(default_factory=dict)
    policies: dict[tuple[int, Direction], dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )


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
        if " prefix-list " in top.text and (entry := _ENTRY.fullmatch(top.text)):
            self._entry(entry, top)
        elif stanza := _STANZA.fullmatch(top.text):
            self._stanza(stanza, top)
        elif router := _ROUTER.fullmatch(top.text):
            self._router(router, top)
        else:
            for block in _all(top):
                self._use(block)

    def _entry(self, found: re.Match[str], top: Block) -> None:
        version = _VERSION[found["family"]]
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
                seq=int(found["seq"]) if found["seq"] else None,
            )
        except ValueError as error:
            raise ParseError(f"line {top.number} `{top.text}` makes no sense: {error}") from error
        self._lists[version, found["name"]].append(entry)

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
            elif words[0] == "on-match" or words[0] == "continue":
                goes_on = True
            else:
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
        self._routers[vrf] = _asn(found["asn"])
        peers: dict[str, _Peer] = defaultdict(_Peer)
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
        build = _Sessions(vrf, self._routers[vrf], peers, default_active, confederation)
        self._sessions.update(build.sessions(requires_policy=requires_policy))

    def _neighbor(self, block: Block, version: int | None, peers: dict[str, _Peer]) -> None:
        found = _NEIGHBOR.fullmatch(block.text)
        if not found:
            self._use(block)
            return
        peer, words = peers[found["name"]], found["rest"].split()
        match words:
            case ["peer-group"]:
                peer.is_group = True
            case ["peer-group", group]:
                peer.group = group
            case ["remote-as", asn]:
                peer.remote_as = asn
            case ["interface", *rest]:
                _interface(peer, rest)
            case ["activate"]:
                peer.active[version or 4] = not found["no"]
            case [
                "route-map" | "prefix-list" | "filter-list" | "distribute-list" as kind,
                name,
                "in" | "out" as way,
            ]:
                peer.policies[version or 4, _DIRECTION[way]][kind] = name
            case _:
                self._use(block)


def _interface(peer: _Peer, rest: list[str]) -> None:
    """Read ``neighbor IF interface [v6only] [remote-as AS | peer-group GROUP]``."""
    for key, value in pairwise(rest):
        if key == "remote-as":
            peer.remote_as = value
        elif key == "peer-group":
            peer.group = value


def _all(block: Block) -> list[Block]:
    return [block, *(one for child in block.children for one in _all(child))]


def _asn(text: str) -> int:
    """Return an AS number; ``1.10`` is asdot notation (RFC 5396)."""
    high, _, low = text.rpartition(".")
    return (int(high or 0) << 16) + int(low)


@dataclass(slots=True)
class _Sessions:
    """Resolves the peers of one BGP instance: activation, eBGP or iBGP, inherited policies."""

    vrf: str
    asn: int
    peers: dict[str, _Peer]
    default_active: dict[int, bool]
    confederation: set[str]

    def sessions(self, *, requires_policy: bool) -> dict[SessionKey, Session]:
        """Return the sessions by key."""
        found = {}
        for name, peer in self.peers.items():
            external = self._external(name, peer)
            key = SessionKey(self.vrf, name)
            found[key] = Session(
                key=key,
                is_group=peer.is_group,
                group=peer.group,
                is_external=external,
                closed_without_policy=requires_policy and external is True,
                listens=peer.listens,
                attachments={
                    (version, direction): self._attachment(peer, version, direction)
                    for version in (4, 6)
                    if self._active(peer, version)
                    for direction in Direction
                },
            )
        return found

    def _group(self, peer: _Peer) -> _Peer | None:
        return self.peers.get(peer.group) if peer.group else None

    def _external(self, name: str, peer: _Peer) -> bool | None:
        """Return whether a peer is eBGP; a group's own AS, or else what its members agree on."""
        group = self._group(peer)
        remote = peer.remote_as or (group.remote_as if group else None)
        if remote is None:
            members = [one for one in self.peers.values() if one.group == name]
            kinds = {self._external("", one) for one in members} if peer.is_group else set()
            return kinds.pop() if len(kinds) == 1 else None
        if remote in ("internal", "external"):
            return remote == "external"
        return _asn(remote) != self.asn and remote not in self.confederation

    def _active(self, peer: _Peer, version: int) -> bool:
        group = self._group(peer)
        for one in (peer, group):
            if one is not None and version in one.active:
                return one.active[version]
        return self.default_active[version]

    def _attachment(self, peer: _Peer, version: int, direction: Direction) -> Attachment:
        own = peer.policies.get((version, direction), {})
        group = self._group(peer)
        theirs = group.policies.get((version, direction), {}) if group else {}
        both = {**theirs, **own}
        inherits = "route-map" in theirs and "route-map" not in own
        return Attachment(
            route_map=both.get("route-map"),
            prefix_list=both.get("prefix-list"),
            unknown=tuple(
                f"{kind} {both[kind]}"
                for kind in ("filter-list", "distribute-list")
                if kind in both
            ),
            inherited_from=peer.group if inherits else None,
        )
