"""What became of each device of a run, by its record: :func:`became`. Pure.

Law: what is not known to be old or new is unknown, with the reason; nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from runbooks.plan_file import Plan

OLD, NEW, UNKNOWN = "old", "new", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnd:
    """One device of a run.

    ``before`` and ``after`` are the digests of what it was and of what it was to become;
    ``state`` is "old", "new" or "unknown", ``why`` one sentence.
    """

    device: str
    before: str
    after: str
    state: str
    why: str


def became(plan: Plan, events: Sequence[Mapping[str, Any]]) -> tuple[DeviceEnd, ...]:
    """Return each device that ``plan`` changes, in its order, with what ``events`` say of it."""
    ends = {one.device: (OLD, "the run did not come to it") for one in plan.changed}
    for event in events:
        for name, state, why in _told(event):
            if name in ends:
                ends[name] = state, why
    return tuple(
        DeviceEnd(
            device=one.device,
            before=one.digest,
            after=one.digest_after,
            state=ends[one.device][0],
            why=ends[one.device][1],
        )
        for one in plan.changed
    )


#: What a step that names one device says of it; its error, where it has one, says more.
_STEPS = {
    "prepared": (UNKNOWN, "committed, and not confirmed: its revert timer ran"),
    "failed": (UNKNOWN, "it did not say what it is"),
    "unknown": (UNKNOWN, "it did not say what it is"),
    "untouched": (OLD, "the run did not begin to change it"),
    "confirmed": (NEW, "confirmed"),
    "taken back": (OLD, "taken back"),
}

#: The same for steps that name many, by the fact that names them.
_LISTS = {
    ("prepare", "devices"): "it was being committed with a revert timer when the record ends",
    ("decision", "confirm"): "it was being confirmed when the record ends",
    ("decision", "take_back"): "it was being taken back when the record ends",
    ("end", "left"): "left as it is, as whoever recovered the run asked",
}


def _told(event: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what one step says of which devices."""
    step = event.get("step")
    if step in _STEPS:
        state, why = _STEPS[step]
        return [(str(event.get("device")), state, str(event.get("error") or why))]
    return [
        (name, UNKNOWN, why)
        for (of, fact), why in _LISTS.items()
        if of == step
        for name in event.get(fact) or ()
    ]
