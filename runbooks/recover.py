"""After a crash: bring what a run left behind to one of the two states. Start with :func:`recover`.

Forward, if the record holds the decision to confirm everything and no device has gone back since;
back in every other case. A device that can't be reached leaves the run unfinished: it is asked
again by the next `ringfence recover`.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inventory.errors import IncompleteError, InputError, Place, Problem
from runbooks.signals import held
from runbooks.unfinished import State, Unfinished, state_of
from runbooks.way_back import bring_back, gone_by, way_back
from tasks.adapters import ADAPTERS
from tasks.carry_out import finish, look
from tasks.fleet import Fleet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.site import Site
    from runbooks.ledger import Ledger, Record
    from runbooks.progress import Progress
    from runbooks.signals import Wish
    from tasks.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of one unfinished run; ``ended`` is confirmed, taken-back or unknown.

    ``devices`` has the state of each, ``errors`` a sentence for each whose state is not known.
    """

    run: str
    ended: str
    devices: Mapping[str, str]
    errors: tuple[str, ...] = ()


def recover(
    site: Site, ledger: Ledger, progress: Progress, *, leave: Sequence[str] = ()
) -> tuple[Recovered, ...]:
    """Bring every unfinished run of the site to an end, the newest first.

    The devices ``leave`` are left as they are, and that is on record: what stands there is
    somebody's own work, or the device is gone for good.

    Raises:
        RefusedError: a run is going on.
        InputError: no unfinished run has a device that is to be left.
    """
    with ledger.hold("recover"):
        todo = [Unfinished.of(run) for run in reversed(ledger.unfinished())]
        _ensure_known(site, todo, leave)
        return tuple(_Recovery(site, ledger, progress, one, set(leave)).run() for one in todo)


def inspect(site: Site, ledger: Ledger, progress: Progress) -> tuple[Recovered, ...]:
    """Return the unfinished runs and the state of their devices now; changes nothing."""
    found = []
    for run in reversed(ledger.unfinished()):
        one = Unfinished.of(run)
        states, errors = _look(site, progress, one, one.touched)
        found.append(
            Recovered(run=run.name, ended=run.status, devices=states, errors=tuple(errors))
        )
    return tuple(found)


def _ensure_known(site: Site, todo: Iterable[Unfinished], leave: Sequence[str]) -> None:
    touched = {name for one in todo for name in one.touched}
    unknown = sorted(set(leave) - touched)
    if unknown:
        raise InputError(
            Problem(
                Place(site.path / "hosts.yaml"),
                f"--leave {unknown[0]}: no unfinished run has begun that device; "
                "`ringfence recover --check` lists those that have",
            )
        )


def _look(
    site: Site, progress: Progress, run: Unfinished, names: Sequence[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the state of each device now, and a sentence for each that is not known."""
    states: dict[str, str] = {}
    errors: list[str] = []
    there = [name for name in names if name in site.devices]
    with Fleet(site, there) as fleet, progress.stage("look", there) as done:
        outcomes = fleet.each(
            look, arguments={name: (site.devices[name],) for name in there}, done=done
        )
    for name in names:
        states[name] = State.UNKNOWN
        outcome = outcomes.get(name)
        if outcome is None:
            errors.append(_absent(name))
        elif outcome.failed:
            errors.append(str(outcome.error))
        else:
            states[name] = state_of(run.plans[name], *outcome.get())
    return states, errors


def _absent(name: str) -> str:
    return (
        f"{name}: the site does not have it any more; put it back into hosts.yaml, or leave it "
        f"as it is with --leave {name}"
    )


class _Recovery:
    """One unfinished run on its way to an end."""

    def __init__(
        self, site: Site, ledger: Ledger, progress: Progress, run: Unfinished, leave: set[str]
    ) -> None:
        self._site = site
        self._ledger = ledger
        self._progress = progress
        self._run = run
        self._left = [name for name in run.touched if name in leave]
        self._names = [name for name in run.touched if name not in leave]

    def run(self) -> Recovered:
        with (
            closing(self._ledger.resume(self._run.name)) as record,
            held(self._progress.say) as wish,
        ):
            try:
                return self._carry_on(record, wish)
            except OSError as error:
                raise IncompleteError(f"{error}\n{self._not_ended()}") from error

    def _not_ended(self) -> str:
        return f"run {self._run.name} is not ended; run `ringfence recover` again"

    def _carry_on(self, record: Record, wish: Wish) -> Recovered:
        record.write("recover", devices=self._names, left=self._left)
        if self._run.decided:
            states, errors = _look(self._site, self._progress, self._run, self._names)
            if errors:
                # Who can't be seen may be confirmed, or not: nobody else is moved until then.
                return self._end(record, "unknown", states, errors)
            if wish.name is not None:
                raise IncompleteError(f"stopped by {wish.name}; {self._not_ended()}")
            if all(self._may_go_on(name, state) for name, state in states.items()):
                failed = self._finish(record)
                if not failed:
                    new = dict.fromkeys(self._names, State.NEW.value)
                    return self._end(record, "confirmed", new, [])
        return self._back(record, wish)

    def _may_go_on(self, name: str, state: str) -> bool:
        """Return whether the change stands on a device for good, or can be confirmed there."""
        if state == State.WAITS:
            return True
        # Where a trial commit of a dead session can't be seen, only the record tells.
        sees = ADAPTERS[self._site.devices[name].platform].shows_trial
        return state == State.NEW and (sees or name in self._run.confirmed)

    def _finish(self, record: Record) -> list[str]:
        """Confirm what was decided; return what failed."""
        record.write("decision", confirm=self._names, is_last=True)
        there = self._names
        with Fleet(self._site, there) as fleet, self._progress.stage("confirm", there) as done:
            outcomes = fleet.each(
                finish,
                arguments={
                    name: (self._site.devices[name], self._run.plans[name].digest_after)
                    for name in there
                },
                done=done,
            )
        for name, outcome in outcomes.items():
            said = {"error": str(outcome.error)} if outcome.failed else {}
            record.write("failed" if outcome.failed else "confirmed", device=name, **said)
        return [str(outcome.error) for outcome in outcomes.values() if outcome.failed]

    def _back(self, record: Record, wish: Wish) -> Recovered:
        record.write("decision", take_back=self._names, because="recovered")
        there = [name for name in self._names if name in self._site.devices]
        errors = [_absent(name) for name in self._names if name not in there]
        ways = {
            name: way_back(
                self._run.plans[name],
                self._timer(name),
                may_be_saved=name in self._run.may_be_saved,
                may_wait=self._run.was_going_back or self._gone_by(name) > time.monotonic(),
            )
            for name in there
        }
        with Fleet(self._site, there) as fleet:
            outcomes = bring_back(
                self._site,
                fleet,
                self._progress,
                ways,
                timers_end={name: self._gone_by(name) for name in there},
                hurried=lambda: wish.count > 0,
            )
        states = {name: self._became(record, name, outcomes) for name in self._names}
        errors += [
            f"{outcome.error}; if that is somebody's own work, leave it with --leave {name}"
            for name, outcome in outcomes.items()
            if outcome.failed
        ]
        return self._end(record, "unknown" if errors else "taken-back", states, errors)

    def _became(self, record: Record, name: str, outcomes: Mapping[str, Outcome[None]]) -> str:
        outcome = outcomes.get(name)
        if outcome is None or outcome.failed:
            why = _absent(name) if outcome is None else str(outcome.error)
            record.write("unknown", device=name, error=why)
            return State.UNKNOWN
        record.write("taken back", device=name)
        return State.OLD

    def _timer(self, name: str) -> int:
        return self._run.timers.get(name, self._site.settings.timers.confirm)

    def _gone_by(self, name: str) -> float:
        """Return by when the timer of the killed run is over, by this host's monotonic clock."""
        ago = (datetime.now(UTC) - self._run.armed_at[name]).total_seconds()
        # Another host's clock may be wrong: no timer was armed in the future.
        return gone_by(self._site, name, time.monotonic() - max(0.0, ago), self._timer(name))

    def _end(
        self, record: Record, status: str, states: Mapping[str, str], errors: Sequence[str]
    ) -> Recovered:
        states = {**states, **dict.fromkeys(self._left, State.LEFT.value)}
        record.end(status, because="recovered", left=self._left)
        return Recovered(run=self._run.name, ended=status, devices=states, errors=tuple(errors))
