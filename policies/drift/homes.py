"""Where the guard of a slot stands that does not refer to it: :func:`homes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.shape import label_of, stem
from policies.ownership import PREFIX, is_owned
from policies.placement import family_of
from policies.pools import VERSIONS
from policies.references import StanzaRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.drift.view import View
    from policies.filters import RouteMap, Stanza
    from policies.managed import Slot


def homes(
    view: View, slot: Slot, *, orphans_only: bool = False, exact: bool = False
) -> tuple[StanzaRef, ...]:
    """Return the guards on the device that ``slot`` is to have and has not, by map and number.

    An orphan serves no session at all: whoever had it lost it. Another session's guard counts
    where the session belongs to it in plain sight: its own peer group has it, or stands ahead of
    the very policy that the session has, or the session has no policy at all and others that are
    fenced alike do. With ``exact`` only a guard of the pools of now counts.
    """
    orphans, others = [], []
    for found, guard in _guards(view, slot, exact=exact):
        # A map of ours has a guard of both families, whichever its sessions carry.
        families = VERSIONS if is_owned(found.name) else (slot[1],)
        users = [one for one in view.users.get(found.name, ()) if one[1] in families]
        where = StanzaRef(found.name, guard.seq)
        if not users:
            orphans.append(where)
        elif _belongs(view, slot, found) and any(one[2] is slot[2] for one in users):
            others.append(where)
    return tuple(orphans) or (() if orphans_only else tuple(others[:1]))


def _guards(view: View, slot: Slot, *, exact: bool) -> Iterator[tuple[RouteMap, Stanza]]:
    """Yield the guards of the slot's fence, family and direction, each with its map."""
    _, version, direction = slot
    screen = view.fence(slot).screen(version, sets_only=view.running.semantics.sets_only)
    wanted = screen.prefix_list.name
    for (name, _), stanza in sorted(view.now.stanzas.items(), key=lambda item: item[0]):
        if family_of(stanza) != version or name == view.attachment(slot).route_map:
            continue
        ((_, listed),) = stanza.referred
        same = stem(listed) == wanted if exact else label_of(listed) == label_of(wanted)
        faces = not is_owned(name) or name.startswith(f"{PREFIX}{direction}")
        if same and faces:
            yield view.running.route_maps[name], stanza


def _belongs(view: View, slot: Slot, found: RouteMap) -> bool:
    above, has = view.above(slot), view.attachment(slot).route_map
    if above is not None and view.attachment(above).route_map == found.name:
        return True
    return has is None or (is_owned(found.name) and found.stanzas[-1].call == has)
