"""Follows a deploy's calls on its switches, and acts when a step begins: :class:`Watch`.

Every adapter is wrapped while :func:`watching`; its methods do what they always do. The step that
a call belongs to is told from the calls themselves, and from the record, on which a decision to
take back stands before it is carried out.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fault_cases import Span, Step

import tasks.connection
import tasks.fleet
from runbooks.ledger.record import Record
from tasks.adapters import ADAPTERS
from tasks.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import pytest

_BEGINS = {"dry_run": Step.DRY_RUN, "commit": Step.COMMIT, "confirm": Step.CONFIRM}
_CALLS = (
    *("lacks", "running", "tables", "dry_run", "commit", "refresh"),
    *("pending", "confirm", "revert"),
)
#: What another switch refuses, so that a run gets to these steps.
_REFUSED = {Step.TAKE_BACK: "commit", Step.UNDO: "confirm"}


class Follower(Protocol):
    """Hears of a run's calls."""

    def call(self, address: str, name: str) -> AbstractContextManager[None]:
        """Surround one call of an adapter's method on the device at ``address``."""

    def take_back(self) -> None:
        """Hear that the run begins to take back; that is on record already."""


@dataclass(slots=True)
class _Progress:
    """Where a run is on one switch."""

    step: Step = Step.GATHER

    def enter(self, name: str) -> Step:
        self.step = _BEGINS.get(name, self.step)
        return self.step

    def leave(self, name: str) -> None:
        if name == "commit":
            self.step = Step.VERIFY


@dataclass(slots=True)
class Watch:
    """Calls ``begin`` as ``step`` begins on the switch at ``address``.

    ``end`` is called when a passing fault ends: as the run begins to take back, or, where
    ``step`` is just that, after one call. The switch at ``twin`` refuses what must be refused.
    """

    address: str
    twin: str
    step: Step
    span: Span
    begin: Callable[[], None]
    end: Callable[[], None]
    has_begun: bool = False
    _has_ended: bool = False
    _is_back: bool = False
    _progress: _Progress = field(default_factory=_Progress)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def call(self, address: str, name: str) -> Iterator[None]:
        """See :class:`Follower`."""
        if address == self.twin and not self._is_back and _REFUSED.get(self.step) == name:
            raise RejectedError(f"{self.twin} refuses to {name}")
        if address != self.address:
            yield
            return
        self._enter(self._progress.enter(name))
        try:
            yield
        finally:
            if self._is_back:
                self._pass()
        self._progress.leave(name)

    def _enter(self, step: Step) -> None:
        is_here = self._is_back if self.step.needs_a_cause else step is self.step
        with self._lock:
            if self.has_begun or not is_here:
                return
            self.has_begun = True
        self.begin()

    def take_back(self) -> None:
        """See :class:`Follower`."""
        self._pass()
        self._is_back = True

    def _pass(self) -> None:
        with self._lock:
            if self.span is Span.LASTING or not self.has_begun or self._has_ended:
                return
            self._has_ended = True
        self.end()


@dataclass(slots=True)
class Trips:
    """Counts, by switch's address and step, what ``count`` counts for an address."""

    count: Callable[[str], int]
    found: dict[tuple[str, Step], int] = field(default_factory=dict)
    _progress: dict[str, _Progress] = field(default_factory=dict)

    @contextmanager
    def call(self, address: str, name: str) -> Iterator[None]:
        """See :class:`Follower`."""
        progress = self._progress.setdefault(address, _Progress())
        key = (address, progress.enter(name))
        before = self.count(address)
        yield
        self.found[key] = self.found.get(key, 0) + self.count(address) - before
        progress.leave(name)

    def take_back(self) -> None:
        """See :class:`Follower`."""


class _Watched:
    """An adapter whose calls on devices are surrounded."""

    def __init__(self, adapter: Any, follower: Follower) -> None:  # noqa: ANN401 - any adapter
        self._adapter, self._follower = adapter, follower

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the adapter's
        found = getattr(self._adapter, name)
        if name not in _CALLS:
            return found

        def call(driver: Any, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - the same
            with self._follower.call(str(driver.hostname), name):
                return found(driver, *arguments, **more)

        return call


@contextmanager
def watching(follower: Follower, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let ``follower`` hear of every run in this process."""
    watched: dict[str, Any] = {
        platform: _Watched(adapter, follower) for platform, adapter in ADAPTERS.items()
    }
    write = Record.write

    def heard(self: Record, step: str, **facts: object) -> None:
        write(self, step, **facts)
        if step == "decision" and "take_back" in facts:
            follower.take_back()

    with patch.context() as here:
        here.setattr(tasks.fleet, "ADAPTERS", watched)
        here.setattr(tasks.connection, "ADAPTERS", watched)
        here.setattr(Record, "write", heard)
        yield
