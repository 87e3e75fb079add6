"""Kills deploys and brings the network back to one of the two states: :func:`kill_a_deploy`.

Law: nothing is judged but what the switches are, and what the record says.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from fault_run import TIMERS_S, await_peace
from fault_states import State, pending, texts
from site_fixture import CHECKOUT, ringfence

from inventory.errors import Exit
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from fault_stage import Stage
    from site_fixture import Ended

_RUNNER = Path(__file__).with_name("killed_run.py")
#: More than a deploy of this lab ever takes.
_TOO_LONG_S = 240
_BACK_WITHIN_S = 60
#: Steps on record of a deploy to six switches in two waves, the first and the last included.
STEPS = 19


class Way(StrEnum):
    """What people do afterwards."""

    #: Nothing until every timer has run out; then they recover, if a decision was written.
    TIMERS = "timers"
    RECOVER_AT_ONCE = "recover at once"
    RECOVER_LATER = "recover later"
    #: The first recover is killed as well.
    RECOVER_TWICE = "recover twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill: at a ``part`` of a deploy's duration, or beside the ``step``-th on record."""

    number: int
    way: Way
    part: float | None = None
    step: tuple[str, int] | None = None

    def __str__(self) -> str:
        at = f"at {self.part:.2f}" if self.step is None else f"{self.step[0]} step {self.step[1]}"
        return f"{self.number}-{at}-{self.way}".replace(" ", "-")


def kills(count: int, seed: int = 4) -> tuple[Kill, ...]:
    """Return ``count`` kills, the same for the same ``seed``.

    Of five, three are uniform over a deploy's duration, and two beside a step of the record.
    """
    rng = random.Random(seed)
    beside = [(when, number) for number in range(1, STEPS + 1) for when in ("before", "after")]
    rng.shuffle(beside)
    found = []
    for number in range(count):
        way = tuple(Way)[number % len(Way)]
        if number % 5 < 3:
            found.append(Kill(number=number, way=way, part=rng.random()))
        else:
            step = beside[len(found) % len(beside)]
            found.append(Kill(number=number, way=way, step=step))
    return tuple(found)


@dataclass(slots=True)
class Seen:
    """What was seen of a kill; ``wrong`` has every rule that was broken, in words."""

    last_step: str = ""
    is_decided: bool = False
    ended_by_itself: bool = False
    end: str = ""
    wrong: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Killing:
    """A site that deploys are killed on; ``duration_s`` is what one takes, imports included."""

    stage: Stage
    site: Path
    duration_s: float = 0.0

    def ringfence(self, *words: str) -> Ended:
        """Run a command in this process."""
        return ringfence(*words, "--site", str(self.site), "--json")

    def _start(self, step: tuple[str, int], *words: str) -> subprocess.Popen[bytes]:
        beside = (step[0], str(step[1]))
        command = [sys.executable, str(_RUNNER), *beside, *words, "--site", str(self.site)]
        return subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env={"PYTHONPATH": str(CHECKOUT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _run(self, step: tuple[str, int], after_s: float | None, *words: str) -> int:
        """Run a command that is killed beside ``step``, or ``after_s`` seconds; return its code."""
        process = self._start(step, *words)
        try:
            return process.wait(_TOO_LONG_S if after_s is None else after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return process.wait()

    def measure(self) -> None:
        """Take the time of a deploy, and undo it."""
        began = time.monotonic()
        code = self._run(("before", 0), None, "deploy", "--yes")
        self.duration_s = time.monotonic() - began
        assert code == 0, f"a deploy that nobody killed ended with {code}"
        self._undo()

    def _undo(self) -> None:
        done = self.ringfence("rollback", "--yes")
        assert done.code == 0, done.err

    def states(self) -> dict[str, State]:
        """Return what every switch is."""
        known = self.stage.states
        return {one: known.of(one, texts(self.stage.lab, one)) for one in SWITCHES}

    def kill(self, kill: Kill) -> Seen:
        """Kill a deploy, do what people do, and judge."""
        seen = Seen()
        before = self._runs(seen)
        after_s = None if kill.part is None else kill.part * self.duration_s
        code = self._run(kill.step or ("before", 0), after_s, "deploy", "--yes")
        seen.ended_by_itself = code != -signal.SIGKILL
        if seen.ended_by_itself and code != 0:
            seen.wrong.append(f"the deploy ended by itself, with {code}")
        run = self._begun(seen, before)
        if run is not None:
            self._look_at(seen, run)
        seen.log.append(f"after the kill: {_said(self.states())}")
        if kill.way in {Way.TIMERS, Way.RECOVER_LATER}:
            self._wait_for_timers(seen)
            if not seen.is_decided and set(self.states().values()) != {State.OLD}:
                seen.wrong.append(f"undecided, but after the timers {_said(self.states())}")
        self._recover(kill, seen)
        self._judge(seen, before)
        return seen

    def _runs(self, seen: Seen) -> dict[str, str]:
        """Return every run on record and its status, as people read them."""
        listed = self.ringfence("runs")
        if listed.code != Exit.DONE:
            seen.wrong.append(f"`runs` ended with {listed.code}: {listed.err}")
            return {}
        return {str(one["run"]): str(one["status"]) for one in listed.document["runs"]}

    def _begun(self, seen: Seen, before: Container[str]) -> str | None:
        """Return the run that was killed; None where it was not on record yet."""
        return next((run for run in self._runs(seen) if run not in before), None)

    def _look_at(self, seen: Seen, run: str) -> None:
        """Read the steps of the run that was killed."""
        shown = self.ringfence("show", run)
        if shown.code != Exit.DONE:
            seen.wrong.append(f"`show` ended with {shown.code}: {shown.err}")
            return
        events = shown.document["events"]
        seen.last_step = str(events[-1]["step"]) if events else "nothing"
        seen.is_decided = any("confirm" in one for one in events if one["step"] == "decision")

    def _wait_for_timers(self, seen: Seen) -> None:
        lab = self.stage.lab
        for switch in SWITCHES:
            if pending(lab, switch):
                lab.fault(switch, "lapse", seconds=TIMERS_S)
        deadline = time.monotonic() + _BACK_WITHIN_S
        while any(pending(lab, one) for one in SWITCHES):
            if time.monotonic() > deadline:
                late = [one for one in SWITCHES if pending(lab, one)]
                seen.wrong.append(f"the timers of {late} still run")
                return
            time.sleep(0.2)

    def _recover(self, kill: Kill, seen: Seen) -> None:
        if kill.way is Way.RECOVER_TWICE:
            after_s = random.Random(kill.number).uniform(1.0, max(2.0, self.duration_s))
            code = self._run(("before", 0), after_s, "recover")
            seen.log.append(f"first recover: {code}; {_said(self.states())}")
        done = self.ringfence("recover")
        if done.code != Exit.DONE:
            seen.wrong.append(f"recover ended with {done.code}: {done.err}")

    def _judge(self, seen: Seen, before: Container[str]) -> None:
        await_peace(self.stage.lab)
        states = self.states()
        if len(set(states.values())) != 1 or State.BETWEEN in states.values():
            seen.wrong.append(f"not all or nothing: {_said(states)}")
            return
        state = next(iter(states.values()))
        seen.end = str(state)
        saved = self.stage.states
        for switch in SWITCHES:
            if not saved.is_saved(switch, texts(self.stage.lab, switch)):
                seen.wrong.append(f"{switch}: what runs is not what is saved")
            if pending(self.stage.lab, switch):
                seen.wrong.append(f"{switch}: a revert timer still runs")
        run = self._begun(seen, before)
        wanted = {State.NEW: "confirmed", State.OLD: "taken-back"}[state]
        if run is None and state is State.NEW:
            seen.wrong.append("all are new, and no run is on record")
        elif run is not None and self._runs(seen)[run] != wanted:
            seen.wrong.append(f"all are {state}, but the record says {self._runs(seen)[run]}")
        if state is State.NEW:
            self._undo()


def _said(states: Mapping[str, State]) -> str:
    return ", ".join(f"{switch} {state}" for switch, state in states.items())
