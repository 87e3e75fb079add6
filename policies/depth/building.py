"""From a site and its running configurations to a :class:`~policies.depth.fabric.Fabric`.

Start with :func:`build`. Law: never fewer ways than the network has. Several sessions between two
ends count as one that lets through what any of them does, whatever their VRFs; a session, or a
device, of which nothing is known lets through everything; and neither AS paths nor the neighbor
that a route came from stop it anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inventory.fields import Role
from policies.accepts import Judge
from policies.depth.fabric import Fabric, Gate, Vertex, natural
from policies.filters import Direction, SessionKey, members
from policies.pools import VERSIONS
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inventory.hosts import Device
    from inventory.sessions import Session
    from inventory.site import Site
    from policies.depth.fabric import Label
    from policies.depth.rights import Rights
    from policies.filters import Running
    from policies.filters import Session as Configured

#: What is behind a session: another device, nodes of some clusters, or the outside.
_Far = tuple[Role, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Side:
    """One end of a hop, for one IP version: its filters, and the best that could stand there."""

    import_: int
    export: int
    could_import: int
    could_export: int


_Sides = dict[int, _Side]
_Judged = dict[tuple[int, Direction], list[PrefixSet]]


def build(site: Site, runnings: Mapping[str, Running], rights: Rights) -> Fabric:
    """Return the fabric of ``site``, whose devices are as ``runnings`` says, if it names them."""
    return _Builder(site, runnings, rights).build()


class _Builder:
    def __init__(self, site: Site, runnings: Mapping[str, Running], rights: Rights) -> None:
        self.site = site
        self.runnings = runnings
        self.rights = rights
        self.fabric = Fabric()
        self.unknown = set(site.devices) - set(runnings)
        self.sides: dict[tuple[str, _Far], _Sides] = {}
        self.crowded: dict[tuple[str, _Far], frozenset[int]] = {}
        self._labels: dict[Label, int] = {}
        self._by_value: dict[PrefixSet, int] = {}
        self._everything = {version: PrefixSet.everything(version) for version in VERSIONS}
        # A filter serves many sessions: it is looked up by identity first, and so kept alive.
        self._by_identity: dict[int, tuple[PrefixSet, int]] = {}

    def build(self) -> Fabric:
        for device in self.site.devices.values():
            self._look_at(device)
        numbers = self._vertices()
        fabric = self.fabric
        fabric.out = [[] for _ in fabric.vertices]
        fabric.into = [[] for _ in fabric.vertices]
        for (name, far), sides in self.sides.items():
            near = numbers[Role.TOR, name, ()]
            if far[0] in (Role.NODE, Role.EXTERNAL):
                other = numbers[_vertex_key(name, far)]
                self._hop(near, other, sides, None)
                self._hop(other, near, None, sides)
                continue
            back = (far[1], (Role.TOR, name, ()))
            other = numbers[Role.TOR, far[1], ()]
            self._hop(near, other, sides, self.sides.get(back))
            if back not in self.sides:  # that end is not in the site: only this one is known
                self._hop(other, near, None, sides)
        for hops in (*fabric.out, *fabric.into):
            hops.sort()
        fabric.unknown = frozenset(self.unknown)
        return fabric

    def _vertices(self) -> dict[_Far, int]:
        """Make the vertices, in natural order, and return their numbers."""
        found: dict[_Far, Vertex] = {}
        for name, device in self.site.devices.items():
            # A border is measured by what no cluster's pools are: all borders are alike.
            clusters = () if device.role is Role.BORDER else self.rights.clusters_of(device)
            found[Role.TOR, name, ()] = Vertex(device.role, name, clusters)
        for (name, far), crowded in self.crowded.items():
            if far[0] is Role.NODE:
                found[_vertex_key(name, far)] = Vertex(Role.NODE, name, far[2], crowded)
            elif far[0] is Role.EXTERNAL:
                found[far] = Vertex(Role.EXTERNAL, "")
        order = sorted(found, key=lambda one: (natural(found[one].device), str(one[0]), one[2]))
        self.fabric.vertices = [found[one] for one in order]
        return {one: number for number, one in enumerate(order)}

    def _look_at(self, device: Device) -> None:
        """Note the sides of ``device``: of each end that it has sessions with."""
        by_far: defaultdict[_Far, list[Session]] = defaultdict(list)
        for session in device.sessions:
            by_far[self._far(session)].append(session)
        running = self.runnings.get(device.name)
        judge = None if running is None else Judge(running)
        for far, sessions in by_far.items():
            self.sides[device.name, far] = self._side(device, sessions, judge)
            self.crowded[device.name, far] = self._crowded(sessions, running)

    def _far(self, session: Session) -> _Far:
        if session.device is not None:
            return (Role.TOR, session.device, ())
        if session.role is Role.NODE:
            return (Role.NODE, "", self.site.clusters_of(session))
        return (Role.EXTERNAL, "", ())

    def _side(self, device: Device, sessions: list[Session], judge: Judge | None) -> _Sides:
        """Return what any of ``sessions`` lets through, by the IP versions that they carry."""
        actual: defaultdict[tuple[int, Direction], list[PrefixSet]] = defaultdict(list)
        could: defaultdict[tuple[int, Direction], list[PrefixSet]] = defaultdict(list)
        for session in sessions:
            judged = None if judge is None else _judged(judge, session)
            if judged is None:
                self.unknown.add(device.name)
                judged = {(v, d): [self._everything[v]] for v in VERSIONS for d in Direction}
            best = self.rights.best(device, session)
            for slot, sets in judged.items():
                actual[slot] += sets
                could[slot].append(best[slot])
        return {
            version: _Side(
                import_=self._place(actual[version, Direction.IMPORT]),
                export=self._place(actual[version, Direction.EXPORT]),
                could_import=self._place(could[version, Direction.IMPORT]),
                could_export=self._place(could[version, Direction.EXPORT]),
            )
            for version in sorted({version for version, _ in actual})
        }

    def _crowded(self, sessions: Iterable[Session], running: Running | None) -> frozenset[int]:
        """Return the IP versions in which more than one speaker may be behind ``sessions``."""
        speakers: defaultdict[int, int] = defaultdict(int)
        for session in sessions:
            configured = () if running is None else _configured(running, session)
            versions = {v for one in configured for v in one.versions} or set(VERSIONS)
            for version in versions:
                speakers[version] += 1 if session.peer_group is None else 2
        return frozenset(version for version, count in speakers.items() if count > 1)

    def _hop(self, near: int, far: int, ours: _Sides | None, theirs: _Sides | None) -> None:
        """Add the hop from ``near`` to ``far``; a side of None filters nothing."""
        gates: list[Gate | None] = []
        for version in VERSIONS:
            one = _both(ours, theirs, version)
            if one is None:
                gates.append(None)
                continue
            export, import_ = one
            free = self._place([self._everything[version]])
            gates.append(
                Gate(
                    export=export.export if export else free,
                    import_=import_.import_ if import_ else free,
                    could_export=export.could_export if export else free,
                    could_import=import_.could_import if import_ else free,
                )
            )
        if any(gates):
            label = self._labels.setdefault(tuple(gates), len(self._labels))
            if label == len(self.fabric.labels):
                self.fabric.labels.append(tuple(gates))
            self.fabric.out[near].append((far, label))
            self.fabric.into[far].append((near, label))

    def _place(self, sets: list[PrefixSet]) -> int:
        """Return the place of the union of ``sets``, of which there is at least one."""
        one = sets[0] if len(sets) == 1 else PrefixSet.union(sets[0].version, sets)
        known = self._by_identity.get(id(one))
        if known is None:
            place = self._by_value.setdefault(one, len(self.fabric.sets))
            if place == len(self.fabric.sets):
                self.fabric.sets.append(one)
            known = self._by_identity[id(one)] = (one, place)
        return known[1]


def _vertex_key(device: str, far: _Far) -> _Far:
    """Return the key of the vertex behind ``device``: nodes are its own, the outside is one."""
    return (far[0], device, far[2]) if far[0] is Role.NODE else far


def _configured(running: Running, session: Session) -> tuple[Configured, ...]:
    """Return what the device has of a session of the site: a group with its members."""
    found = running.sessions.get(SessionKey(session.vrf or "", session.name))
    if found is None or found.is_group != (session.peer_group is not None):
        return ()
    return (found, *members(running, found))


def _judged(judge: Judge, session: Session) -> _Judged | None:
    """Return what may get through ``session``, for all that it carries; None if not known."""
    configured = _configured(judge.running, session)
    if not configured or any(one.unjudged for one in configured):
        return None
    found: defaultdict[tuple[int, Direction], list[PrefixSet]] = defaultdict(list)
    for one in configured:
        for version in one.versions:
            for direction in Direction:
                found[version, direction].append(judge.session(one, version, direction).may)
    return found


def _both(
    ours: _Sides | None, theirs: _Sides | None, version: int
) -> tuple[_Side | None, _Side | None] | None:
    """Return both sides of a hop for ``version``; None if one of them does not carry it."""
    if (ours is not None and version not in ours) or (theirs is not None and version not in theirs):
        return None
    return (
        None if ours is None else ours[version],
        None if theirs is None else theirs[version],
    )
