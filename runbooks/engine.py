"""Carries a plan out: all devices confirmed, or all back. Start with :class:`Engine`.

Prepare every wave (commit with a revert timer that is armed first, then verify), decide, and
only then confirm. Anything else takes everything back, the waves before included. Every step
is on record before it is taken.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from inventory.errors import DeviceError, IncompleteError, RingfenceError
from runbooks.differences import all_slots
from runbooks.signals import held
from tasks.carry_out import Todo, confirm, prepare, take_back
from tasks.errors import HalfwayError, UntouchedError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from inventory.site import Site
    from runbooks.planning import Prepared
    from runbooks.progress import Progress
    from runbooks.record import Record
    from tasks.fleet import Fleet
    from tasks.outcome import Outcome

#: Part of the revert timer after which confirming is not tried any more: what is left must
#: do for the confirmations themselves, and a late one meets a switch that has gone back.
_LATE = 0.75


class Engine:
    """One run of one plan."""

    def __init__(
        self, site: Site, fleet: Fleet, prepared: Prepared, record: Record, progress: Progress
    ) -> None:
        self._site = site
        self._fleet = fleet
        self._prepared = prepared
        self._record = record
        self._progress = progress
        self._plans = {one.device: one for one in prepared.plan.devices}
        self._touched: list[str] = []
        self._confirmed: set[str] = set()
        self._armed_at: float | None = None

    def run(self) -> None:
        """Carry the plan out.

        Raises:
            DeviceError: it failed, and every device is as it was.
            IncompleteError: it failed, and it is not known of some device what it is.
        """
        with held(self._progress.say) as wish:
            try:
                for number, wave in enumerate(self._prepared.plan.waves, start=1):
                    wish.ensure_none()
                    self._prepare(number, wave)
                wish.ensure_none()
                self._check_time()
                self._record.write("decision", confirm=list(self._touched))
                # From here on a signal comes too late: what was decided is carried out.
                self._confirm()
                # Not on record is not done: a full disk takes a confirmed change back as well.
                self._record.end("confirmed")
            except BaseException as error:
                self._take_back(error)
                raise

    def _prepare(self, number: int, wave: Sequence[str]) -> None:
        self._check_time()
        self._record.write("prepare", wave=number, devices=list(wave))
        if self._armed_at is None:
            self._armed_at = time.monotonic()
        self._touched += wave
        timers = self._site.settings.timers
        with self._progress.stage(f"commit wave {number}", wave) as done:
            outcomes = self._fleet.each(
                prepare,
                wave,
                arguments={
                    name: (self._site.devices[name], self._todo(name), timers) for name in wave
                },
                done=done,
            )
        self._settle("prepared", outcomes)

    def _todo(self, name: str) -> Todo:
        """Return what to commit, with the slots that let through something else afterwards."""
        running = self._prepared.snapshots[name].running
        changed = {(one.session, one.family, one.direction) for one in self._plans[name].changes}
        return Todo(
            candidate=self._plans[name].candidate,
            way_back=self._plans[name].way_back,
            dry_run=self._prepared.dry_runs[name],
            slots=[
                (running.sessions[key], version, direction)
                for key, version, direction in sorted(all_slots(running))
                if (str(key), version, direction.value) in changed
            ],
        )

    def _confirm(self) -> None:
        with self._progress.stage("confirm", self._touched) as done:
            outcomes = self._fleet.each(
                confirm,
                self._touched,
                arguments={
                    name: (self._site.devices[name], self._prepared.dry_runs[name].expected)
                    for name in self._touched
                },
                done=done,
            )
        # Who failed may have been confirmed all the same.
        self._confirmed.update(outcomes)
        self._settle("confirmed", outcomes)

    def _settle(self, step: str, outcomes: dict[str, Outcome[None]]) -> None:
        """Record what became of each device; raise what the first that failed said."""
        for name, outcome in outcomes.items():
            said = {"error": str(outcome.error)} if outcome.failed else {}
            became = "failed" if outcome.failed else step
            if isinstance(outcome.error, UntouchedError):
                # Nothing of ours is there: taking it back would undo somebody else's change.
                became = "untouched"
                self._touched.remove(name)
            self._record.write(became, device=name, **said)
        failed = [outcome for outcome in outcomes.values() if outcome.failed]
        if failed:
            raise DeviceError("\n".join(str(outcome.error) for outcome in failed))

    def _check_time(self) -> None:
        timer = self._site.settings.timers.confirm
        if self._armed_at is not None and time.monotonic() - self._armed_at > _LATE * timer:
            raise DeviceError(
                f"the change took more than {_LATE:.0%} of its revert timer of {timer} s, so it is "
                "taken back; set a longer timers.confirm in site.yaml"
            )

    def _note(self, step: str, **facts: object) -> None:
        """Record a step of the way back, which must go on even where the record can't."""
        try:
            self._record.write(step, **facts)
        except (OSError, ValueError) as error:
            self._progress.say(f"not on record: {step}: {error}")

    def _back_on(
        self, stage: str, names: Sequence[str], halfway: Container[str] = ()
    ) -> dict[str, Outcome[None]]:
        with self._progress.stage(stage, names) as done:
            return self._fleet.each(
                take_back,
                names,
                arguments={
                    name: (self._site.devices[name], self._todo(name), name in halfway)
                    for name in names
                },
                done=done,
            )

    def _take_back(self, error: BaseException) -> None:
        """Bring every touched device back; then say so, or which is unknown."""
        why = str(error) if isinstance(error, RingfenceError | OSError) else type(error).__name__
        self._note("decision", take_back=list(self._touched), because=why)
        outcomes = self._back_on("take back", self._touched)
        # What failed may have failed for its connection, which died in the middle of the change.
        again = [name for name, outcome in outcomes.items() if outcome.failed]
        if again:
            self._fleet.forget(again)
            # Only where we began to: elsewhere what differs is somebody else's work.
            halfway = {name for name in again if isinstance(outcomes[name].error, HalfwayError)}
            outcomes |= self._back_on("take back again", again, halfway)
        unknown = []
        for name, outcome in outcomes.items():
            if outcome.failed:
                unknown.append(f"{outcome.error} ({self._what_happens(name)})")
            said = {"error": str(outcome.error)} if outcome.failed else {}
            self._note("unknown" if outcome.failed else "taken back", device=name, **said)
        self._note("end", status="unknown" if unknown else "taken-back", because=why)
        if unknown:
            raise IncompleteError(f"{why}\nnot known to be back: " + "; ".join(unknown)) from error

    def _what_happens(self, name: str) -> str:
        """Return what becomes of a device that could not be taken back."""
        if name in self._confirmed:
            return "it was confirmed already, and stays what it is until somebody changes it"
        timer = self._site.settings.timers.confirm
        return f"an unconfirmed change goes by itself within {timer} s"
