"""The sessions of one BGP instance, inheritance resolved: :class:`Sessions`.

Law: where it is not known which of two policies decides, the answer is "may accept anything",
never one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.dialects.peers import asn, is_asn
from policies.filters import Attachment, Direction, Session, SessionKey
from policies.references import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.dialects.peer_inheritance import Inheritance, Levels
    from policies.dialects.peers import Peer, Place, Said
    from policies.managed import Slot

#: What can be attached, in the words of the lines that do.
_PARTS = {
    "route-map": Part.ROUTE_MAP,
    "prefix-list": Part.PREFIX_LIST,
    "unsuppress-map": Part.UNSUPPRESS_MAP,
    "advertise-map": Part.ADVERTISE_MAP,
}
_KINDS = (*_PARTS, "filter-list", "distribute-list", "rcf")


@dataclass(slots=True, kw_only=True)
class Sessions:
    """Resolves the peers of one BGP instance: activation, eBGP or iBGP, inherited policies.

    ``inherited`` has the peers themselves. ``missing`` is what the instance itself says of sessions
    without a policy.
    """

    vrf: str
    own_as: int
    inherited: Inheritance
    default_active: dict[int, bool]
    confederation: set[str] = field(default_factory=set)
    requires_policy: bool = False
    missing: dict[Place, set[str]] = field(default_factory=dict)

    def sessions(self) -> dict[SessionKey, Session]:
        """Return the sessions by key."""
        found = {}
        for name, peer in self.inherited.peers.items():
            external = self._external(name, peer)
            key = SessionKey(self.vrf, name)
            found[key] = Session(
                key=key,
                is_group=peer.is_group,
                group=peer.group if peer.group in self.inherited.peers else None,
                is_external=external,
                closed_without_policy=self.requires_policy and external is True,
                listens=peer.listens,
                unjudged=tuple(sorted(self.inherited.unjudged(peer))),
                vpns=tuple(sorted(self.inherited.vpns(peer))),
                attachments={
                    (version, direction): self._attachment(peer, version, direction, external)
                    for version in (4, 6)
                    if self._active(peer, version)
                    for direction in Direction
                },
                idle=dict(self._idle(peer)),
            )
        return found

    def lines(self) -> Iterator[tuple[Slot, dict[Part, tuple[int, ...]]]]:
        """Yield, by session, family and direction, the numbers of the lines that attach things."""
        for name, peer in self.inherited.peers.items():
            for version in (one for one in (4, 6) if self._active(peer, one)):
                for direction in Direction:
                    found: dict[Part, tuple[int, ...]] = {}
                    levels = self.inherited.levels(peer, version, direction)
                    for kind, said in _attached(levels).items():
                        part = _PARTS.get(kind, Part.OTHER)
                        numbers = dict.fromkeys(one.line for _, one in said)
                        found[part] = (*found.get(part, ()), *numbers)
                    default = self.inherited.default_lines(peer, version)
                    if direction is Direction.EXPORT and default:
                        found[Part.DEFAULT] = default
                    yield (SessionKey(self.vrf, name), version, direction), found

    def _idle(self, peer: Peer) -> Iterator[tuple[tuple[int, Direction], str]]:
        """Yield the route-maps that lines about ``peer`` attach in families it does not carry."""
        for (version, direction), said in peer.policies.items():
            if version is not None and "route-map" in said and not self._active(peer, version):
                yield (version, direction), said["route-map"].value

    def _external(self, name: str, peer: Peer) -> bool | None:
        """Return whether a peer is eBGP; a group's own AS, or else what its members agree on."""
        remote = self.inherited.first(peer, "remote_as")
        if remote is None:
            members = [one for one in self.inherited.peers.values() if one.group == name]
            kinds = {self._external("", one) for one in members} if peer.is_group else set()
            return kinds.pop() if len(kinds) == 1 else None
        if remote in ("internal", "external"):
            return remote == "external"
        local = self.inherited.first(peer, "local_as")
        numbers = [text for text in (remote, local) if text is not None]
        if not all(is_asn(text) for text in numbers):
            return None
        ours = self.own_as if local is None or peer.is_group else asn(local)
        return asn(remote) != ours and remote not in self.confederation

    def _active(self, peer: Peer, version: int) -> bool:
        for level in self.inherited.chain(peer, version):
            for _, one in level:
                if version in one.active:
                    return one.active[version]
        return self.default_active[version] or bool(self.inherited.undefined(peer, version))

    def _attachment(
        self, peer: Peer, version: int, direction: Direction, external: bool | None
    ) -> Attachment:
        levels = self.inherited.levels(peer, version, direction)
        default = self.inherited.default_lines(peer, version)
        found: dict[str, tuple[str, Said]] = {}
        overrides = [*sorted(peer.doubts), *self.inherited.undefined(peer, version)]
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
            originates_default=direction is Direction.EXPORT and bool(default),
            unsuppress_map=values.get("unsuppress-map"),
            advertise_map=values.get("advertise-map"),
            overrides=tuple(overrides),
            closed_when_empty=self._closed(peer, version, direction, external),
        )

    def _closed(
        self, peer: Peer, version: int, direction: Direction, external: bool | None
    ) -> bool | None:
        """Return whether a session that has no policy here is closed; None if not known."""
        chain = self.inherited.chain(peer, version)
        places = [self.missing, *(one.missing for level in chain for _, one in level)]
        said = {
            action
            for place in places
            for family in (version, None)
            for action in place.get((family, direction), ())
        }
        if said <= {"permit"}:
            return False
        return True if said == {"deny"} and external else None


def _attached(levels: Levels) -> dict[str, list[tuple[str, Said]]]:
    """Return, by kind, all that the first level which says something of it says."""
    found: dict[str, list[tuple[str, Said]]] = {}
    for kind in _KINDS:
        for level in levels:
            said = [(name, policies[kind]) for name, policies in level if kind in policies]
            if said:
                found[kind] = said
                break
    return found
