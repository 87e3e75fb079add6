"""The neighbors, groups and templates of one BGP instance: what their lines say, and inheritance.

Read :class:`Peer`, which takes lines, then :class:`Sessions`, which resolves what a session
has from where. Law: where it is not known which of two policies decides, the answer is
"may accept anything", never one of the two.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from policies.filters import Attachment, Direction, Session, SessionKey
from policies.references import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.managed import Slot

_DIRECTION = {"in": Direction.IMPORT, "out": Direction.EXPORT}
_ASN = re.compile(r"(?:(\d+)\.)?(\d+)")
_MISSING = re.compile(r"direction (?P<way>in|out) action (?P<action>\S+)")

#: Deeper chains of templates than any platform takes; beyond it they run in a circle.
_MAX_DEPTH = 8

#: What can be attached, in the words of the lines that do.
_PARTS = {
    "route-map": Part.ROUTE_MAP,
    "prefix-list": Part.PREFIX_LIST,
    "unsuppress-map": Part.UNSUPPRESS_MAP,
    "advertise-map": Part.ADVERTISE_MAP,
}
_KINDS = (*_PARTS, "filter-list", "distribute-list", "rcf")

Place = tuple[int | None, Direction]


class Said(NamedTuple):
    """What a line attaches, and the line's number in the text."""

    value: str
    line: int


def asn(text: str) -> int:
    """Return an AS number; ``1.10`` is asdot notation (RFC 5396)."""
    high, _, low = text.rpartition(".")
    return (int(high or 0) << 16) + int(low)


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
        """
        match words:
            case ["peer-group"] | ["peer", "group"]:
                self.is_group = True
            case ["peer-group", group] | ["peer", "group", group]:
                self.group = group
            case ["remote-as", number, *rest] if _ASN.fullmatch(number) or not rest:
                self.remote_as = number
            case ["local-as", number, *_]:
                self.local_as = number
            case ["interface", *rest]:
                self._interface(rest)
            case ["inherit", "peer-policy" | "peer-session" as kind, name, *rank]:
                place = version if kind == "peer-policy" else None
                self.templates[place].append((int(rank[0]) if rank else 0, name))
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


def read_missing(text: str, version: int | None, into: dict[Place, set[str]]) -> None:
    """Note what ``text`` says that a session without a policy does."""
    if found := _MISSING.search(text):
        into[version, _DIRECTION[found["way"]]].add(found["action"])


@dataclass(slots=True, kw_only=True)
class Sessions:
    """Resolves the peers of one BGP instance: activation, eBGP or iBGP, inherited policies.

    ``outside`` is the family that lines outside of any family are about; None says all of
    them, the family's own lines going first. ``missing`` is what the instance itself says of
    sessions without a policy.
    """

    vrf: str
    own_as: int
    peers: dict[str, Peer]
    default_active: dict[int, bool]
    confederation: set[str] = field(default_factory=set)
    templates: dict[str, Peer] = field(default_factory=dict)
    outside: int | None = 4
    requires_policy: bool = False
    missing: dict[Place, set[str]] = field(default_factory=dict)

    def sessions(self) -> dict[SessionKey, Session]:
        """Return the sessions by key."""
        found = {}
        for name, peer in self.peers.items():
            external = self._external(name, peer)
            key = SessionKey(self.vrf, name)
            found[key] = Session(
                key=key,
                is_group=peer.is_group,
                group=peer.group if peer.group in self.peers else None,
                is_external=external,
                closed_without_policy=self.requires_policy and external is True,
                listens=peer.listens,
                unjudged=tuple(sorted(peer.unjudged | self._above(peer))),
                attachments={
                    (version, direction): self._attachment(peer, version, direction, external)
                    for version in (4, 6)
                    if self._active(peer, version)
                    for direction in Direction
                },
            )
        return found

    # Where things come from -----------------------------------------------------------------

    def _group(self, peer: Peer) -> Peer | None:
        return self.peers.get(peer.group) if peer.group else None

    def _chain(self, peer: Peer, version: int | None) -> list[list[tuple[str, Peer]]]:
        """Return whom ``peer`` has things from: itself, its templates, its group, and theirs.

        Those in one list have one rank: which of several templates goes first is a number
        whose meaning differs by platform.
        """
        chain = self._with_templates("", peer, version, 0)
        group = self._group(peer)
        return chain + (self._with_templates(peer.group or "", group, version, 0) if group else [])

    def _with_templates(
        self, name: str, peer: Peer, version: int | None, depth: int
    ) -> list[list[tuple[str, Peer]]]:
        chain = [[(name, peer)]]
        names = [one for _, one in peer.templates.get(version, ())]
        # The lines of a template of policies are of whichever family it is inherited in.
        names += [one for _, one in peer.templates.get(None, ()) if version is not None]
        below = [
            self._with_templates(one, self.templates[one], version, depth + 1)
            for one in names
            if one in self.templates and depth < _MAX_DEPTH
        ]
        depths = range(max((len(one) for one in below), default=0))
        chain += [[pair for one in below if at < len(one) for pair in one[at]] for at in depths]
        return chain

    def _first(self, peer: Peer, attribute: str) -> str | None:
        for level in self._chain(peer, None):
            for _, one in level:
                if (value := getattr(one, attribute)) is not None:
                    return str(value)
        return None

    def _above(self, peer: Peer) -> set[str]:
        """Return the families without judgement that what ``peer`` inherits is active in."""
        return {
            name for level in self._chain(peer, None) for _, one in level for name in one.unjudged
        }

    def _lost(self, peer: Peer, version: int) -> list[str]:
        """Return what ``peer`` inherits from that is nowhere defined: it may say anything."""
        missing = peer.group is not None and peer.group not in self.peers
        named = {
            name
            for level in self._chain(peer, version)
            for _, one in level
            for place in (version, None)
            for _, name in one.templates.get(place, ())
        }
        lost = [f"template {name}" for name in sorted(named - set(self.templates))]
        return [f"peer group {peer.group}", *lost] if missing else lost

    def _external(self, name: str, peer: Peer) -> bool | None:
        """Return whether a peer is eBGP; a group's own AS, or else what its members agree on."""
        remote = self._first(peer, "remote_as")
        if remote is None:
            members = [one for one in self.peers.values() if one.group == name]
            kinds = {self._external("", one) for one in members} if peer.is_group else set()
            return kinds.pop() if len(kinds) == 1 else None
        if remote in ("internal", "external"):
            return remote == "external"
        local = self._first(peer, "local_as")
        numbers = [text for text in (remote, local) if text is not None]
        if not all(_ASN.fullmatch(text) for text in numbers):
            return None
        ours = self.own_as if local is None or peer.is_group else asn(local)
        return asn(remote) != ours and remote not in self.confederation

    def _active(self, peer: Peer, version: int) -> bool:
        for level in self._chain(peer, version):
            for _, one in level:
                if version in one.active:
                    return one.active[version]
        return self.default_active[version] or bool(self._lost(peer, version))

    # Policies -------------------------------------------------------------------------------

    def _levels(
        self, peer: Peer, version: int, direction: Direction
    ) -> list[list[tuple[str, dict[str, Said]]]]:
        """Return the policies that may decide, by rank, each with where it comes from."""
        chain = self._chain(peer, version)
        here = [[(n, one.policies.get((version, direction), {})) for n, one in c] for c in chain]
        away = [[(n, one.policies.get((None, direction), {})) for n, one in c] for c in chain]
        if self.outside == version:
            both = zip(here, away, strict=True)
            return [[(n, {**d, **c}) for (n, c), (_, d) in zip(a, b, strict=True)] for a, b in both]
        if self.outside is not None:
            # Only a template of policies says nothing of a family, as it is of any.
            named = self.templates
            return [
                a + [(n, d) for n, d in b if n in named and d]
                for a, b in zip(here, away, strict=True)
            ]
        # A session's own lines outside of a family, or those of its group inside it: not known.
        shifted = [[], *away]
        return [b + a for a, b in zip([*here, []], shifted, strict=True)]

    def _attachment(
        self, peer: Peer, version: int, direction: Direction, external: bool | None
    ) -> Attachment:
        levels = self._levels(peer, version, direction)
        found: dict[str, tuple[str, Said]] = {}
        overrides = [*sorted(peer.doubts), *self._lost(peer, version)]
        for kind, said in _attached(levels).items():
            found[kind] = said[0]
            if len({one.value for _, one in said}) > 1:
                overrides += [f"{kind} {one.value}" for _, one in said]
        if "rcf" in found:
            overrides.append(f"rcf {found['rcf'][1].value}")
        values = {kind: one.value for kind, (_, one) in found.items()}
        narrows = [kind for kind in ("filter-list", "distribute-list") if kind in values]
        return Attachment(
            route_map=values.get("route-map"),
            prefix_list=values.get("prefix-list"),
            unknown=tuple(f"{kind} {values[kind]}" for kind in narrows),
            inherited_from=(found["route-map"][0] or None) if "route-map" in found else None,
            originates_default=direction is Direction.EXPORT and bool(self._default(peer, version)),
            unsuppress_map=values.get("unsuppress-map"),
            advertise_map=values.get("advertise-map"),
            overrides=tuple(overrides),
            closed_when_empty=self._closed(peer, version, direction, external),
        )

    def _default(self, peer: Peer, version: int) -> tuple[int, ...]:
        """Return the numbers of the lines that make up a default route for the session."""
        return tuple(
            at
            for level in self._chain(peer, version)
            for name, one in level
            for place, at in one.originates_default.items()
            if place == version
            or (place is None and (self.outside in (None, version) or name in self.templates))
        )

    def lines(self) -> Iterator[tuple[Slot, dict[Part, tuple[int, ...]]]]:
        """Yield, by session, family and direction, the numbers of the lines that attach things."""
        for name, peer in self.peers.items():
            for version in (one for one in (4, 6) if self._active(peer, one)):
                for direction in Direction:
                    found: dict[Part, tuple[int, ...]] = {}
                    for kind, said in _attached(self._levels(peer, version, direction)).items():
                        part = _PARTS.get(kind, Part.OTHER)
                        numbers = dict.fromkeys(one.line for _, one in said)
                        found[part] = (*found.get(part, ()), *numbers)
                    default = self._default(peer, version)
                    if direction is Direction.EXPORT and default:
                        found[Part.DEFAULT] = default
                    yield (SessionKey(self.vrf, name), version, direction), found

    def _closed(
        self, peer: Peer, version: int, direction: Direction, external: bool | None
    ) -> bool | None:
        """Return whether a session that has no policy here is closed; None if not known."""
        places = [self.missing, *(p.missing for lv in self._chain(peer, version) for _, p in lv)]
        said = {
            action
            for place in places
            for family in (version, None)
            for action in place.get((family, direction), ())
        }
        if said <= {"permit"}:
            return False
        return True if said == {"deny"} and external else None


def _attached(
    levels: list[list[tuple[str, dict[str, Said]]]],
) -> dict[str, list[tuple[str, Said]]]:
    """Return, by kind, all that the first level which says something of it says."""
    found: dict[str, list[tuple[str, Said]]] = {}
    for kind in _KINDS:
        for level in levels:
            said = [(name, policies[kind]) for name, policies in level if kind in policies]
            if said:
                found[kind] = said
                break
    return found
