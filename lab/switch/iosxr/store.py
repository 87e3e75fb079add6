"""The configuration database: what runs, what waits to be committed, and what was.

Start with :class:`Store`; a session edits in a :class:`Target` of its own, which holds only what it
entered and is merged into what runs *when it is committed*, as on the platform. Law: what runs
always has no faults, and the daemon has been told of it; a commit whose confirmation is waited for
ends confirmed or undone, whoever dies meanwhile.

After a reboot a commit that waited is undone: RFC 6241 (8.4.1), whose confirmed commit the platform
announces, says that it MUST be. Of ``commit confirmed`` at the CLI no document was found that says
so; a reboot can be told to keep it. That the wall clock does nothing to the timer is an assumption.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from lab.switch.iosxr.edits import merged
from lab.switch.iosxr.facts import VERSION
from lab.switch.iosxr.policies import faulty_lines
from lab.switch.iosxr.tree import SyntaxFaultError, parse, show
from lab.switch.iosxr.verify import refusal, syntax_refusal, verified

if TYPE_CHECKING:
    from lab.switch.base import Daemon
    from lab.switch.iosxr.tree import Tree
    from lab.switch.meaning import Router

#: The first line of a printed configuration.
HEADER = f"!! IOS XR Configuration {VERSION}"
_FIRST_COMMIT = 1000000001


class Reason(StrEnum):
    """Why the database refuses."""

    SYNTAX = "syntax"
    SEMANTICS = "semantics"
    LOCKED = "locked"
    IN_USE = "in use"
    NO_SUCH = "no such"


class RefusedError(Exception):
    """The database refuses, in the platform's words."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(eq=False, slots=True)
class Target:
    """A target configuration: what one session entered since it committed or discarded last.

    ``since`` is the number of commits when the session began, or committed last itself;
    ``replaces`` is for a whole configuration.
    """

    who: str
    since: int
    entered: list[Tree] = field(default_factory=list)
    replaces: bool = False

    def over(self, running: Tree) -> Tree:
        """Return what would run."""
        tree: Tree = () if self.replaces else running
        for one in self.entered:
            tree = merged(tree, one)
        return tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as ``show configuration commit list`` has it, and what ran before it."""

    number: int
    who: str
    client: str
    at: float
    before: Tree


@dataclass(slots=True)
class Pending:
    """A commit whose confirmation is waited for.

    It is undone with its session, whose ``target`` is here, or, with ``persist``, only in time.
    """

    before: Tree
    target: Target
    persist: str | None
    deadline: float
    timer: asyncio.TimerHandle


class Store:
    """The database of one switch; ``commits`` are all of them, the oldest first.

    ``is_taken``: another administrator is exclusive as soon as nobody else is.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._busy = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._skew_s = 0.0
        self._changed = (time.time(), "SYSTEM")
        self.running: Tree = ()
        self.commits: list[Commit] = []
        self.pending: Pending | None = None
        self.exclusive: Target | None = None
        self.is_lock_advisory = False
        self.is_taken = False

    async def boot(self, text: str) -> None:
        """Take the configuration that was committed last before the switch went down."""
        tree = parse(text)
        found, meaning = verified((), tree)
        if found:
            raise RefusedError(Reason.SEMANTICS, refusal(found))
        await asyncio.to_thread(self._daemon.apply, meaning)
        self.running = tree

    async def go_down(self, *, keeps: bool) -> None:
        """Lose what is in memory alone; ``keeps`` makes a commit that waits one for good."""
        async with self._busy:
            saved = self.running if keeps else self.saved()
            if self.pending is not None:
                self.pending.timer.cancel()
                self.pending = None
            if saved is not self.running:
                self._list("SYSTEM", "Rollback")
                self.running = saved
            self.exclusive = None
            await self._tell(None)

    async def come_up(self) -> None:
        """Let BGP be what was saved."""
        async with self._busy:
            await self._tell(verified((), self.running)[1])

    def target(self, who: str) -> Target:
        """Return a new, empty target configuration."""
        return Target(who, len(self.commits))

    def enter(self, target: Target, text: str, *, replace: bool = False) -> None:
        """Merge text into a target configuration, or put it in the place of all that runs."""
        self._check_lock(target)
        try:
            tree = parse(text)
        except SyntaxFaultError as error:
            raise RefusedError(Reason.SYNTAX, syntax_refusal(error.lines)) from error
        if faulty := faulty_lines(tree):
            raise RefusedError(Reason.SYNTAX, syntax_refusal(faulty))
        if replace:
            target.entered, target.replaces = [tree], True
        else:
            target.entered.append(tree)

    def validate(self, target: Target) -> None:
        """Raise what a commit would be refused with."""
        found, _ = verified(self.running, target.over(self.running))
        if found:
            raise RefusedError(Reason.SEMANTICS, refusal(found))

    def discard(self, target: Target) -> None:
        """Forget what was entered."""
        target.entered, target.replaces = [], False

    def lock(self, target: Target) -> None:
        """Give a session the database alone (``configure exclusive``)."""
        if self.exclusive is not None or self.is_taken:
            text = "The Configuration Namespace is locked by another agent."
            raise RefusedError(Reason.LOCKED, text)
        self._check_pending(target, None)
        self.exclusive = target

    def unlock(self, target: Target) -> None:
        """Let others at the database again."""
        if self.exclusive is not target:
            raise RefusedError(Reason.NO_SUCH, "The configuration is not locked by this session.")
        self.exclusive = None

    def _check_lock(self, target: Target) -> None:
        is_others = self.is_taken if self.exclusive is None else self.exclusive is not target
        if is_others and not self.is_lock_advisory:
            text = "The Configuration Namespace is locked by another agent."
            raise RefusedError(Reason.LOCKED, text)

    def _check_pending(self, target: Target, persist_id: str | None) -> None:
        """Refuse everybody but who confirms while a confirmation is waited for."""
        if self.pending is None:
            if persist_id is not None:
                raise RefusedError(Reason.NO_SUCH, "There is no confirmed commit with this id.")
            return
        if self.pending.persist is None and self.pending.target is target:
            return
        if self.pending.persist is not None and self.pending.persist == persist_id:
            return
        raise RefusedError(Reason.IN_USE, "Datastore Locked: a confirmed commit is in progress.")

    async def commit(
        self,
        target: Target,
        client: str,
        *,
        confirm_in: float | None = None,
        persist: str | None = None,
        persist_id: str | None = None,
    ) -> bool:
        """Commit a target configuration; without ``confirm_in`` also confirm what is pending.

        Returns whether anything changed. All or nothing: on a refusal what runs is as it was, and
        the target configuration is kept.
        """
        async with self._busy:
            self._check_lock(target)
            self._check_pending(target, persist_id)
            before = self.running
            is_changed = await self._make(target.over(before), target.who, client)
            self.discard(target)
            target.since = len(self.commits)
            if self.pending is not None:
                self.pending.timer.cancel()
                before = self.pending.before
                self.pending = None
            if confirm_in is not None:
                self._arm(before, target, persist, confirm_in)
            return is_changed

    def _arm(self, before: Tree, target: Target, persist: str | None, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._expire)
        self.pending = Pending(before, target, persist, loop.time() + seconds, timer)

    async def lapse(self, seconds: float) -> None:
        """Let ``seconds`` pass at once for the timer."""
        left, pending = self.expires_in(), self.pending
        if left is None or pending is None:
            return
        if left <= seconds:
            await self.undo()
            return
        pending.timer.cancel()
        self._arm(pending.before, pending.target, pending.persist, left - seconds)

    def skew(self, seconds: float) -> None:
        """Put the wall clock forward, or back."""
        self._skew_s += seconds

    async def roll_back(self, target: Target, count: int, client: str) -> None:
        """Undo the last ``count`` commits, whoever made them."""
        async with self._busy:
            self._check_lock(target)
            self._check_pending(target, None)
            if not 0 < count <= len(self.commits):
                raise RefusedError(Reason.NO_SUCH, f"There are no {count} commits to roll back.")
            await self._make(self.commits[-count].before, target.who, client)

    async def cancel(self, target: Target, persist_id: str | None) -> None:
        """Undo the commit that waits for its confirmation, which must be the session's own."""
        if self.pending is None:
            raise RefusedError(Reason.NO_SUCH, "No confirmed commit is in progress.")
        self._check_pending(target, persist_id)
        await self.undo()

    async def undo(self) -> None:
        """Undo the commit that waits for its confirmation, if there is one."""
        async with self._busy:
            pending = self.pending
            if pending is not None:
                pending.timer.cancel()
                self.discard(pending.target)
                await self._make(pending.before, pending.target.who, "Rollback")
                self.pending = None

    async def leave(self, target: Target) -> None:
        """Give up all that a session held that is over."""
        pending = self.pending
        if pending is not None and pending.target is target and pending.persist is None:
            await self.undo()
        if self.exclusive is target:
            self.exclusive = None

    def _expire(self) -> None:
        task = asyncio.create_task(self.undo())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def expires_in(self) -> float | None:
        """Return the seconds until the pending commit is undone; None if none is pending."""
        if self.pending is None:
            return None
        return max(0.0, self.pending.deadline - asyncio.get_running_loop().time())

    async def _make(self, tree: Tree, who: str, client: str) -> bool:
        """Let ``tree`` run; the daemon follows before anybody is told that it does."""
        if show(tree) == show(self.running):
            return False
        found, meaning = verified(self.running, tree)
        if found:
            raise RefusedError(Reason.SEMANTICS, refusal(found))
        await self._tell(meaning)
        self._list(who, client)
        self.running = tree
        return True

    def _list(self, who: str, client: str) -> None:
        """List what is about to run as the last commit."""
        number = _FIRST_COMMIT + len(self.commits)
        now = time.time() + self._skew_s
        self.commits.append(
            Commit(number=number, who=who, client=client, at=now, before=self.running)
        )
        self._changed = (now, who)

    async def _tell(self, meaning: Router | None) -> None:
        await asyncio.to_thread(self._daemon.apply, meaning)

    def text(self, tree: Tree | None = None) -> str:
        """Return a configuration as it is printed, what runs unless told otherwise."""
        at, who = self._changed
        when = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(at))
        head = f"{HEADER}\n!! Last configuration change at {when} by {who}\n!\n"
        return f"{head}{show(self.running if tree is None else tree)}end\n"

    def saved(self) -> Tree:
        """Return what the switch would boot with: what runs, without what is not confirmed."""
        return self.running if self.pending is None else self.pending.before
