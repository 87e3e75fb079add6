"""The configuration database: running, the candidate that all share, and what was before.

Start with :class:`Store`. Junos commits the whole candidate, whoever edited it; the lock keeps
others out of it, is only given while it holds nothing uncommitted, and gives it back clean
(Junos XML protocol guide, "Locking the candidate configuration"). Any commit, even a check,
confirms one that waits ("Committing ... only after confirmation").

What a reboot makes of a commit that waits is in no document of Juniper's that was found. RFC 4741
(8.4.1), whose confirmed commit Junos announces, says that the device MUST come back with what was
before; the commit model (CLI guide) says that a commit is saved as it is made. So a reboot does
the former, or the latter if asked. The rollback is reported to come 30 to 45 seconds late on real
devices (``late_s``); that the wall clock does nothing to the timer is an assumption.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
    """One commit that was made; ``tree`` is the configuration that it made.

    ``comment`` is the device's own, ``log`` what its maker said of it.
    """

    number: int
    user: str
    client: str
    when: datetime
    comment: str | None
    log: str | None
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
    """``activate`` is called with each configuration that comes into effect.

    A minute of the confirm timer takes ``minute_s``; it takes a commit back ``late_s`` after its
    time. ``is_taken``: another administrator takes the lock as soon as nobody has it.
    """

    activate: Callable[[Node], None]
    minute_s: float = 60.0
    late_s: float = 0.0
    is_taken: bool = False
    candidate: Node = field(default_factory=Node)
    history: list[Commit] = field(default_factory=list)
    _holder: object | None = None
    _holder_name: str = ""
    _waiting: _Waiting | None = None
    _numbers: int = 500
    _skew: timedelta = timedelta()
    _began: datetime | None = None

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
        self._began = datetime.now(UTC)
        self.candidate = tree
        self._record("root", "other", None, None)
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
        if self._holder is not who and (self._holder is not None or self.is_taken):
            name = "operator (session 1)" if self._holder is None else self._holder_name
            raise LockedError(
                f"configuration database locked by:\n  {name}\n      exclusive [edit]"
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
        self, user: str, client: str, log: str | None, minutes: int | None
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
        comment = None if minutes is None else f"commit confirmed, rollback in {minutes}mins"
        self._record(user, client, comment, log)
        if minutes is not None:
            self._arm(before, minutes * self.minute_s)
        return []

    def _arm(self, before: Node, delay: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(delay + self.late_s, self._roll_back)
        self._waiting = _Waiting(timer, before, loop.time() + delay)

    def lapse(self, seconds: float) -> None:
        """Let ``seconds`` of the device's time pass at once for the timer."""
        waiting = self._waiting
        if waiting is not None:
            waiting.timer.cancel()
            left = waiting.until - asyncio.get_running_loop().time()
            left -= seconds * self.minute_s / 60.0
            if left + self.late_s > 0:
                self._arm(waiting.before, left)
            else:
                self._roll_back()

    def take_for_a_minute(self, seconds: float) -> None:
        """Let a minute of the confirm timer, and of the clock, take so long."""
        self.minute_s = seconds

    def be_late(self, seconds: float) -> None:
        """Take commits back so long after their time."""
        self.late_s = seconds

    def skew(self, seconds: float) -> None:
        """Put the wall clock forward, or back."""
        self._skew += timedelta(seconds=seconds)

    @property
    def saved(self) -> Node:
        """Return what the device would boot with: see the module."""
        return self.running if self._waiting is None else self._waiting.before

    def reboot(self, *, keeps: bool) -> None:
        """Forget what is in memory alone; ``keeps`` makes a commit that waits one for good."""
        saved = self.running if keeps else self.saved
        is_undone = saved is not self.running
        self._disarm()
        self._holder = None
        self.candidate = saved.copy()
        if is_undone:
            self._record("root", "other", None, None)

    def pending_s(self) -> float | None:
        """Return the seconds until the timer's time, or None if nothing waits."""
        if self._waiting is None:
            return None
        return self._waiting.until - asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the device's clock, which runs as fast as its minutes do."""
        now = datetime.now(UTC)
        began = self._began or now
        return began + (now - began) * (60.0 / self.minute_s) + self._skew

    def _roll_back(self) -> None:
        if self._waiting is None:
            return
        self.candidate = self._waiting.before.copy()
        self._waiting = None
        self._record("root", "other", None, None)
        self.activate(self.running)

    def _disarm(self) -> None:
        if self._waiting is not None:
            self._waiting.timer.cancel()
            self._waiting = None

    def _record(self, user: str, client: str, comment: str | None, log: str | None) -> None:
        self._numbers += 1
        commit = Commit(
            number=self._numbers,
            user=user,
            client=client,
            when=self.now(),
            comment=comment,
            log=log,
            tree=self.candidate.copy(),
        )
        self.history = [commit, *self.history][:KEPT]
