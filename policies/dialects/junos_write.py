"""The lines between two states of a Junos device: :func:`candidate`.

Law: an object that differs is deleted and written anew, whole; nothing is deleted that is not
there, which the device would take for an error; and every reference holds at the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.junos_own import guard_lines, list_lines, statement
from policies.dialects.junos_sessions import GLOBAL
from policies.dialects.junos_text import joined, words
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.filters import Direction, Running, Session

Lines = tuple[str, ...]


def candidate(before: Running, after: Running) -> list[str]:
    """Return the lines that take the device from ``before`` to ``after``.

    Raises:
        ValueError: ``after`` can't stand on a device: one policy with two contents, or a session
            whose families differ.
    """
    lines: list[str] = []
    old, new = _statements(before), _statements(after)
    for name, body in new.items():
        if old.get(name) != body:
            if name in old:
                lines.append(_delete(name))
            lines += statement(name, body)
    old_chains, new_chains = _chains(before), _chains(after)
    for path in sorted({*old_chains, *new_chains}):
        chain, stood = new_chains.get(path), old_chains.get(path)
        if chain != stood:
            if stood is not None:
                lines.append(f"delete {path}")
            lines += [f"set {path} {joined((name,))}" for name in words(chain or "")]
    return lines + [_delete(name) for name in old if name not in new]


def _delete(name: str) -> str:
    return f"delete policy-options policy-statement {joined((name,))}"


def _statements(running: Running) -> Mapping[str, Lines]:
    """Return the policy-statements of ours by name: lists, then guards, which ask them."""
    found: dict[str, Lines] = {
        one.name: list_lines(one) for one in running.lists.values() if is_owned(one.name)
    }
    for name, one in running.route_maps.items():
        if is_owned(name):
            head = words(name)[0]
            body = guard_lines(one.stanzas)
            if found.setdefault(head, body) != body:
                raise ValueError(f"policy {head} can't be two things at once")
    return found


def _chains(running: Running) -> Mapping[str, str]:
    """Return the chains that stand in their own place, by the path of the statement."""
    found: dict[str, str] = {}
    for session in running.sessions.values():
        for direction in {way for _, way in session.attachments}:
            here = {
                one.route_map
                for (_, way), one in session.attachments.items()
                if way is direction and one.inherited_from is None
            }
            if len(here) > 1:
                raise ValueError(f"{session.key} can't have two chains for its families")
            chain = next(iter(here), None)
            if chain is not None:
                found[chain_path(session, direction)] = chain
    return found


def chain_path(session: Session, direction: Direction) -> str:
    """Return the path of a session's chain."""
    vrf, name = session.key.vrf, session.key.name
    path = ["routing-instances", vrf] if vrf else []
    path += ["protocols", "bgp"]
    if session.is_group:
        path += [] if name == GLOBAL else ["group", name]
    else:
        path += ["group", session.group or "", "neighbor", name]
    return joined((*path, direction))
