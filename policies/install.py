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

from policies.errors import Violation
from policies.filters import PrefixList, Running, SessionKey, Stanza
from policies.managed import Managed, Slot, is_our_stanza
from policies.ownership import PREFIX, free_name, is_owned
from policies.pools import VERSIONS
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.filters import RouteMap, Session
    from policies.guards import Fence, WantedGuard

#: Where a map of ours permits what the guard left; the last number every platform takes.
_LAST_SEQ = 65535


@dataclass(slots=True)
class Installation:
    """What the guards want of one device.

    ``fenced`` has every slot that a guard holds, members of a group included; ``closed``
    those of them that let nothing through already, and are left so; ``violations`` what
    stands in the way, in which case ``managed`` must not be used.
    """

    managed: Managed
    fenced: dict[Slot, Fence] = field(default_factory=dict)
    closed: dict[Slot, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)


def install(device: str, running: Running, guards: Sequence[WantedGuard]) -> Installation:
    """Return what ``guards`` want of ``device``, whose configuration is ``running``."""
    return _Installer(device, running).install(guards)


class _Installer:
    def __init__(self, device: str, running: Running) -> None:
        self.device = device
        self.running = running
        self.lists: dict[tuple[int, str], PrefixList] = {}
        self.stanzas: dict[tuple[str, int], Stanza] = {}
        self.attachments: dict[Slot, str] = {}
        self.out = Installation(Managed())

    def install(self, guards: Sequence[WantedGuard]) -> Installation:
        for guard in guards:
            for session in self._sessions(guard):
                self._fence(session, guard)
        for name, users in self._users().items():
            self._guard_map(name, users)
        self.out.managed = Managed(
            lists=self.lists, stanzas=self.stanzas, attachments=self.attachments
        )
        return self.out

    def _sessions(self, guard: WantedGuard) -> list[Session]:
        """Return the session of ``guard`` and, for a group, its members."""
        found = self.running.sessions.get(guard.session)
        if found is None or found.is_group != guard.is_group:
            what = "peer group" if guard.is_group else "neighbor"
            self._refuse(
                "missing-session",
                f"the site names the {what} {guard.session}, which the device does not have",
                "configure it there, or take it out of hosts.yaml",
            )
            return []
        members = [
            one
            for one in self.running.sessions.values()
            if one.group == guard.session.name and one.key.vrf == guard.session.vrf
        ]
        return [found, *members] if guard.is_group else [found]

    def _fence(self, session: Session, guard: WantedGuard) -> None:
        for version in session.versions:
            slot = (session.key, version, guard.direction)
            held = self.out.fenced.get(slot)
            if held is not None and held != guard.fence:
                self._refuse(
                    "two-guards",
                    f"{session.key} is to be fenced as {held} and as {guard.fence}",
                    "give the member and its peer group the same clusters",
                )
                continue
            self.out.fenced[slot] = guard.fence
            attachment = session.attachments[version, guard.direction]
            if attachment.route_map is not None or attachment.inherited_from is not None:
                continue
            if session.closed_without_policy and attachment.is_empty and not guard.may_open:
                self.out.closed[slot] = "no policy, and the platform lets nothing through then"
                continue
            if session.is_group or session.group is None or session.key == guard.session:
                name = f"{PREFIX}{guard.direction}-{guard.fence.kind}-{guard.fence.label}"
                self.attachments[slot] = name

    def _users(self) -> dict[str, list[Slot]]:
        """Return the slots by the route-map that decides them, once all is attached."""
        found: dict[str, list[Slot]] = defaultdict(list)
        for session in self.running.sessions.values():
            for (version, direction), attachment in session.attachments.items():
                slot = (session.key, version, direction)
                if attachment.route_map is None:
                    name = self.attachments.get(slot)
                elif not is_owned(attachment.route_map):
                    name = attachment.route_map
                elif slot in self.out.fenced:
                    # A map of ours that an earlier deploy put here: it stays, or it is renamed.
                    fence = self.out.fenced[slot]
                    name = f"{PREFIX}{direction}-{fence.kind}-{fence.label}"
                    if attachment.inherited_from is None:
                        self.attachments[slot] = name
                else:
                    name = None
                if name is not None:
                    found[name].append(slot)
        return found

    def _guard_map(self, name: str, users: list[Slot]) -> None:
        fenced = [slot for slot in users if slot in self.out.fenced]
        if not fenced:
            return
        found = self.running.route_maps.get(name)
        if is_owned(name):
            fence = self.out.fenced[fenced[0]]
            for seq, version in enumerate(VERSIONS, start=1):
                self._stanza(name, seq, version, fence)
            self.stanzas[name, _LAST_SEQ] = Stanza(seq=_LAST_SEQ, action=Action.PERMIT)
            return
        if found is None:
            for slot in fenced:
                self.out.closed[slot] = f"route-map {name} is attached but not defined"
            if self.running.semantics.undefined_map_permits:
                self._refuse(
                    "undefined-route-map",
                    f"route-map {name} is attached but not defined, which permits everything",
                    "define it, or detach it",
                )
            return
        if not self._shareable(name, users):
            return
        by_version = {slot[1]: self.out.fenced[slot] for slot in fenced}
        seqs = self._free_seqs(found, sorted(by_version))
        if seqs is None:
            first = next(one for one in found.stanzas if not is_our_stanza(name, one))
            self._refuse(
                "no-room",
                f"route-map {name} begins with stanza {first.seq}, which leaves no "
                f"{len(by_version)} numbers free in front of it for the guard",
                "renumber its stanzas to begin at 10",
            )
            return
        for version, seq in seqs.items():
            self._stanza(name, seq, version, by_version[version])

    def _stanza(self, name: str, seq: int, version: int, fence: Fence) -> None:
        one = free_name(fence.lists[version], self.running.lists)
        self.lists[version, one.name] = one
        self.stanzas[name, seq] = Stanza(
            seq=seq, action=Action.DENY, lists=((version, one.name),)
        )

    def _shareable(self, name: str, users: list[Slot]) -> bool:
        """Return whether one guard per family suits everything that uses the map."""
        others = self.running.other_uses.get(name, ())
        if others:
            self._refuse(
                "shared-route-map",
                f"route-map {name} also serves `{others[0].strip()}`, which no guard may narrow",
                "give the session a route-map of its own",
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
                )
                return False
        return True

    def _free_seqs(self, found: RouteMap, versions: list[int]) -> Mapping[int, int] | None:
        """Return a number for each family's guard, or None if there is no room.

        A guard that stands already keeps its number. It must come before the first foreign
        stanza that lets anything through or jumps; foreign denies may stay in front.
        """
        foreign = [one for one in found.stanzas if not is_our_stanza(found.name, one)]
        first = min(
            (one.seq for one in foreign if one.action is Action.PERMIT or one.goes_on),
            default=_LAST_SEQ,
        )
        taken = {one.seq for one in foreign}
        seqs: dict[int, int] = {}
        for one in found.stanzas:
            if one in foreign or one.seq >= first or len(one.lists) != 1:
                continue
            version = one.lists[0][0]
            if version in versions and version not in seqs:
                seqs[version] = one.seq
        for version in versions:
            if version in seqs:
                continue
            free = next(
                (n for n in range(1, first) if n not in taken and n not in seqs.values()), None
            )
            if free is None:
                return None
            seqs[version] = free
        return seqs

    def _refuse(self, limit: str, evidence: str, way_out: str) -> None:
        one = Violation(limit=limit, where=self.device, evidence=evidence, way_out=way_out)
        if one not in self.out.violations:
            self.out.violations.append(one)


def unknown_neighbors(
    running: Running, guards: Sequence[WantedGuard], known: Sequence[SessionKey], ignored: Sequence[str]
) -> tuple[SessionKey, ...]:
    """Return the neighbors and groups of a guarded device that its site does not know."""
    if not guards:
        return ()
    named = set(known)
    return tuple(
        key
        for key, session in sorted(running.sessions.items())
        if key not in named
        and key.name not in ignored
        and (session.group is None or SessionKey(key.vrf, session.group) not in named)
        and (session.group is None or session.group not in ignored)
        and not (session.is_group and _members_known(running, session, named))
    )


def _members_known(running: Running, group: Session, named: set[SessionKey]) -> bool:
    """Return whether a group only gathers neighbors that the site names one by one."""
    members = [
        one.key
        for one in running.sessions.values()
        if one.group == group.key.name and one.key.vrf == group.key.vrf
    ]
    return bool(members) and all(key in named for key in members) and not group.listens


