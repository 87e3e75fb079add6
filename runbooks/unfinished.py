"""What the record of a run that did not come to its end says: :class:`Unfinished`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runbooks.ledger import Run
    from runbooks.plan_file import DevicePlan


class State(StrEnum):
    """What a device is, beside what the run found and what it was to make of it."""

    OLD = "old"
    NEW = "new"
    WAITS = "waits"
    OTHER = "other"
    UNKNOWN = "unknown"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A run without an end, by its record.

    ``touched`` are the devices that it began to change, in that order; ``decided`` says that
    all of the plan was to be confirmed; ``confirmed`` are those that were, for certain,
    and ``may_be_saved`` those that were to be. ``was_going_back`` says that it began to take back,
    which arms timers of its own.
    ``timers`` (seconds) and ``armed_at`` (the earliest) are those of the revert timers.
    """

    name: str
    plans: Mapping[str, DevicePlan]
    touched: tuple[str, ...]
    decided: bool
    confirmed: frozenset[str]
    may_be_saved: frozenset[str]
    was_going_back: bool
    timers: Mapping[str, int]
    armed_at: Mapping[str, datetime]

    @classmethod
    def of(cls, run: Run) -> Unfinished:
        """Return what the steps of ``run`` add up to."""
        touched: dict[str, datetime] = {}
        confirmed: set[str] = set()
        timers: dict[str, int] = {}
        decided = False
        was_going_back = False
        may_be_saved: set[str] = set()
        for event in run.events:
            match event["step"]:
                case "prepare":
                    at = datetime.fromisoformat(event["at"]).astimezone(UTC)
                    touched |= dict.fromkeys(event["devices"], at)
                    timers |= event.get("timers", {})
                case "untouched":
                    touched.pop(event["device"], None)
                case "decision":
                    decided = bool(event.get("is_last"))
                    may_be_saved.update(event.get("confirm", ()))
                    was_going_back = was_going_back or "take_back" in event
                case "confirmed":
                    confirmed.add(event["device"])
                case "failed" | "taken back":
                    confirmed.discard(event["device"])
                case "end":
                    # What an earlier recovery left as it is, is settled.
                    for name in event.get("left", ()):
                        touched.pop(name, None)
        return cls(
            name=run.name,
            plans={one.device: one for one in run.plan.devices},
            touched=tuple(touched),
            decided=decided,
            confirmed=frozenset(confirmed),
            may_be_saved=frozenset(may_be_saved),
            was_going_back=was_going_back,
            timers=timers,
            armed_at=touched,
        )


def state_of(plan: DevicePlan, waits: bool, found: str) -> str:
    """Return what a device is, of which ``found`` is the digest of the filters now."""
    if found == plan.digest_after:
        return State.WAITS if waits else State.NEW
    if found == plan.digest:
        return State.OLD
    return State.OTHER
