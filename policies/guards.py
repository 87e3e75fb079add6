"""The guards that a site wants: one per session, direction and family. See :func:`wanted_guards`.

A guard only ever narrows. It denies what its list permits: for ``only`` the list is what
lies outside the pools, for ``never`` what lies inside them, or is longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from inventory.matrix import Announce, Guard
from policies.filters import Direction, PrefixList, SessionKey
from policies.matrix import matrix
from policies.ownership import label, list_name
from policies.pools import VERSIONS, territories
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet
from policies.shortest import shortest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.hosts import Device
    from inventory.matrix import MatrixRow
    from inventory.site import Site
    from policies.pools import Territory

#: Distance of sequence numbers, as every platform numbers by itself: room for a human's entry.
_STEP = 10


@dataclass(frozen=True, slots=True)
class Screen:
    """A list, and what a guard denies: what it permits, or with ``negated`` what it does not."""

    prefix_list: PrefixList
    negated: bool = False


@dataclass(frozen=True)
class Fence:
    """What one kind of guard lets through, and the list that denies the rest, per family.

    ``label`` names the clusters; ``allowed`` and ``lists`` have the keys 4 and 6.
    """

    kind: str
    label: str
    allowed: Mapping[int, PrefixSet]
    lists: Mapping[int, PrefixList]

    def screen(self, version: int, *, sets_only: bool) -> Screen:
        """Return the list for a platform, as a plain set if it takes no other."""
        return self._sets[version] if sets_only else Screen(self.lists[version])

    @cached_property
    def _sets(self) -> Mapping[int, Screen]:
        """The lists as plain sets, of what may pass or of what may not; none is ever empty."""
        found = {}
        for version, allowed in self.allowed.items():
            negated = self.kind == "out"
            listed = allowed if negated else ~allowed
            if not listed:
                listed, negated = ~listed, not negated
            kind = "only" if negated else "in"
            found[version] = Screen(_set_list(kind, self.label, version, listed), negated)
        return found

    def __str__(self) -> str:
        return f"{'only' if self.kind == 'out' else 'never'} {self.label}"


@dataclass(frozen=True, slots=True)
class WantedGuard:
    """A fence on one session of one device, in one direction."""

    session: SessionKey
    is_group: bool
    direction: Direction
    fence: Fence
    may_open: bool


class GuardBook:
    """Makes the guards of a site's devices; equal fences are compiled once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._rows = matrix(site.settings)
        self._fences: dict[tuple[Guard, tuple[str, ...], str], Fence] = {}

    @cached_property
    def _territories(self) -> Mapping[int, Mapping[str, Territory]]:
        return {version: territories(self.site, version) for version in VERSIONS}

    def guards(self, device: Device) -> tuple[WantedGuard, ...]:
        """Return the guards of ``device``, in the order of its sessions."""
        found = []
        for session in device.sessions:
            row = self._rows.get((device.role, self.site.facing(session)))
            if row is None:
                continue
            for direction, guard in (
                (Direction.IMPORT, row.import_),
                (Direction.EXPORT, row.export),
            ):
                if guard is Guard.NONE:
                    continue
                found.append(
                    WantedGuard(
                        session=SessionKey(session.vrf or "", session.name),
                        is_group=session.peer_group is not None,
                        direction=direction,
                        fence=self._fence(guard, self.site.clusters_of(session), row),
                        may_open=session.open,
                    )
                )
        return tuple(found)

    def _fence(self, guard: Guard, clusters: tuple[str, ...], row: MatrixRow) -> Fence:
        key = (guard, clusters, row.announce)
        if key not in self._fences:
            self._fences[key] = self._compile(guard, clusters, row)
        return self._fences[key]

    def _compile(self, guard: Guard, clusters: tuple[str, ...], row: MatrixRow) -> Fence:
        allowed = {}
        for version in VERSIONS:
            owned = [self._territories[version][name] for name in clusters]
            allowed[version] = let_through(version, guard, owned, row.announce)
        kind = "in" if guard is Guard.NEVER else "out"
        # One label, one content: it names the route-maps of ours too, which fenced alike share.
        more = ["infra"] if guard is Guard.ONLY_AND_INFRASTRUCTURE else []
        if guard is not Guard.NEVER and row.announce is not Announce.SPECIFICS:
            more.append(row.announce)
        text = label(clusters, *more)
        lists = {version: deny_list(kind, text, version, ~one) for version, one in allowed.items()}
        return Fence(kind, text, allowed, lists)


def let_through(
    version: int, guard: Guard, owned: Sequence[Territory], announce: Announce
) -> PrefixSet:
    """Return what ``guard`` lets through, for clusters that own ``owned``."""
    if guard is Guard.NONE:
        return PrefixSet.everything(version)
    if guard is Guard.NEVER:
        return ~PrefixSet.union(version, [one.pools for one in owned])
    parts = [one.announced(announce) for one in owned]
    if guard is Guard.ONLY_AND_INFRASTRUCTURE:
        parts += [one.infrastructure for one in owned]
    return PrefixSet.union(version, parts)


def deny_list(kind: str, text: str, version: int, blocked: PrefixSet) -> PrefixList:
    """Return the shortest list that permits exactly ``blocked``, numbered and named."""
    entries = tuple(
        PrefixListEntry(
            action=one.action, prefix=one.prefix, ge=one.ge, le=one.le, seq=_STEP * number
        )
        for number, one in enumerate(shortest(blocked), start=1)
    )
    return PrefixList(version, list_name(kind, text, version, entries), entries)


def _set_list(kind: str, text: str, version: int, listed: PrefixSet) -> PrefixList:
    """Return a list of permits alone that permits exactly ``listed``, numbered and named."""
    entries = tuple(
        PrefixListEntry(action=Action.PERMIT, prefix=prefix, ge=low, le=high, seq=_STEP * number)
        for number, (prefix, low, high) in enumerate(listed.ranges(), start=1)
    )
    return PrefixList(version, list_name(kind, text, version, entries), entries)


def wanted_guards(site: Site) -> Mapping[str, tuple[WantedGuard, ...]]:
    """Return the guards of every device of ``site``, by the device's name."""
    book = GuardBook(site)
    return {name: book.guards(device) for name, device in site.devices.items()}
