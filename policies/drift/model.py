"""One thing that is not as the site wants it: :class:`Drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.drift.kinds import Effect

if TYPE_CHECKING:
    from policies.drift.kinds import Kind
    from policies.filters import Direction, SessionKey
    from policies.prefix_set import PrefixSet
    from policies.references import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One cause of drift on one device, told once however many sessions feel it.

    ``session``, ``version`` and ``direction`` are None where it is about more than one, or none.
    ``object`` is what it is about, as people call it: of one kind no two findings of a device have
    the same object and family, and it stays the same for as long as the finding stands.
    ``leaked`` is what passes and must not, ``dropped`` what the pools allow and does not pass, both
    exact and of one family; None where that is nothing. ``references`` are the places it is about,
    ``remedy`` what a deploy would do about it, or what to do instead.
    """

    kind: Kind
    session: SessionKey | None = None
    version: int | None = None
    direction: Direction | None = None
    object: str
    text: str
    leaked: PrefixSet | None = None
    dropped: PrefixSet | None = None
    references: tuple[Reference, ...] = ()
    remedy: str

    @property
    def effect(self) -> Effect:
        """What it does to what passes."""
        if self.leaked:
            return Effect.BOTH if self.dropped else Effect.WEAKENED
        return Effect.NARROWED if self.dropped else Effect.NONE
