"""What closes a session that has no policy: :class:`Knob` and :func:`deny_all`.

RFC 8212 asks of eBGP that nothing passes without a policy. Platforms that are older than it
have a setting for that, or none; what always helps is a policy that denies everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Protocol

from policies.change import Attach, SetStanza
from policies.filters import Direction, SessionKey, Stanza
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.change import Step
    from policies.filters import RouteMap, Running
    from policies.managed import Slot

_NAME = "DENY-ALL"
_EVERYTHING = Stanza(seq=10, action=Action.DENY)


@dataclass(frozen=True, slots=True)
class Knob:
    """The setting of a platform that closes eBGP sessions without a policy.

    ``name`` is how it is written; ``note`` what else has to be known of it, "" if nothing.
    """

    name: str
    note: str = ""


class Writer(Protocol):
    """How a platform writes a change."""

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as candidate text."""


def policy_name(running: Running) -> tuple[str, bool]:
    """Return the name of a policy that denies everything, and whether it is there already."""
    attached = {
        one.route_map
        for session in running.sessions.values()
        for one in session.attachments.values()
        if one.route_map is not None
    }
    taken = {word for name in attached for word in name.split()} | running.other_uses.keys()
    for number in count(1):
        name = _NAME if number == 1 else f"{_NAME}-{number}"
        found = running.route_maps.get(name)
        if found is not None and _denies_all(found):
            return name, True
        if found is None and name not in taken:
            break
    return name, False


def _denies_all(found: RouteMap) -> bool:
    said = [(one.action, one.referred, one.unknown, one.goes_on) for one in found.stanzas]
    return said == [(Action.DENY, (), (), False)]


def deny_all(slot: Slot, running: Running, writer: Writer) -> tuple[str, ...]:
    """Return the lines of an IOS-like platform that put a route-map on a session to deny all.

    Where a member of a peer group can't have one of its own, it goes on the group.
    """
    key, version, direction = slot
    session = running.sessions[key]
    if running.semantics.members_follow_outbound and direction is Direction.EXPORT:
        group = SessionKey(key.vrf, session.group or "")
        key = group if group in running.sessions else key
    name, is_there = policy_name(running)
    define: tuple[Step, ...] = () if is_there else (SetStanza(name, _EVERYTHING),)
    text = writer.render((*define, Attach((key, version, direction), name)), running)
    return tuple(line for line in text.splitlines() if line != "end")
