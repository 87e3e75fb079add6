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
    """Return the neighbors and groups of a guarded device that its site does not know.

    ``ignored`` are names, each with ``(vrf NAME)`` behind it or without: see `_is_ignored`.
    """
    if not guards:
        return ()
    named = set(known)
    return tuple(
        key
        for key, session in sorted(running.sessions.items())
        if key not in named
        and not _is_ignored(running, key, named, ignored)
        and not (session.group is not None and _group_known(running, session, named, ignored))
        and not (session.is_group and _members_known(running, session, named))
    )


def _is_ignored(
    running: Running, key: SessionKey, named: set[SessionKey], ignored: Sequence[str]
) -> bool:
    """Return whether a neighbor is none of ringfence's business.

    A name without a VRF is that of the default one if there is such a neighbor there, which the
    site does not name as a session, and else of whichever has it: what is ignored in one table is
    not to open another.
    """
    default = SessionKey("", key.name)
    of_default = key != default and default in running.sessions and default not in named
    said = f"{key.name} (vrf {key.vrf or 'default'})"
    return said in ignored or (key.name in ignored and not of_default)


def _group_known(
    running: Running, session: Session, named: set[SessionKey], ignored: Sequence[str]
) -> bool:
    group = SessionKey(session.key.vrf, session.group or "")
    return group in named or _is_ignored(running, group, named, ignored)


def _members_known(running: Running, group: Session, named: set[SessionKey]) -> bool:
    """Return whether a group only gathers neighbors that the site names one by one."""
    inside = members(running, group)
    known = all(
        one.key in named or (one.is_group and _members_known(running, one, named)) for one in inside
    )
    return bool(inside) and known and not group.listens
