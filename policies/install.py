"""Where the guards go on one device: :func:`install`.

On a session that has a route-map already the guard is a deny stanza in front of what lets
anything through; on one without, on a platform that lets everything through then, it is a
route-map of our own that ends in a permit. What can't be done safely is a
:class:`~policies.errors.Violation` that names the way out, never a guess.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.change import Detach, apply, inner
from policies.errors import Violation
from policies.filters import APPLY_GROUPS, Direction, SessionKey, Stanza, members
from policies.managed import Managed, Slot, managed, slots_of
from policies.own_maps import OwnMap, OwnMaps, knows_its_inner
from policies.ownership import free_name, is_stand_in
from policies.placement import LAST_SEQ, first_way_through, guard_stanza, seats
from policies.pools import VERSIONS
from policies.prefix_list import Action
from policies.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policies.filters import PrefixList, Running, Session
    from policies.guards import Fence, WantedGuard


@dataclass(slots=True)
class Installation:
    """What the guards want of one device.

    ``fenced`` has every slot that a guard holds, members of a group included; ``closed``
    those of them that let nothing through already, and are left so; ``violations`` what
    stands in the way, in which case ``managed`` must not be used; ``obstructed`` has the first
    of these for every slot that one is about.
    """

    managed: Managed
    fenced: dict[Slot, Fence] = field(default_factory=dict)
    closed: dict[Slot, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    obstructed: dict[Slot, Violation] = field(default_factory=dict)


def install(device: str, running: Running, guards: Sequence[WantedGuard]) -> Installation:
    """Return what ``guards`` want of ``device``, whose configuration is ``running``."""
    return _Installer(device, running).install(guards)


class _Installer:
    """Works on ``base``: the device as it would be without the maps that ringfence attached.

    So what is wanted depends on what the operator has and on the guards, never on what an
    earlier deploy made of them; that one only lends its names and numbers.
    """

    def __init__(self, device: str, running: Running) -> None:
        self.device = device
        self.running = running
        ours = managed(running)
        self.base = apply(
            running,
            [
                Detach(slot, name, inner(ours.stanzas, name))
                for slot, name in ours.attachments.items()
            ],
        )
        self.lists: dict[tuple[int, str], PrefixList] = {}
        self.stanzas: dict[tuple[str, int], Stanza] = {}
        self.attachments: dict[Slot, str] = {}
        self.openable: set[Slot] = set()
        self.own = OwnMaps(running, self.base)
        self.own_maps: dict[str, OwnMap] = {}
        self.referred = {
            named
            for one in running.route_maps.values()
            for stanza in one.stanzas
            for named in stanza.referred
        }
        self.out = Installation(Managed())

    def install(self, guards: Sequence[WantedGuard]) -> Installation:
        self._ensure_inner_known()
        for guard in guards:
            for session in self._sessions(guard):
                self._fence(session, guard)
        # Groups first: a member follows what is attached to its group.
        for slot in sorted(
            self.out.fenced, key=lambda one: not self.base.sessions[one[0]].is_group
        ):
            self._attach(slot)
        self.own_maps, self.attachments = self.own.named()
        for name, users in self._users().items():
            self._guard_map(name, users)
        self.out.managed = Managed(
            lists=self.lists, stanzas=self.stanzas, attachments=self.attachments
        )
        return self.out

    def _ensure_inner_known(self) -> None:
        """Refuse where it is lost what a policy of ours stood ahead of, or in for."""
        ahead = self.running.semantics.ahead
        for slot, name in managed(self.running).attachments.items():
            found = self.running.route_maps.get(name)
            lost = ahead is not None and not knows_its_inner(name, found, ahead)
            if lost or is_stand_in(name):
                self._refuse(
                    "lost-policy",
                    f"{name}, attached to {slot[0]}, does not say any more which policy of yours "
                    "belongs there: it was edited, or a change stopped half-way",
                    f"attach the policy that {slot[0]} is to have in its place",
                    [slot],
                )

    def _sessions(self, guard: WantedGuard) -> list[Session]:
        """Return the session of ``guard`` and, for a group, its members."""
        found = self.base.sessions.get(guard.session)
        if found is None or found.is_group != guard.is_group:
            what = "peer group" if guard.is_group else "neighbor"
            self._refuse(
                "missing-session",
                f"the site names the {what} {guard.session}, which the device does not have",
                "configure it there, or take it out of hosts.yaml",
            )
            return []
        return [found, *members(self.base, found)]

    def _fence(self, session: Session, guard: WantedGuard) -> None:
        if not session.versions and not session.unjudged:
            self._refuse(
                "nothing-to-guard",
                f"{session.key} carries neither IPv4 nor IPv6, as far as its configuration says",
                "activate a family there, or take the session out of hosts.yaml",
            )
        if session.unjudged:
            self._refuse(
                "unjudged-family",
                f"{session.key} carries {' and '.join(session.unjudged)}, where no guard is put",
                "deactivate it there, or take the session out of hosts.yaml into ignore_neighbors",
            )
        for version in session.versions:
            slot = (session.key, version, guard.direction)
            held = self.out.fenced.get(slot)
            if held is not None and held != guard.fence:
                self._refuse(
                    "two-guards",
                    f"{session.key} is to be fenced as {held} and as {guard.fence}",
                    "give the member and its peer group the same clusters",
                    [slot],
                )
                continue
            self.out.fenced[slot] = guard.fence
            if guard.may_open:
                self.openable.add(slot)

    def _attach(self, slot: Slot) -> None:
        """Decide whether the session gets a map of ours, is closed already, or has its own."""
        key, version, direction = slot
        session = self.base.sessions[key]
        attachment = session.attachments[version, direction]
        above = self.own.above(slot)
        if attachment.inherited_from == APPLY_GROUPS:
            self._refuse(
                "inherited-text",
                f"{key} has {attachment.route_map} from a configuration group, and how that merges "
                "with what is written on the session is not known",
                "write the policy on the session or its group itself",
                [slot],
            )
            return
        if attachment.route_map is not None:
            if self.base.semantics.ahead is None:
                return
            if not (self.own.follows(slot) and above in self.own.fences):
                self.own.fences[slot] = self.out.fenced[slot]
            return
        if attachment.prefix_list and self.base.semantics.list_beside_map is not True:
            self._refuse(
                "lone-prefix-list",
                f"{key} has the prefix-list {attachment.prefix_list} and no route-map, and it is "
                "not known whether the list still holds beside a route-map on this platform",
                "put the list into a route-map of the session's own",
                [slot],
            )
            return
        closed = session.is_closed(version, direction) is not False
        if closed and slot not in self.openable:
            if above in self.own.fences:
                self._refuse(
                    "mixed-group",
                    f"peer group {session.group} needs a route-map for some of its members, which "
                    f"would open {key}: it is closed for want of a policy",
                    f"give {key} a route-map of its own, or say open: true for it",
                    [slot],
                )
            self.out.closed[slot] = "no policy, and the platform lets nothing through then"
        elif above not in self.own.fences:
            if self._may_not_differ(session, direction):
                self._refuse(
                    "outbound-of-a-member",
                    f"{key} has no outbound route-map, and as a member of the peer group "
                    f"{session.group} can't have one of its own on this platform",
                    f"guard the peer group {session.group}, or take {key} out of it",
                    [slot],
                )
                return
            self.own.fences[slot] = self.out.fenced[slot]

    def _may_not_differ(self, session: Session, direction: Direction) -> bool:
        """Return whether the platform lets the session have outbound what its group has, alone."""
        follows = self.base.semantics.members_follow_outbound and direction is Direction.EXPORT
        group = SessionKey(session.key.vrf, session.group or "")
        return follows and session.group is not None and group in self.base.sessions

    def _users(self) -> dict[str, list[Slot]]:
        """Return the slots by the route-map that decides them, once all is attached."""
        found: dict[str, list[Slot]] = defaultdict(list)
        for slot in slots_of(self.base):
            key, version, direction = slot
            attached = self.base.sessions[key].attachments[version, direction].route_map
            name = self.attachments.get(self.own.holder(slot), attached)
            if name is not None:
                found[name].append(slot)
        return found

    def _guard_map(self, name: str, users: list[Slot]) -> None:
        fenced = [slot for slot in users if slot in self.out.fenced]
        if not fenced:
            return
        own = self.own_maps.get(name)
        if own is not None:
            self._own_stanzas(name, own)
        elif self.base.semantics.ahead is None:
            # Elsewhere it was refused to put a map of ours ahead of it, which needs no second word.
            self._guard_foreign_map(name, users, fenced)

    def _own_stanzas(self, name: str, own: OwnMap) -> None:
        for seq, version in enumerate(own.versions, start=1):
            self._stanza(name, seq, version, own.fence)
        self.stanzas[name, LAST_SEQ] = Stanza(seq=LAST_SEQ, action=Action.PERMIT, call=own.inner)

    def _guard_foreign_map(self, name: str, users: list[Slot], fenced: list[Slot]) -> None:
        found = self.base.route_maps.get(name)
        if found is None:
            for slot in fenced:
                self.out.closed[slot] = f"route-map {name} is attached but not defined"
            if self.base.semantics.undefined_map_permits is not False:
                self._refuse(
                    "undefined-route-map",
                    f"route-map {name} is attached but not defined, which permits everything",
                    "define it, or detach it",
                    fenced,
                )
            return
        if not self._shareable(name, users):
            return
        by_version = {slot[1]: self.out.fenced[slot] for slot in fenced}
        chosen = seats(found, sorted(by_version))
        if chosen is None:
            self._refuse(
                "no-room",
                f"route-map {name} lets routes through from stanza {first_way_through(found)} on, "
                f"which leaves no {len(by_version)} numbers free in front of it for the guard",
                "renumber its stanzas to begin at 10",
                fenced,
            )
            return
        for version, seq in chosen.items():
            self._stanza(name, seq, version, by_version[version])

    def _stanza(self, name: str, seq: int, version: int, fence: Fence) -> None:
        screen = fence.screen(version, sets_only=self.running.semantics.sets_only)
        one = free_name(screen.prefix_list, self.running.lists, self.referred)
        self.lists[version, one.name] = one
        self.stanzas[name, seq] = guard_stanza(seq, version, one.name, negated=screen.negated)

    def _shareable(self, name: str, users: list[Slot]) -> bool:
        """Return whether one guard per family suits everything that uses the map."""
        others = self.base.other_uses.get(name, ())
        if others:
            self._refuse(
                "shared-route-map",
                f"route-map {name} also serves `{redact(others[0].strip())}`, which no guard may "
                "narrow",
                "give the session a route-map of its own",
                users,
            )
            return False
        mixed = len({slot[1] for slot in users}) > 1
        if mixed and self.base.semantics.other_family_matches is not False:
            self._refuse(
                "shared-route-map",
                f"route-map {name} serves IPv4 and IPv6 sessions, and it is not known what a match "
                "on a list of one family makes of the other's routes on this platform",
                f"copy {name} under a second name and attach that to the IPv6 sessions",
                users,
            )
            return False
        for version in VERSIONS:
            here = [slot for slot in users if slot[1] == version]
            fences = {slot: self.out.fenced.get(slot) for slot in here}
            kinds = {fence and (fence.kind, fence.lists[version].name) for fence in fences.values()}
            if len(kinds) > 1:
                said = "; ".join(
                    f"{slot[0]} {slot[2]} wants {fence or 'no guard'}"
                    for slot, fence in sorted(fences.items(), key=lambda item: item[0])
                )
                self._refuse(
                    "shared-route-map",
                    f"route-map {name} is shared by sessions that need different guards: {said}",
                    f"copy {name} under a second name and attach that to one of them",
                    users,
                )
                return False
        return True

    def _refuse(self, limit: str, evidence: str, way_out: str, slots: Iterable[Slot] = ()) -> None:
        one = Violation(limit=limit, where=self.device, evidence=evidence, way_out=way_out)
        if one not in self.out.violations:
            self.out.violations.append(one)
        for slot in slots:
            self.out.obstructed.setdefault(slot, one)
