"""Causes and sets into findings: :class:`Findings`. One cause is one finding, whoever feels it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.drift.kinds import Kind
from policies.drift.model import Drift
from policies.drift.words import effect_of
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef
from policies.trace import trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.drift.cause import Cause
    from policies.drift.view import View
    from policies.errors import Violation
    from policies.managed import Slot
    from policies.references import Reference


@dataclass(frozen=True, slots=True)
class Felt:
    """What a cause does to one slot; None for a set is nothing."""

    slot: Slot
    leaked: PrefixSet | None = None
    dropped: PrefixSet | None = None


class Findings:
    """Collects who feels which cause; ``told`` are the obstacles that a remedy names."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._causes: dict[tuple[Kind, str], Cause] = {}
        self._places: dict[tuple[Kind, str], dict[Reference, None]] = defaultdict(dict)
        self._felt: dict[tuple[Cause, int | None], list[Felt]] = defaultdict(list)
        self.told: list[Violation] = []

    def add(self, cause: Cause, felt: Felt | None = None) -> None:
        """Note a cause, and a slot that feels it; the first to name an object says what it is."""
        key = (cause.kind, cause.object)
        self._places[key].update(dict.fromkeys(cause.references))
        cause = self._causes.setdefault(key, cause)
        found = self._felt[cause, felt.slot[1] if felt else None]
        if felt is not None:
            found.append(felt)

    @property
    def places(self) -> frozenset[Reference]:
        """The places that the causes so far are about."""
        return frozenset(one for some in self._places.values() for one in some)

    @property
    def slots(self) -> frozenset[Slot]:
        """The slots that feel any."""
        return frozenset(felt.slot for some in self._felt.values() for felt in some)

    def drifts(self) -> Iterator[Drift]:
        """Yield the findings, in no order that means anything.

        A cause is told once for each family in which it does anything; once if it does nothing.
        """
        by_cause: dict[Cause, dict[int | None, list[Felt]]] = defaultdict(dict)
        for (cause, version), felt in self._felt.items():
            by_cause[cause][version] = felt
        for cause, families in by_cause.items():
            acting = {
                version: felt
                for version, felt in families.items()
                if any(one.leaked or one.dropped for one in felt)
            }
            if not acting and len(families) > 1:
                acting = {None: [one for felt in families.values() for one in felt]}
            for version, felt in (acting or families).items():
                yield self._drift(cause, version, felt)

    def _drift(self, cause: Cause, version: int | None, felt: Sequence[Felt]) -> Drift:
        view, slots = self._view, [one.slot for one in felt]
        leaked = _union(version, [one.leaked for one in felt])
        dropped = _union(version, [one.dropped for one in felt])
        holders = {view.holder(slot) if slot in view.wanted.fenced else slot for slot in slots}
        sessions, ways = {one[0] for one in holders}, {one[2] for one in holders}
        text = cause.what
        if slots:
            fences = " or ".join(
                sorted({str(view.fence(one)) for one in slots if one in view.wanted.fenced})
            )
            text = f"{text}: {effect_of(view.running, slots, fences, leaked, dropped)}"
        return Drift(
            kind=cause.kind,
            session=next(iter(sessions)) if len(sessions) == 1 else None,
            version=version,
            direction=next(iter(ways)) if len(ways) == 1 else None,
            object=cause.object,
            text=text,
            leaked=leaked,
            dropped=dropped,
            references=_in_order(
                self._places[cause.kind, cause.object], tuple(self._traced(cause, felt))
            ),
            remedy=self._remedy(cause, slots),
        )

    def _traced(self, cause: Cause, felt: Sequence[Felt]) -> Iterator[Reference]:
        """Yield the way of a witness through, or of one to where it is dropped.

        What a session's own policy drops is looked at behind a guard as it is to be: the one that
        stands may drop the same.
        """
        for one in (*(f for f in felt if f.leaked), *(f for f in felt if f.dropped)):
            some = one.leaked or one.dropped
            witness = some.witness() if some else None
            if witness is not None:
                key, version, direction = one.slot
                later = cause.kind is Kind.NARROWED and not self._view.obstacle(one.slot)
                running = self._view.after if later else self._view.running
                yield from trace(running, running.sessions[key], version, direction, witness)
            return

    def _remedy(self, cause: Cause, slots: Iterable[Slot]) -> str:
        obstacles = dict.fromkeys(
            found for slot in slots if (found := self._view.obstacle(slot)) is not None
        )
        self.told += obstacles
        if obstacles:
            return "no deploy can mend it yet: " + "; ".join(
                f"{one.evidence}: {one.way_out}" for one in obstacles
            )
        if self._view.wanted.violations and cause.mended.startswith("a deploy"):
            return f"{cause.mended}, once nothing on the device is in the way of one"
        return cause.mended


def _union(version: int | None, some: Iterable[PrefixSet | None]) -> PrefixSet | None:
    found = [one for one in some if one]
    return PrefixSet.union(version, found) if version is not None and found else None


def _in_order(about: Iterable[Reference], way: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """Return the places that a cause is about, then the way of a witness; each place once."""
    attached = [one for one in way if isinstance(one, AttachmentRef)]
    also = [replace(one, part=None) for one in attached]
    return (*(one for one in about if one not in way and one not in also), *way)
