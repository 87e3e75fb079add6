"""The configurations of a virtual EOS: running, startup, files and sessions: :class:`Store`.

A session is a copy of the running configuration that is edited apart. Its commit puts all of it in
the place of the running one, whatever changed there meanwhile (EOS User Manual, "Configure
Session"). A commit with a timer keeps what was running before, and goes back to it when the timer
ends or the session is aborted.
"""

from __future__ import annotations

import difflib
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from lab.switch.eos.grammar import GRAMMAR
from lab.switch.eos.reading import printed, read
from lab.switch.lines import Configuration, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PENDING = 5
#: Of sessions that are over; the oldest is forgotten.
MAX_COMPLETED = 1
#: After so many seconds a session that is still pending is thrown away.
SESSION_TIMEOUT_S = 24 * 60 * 60


class State(StrEnum):
    """What became of a session."""

    PENDING = "pending"
    COMPLETED = "completed"


@dataclass(slots=True)
class Session:
    """A configuration session; ``begun`` is in seconds of uptime."""

    name: str
    user: str
    configuration: Configuration
    begun: float
    state: State = State.PENDING


@dataclass(frozen=True, slots=True)
class Timer:
    """A commit that goes back unless it is confirmed; ``ends`` is in seconds of uptime."""

    session: str
    ends: float
    before: Configuration


@dataclass(slots=True)
class Store:
    """All that is kept; ``files`` are those of ``flash:`` and ``checkpoint:``, by full name.

    ``clock`` is what timers count by, and no clock on the wall; ``wall_ahead`` is by how many
    seconds that one is wrong.
    """

    name: str
    release: str
    startup: str
    running: Configuration
    clock: Callable[[], float] = time.monotonic
    booted: float = 0.0
    sessions: dict[str, Session] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    timer: Timer | None = None
    lapsed: float = 0.0
    wall_ahead: float = 0.0

    @classmethod
    def booted_from(cls, startup: str, *, name: str, release: str) -> Store:
        """Return a store that has just booted.

        Raises:
            RefusedError: a line of ``startup`` is none of EOS's.
        """
        store = cls(name=name, release=release, startup=startup, running=read(startup))
        store.booted = store.clock()
        return store

    def rebooted(self) -> Store:
        """Return the store after a reload: files stay, sessions and the timer are gone.

        Raises:
            RefusedError: a line of what was saved is none of EOS's.
        """
        store = Store.booted_from(self.startup, name=self.name, release=self.release)
        store.files, store.wall_ahead = self.files, self.wall_ahead
        # What has booted is what was saved, in the form in which it is printed.
        store.save()
        return store

    @property
    def uptime(self) -> float:
        """Seconds since the boot, which never run backwards."""
        return self.clock() - self.booted + self.lapsed

    @property
    def wall(self) -> float:
        """The time of day, in seconds since 1970."""
        return time.time() + self.wall_ahead

    def text(self, configuration: Configuration, command: str) -> str:
        """Return ``configuration`` as ``command`` prints it."""
        return printed(configuration, command=command, name=self.name, release=self.release)

    def running_text(self) -> str:
        """Return what ``show running-config`` prints."""
        return self.text(self.running, "show running-config")

    def save(self) -> None:
        """Make the running configuration the one of the next boot."""
        self.startup = self.running_text()

    # Sessions -------------------------------------------------------------------------------

    def enter(self, name: str, user: str) -> Session:
        """Return the pending session called ``name``, which begins if there is none.

        Raises:
            RefusedError: there are too many, or it is over.
        """
        pending = self.pending()
        session = pending.get(name)
        if session is None:
            if len(pending) >= MAX_PENDING:
                raise RefusedError(
                    "Maximum number of pending sessions has been reached. Please commit or abort "
                    "previous sessions before creating a new one."
                )
            if self.timer is not None and self.timer.session == name:
                raise RefusedError(f"Session {name} has a pending commit timer")
            session = Session(name, user, self.running.copy(), self.uptime)
            self.sessions[name] = session
        return session

    def pending(self) -> dict[str, Session]:
        """Return the sessions that are neither committed nor aborted; the too old are dropped."""
        for one in list(self.sessions.values()):
            if one.state is State.PENDING and self.uptime - one.begun >= SESSION_TIMEOUT_S:
                del self.sessions[one.name]
        return {n: one for n, one in self.sessions.items() if one.state is State.PENDING}

    def diff(self, session: Session) -> str:
        """Return how ``session`` differs from what runs now, unified; "" if it doesn't."""
        lines = difflib.unified_diff(
            self.running.text().splitlines(),
            session.configuration.text().splitlines(),
            "system:/running-config",
            f"session:/{session.name}-session-config",
            lineterm="",
        )
        return "".join(f"{line}\n" for line in lines)

    def commit(self, name: str, *, timer: float | None) -> None:
        """Commit a session; ``timer`` is in seconds. Of one that waits for it, confirm.

        Raises:
            RefusedError: there is no such session, or another one waits to be confirmed.
        """
        waiting = self.timer
        if waiting is not None and waiting.session == name and timer is None:
            self.timer = None
            return
        session = self.pending().get(name)
        if session is None:
            raise RefusedError(f"Cannot commit session {name}: no such pending session")
        if timer is not None:
            if waiting is not None:
                raise RefusedError(f"Another session ({waiting.session}) has a commit timer")
            self.timer = Timer(name, self.uptime + timer, self.running)
        self.running = session.configuration.copy()
        session.state = State.COMPLETED
        self._forget()

    def abort(self, name: str) -> None:
        """Abort a session; of one that waits for its confirmation, go back.

        Raises:
            RefusedError: there is no such session.
        """
        if self.timer is not None and self.timer.session == name:
            self.running, self.timer = self.timer.before, None
            self.sessions.pop(name, None)
        elif name not in self.sessions:
            raise RefusedError(f"Session {name} does not exist")
        elif self.sessions[name].state is State.PENDING:
            del self.sessions[name]

    def expire(self) -> bool:
        """Go back if the timer has ended; return whether it had."""
        if self.timer is None or self.uptime < self.timer.ends:
            return False
        self.running, self.timer = self.timer.before, None
        return True

    def _forget(self) -> None:
        over = [one.name for one in self.sessions.values() if one.state is State.COMPLETED]
        kept = None if self.timer is None else self.timer.session
        for name in over[:-MAX_COMPLETED]:
            if name != kept:
                del self.sessions[name]

    # Files ----------------------------------------------------------------------------------

    def content(self, source: str) -> str:
        """Return the text of a configuration or of a file.

        Raises:
            RefusedError: there is none.
        """
        if source == "running-config":
            return self.running_text()
        if source == "startup-config":
            return self.startup
        if source == "clean-config":
            return ""
        if source not in self.files:
            raise RefusedError(f"Error copying {source} (No such file or directory)")
        return self.files[source]

    def replace(self, source: str) -> None:
        """Put the configuration ``source`` in the place of the running one.

        Raises:
            RefusedError: there is none, or a line of it is refused; nothing has changed then.
        """
        self.running = read(self.content(source))

    def copy(self, source: str, target: str) -> None:
        """Copy a configuration or file.

        Raises:
            RefusedError: there is none, or it can't be written.
        """
        text = self.content(source)
        if target == "startup-config":
            self.startup = text
        elif target == "running-config":
            merged = self.running.copy()
            read(text, into=merged)
            self.running = merged
        else:
            self.files[target] = text


def clean() -> Configuration:
    """Return the configuration of a switch that has none."""
    return Configuration(GRAMMAR)
