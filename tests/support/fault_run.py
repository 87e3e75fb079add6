"""Plays one case of the fault matrix: :func:`play`.

Law: what is judged is what the switches are, read behind the back of their management, and what
the command said. A case that is judged good leaves every switch as it found it; after any other
one another lab is needed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any

import pytest
from fault_cases import Kind, Span
from fault_judge import Played, judge
from fault_states import State, pending, texts, traces
from fault_watch import Watch, watching
from site_fixture import ringfence

from inventory.errors import Exit
from lab.errors import LabError
from tasks.adapters import nxos_wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fault_cases import Case
    from fault_judge import Judged
    from fault_stage import Stage
    from fault_states import Texts
    from site_fixture import Ended

    from lab.api import Lab

#: Longer than every revert timer of a test's site, NX-OS' whole minutes and a late job included.
TIMERS_S = 400
#: How far a clock jumps.
_SKEW_S = {Kind.SKEW_AHEAD: 3600, Kind.SKEW_BACK: -3600}
#: How long a switch that reboots is away: less than a run tries, or more.
_AWAY_S = {Span.PASSING: 1, Span.LASTING: 12}
#: A run that takes longer hangs; its fault is then ended, so that it can end too.
_HUNG_S = 150
_ANSWER_WITHIN_S = 8
_BACK_WITHIN_S = 60
_PEACE_WITHIN_S = 90


def play(stage: Stage, case: Case) -> Judged:
    """Deploy with the case's fault, bring the network to rest, and judge both."""
    run = _Run(stage, case, stage.site(case))
    clock = _Clock()
    played = run.deploy()
    clock.lap("deploy")
    run.rest(played)
    clock.lap("rest")
    if played.code == Exit.INCOMPLETE:
        run.recover(played)
        clock.lap("recover")
    run.read_record(played)
    if not run.wrong:
        run.leave(played)
        clock.lap("next")
    played.wrong += run.wrong
    played.took_s = clock.laps
    return judge(case, played)


def await_peace(lab: Lab) -> None:
    """Return once the network is in peace; a daemon that just starts may answer nonsense first."""
    deadline = time.monotonic() + _PEACE_WITHIN_S
    while True:
        try:
            return lab.await_peace(within_s=max(1.0, deadline - time.monotonic()))
        except LabError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@dataclass(slots=True)
class _Clock:
    """Seconds that parts of a case take."""

    laps: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = round(now - self._last, 1), now


@dataclass(slots=True)
class _Run:
    """One deploy; ``wrong`` is what the lab could not do, or what hung, in words."""

    stage: Stage
    case: Case
    site: Path
    wrong: list[str] = field(default_factory=list)
    _is_on: bool = False

    @property
    def _pair(self) -> tuple[str, str]:
        return self.case.switch, self.case.twin

    def _ringfence(self, *words: str) -> Ended:
        return ringfence(*words, "--site", str(self.site), "--json")

    def deploy(self) -> Played:
        """Run the deploy with its fault, and see what is the case as it ends."""
        lab, case = self.stage.lab, self.case
        watch = Watch(
            lab.address(case.switch),
            lab.address(case.twin),
            case.step,
            case.span,
            begin=self._begin,
            end=self._end,
        )
        bell = threading.Timer(_HUNG_S, self._hung)
        bell.start()
        try:
            with pytest.MonkeyPatch.context() as patch, watching(watch, patch):
                # Two minutes for each answer, which some commands of a real one take.
                patch.setattr(nxos_wire, "_PATIENCE", _ANSWER_WITHIN_S)
                ended = self._ringfence("deploy", "--yes", "--limit", ",".join(self._pair))
        finally:
            bell.cancel()
        return Played(
            code=ended.code,
            err=ended.err,
            run=ended.document.get("run"),
            began=watch.has_begun,
            at_exit=self._states(),
            timers=tuple(one for one in self._pair if self._settled(pending, one)),
        )

    def _hung(self) -> None:
        self.wrong.append(f"the run hung for {_HUNG_S} s")
        self._end()

    def _begin(self) -> None:
        self._is_on = True
        self._fault(on=True)

    def _end(self) -> None:
        if self._is_on and not self.case.kind.is_event:
            self._is_on = False
            self._fault(on=False)

    def _fault(self, *, on: bool) -> None:
        try:
            self._switch(on=on)
        except LabError as error:
            self.wrong.append(f"the lab: {error}")

    def _switch(self, *, on: bool) -> None:
        case, lab = self.case, self.stage.lab
        match case.kind:
            case Kind.DROP_MIDDLE | Kind.DROP_LAST:
                lab.fault(case.switch, case.kind.fault, on=on, **(self._drop_later() if on else {}))
            case Kind.REBOOT:
                lab.fault(case.switch, case.kind.fault, seconds=_AWAY_S[case.span])
            case Kind.SKEW_AHEAD | Kind.SKEW_BACK:
                lab.fault(case.switch, case.kind.fault, seconds=_SKEW_S[case.kind])
            case _:
                lab.fault(case.switch, case.kind.fault, on=on)

    def _drop_later(self) -> dict[str, int | str]:
        """Return when to drop: in the middle of the step, or with its last answer."""
        trips = self.stage.trips.get((self.case.switch, self.case.step), 4)
        if self.case.kind is Kind.DROP_MIDDLE:
            return {"after": trips // 2, "lost": "request"}
        return {"after": max(0, trips - 1), "lost": "answer"}

    def _settled(self, work: Callable[..., Any], switch: str, **more: Any) -> Any:  # noqa: ANN401
        """Return what ``work(lab, switch)`` does; a switch that is away comes back first."""
        deadline = time.monotonic() + _BACK_WITHIN_S
        while True:
            try:
                return work(self.stage.lab, switch, **more)
            except (LabError, CalledProcessError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _states(self) -> dict[str, State]:
        return {one: self.stage.states.of(one, self._texts(one)) for one in self._pair}

    def _texts(self, switch: str) -> Texts:
        found: Texts = self._settled(texts, switch)
        return found

    def rest(self, played: Played) -> None:
        """End the fault, let every timer run out, and wait until the network is in peace."""
        lab, case = self.stage.lab, self.case
        self._end()
        for switch in self._pair:
            if self._settled(pending, switch):
                lab.fault(switch, "lapse", seconds=TIMERS_S)
        # Going back takes a moment on some platforms.
        deadline = time.monotonic() + _BACK_WITHIN_S
        while any(pending(lab, one) for one in self._pair) and time.monotonic() < deadline:
            time.sleep(0.2)
        played.late = tuple(one for one in self._pair if pending(lab, one))
        if self._is_on and case.kind in _SKEW_S:
            lab.fault(case.switch, "skew", seconds=-_SKEW_S[case.kind])
        try:
            await_peace(lab)
        except LabError as error:
            self.wrong.append(f"no peace: {error}")
        played.at_rest = self._states()

    def recover(self, played: Played) -> None:
        """Do what a person does whom the command sent to ``ringfence recover``."""
        ended = self._ringfence("recover")
        played.recover, played.recover_err = ended.code, ended.err
        played.after_recover = self._states()

    def read_record(self, played: Played) -> None:
        """Read the record as people do."""
        listed = self._ringfence("runs")
        if listed.code != Exit.DONE:
            played.record_error = f"`runs` ended with {listed.code}: {listed.err}"
            return
        runs = listed.document["runs"]
        played.runs = tuple((str(one["run"]), str(one["status"])) for one in runs)
        if not runs:
            return
        shown = self._ringfence("show", played.runs[0][0])
        if shown.code != Exit.DONE:
            played.record_error = f"`show` ended with {shown.code}: {shown.err}"
            return
        played.events = tuple(shown.document["events"])

    def leave(self, played: Played) -> None:
        """See that the next deploy works, then make everything old again and look for traces."""
        now = set(self._states().values())
        if now not in ({State.OLD}, {State.NEW}):
            return
        names = self._pair if now == {State.NEW} else self._pair[:1]
        ended = self._ringfence("deploy", "--yes", "--limit", ",".join(names))
        run = ended.document.get("run")
        if ended.code != Exit.DONE or (run is None) != (now == {State.NEW}):
            played.next_error = f"the next deploy ended with {ended.code}: {ended.err}"
            return
        back = run if run is not None else played.runs[0][0]
        ended = self._ringfence("rollback", str(back), "--yes")
        if ended.code != Exit.DONE:
            played.next_error = f"the rollback of {back} ended with {ended.code}: {ended.err}"
            return
        for switch in self._pair:
            played.left += self._left(switch)

    def _left(self, switch: str) -> list[str]:
        stage, found = self.stage, self._texts(switch)
        left = []
        if stage.states.of(switch, found) is not State.OLD:
            left.append(f"{switch} is not the old one after a rollback")
        elif not stage.states.is_saved(switch, found):
            left.append(f"{switch}: what runs is not what is saved")
        more = set(traces(stage.lab, switch)) - set(stage.usual[switch])
        return left + [f"{switch} keeps {one}" for one in sorted(more)]
