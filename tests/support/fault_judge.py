"""Judges what became of a case by the contract: :func:`judge`.

The rules, in the order in which they are looked at: every switch ends old or new, all the same;
the exit code says so; what it says was true as the run ended, or came true by timers that ran;
the record is readable, says the same, which device and why; nothing of ours stays behind, and the
next deploy works.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fault_states import State

from inventory.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fault_cases import Case


@dataclass(slots=True, kw_only=True)
class Played:
    """What was seen of a case, by switch where it says ``dict``."""

    code: int
    err: str
    run: object = None
    #: Whether the step was reached at all.
    began: bool
    at_exit: dict[str, State] = field(default_factory=dict)
    #: The switches whose revert timer ran as the command ended, and still when it was over.
    timers: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    #: When the fault was over and every timer had run out.
    at_rest: dict[str, State] = field(default_factory=dict)
    recover: int | None = None
    recover_err: str = ""
    after_recover: dict[str, State] = field(default_factory=dict)
    #: (name, status) of the runs on record after all that, the oldest first.
    runs: tuple[tuple[str, str], ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    record_error: str = ""
    next_error: str = ""
    left: list[str] = field(default_factory=list)
    #: What the lab itself could not do.
    wrong: list[str] = field(default_factory=list)
    #: Seconds that the parts of the case took, by name.
    took_s: dict[str, float] = field(default_factory=dict)

    @property
    def in_the_end(self) -> dict[str, State]:
        """The states when everything was done that a person would do."""
        return self.after_recover or self.at_rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict: ``cell`` for the matrix, and every rule that was broken, in words."""

    case: str
    cell: str
    wrong: tuple[str, ...]
    played: Played

    def __str__(self) -> str:
        """Return all that a person needs who looks for what went wrong."""
        played = self.played
        reasons = [one for one in played.events if one.get("error") or one.get("because")]
        parts = {
            "exit": f"{played.code}; timers on {played.timers}",
            "at exit": _said(played.at_exit),
            "at rest": _said(played.at_rest),
            "recover": f"{played.recover}: {_said(played.after_recover)}\n{played.recover_err}",
            "runs": str(played.runs),
            "reasons": "\n".join(json.dumps(one) for one in reasons),
            "took": str(played.took_s),
            "stderr": played.err,
        }
        told = [f"{name}: {text}" for name, text in parts.items()]
        return "\n".join([self.case, *(f"WRONG: {one}" for one in self.wrong), *told])


def judge(case: Case, played: Played) -> Judged:
    """Return the verdict on what was seen."""
    wrong = (*_ends(played), *_code(case, played), *_record(case, played), *_after(played))
    return Judged(
        case=str(case),
        cell="FAIL" if wrong else _cell(played),
        wrong=wrong,
        played=played,
    )


def _said(states: Mapping[str, State]) -> str:
    return ", ".join(f"{switch} {state}" for switch, state in states.items())


def _ends(played: Played) -> Iterator[str]:
    """Old or new, all the same."""
    yield from played.wrong
    end = played.in_the_end
    if State.BETWEEN in end.values() or len(set(end.values())) != 1:
        yield f"not all or nothing: {_said(end)}"


def _code(case: Case, played: Played) -> Iterator[str]:
    """The exit code never says what is not so."""
    told: Mapping[int, Callable[[Played], Iterator[str]]] = {
        Exit.DONE: _done,
        Exit.FAILED: _failed,
        Exit.INCOMPLETE: _incomplete,
        Exit.REFUSED: _refused,
    }
    if played.code in told:
        yield from told[played.code](played)
    else:
        yield f"exit {played.code}: {played.err}"
    if played.late:
        yield f"the revert timer still runs on {', '.join(played.late)}"
    if played.code != Exit.DONE and case.switch not in played.err and case.twin not in played.err:
        yield f"names no device: {played.err}"
    if "Traceback" in played.err or "a mistake in ringfence itself" in played.err:
        yield f"a mistake in the program: {played.err}"


def _done(played: Played) -> Iterator[str]:
    if set(played.at_exit.values()) != {State.NEW}:
        yield f"exit 0, but {_said(played.at_exit)}"
    if set(played.at_rest.values()) != {State.NEW}:
        yield f"exit 0, but later {_said(played.at_rest)}"


def _failed(played: Played) -> Iterator[str]:
    changed = {one for one, state in played.at_exit.items() if state is not State.OLD}
    if changed - set(played.timers):
        timers = ", ".join(played.timers) or "no switch"
        yield f"exit 1, but {_said(played.at_exit)}, and timers run on {timers}"
    if set(played.at_rest.values()) != {State.OLD}:
        yield f"exit 1, but later {_said(played.at_rest)}"


def _incomplete(played: Played) -> Iterator[str]:
    if played.recover != Exit.DONE:
        yield f"recover ended with {played.recover}: {played.recover_err}"


def _refused(played: Played) -> Iterator[str]:
    if set(played.at_exit.values()) != {State.OLD}:
        yield f"exit 4, but {_said(played.at_exit)}"


#: exit code -> what the run may be called on record, before and after a recover.
_STATUS: Mapping[int, frozenset[str]] = {
    Exit.DONE: frozenset({"confirmed"}),
    Exit.FAILED: frozenset({"taken-back"}),
    Exit.INCOMPLETE: frozenset({"unknown", "confirmed", "taken-back"}),
}


def _record(case: Case, played: Played) -> Iterator[str]:
    """The record is readable, and says which device and why."""
    if played.record_error:
        yield f"the record: {played.record_error}"
        return
    if not played.runs:
        # Nothing was begun; that something was committed all the same, the states would show.
        if set(played.at_exit.values()) != {State.OLD} or played.code == Exit.DONE:
            yield "no run is on record"
        return
    status = played.runs[0][1]
    if status not in _STATUS.get(played.code, frozenset()):
        yield f"exit {played.code}, but the record says {status}"
    end = {"confirmed": State.NEW, "taken-back": State.OLD}.get(status)
    if end is not None and set(played.in_the_end.values()) != {end}:
        yield f"the record says {status}, but {_said(played.in_the_end)}"
    if played.code == Exit.DONE:
        return
    reasons = [one for one in played.events if one.get("error") or one.get("because")]
    told = json.dumps(reasons)
    if case.switch not in told and case.twin not in told:
        yield f"the record does not say which device, and why: {told}"


def _after(played: Played) -> Iterator[str]:
    """Nothing stays behind, and the next deploy works."""
    if played.next_error:
        yield played.next_error
    yield from played.left


def _cell(played: Played) -> str:
    """Return how it ended, in a word: of which state, and by what."""
    (end, *_) = played.in_the_end.values()
    words = str(end)
    if not played.began:
        words += "!"
    if played.code == Exit.INCOMPLETE:
        return f"{words}<3" if played.runs else f"{words}=3"
    if played.code == Exit.REFUSED:
        return f"{words}=4"
    return f"{words}~t" if end is State.OLD and played.timers else words
