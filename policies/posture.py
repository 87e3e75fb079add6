"""What a session without a policy lets through, and what closes it: :func:`posture`.

RFC 8212 asks of eBGP that without a policy nothing is accepted and nothing announced; of iBGP
it asks nothing. Law: once the ``closing`` lines are in the configuration, nothing gets through
the session any more, but for a default route that it is told to make up, and unless a line of its
own takes the platform's setting back, which the text says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.filters import Direction

if TYPE_CHECKING:
    from policies.dialects.base import Dialect
    from policies.filters import Running, Session

_WHAT = {
    Direction.IMPORT: "every route is accepted",
    Direction.EXPORT: "every BGP route is announced",
}
_NOTHING = {Direction.IMPORT: "nothing is accepted", Direction.EXPORT: "nothing is announced"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """What becomes of routes on a session without a policy, in one family and direction.

    ``open`` is whether they pass, None where that is not known. ``closing`` are the lines of
    configuration that close it, as the platform writes them; none where it is closed.
    """

    open: bool | None
    text: str
    closing: tuple[str, ...] = ()


def posture(
    dialect: Dialect, running: Running, session: Session, version: int, direction: Direction
) -> Posture | None:
    """Return what ``session`` does without a policy; None if it has one, or lacks the family."""
    attachment = session.attachments.get((version, direction))
    if attachment is None or not attachment.is_empty:
        return None
    made_up = "; a default route is announced all the same" if attachment.originates_default else ""
    if session.is_closed(version, direction):
        text = f"no policy, so {_NOTHING[direction]}, as RFC 8212 asks of eBGP{made_up}"
        return Posture(open=False, text=text)
    slot = (session.key, version, direction)
    lines = dialect.close_ebgp(slot, running) if session.is_external else ()
    knob = dialect.knob
    is_known = session.is_closed(version, direction) is not None and not (
        session.is_external is None and knob is not None
    )
    whether = f"no policy, so {_WHAT[direction]}"
    if not is_known:
        whether = f"no policy, and it is not known whether {_WHAT[direction]} then"
    if lines and knob is not None:
        note = f", {knob.note}" if knob.note else ""
        way = f"`{knob.name}` closes every eBGP session without a policy{note}"
    else:
        lines = dialect.deny_all(slot, running)
        way = "a policy that denies everything closes it"
    against = {True: ", against RFC 8212", False: ", as usual for iBGP", None: ""}
    return Posture(
        open=True if is_known else None,
        text=f"{whether}{against[session.is_external]}; {way}{made_up}",
        closing=lines,
    )
