"""Arista EOS over eAPI, with NAPALM's ``eos`` driver: a configuration session for each change.

Laws: the name of a session tells whether it is ours, also to the next run; a driver forgets the
session that it has committed, since its ``close`` would take it back; and the driver's own rollback
file, which is the startup configuration of back then, is never used.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napalm.base.exceptions import CommitError, MergeConfigException, SessionLockedException
from pyeapi.eapilib import CommandError

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.adapters.base import same_diff
from tasks.adapters.eos_tables import read_tables
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Tables, Trust

#: What the names of our sessions begin with.
_OURS = "ringfence-"
_DATED = re.compile(rf"{_OURS}(?P<begun>\d+)-")
#: A session of ours is over within seconds; the driver may wait ten for others to end.
_DEAD_AFTER_S = 600
#: What ``commit timer`` can say in hours, minutes and seconds, as the driver writes it.
_TIMER_S = range(1, 24 * 60 * 60)
_AUTOSAVE = (
    "every commit is saved at once (saveToStartupConfigOnCommit), so that a reboot would keep one "
    "that nobody confirmed: turn it off"
)


class EosAdapter:
    """One transaction for each change, its timer armed with the commit itself."""

    def __init__(self) -> None:
        #: The session that a driver committed; another run's commit is not ours to confirm.
        self._committed: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's options; certificates are checked unless the site says otherwise.

        Raises:
            DeviceError: the inventory asks for another transport than HTTPS: over SSH the driver
                skips refused lines in silence, over HTTP everybody can listen.
        """
        for key in ("transport", "eos_transport"):
            if given.get(key, "https") != "https":
                raise DeviceError(f"EOS is managed over https alone, not {key}: {given[key]}")
        return {**given, "transport": "https", "context": _context(trust)}

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Do nothing: the options say it all."""

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return that commits are saved at once, if they are; EOS needs nothing else."""
        del running
        with _own_words():
            said = driver.device.run_commands(["show configuration sessions"])[0]
        if said.get("saveToStartupConfigOnCommit"):
            return (_AUTOSAVE,)
        return ()

    def running(self, driver: Driver) -> str:
        """Return ``show running-config``."""
        return str(driver.get_config(retrieve="running")["running"])

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        with _own_words():
            return read_tables(driver.device.run_commands, sessions)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, look at all that the session holds, and abort it."""
        try:
            diff = _load(driver, candidate)
            with _own_words():
                text = str(driver.get_config(retrieve="candidate")["candidate"])
        finally:
            _abort(driver)
        return diff, text

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, commit with the timer, and see that it runs."""
        if revert_in not in _TIMER_S:
            raise DeviceError(f"EOS takes a commit timer of 1 to 86399 s, not {revert_in}")
        try:
            same_diff(_load(driver, candidate), diff)
            with _own_words():
                self._committed[driver] = driver.config_session
                driver.commit_config(revert_in=revert_in)
        except BaseException:
            if self.pending(driver):
                driver.config_session = None
            else:
                _abort(driver)
            raise
        driver.config_session = None
        if not self.pending(driver):
            raise DeviceError("the device took the commit, but its timer does not run")

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: EOS judges all routes again by itself when a policy changes."""

    def pending(self, driver: Driver) -> bool:
        """Return whether a commit of ours waits for its confirmation."""
        return _pending(driver) is not None

    def confirm(self, driver: Driver) -> None:
        """Confirm the pending commit, and save."""
        name = _pending(driver)
        if name is not None and name != self._committed.get(driver, name):
            raise DeviceError(f"the commit that waits is not this run's but {name}'s")
        driver.config_session = name
        with _own_words():
            driver.confirm_commit()

    def revert(self, driver: Driver, way_back: str) -> None:
        """Abort the commit while it is pending; else commit ``way_back`` for good.

        Aborting saves nothing, so the startup configuration stays what it was; the driver's own
        rollback would save whatever else is unsaved.
        """
        name = _pending(driver)
        if name is not None:
            driver.config_session = name
            with _own_words():
                driver.discard_config()
        elif way_back:
            try:
                _load(driver, way_back)
                with _own_words():
                    driver.commit_config()
            except BaseException:
                _abort(driver)
                raise


def _context(trust: Trust) -> ssl.SSLContext:
    tls = trust.tls
    ca_file = None if tls.ca_file is None else str(trust.path(str(tls.ca_file)))
    context = ssl.create_default_context(cafile=ca_file)
    if not tls.check_certificates:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _own_words() -> Iterator[None]:
    """Raise what the device refuses as that; its words are in the message."""
    try:
        yield
    except (CommandError, MergeConfigException, CommitError) as error:
        raise RejectedError(f"the device refuses: {redact(str(error))}") from None


def _load(driver: Driver, candidate: str) -> str:
    """Begin a session with ``candidate`` and return its diff, secrets hidden.

    Raises:
        RejectedError: the device refuses a line.
        LockedError: somebody else's session was pending all the time that the driver waits.
    """
    _abort_the_dead(driver)
    driver.config_session = f"{_OURS}{int(time.time())}-{secrets.token_hex(4)}"
    try:
        with _own_words():
            driver.load_merge_candidate(config=candidate)
            return redact(str(driver.compare_config()))
    except SessionLockedException:
        others = ", ".join(sorted(_begun(driver)))
        raise LockedError(
            f"other configuration sessions are pending on the device ({others}): each would "
            "overwrite what is committed beside it; commit or abort them"
        ) from None


def _begun(driver: Driver) -> list[str]:
    """Return the names of all sessions that are neither committed nor aborted."""
    with _own_words():
        said = driver.device.run_commands(["show configuration sessions"])[0]
    return [name for name, one in said["sessions"].items() if one["state"] == "pending"]


def _abort_the_dead(driver: Driver) -> None:
    """Abort sessions of runs that were killed: EOS keeps them for a day, and they lock out all."""
    for name in _begun(driver):
        found = _DATED.match(name)
        if found and time.time() - int(found["begun"]) > _DEAD_AFTER_S:
            driver.config_session = name
            _abort(driver)


def _abort(driver: Driver) -> None:
    """Abort the driver's session if it ever began; the driver takes it for begun when it didn't."""
    if driver.config_session in _begun(driver):
        with _own_words():
            driver.discard_config()
    driver.config_session = None


def _pending(driver: Driver) -> str | None:
    """Return the name of our session that waits to be confirmed; somebody else's is not ours.

    EOS tells it apart since 4.32, and as the session's state before.
    """
    with _own_words():
        said = driver.device.run_commands(["show configuration sessions detail"])[0]
    names = [said.get("commitTimerSessionName") or ""]
    names += [
        name for name, one in said["sessions"].items() if "pendingCommitTimer" in one["state"]
    ]
    return next((name for name in names if name.startswith(_OURS)), None)
