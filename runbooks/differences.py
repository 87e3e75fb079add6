"""What a change means in prefixes and routes, not in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.filters import Direction
from policies.ownership import is_intact, is_owned
from policies.proof import EXAMPLES
from runbooks.plan_file import DroppedRoute, SessionChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from policies.prefix_set import PrefixSet
    from tasks.snapshot import Snapshot


def all_slots(running: Running) -> dict[Slot, str]:
    """Return every slot of ``running``, as one that is held to nothing."""
    return {
        (session.key, version, direction): "no guard"
        for session in running.sessions.values()
        for version, direction in session.attachments
    }


def session_changes(
    before: Running, after: Running, slots: Mapping[Slot, Fence] | Mapping[Slot, str]
) -> tuple[SessionChange, ...]:
    """Return every slot that starts or stops to let prefixes through, with examples."""
    old, new = Judge(before), Judge(after)
    found = []
    for (key, version, direction), fence in sorted(slots.items(), key=lambda item: item[0]):
        was = old.session(before.sessions[key], version, direction).may
        will = new.session(after.sessions[key], version, direction).may
        if was == will:
            continue
        stops, starts = was - will, will - was
        found.append(
            SessionChange(
                session=str(key),
                direction=direction,
                family=version,  # type: ignore[arg-type]
                fence=str(fence),
                stops=bool(stops),
                stop_examples=_examples(stops),
                starts=bool(starts),
                start_examples=_examples(starts),
            )
        )
    return tuple(found)


def _examples(prefixes: PrefixSet) -> tuple[str, ...]:
    return tuple(str(one) for one in prefixes.witnesses(EXAMPLES))


def dropped_routes(snapshot: Snapshot, after: Running) -> tuple[DroppedRoute, ...]:
    """Return the routes accepted right now that no attribute gets past the new policy."""
    judge = Judge(after)
    return tuple(
        DroppedRoute(prefix=str(route), session=str(key))
        for (key, version), routes in sorted(
            snapshot.tables.accepted.items(), key=lambda item: item[0]
        )
        for may in [judge.session(after.sessions[key], version, Direction.IMPORT).may]
        for route in sorted(routes, key=str)
        if route not in may
    )


def shrinkage(
    before: Running, after: Running, fenced: Mapping[Slot, Fence]
) -> Iterator[tuple[str, float]]:
    """Yield each ``only`` guard that stands already and closes addresses, with the part closed.

    A guard that is new, or was tampered with, narrows all there is to what the pools allow;
    that is no shrinking.
    """
    old, new = Judge(before), Judge(after)
    for (key, version, direction), fence in sorted(fenced.items(), key=lambda item: item[0]):
        was = _standing(before, old, (key, version, direction))
        if fence.kind != "out" or was is None or not was:
            continue
        will = _standing(after, new, (key, version, direction))
        if will is None:  # the session closes altogether
            will = new.session(after.sessions[key], version, direction).may
        # Addresses, not prefixes: what a pool covers in another length still counts as open.
        closed = (was | will).address_count() - will.address_count()
        if closed:
            yield f"{key} ipv{version} {direction}", closed / was.address_count()


def _standing(running: Running, judge: Judge, slot: Slot) -> PrefixSet | None:
    """Return what our own guard on ``slot`` allows, or None if no whole one stands there."""
    key, version, direction = slot
    attachment = running.sessions[key].attachments[version, direction]
    found = running.route_maps.get(attachment.route_map or "")
    for stanza in found.stanzas if found else ():
        for family, name in stanza.lists:
            one = running.lists.get((family, name))
            if family == version and is_owned(name) and one is not None and is_intact(one):
                denied = judge.permitted(version, name)
                return None if denied is None else ~denied
    return None
