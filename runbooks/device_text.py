"""Where in a device's own text something stands: :class:`DeviceText`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from policies.dialects import DIALECTS
from policies.trace import trace
from runbooks.audit_report import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.dialects.line_index import LineIndex
    from policies.filters import Direction, Session
    from policies.prefix_set import PrefixSet
    from policies.references import Place, Reference
    from tasks.snapshot import Snapshot


class DeviceText:
    """A device's text with what it means; ``numbers`` are its lines' in the file it came from."""

    def __init__(
        self, platform: str, snapshot: Snapshot, numbers: tuple[int, ...] | None = None
    ) -> None:
        self.dialect = DIALECTS[platform]
        self.snapshot = snapshot
        self.running = snapshot.running
        self._numbers = numbers

    @cached_property
    def _index(self) -> LineIndex:
        return self.dialect.index(self.snapshot.text)

    def lines(self, references: Iterable[Reference]) -> tuple[Line, ...]:
        """Return the lines of ``references``, each once, the last of them last."""
        return tuple(
            Line(number=self._number(place), text=place.text)
            for place in self._index.evidence(references)
        )

    def letting(
        self, session: Session, version: int, direction: Direction, leaked: PrefixSet
    ) -> tuple[Line, ...]:
        """Return the lines that let the witness of ``leaked`` through ``session``."""
        witness = leaked.witness()
        if witness is None:
            return ()
        return self.lines(trace(self.running, session, version, direction, witness))

    def _number(self, place: Place) -> int | None:
        if self._numbers is None or place.number is None:
            return place.number
        return self._numbers[place.number - 1]
