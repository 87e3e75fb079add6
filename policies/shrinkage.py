"""What part of a cluster's addresses a change closes, guard by guard: :func:`shrinkage`.

Addresses are counted, not prefixes: what a pool covers in another length still counts as open.
Law: each address that a guard allowed is counted for every cluster that holds it, or, where none
does any more, for the part that is nobody's; so a small cluster can't vanish behind a large one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.ownership import PREFIX, is_intact
from policies.placement import family_of
from policies.prefix_set import PrefixSet, width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot

#: How the list of a ``never`` guard is called: it allows what is no cluster's, and nobody's part.
_NEVER = f"{PREFIX}in-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrink:
    """The part of a cluster's addresses, over 0 and up to 1, that one guard stops to allow.

    ``cluster`` is None for addresses that no cluster of the site holds any more.
    """

    slot: Slot
    cluster: str | None
    closed: float

    def __str__(self) -> str:
        key, version, direction = self.slot
        whose = f"cluster {self.cluster}" if self.cluster else "what is no cluster's any more"
        return f"{key} ipv{version} {direction} closes {percent(self.closed)} of {whose}"


def percent(part: float) -> str:
    """Return ``part`` in percent, rounded, but never up to a whole that it is not.

    >>> percent(0.5), percent(0.99999), percent(1), percent(0.000001)
    ('50%', '99.9%', '100%', '0.0001%')
    """
    return f"{100 if part == 1 else min(part * 100, 99.9):.3g}%"


def at_most(part: float) -> str:
    """Return the limit in words."""
    return f"{percent(part)} of a cluster's addresses on a session"


def shrinkage(
    before: Running,
    after: Running,
    fenced: Mapping[Slot, Fence],
    holdings: Mapping[str, Mapping[int, PrefixSet]],
) -> Iterator[Shrink]:
    """Yield what each ``only`` guard that stands already stops to allow, cluster by cluster.

    A guard that is new, or was tampered with, narrows all there is to what the pools allow;
    that is no shrinking. ``holdings`` has what each cluster holds, by family.
    """
    old, new = Judge(before), Judge(after)
    shares: dict[int, list[tuple[str | None, PrefixSet]]] = {}
    for slot, fence in sorted(fenced.items(), key=lambda item: item[0]):
        key, version, direction = slot
        was = standing(before, old, slot)
        if fence.kind != "out" or was is None:
            continue
        will = standing(after, new, slot)
        if will is None:  # the session closes altogether
            will = new.session(after.sessions[key], version, direction).may
        if was <= will:
            continue
        if version not in shares:
            shares[version] = _shares(holdings, version)
        open_before, open_after = addresses(was), addresses(will)
        for cluster, theirs in shares[version]:
            mine = open_before & theirs
            closed = (mine - open_after).address_count()
            if closed:
                yield Shrink(slot=slot, cluster=cluster, closed=closed / mine.address_count())


def _shares(
    holdings: Mapping[str, Mapping[int, PrefixSet]], version: int
) -> list[tuple[str | None, PrefixSet]]:
    """Return the addresses of each cluster by its name, and last those of none."""
    held = {name: addresses(one[version]) for name, one in holdings.items()}
    return [*sorted(held.items()), (None, ~PrefixSet.union(version, held.values()))]


def addresses(prefixes: PrefixSet) -> PrefixSet:
    """Return the single addresses that are inside any of ``prefixes``, as host prefixes."""
    width = width_of(prefixes.version)
    return PrefixSet.from_int_ranges(
        prefixes.version,
        [(first, length, width, width) for first, length, _, _ in prefixes.int_ranges()],
    )


def standing(running: Running, judge: Judge, slot: Slot) -> PrefixSet | None:
    """Return what our own ``only`` guard on ``slot`` allows; None if no whole one stands there."""
    key, version, direction = slot
    attachment = running.sessions[key].attachments[version, direction]
    found = running.route_maps.get(attachment.route_map or "")
    for stanza in found.stanzas if found else ():
        if family_of(stanza) != version:
            continue
        name = stanza.referred[0][1]
        one = running.lists.get((version, name))
        permitted = judge.permitted(version, name)
        if one is None or not is_intact(one) or permitted is None or name.startswith(_NEVER):
            continue
        return permitted if stanza.none_of else ~permitted
    return None
