"""The fault matrix's cases: platform x step x fault x span. Start with :func:`all_cases`.

A case is data. What a platform can't have as a matter of fact is left out, as the lab says.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, product
from typing import TYPE_CHECKING

from lab.faults import IMPOSSIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Step(StrEnum):
    """The step of a deploy in which the fault begins, on the one switch that has it."""

    GATHER = "gather"
    DRY_RUN = "dry-run"
    COMMIT = "commit"
    VERIFY = "verify"
    CONFIRM = "confirm"
    #: Nothing is confirmed yet: another switch refuses its commit.
    TAKE_BACK = "take-back"
    #: The switch is confirmed: another one refuses to confirm.
    UNDO = "undo"

    @property
    def needs_a_cause(self) -> bool:
        """Whether another switch must fail first for a run to get here."""
        return self in {Step.TAKE_BACK, Step.UNDO}


class Span(StrEnum):
    """How long a fault is on."""

    #: Until the run begins to take back; where it does already, for one call.
    PASSING = "passing"
    #: Until the run has ended.
    LASTING = "lasting"


class Kind(StrEnum):
    """What goes wrong; see lab/faults.py."""

    REFUSE = "refuse"
    DROP = "drop"
    DROP_MIDDLE = "drop-mid"
    DROP_LAST = "drop-last"
    HANG = "hang"
    GARBAGE = "garbage"
    BABBLE = "babble"
    CUT = "cut"
    AUTH_LOST = "auth-lost"
    LOCKED = "locked"
    REFUSE_COMMIT = "refuse-commit"
    REBOOT = "reboot"
    SESSION_DOWN = "session-down"
    SKEW_AHEAD = "skew+"
    SKEW_BACK = "skew-"

    @property
    def fault(self) -> str:
        """Its name in the lab."""
        return _NAMES.get(self, self.value)

    @property
    def is_event(self) -> bool:
        """Whether it happens once, so that there is nothing to switch off."""
        return self in {Kind.REBOOT, Kind.SKEW_AHEAD, Kind.SKEW_BACK}


_NAMES: Mapping[str, str] = {
    Kind.DROP_MIDDLE: "drop",
    Kind.DROP_LAST: "drop",
    Kind.SKEW_AHEAD: "skew",
    Kind.SKEW_BACK: "skew",
}

#: Platform -> the fabric, the switch that has the fault, and another of its role.
PLACES: Mapping[str, tuple[str, str, str]] = {
    "eos": ("mixed", "spine2", "spine1"),
    "frr": ("mixed", "tor1", "tor2"),
    "ios": ("mixed", "tor2", "tor1"),
    "iosxr": ("second", "border2", "border1"),
    "iosxr_netconf": ("mixed", "border2", "border1"),
    "junos": ("mixed", "border1", "border2"),
    "nxos": ("mixed", "spine1", "spine2"),
    "nxos_ssh": ("second", "spine1", "spine2"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One cell of the matrix."""

    platform: str
    step: Step
    kind: Kind
    span: Span

    def __str__(self) -> str:
        return f"{self.platform}-{self.step}-{self.kind}-{self.span}"

    @property
    def fabric(self) -> str:
        """The lab's fabric that has the platform."""
        return PLACES[self.platform][0]

    @property
    def switch(self) -> str:
        """The switch with the fault."""
        return PLACES[self.platform][1]

    @property
    def twin(self) -> str:
        """The other switch of the run, of the same role and so of another wave."""
        return PLACES[self.platform][2]


def spans(step: Step, kind: Kind) -> tuple[Span, ...]:
    """Return the spans that mean something.

    Before the commit nothing is taken back, so that nothing passes meanwhile. A clock stays
    wrong. A switch that reboots is away for a moment, or for longer than a run tries.
    """
    if kind in {Kind.SKEW_AHEAD, Kind.SKEW_BACK}:
        return (Span.LASTING,)
    if step in {Step.GATHER, Step.DRY_RUN}:
        return (Span.LASTING,)
    return (Span.PASSING, Span.LASTING)


def all_cases() -> tuple[Case, ...]:
    """Return the whole matrix, platform by platform."""
    return tuple(
        Case(platform=platform, step=step, kind=kind, span=span)
        for platform, step, kind in product(PLACES, Step, Kind)
        if (platform, kind.fault) not in IMPOSSIBLE
        for span in spans(step, kind)
    )


def chosen(words: str) -> tuple[Case, ...]:
    """Return the cases that ``words`` ask for: "all", a number of them, or "" for the sample."""
    if words == "all":
        return all_cases()
    if words.isdigit():
        return tuple(random.Random(4).sample(all_cases(), int(words)))
    return sample()


def sample() -> tuple[Case, ...]:
    """Return a fixed choice with every platform, every step, every kind and both spans.

    Diagonals through the matrix: each row begins one step and one platform further on.
    """
    return tuple(dict.fromkeys(_diagonals()))


def _diagonals() -> Iterator[Case]:
    steps = cycle((Step.COMMIT, Step.CONFIRM, Step.VERIFY, Step.TAKE_BACK, Step.UNDO))
    platforms, turns = cycle(PLACES), cycle(Span)
    for kind in Kind:
        step, turn = next(steps), next(turns)
        span = turn if turn in spans(step, kind) else Span.LASTING
        yield Case(platform=next(platforms), step=step, kind=kind, span=span)
    # What a fault before the commit does is quick to see, on every platform.
    kinds = (Kind.BABBLE, Kind.HANG, Kind.DROP, Kind.CUT, Kind.AUTH_LOST, Kind.GARBAGE)
    early = cycle((Step.GATHER, Step.DRY_RUN))
    for platform, kind in zip(PLACES, cycle(kinds), strict=False):
        yield Case(platform=platform, step=next(early), kind=kind, span=Span.LASTING)
