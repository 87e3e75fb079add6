"""What a change means in prefixes and routes, not in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.importing import import_accepts
from policies.proof import EXAMPLES
from runbooks.plan_file import DroppedRoute, SessionChange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from policies.prefix_set import PrefixSet
    from tasks.snapshot import Snapshot

#: Routes of a session that a refusal names before it counts the rest.
NAMED = 5


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
        for may in [import_accepts(judge, key, version).may]
        for route in sorted(routes, key=lambda one: (int(one.network_address), one.prefixlen))
        if route not in may
    )


def dropped_in_words(drops: Sequence[DroppedRoute]) -> str:
    """Return how many routes each session loses, and the first of them by name."""
    by_session: dict[str, list[str]] = {}
    for one in drops:
        by_session.setdefault(one.session, []).append(one.prefix)
    return "; ".join(
        f"{len(routes)} from {session}: {', '.join(routes[:NAMED])}"
        + (f" and {len(routes) - NAMED} more" if len(routes) > NAMED else "")
        for session, routes in by_session.items()
    )
