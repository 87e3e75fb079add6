"""The configuration database: running, the candidate that all share, and what was before.

Start with :class:`Store`. Junos commits the whole candidate, whoever edited it; the lock keeps
others out of it, is only given while it holds nothing uncommitted, and gives it back clean
(Junos XML protocol guide, "Locking the candidate configuration"). Any commit, even a check,
confirms one that waits ("Committing ... only after confirmation").
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.switch.junos.check import check
from lab.switch.junos.reading import Complaint
from lab.switch.junos.tree import Node

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit that was made; ``tree`` is the configuration that it made."""

    number: int
    user: str
    client: str
    when: datetime
    comment: str | None
    tree: Node

    @property
    def revision(self) -> str:
        """Return its name on the device."""
        return f"re0-{int(self.when.timestamp())}-{self.number}"


class LockedError(Exception):
    """Somebody else has the lock, or uncommitted changes; the message is the device's own."""


@dataclass(slots=True)
class _Waiting:
    timer: asyncio.TimerHandle
    before: Node
    until: float


@dataclass(slots=True)
class Store:
    """``activate`` is called with each configuration that comes into effect."""

    activate: Callable[[Node], None]
    #: How long a minute of the confirm timer takes; shorter for tests.
    minute_s: float = 60.0
    candidate: Node = field(default_factory=Node)
    history: list[Commit] = field(default_factory=list)
    _holder: object | None = None
    _holder_name: str = ""
    _waiting: _Waiting | None = None
    _numbers: int = 500

    @property
    def running(self) -> Node:
        """Return what is in effect."""
        return self.history[0].tree

    @property
    def is_modified(self) -> bool:
        """Whether the candidate holds what is not committed."""
        return not self.candidate.same(self.running)

    def boot(self, tree: Node) -> None:
        """Take the configuration that was saved."""
        self.candidate = tree
        self._record("root", "other", None)
        self.activate(self.running)

    def lock(self, who: object, name: str) -> None:
        """Let only ``who`` edit the candidate.

        Raises:
            LockedError: somebody has edited it, or holds the lock.
        """
        self.may_edit(who)
        if self.is_modified:
            raise LockedError("configuration database modified")
        self._holder, self._holder_name = who, name

    def may_edit(self, who: object) -> None:
        """Raise unless ``who`` may edit and commit now.

        Raises:
            LockedError: somebody else holds the lock.
        """
        if self._holder is not None and self._holder is not who:
            raise LockedError(
                f"configuration database locked by:\n  {self._holder_name}\n      exclusive [edit]"
            )

    def unlock(self, who: object) -> None:
        """Give the lock back; what was not committed is gone."""
        if self._holder is who:
            self._holder = None
            self.candidate = self.running.copy()

    def rollback(self, number: int) -> None:
        """Load a configuration that was committed before into the candidate."""
        self.candidate = self.history[number].tree.copy()

    def check(self) -> list[Complaint]:
        """Return why the candidate can't be committed; a good check confirms a pending commit."""
        complaints = check(self.candidate)
        if not complaints:
            self._disarm()
        return complaints

    def commit(
        self, user: str, client: str, comment: str | None, minutes: int | None
    ) -> list[Complaint]:
        """Make the candidate effective, or return why not; with ``minutes``, until confirmed."""
        complaints = check(self.candidate)
        if complaints:
            return complaints
        if self.is_modified:
            try:
                self.activate(self.candidate)
            except LabError as error:
                return [Complaint("", f"the routing daemon refuses it: {error}", "")]
        before = self._waiting.before if self._waiting else self.running
        self._disarm()
        if minutes is not None and comment is None:
            comment = f"commit confirmed, rollback in {minutes}mins"
        self._record(user, client, comment)
        if minutes is not None:
            loop = asyncio.get_running_loop()
            delay = minutes * self.minute_s
            timer = loop.call_later(delay, self._roll_back)
            self._waiting = _Waiting(timer, before, loop.time() + delay)
        return []

    def pending_s(self) -> float | None:
        """Return the seconds until the timer fires, or None."""
        if self._waiting is None:
            return None
        return self._waiting.until - asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the device's clock, which runs as fast as its minutes do."""
        first = self.history[-1].when if self.history else datetime.now(UTC)
        passed = datetime.now(UTC) - first
        return first + passed * (60.0 / self.minute_s)

    def _roll_back(self) -> None:
        if self._waiting is None:
            return
        self.candidate = self._waiting.before.copy()
        self._waiting = None
        self._record("root", "other", None)
        self.activate(self.running)

    def _disarm(self) -> None:
        if self._waiting is not None:
            self._waiting.timer.cancel()
            self._waiting = None

    def _record(self, user: str, client: str, comment: str | None) -> None:
        self._numbers += 1
        commit = Commit(
            number=self._numbers,
            user=user,
            client=client,
            when=self.now(),
            comment=comment,
            tree=self.candidate.copy(),
        )
        self.history = [commit, *self.history][:KEPT]
