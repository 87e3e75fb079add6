"""Whose policy decides the routes that come in over a guarded session: :func:`import_accepts`.

A peer group's table holds the routes of all its members. A member that has a policy of its own
is judged by that one, so it is asked for beside its group (:func:`import_slots`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.accepts import Accepts
from policies.filters import Direction, members
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.accepts import Judge
    from policies.filters import Running, Session, SessionKey


def import_slots(
    running: Running, guarded: Iterable[SessionKey]
) -> tuple[tuple[SessionKey, int], ...]:
    """Return the sessions and families of which the accepted routes tell all about ``guarded``.

    Sorted, each once: the guarded sessions that the device has, and the members of groups that
    another policy decides, or that carry a family which their group does not.
    """
    found = set()
    for key in guarded:
        session = running.sessions.get(key)
        if session is not None:
            found |= {(key, version) for version in session.versions}
            found |= {
                (one.key, version)
                for one in members(running, session)
                for version in one.versions
                if _differs(one, session, version)
            }
    return tuple(sorted(found))


def import_accepts(judge: Judge, key: SessionKey, version: int) -> Accepts:
    """Return what may, and what must, get in of the routes in the table of a session.

    Of a group's routes it is not known which member they are from: what some member may let in
    may get in, and only what all let in must.
    """
    running = judge.running
    session = running.sessions[key]
    deciding = [session]
    deciding += [one for one in members(running, session) if _differs(one, session, version)]
    each = [judge.session(one, version, Direction.IMPORT) for one in deciding]
    must = each[0].must
    for one in each[1:]:
        must &= one.must
    return Accepts(PrefixSet.union(version, [one.may for one in each]), must)


def _differs(member: Session, group: Session, version: int) -> bool:
    """Return whether a member's routes of a family are decided by another policy than its group's.

    A member without the family has no routes of it that could be.
    """
    slot = (version, Direction.IMPORT)
    if slot not in member.attachments:
        return False
    if slot not in group.attachments:
        return True
    mine, theirs = (replace(one.attachments[slot], inherited_from=None) for one in (member, group))
    return mine != theirs or member.is_closed(*slot) != group.is_closed(*slot)
