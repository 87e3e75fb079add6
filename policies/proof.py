"""The proof of P1 and P2, from filter sets alone. Start with :func:`leaks` and :func:`unsafe`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.change import apply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.change import Step
    from policies.filters import Direction, Running, SessionKey
    from policies.guards import Fence
    from policies.managed import Slot
    from policies.prefix_set import PrefixSet

#: Examples that a report shows of a set.
EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A session that accepts, or announces, what its fence does not allow."""

    session: SessionKey
    version: int
    direction: Direction
    fence: str
    leaked: PrefixSet

    def __str__(self) -> str:
        verb = "accepts" if self.direction == "import" else "announces"
        examples = ", ".join(str(one) for one in self.leaked.witnesses(EXAMPLES))
        return f"{self.session} {verb} {examples}, but is to be fenced as {self.fence}"


def leaks(running: Running, fenced: Mapping[Slot, Fence]) -> tuple[Leak, ...]:
    """Return every fenced slot whose running configuration lets through more than it may.

    An empty answer is the proof of P1: for each slot the exact set of prefixes that may be
    accepted, whatever their other attributes, lies inside what the fence allows.
    """
    judge = Judge(running)
    found = []
    for (key, version, direction), fence in sorted(fenced.items(), key=lambda item: item[0]):
        session = running.sessions.get(key)
        if session is None:
            continue
        leaked = judge.session(session, version, direction).may - fence.allowed[version]
        if leaked:
            found.append(
                Leak(
                    session=key,
                    version=version,
                    direction=direction,
                    fence=str(fence),
                    leaked=leaked,
                )
            )
    return tuple(found)


def unsafe(running: Running, steps: Sequence[Step]) -> str | None:
    """Return why some moment of ``steps`` is not hitless (P2), or None: the proof that all are.

    At every moment what a session lets through lies between (old and new) and (old or new).
    Only what may be let through is looked at, which is all a guard changes.
    """
    if not steps:
        return None
    states = [running]
    for step in steps:
        states.append(apply(states[-1], (step,)))
    judges = [Judge(state) for state in states]
    for key in running.sessions:
        for version, direction in running.sessions[key].attachments:
            sets = [
                judge.session(state.sessions[key], version, direction).may
                for judge, state in zip(judges, states, strict=True)
            ]
            low, high = sets[0] & sets[-1], sets[0] | sets[-1]
            for step, moment in zip(steps, sets[1:], strict=True):
                if not (low <= moment <= high):
                    bad = (low - moment) or (moment - high)
                    return f"after {step} {key} {direction} is wrong about {bad.witness()}"
    return None
