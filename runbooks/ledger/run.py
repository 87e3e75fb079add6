"""A run as recorded: :class:`Run`, and which one a name means: :func:`find_run`. No database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inventory.errors import InputError, Place, Problem
from runbooks.plan_file import Plan, parse_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: One step: ``at`` and ``step``, then what belongs to it.
Event = dict[str, Any]

#: How a run ended that came to neither of the two states.
KILLED, UNKNOWN = "killed", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as recorded; what is long is read from the ledger when it is asked for.

    ``status`` is "confirmed", "taken-back", "unknown", or "killed" where no end was written.
    ``first`` is the first step, empty for a run that did not come to it; ``devices`` are those
    that its plan changes, sorted.
    """

    name: str
    status: str
    first: Mapping[str, Any]
    ended: str | None = None
    devices: tuple[str, ...] = ()
    place: Path = field(repr=False)
    load_events: Callable[[], Sequence[Event]] = field(repr=False, compare=False)
    load_plan: Callable[[], str] = field(repr=False, compare=False)

    @property
    def events(self) -> tuple[Mapping[str, Any], ...]:
        """Return every step, in order."""
        return tuple(self.load_events())

    @property
    def plan(self) -> Plan:
        """Return the plan that was carried out.

        Raises:
            InputError: it is no plan that this ringfence knows.
        """
        text = self.load_plan()
        return parse_plan(text.encode(), self.place / self.name)


def find_run(known: Sequence[Run], name: str | None, place: Path) -> Run:
    """Return the run called ``name``; None means the last one that was confirmed and stands.

    Raises:
        InputError: there is no such run.
    """
    if name is not None:
        for run in known:
            if run.name == name:
                return run
        text = f"there is no run {name!r}; `ringfence runs` lists them"
        raise InputError(Problem(Place(place), text))
    undone = {str(run.first.get("undoes")) for run in known if run.status == "confirmed"}
    for run in reversed(known):
        if run.status == "confirmed" and run.name not in undone and not run.first.get("undoes"):
            return run
    raise InputError(Problem(Place(place), "no run stands that could be rolled back"))
