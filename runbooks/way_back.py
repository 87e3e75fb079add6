"""Brings devices back to what they were, in up to three rounds: :func:`bring_back`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasks.adapters import LATENESS
from tasks.carry_out import WayBack, take_back
from tasks.errors import OtherError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inventory.site import Site
    from runbooks.plan_file import DevicePlan
    from runbooks.progress import Progress
    from tasks.carry_out import SlotName
    from tasks.fleet import Fleet
    from tasks.outcome import Outcome

#: Seconds between two looks at whether somebody asked not to wait any more.
_LOOK_AGAIN = 0.2
#: Seconds that a platform may take to go back, line by line, once its timer has run out.
_GOING_BACK_S = 10.0


def slots_of(plan: DevicePlan) -> tuple[SlotName, ...]:
    """Return the sessions that let through something else once ``plan`` is carried out."""
    return tuple((one.session, one.family, one.direction) for one in plan.changes)


def way_back(
    plan: DevicePlan, timer_s: int, *, may_be_saved: bool, may_wait: bool = True
) -> WayBack:
    """Return how the device of ``plan`` goes back; see there for the rest."""
    return WayBack(
        candidate=plan.way_back,
        before=plan.digest,
        after=plan.digest_after,
        slots=slots_of(plan),
        timer_s=timer_s,
        may_be_saved=may_be_saved,
        may_wait=may_wait,
    )


def gone_by(site: Site, name: str, armed_at: float, timer_s: int) -> float:
    """Return by when a timer armed at ``armed_at`` has taken the device back; both monotonic."""
    return armed_at + timer_s + LATENESS[site.devices[name].platform]


def bring_back(
    site: Site,
    fleet: Fleet,
    progress: Progress,
    ways: Mapping[str, WayBack],
    *,
    timers_end: Mapping[str, float],
    hurried: Callable[[], bool],
) -> dict[str, Outcome[None]]:
    """Bring the devices of ``ways`` back; return what became of each.

    Who fails may have failed for its connection, which died in the middle of the change, so it
    is asked again on a new one. Who still fails, and has a revert timer that ends at
    ``timers_end`` (monotonic), is asked once more when that is over: unless ``hurried`` says that
    nobody wants to wait for it, or that is longer than the site's ``timers.patience``.
    """

    def ask(stage: str, names: Sequence[str]) -> dict[str, Outcome[None]]:
        arguments = {name: (site.devices[name], ways[name]) for name in names}
        with progress.stage(stage, names) as done:
            return fleet.each(take_back, names, arguments=arguments, done=done)

    outcomes = ask("take back", list(ways))
    again = _failed(outcomes)
    if again:
        fleet.forget(again)
        outcomes |= ask("take back again", again)
    now = time.monotonic()
    ends = {
        # Who was read needs no longer than the way back takes that may be going on there.
        name: min(timers_end[name], now + _GOING_BACK_S)
        if isinstance(outcomes[name].error, OtherError)
        else timers_end[name]
        for name in _failed(outcomes)
        if name in timers_end
    }
    late = [name for name, end in ends.items() if end < now + site.settings.timers.patience]
    if late:
        _wait(progress, late, max(ends[name] for name in late), hurried)
        fleet.forget(late)
        outcomes |= ask("look again", late)
    return outcomes


def _failed(outcomes: Mapping[str, Outcome[None]]) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome.failed]


def _wait(
    progress: Progress, names: Sequence[str], until: float, hurried: Callable[[], bool]
) -> None:
    left = until - time.monotonic()
    if left > 0:
        progress.say(
            f"waiting {left:.0f} s for the revert timers of {', '.join(names)}, which can't be "
            "taken back from here; Ctrl-C ends the waiting, not the timers"
        )
    while time.monotonic() < until and not hurried():
        time.sleep(_LOOK_AGAIN)
