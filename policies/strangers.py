"""Neighbors that a device has and its site does not know: :func:`unknown_neighbors`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.filters import SessionKey, members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.filters import Running, Session
    from policies.guards import WantedGuard


def unknown_neighbors(
    running: Running,
    guards: Sequence[WantedGuard],
    known: Sequence[SessionKey],
    ignored: Sequence[str],
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
    inside = members(running, group)
    known = all(
        one.key in named or (one.is_group and _members_known(running, one, named)) for one in inside
    )
    return bool(inside) and known and not group.listens
