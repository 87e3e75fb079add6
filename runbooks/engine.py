"""Carries a plan out: all devices confirmed, or all back. Start with :class:`Engine`.

Wave by wave: commit with a revert timer that is armed first, then verify. All waves stay
unconfirmed as long as their timers permit; then the decision is written, and only then everything
is confirmed. A run that is too long for its timers is confirmed in parts. Anything that fails
takes everything back, the parts that were confirmed before included. Every step is on record
before it is taken.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inventory.errors import DeviceError, IncompleteError, RingfenceError
from runbooks.ledger import SupersededError
from runbooks.signals import held
from runbooks.way_back import bring_back, gone_by, slots_of, way_back
from tasks.carry_out import Todo, confirm, prepare
from tasks.errors import UntouchedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.site import Site
    from runbooks.ledger import Record
    from runbooks.planning import Prepared
    from runbooks.progress import Progress
    from runbooks.signals import Wish
    from runbooks.timing import Timing
    from tasks.carry_out import WayBack
    from tasks.fleet import Fleet
    from tasks.outcome import Outcome


class Engine:
    """One run of one plan."""

    def __init__(
        self,
        site: Site,
        fleet: Fleet,
        prepared: Prepared,
        record: Record,
        progress: Progress,
        *,
        timing: Timing,
    ) -> None:
        self._site = site
        self._fleet = fleet
        self._prepared = prepared
        self._record = record
        self._progress = progress
        self._plans = {one.device: one for one in prepared.plan.devices}
        self._timing = timing
        #: The revert timer of each device that was begun, and when it was armed, at the earliest.
        self._armed: dict[str, tuple[int, float]] = {}
        self._touched: list[str] = []
        self._confirmed: set[str] = set()
        #: Those that were told to confirm, whatever they said to it.
        self._may_be_saved: set[str] = set()
        self._untouched: set[str] = set()
        self._is_done = False

    def run(self) -> None:
        """Carry the plan out.

        Raises:
            DeviceError: it failed, and every device is as it was.
            IncompleteError: it failed, and it is not known of some device what it is.
        """
        with held(self._progress.say) as wish:
            try:
                for index, wave in enumerate(self._prepared.plan.waves):
                    wish.ensure_none()
                    if not self._timing.fits(index, self._left_s()):
                        self._decide(wish, is_last=False)
                    self._prepare(index, wave)
                wish.ensure_none()
                self._decide(wish, is_last=True)
                self._record.end("confirmed")
            except BaseException as error:
                if self._is_done:
                    # The decision is on record, and carried out: nothing may contradict it now,
                    # neither here nor on a host that got the site's lock meanwhile.
                    raise IncompleteError(
                        f"confirmed on every device, which is not on record: {error}\n"
                        "run `ringfence recover` to end the run"
                    ) from error
                self._take_back(error, wish)
                raise

    def _unconfirmed(self) -> list[str]:
        return [name for name in self._touched if name not in self._confirmed]

    def _deadline(self) -> float:
        """Return when nothing is begun any more but confirmations (monotonic)."""
        ends = [
            armed_at + self._timing.late_s(timer)
            for timer, armed_at in (self._armed[name] for name in self._unconfirmed())
        ]
        return min(ends, default=float("inf"))

    def _left_s(self) -> float:
        return self._deadline() - time.monotonic()

    def _prepare(self, index: int, wave: Sequence[str]) -> None:
        timers = {name: self._timing.timer_s(name, index) for name in wave}
        self._record.write("prepare", wave=index + 1, devices=list(wave), timers=timers)
        self._armed |= {name: (timers[name], time.monotonic()) for name in wave}
        self._touched += wave
        deadline, began = self._deadline(), time.monotonic()
        with self._progress.stage(f"commit wave {index + 1}", wave) as done:

            def came_home(outcome: Outcome[None]) -> None:
                self._note_untouched(outcome)
                done(outcome)

            outcomes = self._fleet.each(
                prepare,
                wave,
                arguments={
                    name: (self._site.devices[name], self._todo(name, deadline)) for name in wave
                },
                done=came_home,
            )
        self._timing.learn(time.monotonic() - began)
        self._settle("prepared", outcomes)

    def _todo(self, name: str, deadline: float) -> Todo:
        return Todo(
            candidate=self._plans[name].candidate,
            dry_run=self._prepared.dry_runs[name],
            slots=slots_of(self._plans[name]),
            timer_s=self._armed[name][0],
            settle_s=self._site.settings.timers.settle,
            deadline=deadline,
        )

    def _decide(self, wish: Wish, *, is_last: bool) -> None:
        """Write the decision, then confirm what waits for it."""
        names = self._unconfirmed()
        wish.ensure_none()
        if self._left_s() < 0:
            raise DeviceError(
                "the change came too near to its revert timers, so it is taken back; set a "
                "longer timers.confirm in site.yaml"
            )
        self._record.write("decision", confirm=names, is_last=is_last)
        # From here on a signal comes too late for these: what was decided is carried out.
        with self._progress.stage("confirm", names) as done:
            outcomes = self._fleet.each(
                confirm,
                names,
                arguments={
                    name: (self._site.devices[name], self._prepared.dry_runs[name].expected)
                    for name in names
                },
                done=done,
            )
        # Who failed may have been confirmed all the same; or its timer runs.
        self._may_be_saved.update(outcomes)
        self._confirmed.update(name for name, one in outcomes.items() if not one.failed)
        self._is_done = is_last and not self._unconfirmed()
        self._settle("confirmed", outcomes)

    def _note_untouched(self, outcome: Outcome[None]) -> None:
        """Record at once that a device was left alone: a recovery must not touch it either."""
        if isinstance(outcome.error, UntouchedError):
            self._untouched.add(outcome.device)
            self._note("untouched", device=outcome.device, error=str(outcome.error))

    def _settle(self, step: str, outcomes: dict[str, Outcome[None]]) -> None:
        """Record what became of each device; raise what the first that failed said."""
        # Nothing of ours is there: taking it back would undo somebody else's change.
        self._touched = [name for name in self._touched if name not in self._untouched]
        for name, outcome in outcomes.items():
            if name not in self._untouched:
                said = {"error": str(outcome.error)} if outcome.failed else {}
                self._record.write("failed" if outcome.failed else step, device=name, **said)
        failed = [outcome for outcome in outcomes.values() if outcome.failed]
        if failed:
            raise DeviceError("\n".join(str(outcome.error) for outcome in failed))

    def _note(self, step: str, **facts: object) -> None:
        """Record a step of the way back, which must go on even where the record can't."""
        try:
            self._record.write(step, **facts)
        except SupersededError:
            raise
        except (OSError, ValueError, RingfenceError) as error:
            self._progress.say(f"not on record: {step}: {error}")

    def _take_back(self, error: BaseException, wish: Wish) -> None:
        """Bring every touched device back; then say so, or which is unknown."""
        why = str(error) if isinstance(error, RingfenceError | OSError) else type(error).__name__
        try:
            if isinstance(error, SupersededError):
                raise error
            self._note("decision", take_back=list(self._touched), because=why)
        except SupersededError as superseded:
            # What is done there now is theirs to decide; ours goes by its timers, or by them.
            raise IncompleteError(
                f"{why}\n{superseded}: nothing more was done from here; `ringfence runs` says what "
                "they did, `ringfence recover --check` what is left"
            ) from error
        heard = wish.count
        outcomes = bring_back(
            self._site,
            self._fleet,
            self._progress,
            {name: self._way_back(name) for name in self._touched},
            timers_end={name: self._gone_by(name) for name in self._unconfirmed()},
            hurried=lambda: wish.count > heard,
        )
        unknown = []
        for name, outcome in outcomes.items():
            if outcome.failed:
                unknown.append(f"{outcome.error} ({self._what_happens(name)})")
            error_of = {"error": str(outcome.error)} if outcome.failed else {}
            self._note("unknown" if outcome.failed else "taken back", device=name, **error_of)
        self._note("end", status="unknown" if unknown else "taken-back", because=why)
        if unknown:
            said = "; ".join(unknown)
            way_out = "run `ringfence recover` once they can be reached"
            raise IncompleteError(f"{why}\nnot known to be back: {said}\n{way_out}") from error

    def _way_back(self, name: str) -> WayBack:
        timer, _ = self._armed[name]
        return way_back(self._plans[name], timer, may_be_saved=name in self._may_be_saved)

    def _gone_by(self, name: str) -> float:
        timer, armed_at = self._armed[name]
        return gone_by(self._site, name, armed_at, timer)

    def _what_happens(self, name: str) -> str:
        """Return what becomes of a device that could not be taken back."""
        if name in self._confirmed:
            return "it was confirmed already, and stays what it is until somebody changes it"
        left = max(0.0, self._gone_by(name) - time.monotonic())
        if left:
            return f"an unconfirmed change goes by itself within {left:.0f} s"
        return "its revert timer has run out by now"
