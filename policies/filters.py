"""The filter set of one device: what a dialect parses a running configuration into.

Start with :class:`Running`. It holds what decides which prefixes a session accepts or
announces - prefix-lists, route-maps, and where they are attached - and nothing else. All
values are immutable and compare by content; names are the device's own. What a dialect
can't judge is kept as text and counts as "unknown, may accept" (:mod:`policies.accepts`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.prefix_list import Action, PrefixListEntry


class Ahead(StrEnum):
    """How a guard stands ahead of a session's policy, where it does not stand inside of it.

    ``WRAP``: a policy of ours is attached in the place of the operator's, and calls it.
    ``CHAIN``: ours is the first of several that are attached; the chain's text is its name.
    """

    WRAP = "wrap"
    CHAIN = "chain"


#: What ``inherited_from`` says of text that a configuration group brings in (Junos).
APPLY_GROUPS = "apply-groups"


class Direction(StrEnum):
    """Seen from the device: what it accepts, and what it announces."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A named, ordered prefix-list of one family (``version`` 4 or 6).

    ``unknown`` are entries that no set of prefixes can say (a wildcard mask, say): what the
    whole list permits is then not known.
    """

    version: int
    name: str
    entries: tuple[PrefixListEntry, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One numbered stanza of a route-map.

    ``lists`` are the prefix-lists it matches, as (version, name), all of which must permit;
    ``any_of`` lines that name several lists, one of which must; ``none_of`` lists that must not,
    of which each is about routes of its own family and matches no other. ``unknown`` are the match
    lines that prefixes alone can't decide; ``sets`` every other line, order kept; ``call``
    a map it calls; ``goes_on`` whether a match does not end the evaluation.
    """

    seq: int
    action: Action
    lists: tuple[tuple[int, str], ...] = ()
    any_of: tuple[tuple[tuple[int, str], ...], ...] = ()
    none_of: tuple[tuple[int, str], ...] = ()
    unknown: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    call: str | None = None
    goes_on: bool = False

    @property
    def referred(self) -> tuple[tuple[int, str], ...]:
        """Every prefix-list that the stanza names, as (version, name)."""
        return (*self.lists, *(one for some in self.any_of for one in some), *self.none_of)


@dataclass(frozen=True, slots=True)
class RouteMap:
    """A route-map; stanzas by ascending number."""

    name: str
    stanzas: tuple[Stanza, ...]

    def stanza(self, seq: int) -> Stanza | None:
        """Return the stanza numbered ``seq``, or None."""
        return next((one for one in self.stanzas if one.seq == seq), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What stands on one session, family and direction; all of it must permit a route.

    ``unknown`` are lines that prefixes alone can't decide (an AS-path filter, say): they
    can only narrow further. ``inherited_from`` names the peer group the route-map comes from,
    if any. Three things go past the route-map: a default route that the device makes up for the
    session, what ``unsuppress_map`` decides in its place, and what ``advertise_map`` permits while
    its condition holds. ``overrides`` are lines that may decide instead of all this, nobody knows
    what. ``closed_when_empty`` says that this family
    and direction lets nothing through without a policy; None where that is not known. ``behind``
    names policies of ours that stand where they hold nothing back for certain: they count for
    nothing, also when two are compared.
    """

    route_map: str | None = None
    prefix_list: str | None = None
    unknown: tuple[str, ...] = ()
    inherited_from: str | None = None
    originates_default: bool = False
    unsuppress_map: str | None = None
    advertise_map: str | None = None
    overrides: tuple[str, ...] = ()
    closed_when_empty: bool | None = False
    behind: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether the session has no policy here."""
        return self.route_map is None and not (self.prefix_list or self.unknown or self.overrides)


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """A neighbor or peer group of one device; ``vrf`` is "" for the default one."""

    vrf: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} (vrf {self.vrf})" if self.vrf else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One BGP neighbor or peer group as configured, inheritance resolved.

    ``attachments`` has a key (version, direction) for every family the session carries, ``idle``
    the route-maps that lines of its own attach in one that it does not.
    ``is_external`` is None where the configuration does not say (a group without remote-as);
    ``listens`` says that a group takes dynamic neighbors; ``unjudged`` are families that it
    carries routes in and that are not looked into; ``vpns`` which of ``vpnv4``, ``vpnv6`` and
    ``evpn`` it carries, for tables that import them (RFC 4364, RFC 4659, RFC 9136).
    """

    key: SessionKey
    is_group: bool
    group: str | None
    is_external: bool | None
    closed_without_policy: bool
    listens: bool = False
    unjudged: tuple[str, ...] = ()
    vpns: tuple[str, ...] = ()
    attachments: Mapping[tuple[int, Direction], Attachment] = field(default_factory=dict)
    idle: Mapping[tuple[int, Direction], str] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[int, ...]:
        """The families the session carries, ascending."""
        return tuple(sorted({version for version, _ in self.attachments}))

    def is_unjudged(self, version: int) -> bool:
        """Return whether routes of ``version`` may go past the policies, in an unjudged family."""
        other = ("ipv6", "inet6") if version == 4 else ("ipv4", "inet ")  # noqa: PLR2004
        return any(not name.startswith(other) for name in self.unjudged)

    def is_closed(self, version: int, direction: Direction) -> bool | None:
        """Return whether nothing gets through for want of any policy; None if not known."""
        one = self.attachments[version, direction]
        if not one.is_empty:
            return False
        return self.closed_without_policy or one.closed_when_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantics:
    """What a platform makes of a broken reference; see :mod:`policies.accepts`.

    None where that is not known, or where sources contradict each other. A list is empty that is
    defined and has no entry, such as one of which there is a description alone.
    ``other_family_matches`` is about a match on a list of the family that the route is not of,
    ``list_beside_map`` about whether a session's prefix-list is asked where it has a map too.
    ``ahead`` says where a guard goes, None for inside the session's own route-map; ``sets_only``
    that lists are plain sets of what they permit; ``members_follow_outbound`` that a member of
    a peer group can't have an outbound route-map of its own, but only its group's.
    """

    undefined_list_matches: bool | None
    undefined_map_permits: bool | None
    undefined_call_permits: bool | None
    undefined_attached_list_permits: bool | None
    empty_list_matches: bool | None = None
    empty_attached_list_permits: bool | None = None
    other_family_matches: bool | None = False
    list_beside_map: bool | None = True
    ahead: Ahead | None = None
    sets_only: bool = False
    members_follow_outbound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableImport:
    """Routes of one VRF that get into the table of another, past the policies of its sessions.

    ``vrf`` is where they get to and ``source`` where they come from, "" for the default one;
    ``said`` is the statement that does it. Each of ``route_maps`` must permit them. ``sessions``
    are the names of those that they come from, None for all of ``source``. With a ``family``
    they are VPN routes, whoever carries these (`Session.vpns`), and ``source`` says nothing.
    """

    vrf: str
    version: int
    source: str
    said: str
    family: str | None = None
    route_maps: tuple[str, ...] = ()
    sessions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Everything of one running configuration that ringfence judges.

    ``routers`` is the AS of each BGP instance, by vrf. ``other_uses`` names the route-maps
    that something beside a session refers to (redistribution, a call, a network statement),
    with the lines that do. ``table_imports`` are in the order of the text.
    """

    lists: Mapping[tuple[int, str], PrefixList]
    route_maps: Mapping[str, RouteMap]
    sessions: Mapping[SessionKey, Session]
    semantics: Semantics
    routers: Mapping[str, int] = field(default_factory=dict)
    other_uses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    table_imports: tuple[TableImport, ...] = ()


def members(running: Running, group: Session) -> tuple[Session, ...]:
    """Return the sessions that belong to the peer group ``group``; none if it is no group."""
    if not group.is_group:
        return ()
    return tuple(
        one
        for one in running.sessions.values()
        if one.group == group.key.name and one.key.vrf == group.key.vrf
    )
