"""The neighbors and peer groups of one FRR BGP instance: what their lines say, and inheritance.

Read :class:`Peer`, which takes lines, then :class:`Sessions`, which resolves what a member
has from its group.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from policies.filters import Attachment, Direction, Session, SessionKey

_DIRECTION = {"in": Direction.IMPORT, "out": Direction.EXPORT}


@dataclass(slots=True)
class Peer:
    """What the lines about one neighbor or peer group say, before inheritance."""

    is_group: bool = False
    group: str | None = None
    remote_as: str | None = None
    local_as: str | None = None
    listens: bool = False
    active: dict[int, bool] = field(default_factory=dict)
    originates_default: set[int] = field(default_factory=set)
    policies: dict[tuple[int, Direction], dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def read(self, words: list[str], version: int | None, *, no: bool) -> bool:
        """Take a line, without ``neighbor NAME``; return whether nothing else needs to see it.

        ``version`` is None outside of an address family, which FRR takes for IPv4.
        """
        family = version or 4
        match words:
            case ["peer-group"]:
                self.is_group = True
            case ["peer-group", group]:
                self.group = group
            case ["remote-as", number]:
                self.remote_as = number
            case ["local-as", number, *_]:
                self.local_as = number
            case ["interface", *rest]:
                self._interface(rest)
            case ["activate"]:
                self.active[family] = not no
            case [
                "route-map" | "prefix-list" | "filter-list" | "distribute-list" as kind,
                name,
                "in" | "out" as way,
            ]:
                self.policies[family, _DIRECTION[way]][kind] = name
            case ["unsuppress-map", name]:
                self.policies[family, Direction.EXPORT]["unsuppress-map"] = name
                return False
            case _:
                if words[:1] == ["default-originate"]:
                    self.originates_default.add(family)
                return False
        return True

    def _interface(self, rest: list[str]) -> None:
        """Read ``interface [v6only] [remote-as AS | peer-group GROUP]``, without its first word."""
        for key, value in pairwise(rest):
            if key == "remote-as":
                self.remote_as = value
            elif key == "peer-group":
                self.group = value


def asn(text: str) -> int:
    """Return an AS number; ``1.10`` is asdot notation (RFC 5396)."""
    high, _, low = text.rpartition(".")
    return (int(high or 0) << 16) + int(low)


@dataclass(slots=True)
class Sessions:
    """Resolves the peers of one BGP instance: activation, eBGP or iBGP, inherited policies."""

    vrf: str
    own_as: int
    peers: dict[str, Peer]
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

    def _group(self, peer: Peer) -> Peer | None:
        return self.peers.get(peer.group) if peer.group else None

    def _external(self, name: str, peer: Peer) -> bool | None:
        """Return whether a peer is eBGP; a group's own AS, or else what its members agree on."""
        group = self._group(peer)
        remote = peer.remote_as or (group.remote_as if group else None)
        if remote is None:
            members = [one for one in self.peers.values() if one.group == name]
            kinds = {self._external("", one) for one in members} if peer.is_group else set()
            return kinds.pop() if len(kinds) == 1 else None
        if remote in ("internal", "external"):
            return remote == "external"
        local = peer.local_as or (group.local_as if group else None)
        ours = self.own_as if local is None or peer.is_group else asn(local)
        return asn(remote) != ours and remote not in self.confederation

    def _active(self, peer: Peer, version: int) -> bool:
        group = self._group(peer)
        for one in (peer, group):
            if one is not None and version in one.active:
                return one.active[version]
        return self.default_active[version]

    def _attachment(self, peer: Peer, version: int, direction: Direction) -> Attachment:
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
            originates_default=direction is Direction.EXPORT
            and any(version in one.originates_default for one in (peer, group) if one),
            unsuppress_map=both.get("unsuppress-map"),
        )
