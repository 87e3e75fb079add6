"""Guarded sessions that do not carry a family any more: :func:`switched_off`.

That they once did is known by a guard of that family: ringfence attaches one only where a session
carries it. Where the platform takes a family's lines away with it, nothing is left to know it by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.kinds import Kind
from policies.drift.model import Drift
from policies.drift.shape import Shape
from policies.drift.words import examples, session_name, slot_name
from policies.filters import members
from policies.ownership import is_owned
from policies.references import AttachmentRef, StanzaRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.drift.view import View
    from policies.guards import WantedGuard


def switched_off(view: View, guards: Sequence[WantedGuard]) -> Iterator[Drift]:
    """Yield the families that guarded sessions lost, with all that they drop for it."""
    for guard in guards:
        found = view.running.sessions.get(guard.session)
        for session in (found, *members(view.running, found)) if found is not None else ():
            for (version, direction), name in sorted(session.idle.items()):
                slot = (session.key, version, direction)
                left = _left(view, version, name)
                allowed = guard.fence.allowed[version]
                if direction is guard.direction and left and allowed and not view.is_narrower(slot):
                    where = slot_name(view.running, slot)
                    yield Drift(
                        kind=Kind.NARROWED,
                        session=session.key,
                        version=version,
                        direction=direction,
                        object=where,
                        text=f"{session_name(view.running, session.key)} does not carry "
                        f"IPv{version} any more, and a guard of it stands in "
                        f"{view.nouns.a_map(name)}: it drops {examples(allowed)}",
                        dropped=allowed,
                        references=(AttachmentRef(*slot), left),
                        remedy="no deploy mends it: activate the family there again, or detach "
                        f"{view.nouns.a_map(name)} in it",
                    )


def _left(view: View, version: int, name: str) -> StanzaRef | None:
    """Return the guard of the family in a route-map, if it can't be there for anybody else."""
    found = view.running.route_maps.get(name)
    guard = Shape.of(found, version).guard if found is not None else None
    others = any(slot[1] == version for slot in view.users.get(name, ()))
    if guard is None or (others and not is_owned(name)):
        return None
    return StanzaRef(name, guard.seq)
