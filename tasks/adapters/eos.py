"""Arista EOS over eAPI, with NAPALM's ``eos`` driver: a configuration session for each change.

Laws: the name of a session tells whether it is ours, also to the next run; the driver knows of no
session but while it loads one, since its ``close`` would take a committed one back; and the
driver's own rollback file, which is the startup configuration of back then, is neither written
nor used.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from inventory.errors import DeviceError
from policies.dialects.line_ends import lines_of
from policies.redact import redact
from tasks.adapters.base import same_diff
from tasks.adapters.eos_tables import read_origins, read_tables
from tasks.adapters.eos_wire import ask, own_words, sessions
from tasks.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Tables, Trust

#: What the names of our sessions begin with.
_OURS = "ringfence-"
_DATED = re.compile(rf"{_OURS}(?P<begun>\d+)-")
#: A session of ours is over within seconds, its three requests may take one minute each at most.
_DEAD_AFTER_S = 180
#: How long we wait for sessions of others to end, looking each second.
_LOCK_WAIT_S = 10
#: What ``commit timer`` can say in hours, minutes and seconds, as the driver writes it.
_TIMER_S = range(1, 24 * 60 * 60)
_AUTOSAVE = (
    "every commit is saved at once (saveToStartupConfigOnCommit), so that a reboot would keep one "
    "that nobody confirmed: turn it off"
)


class EosAdapter:
    """One transaction for each change, its timer armed with the commit itself."""

    #: Whether ``pending`` sees a commit whose connection, or process, is gone.
    shows_trial = True

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
        """Leave the look at other sessions to us, who have to look at them anyway."""
        del trust
        driver.lock_disable = True

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return that commits are saved at once, if they are; EOS needs nothing else."""
        del running
        return (_AUTOSAVE,) if sessions(driver).saves_at_once else ()

    def running(self, driver: Driver) -> str:
        """Return ``show running-config``, once it is seen to be whole."""
        with own_words():
            return _whole(str(driver.get_config(retrieve="running")["running"]))

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        with own_words():
            return read_tables(lambda commands: ask(driver, commands), sessions)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, in one request."""
        with own_words():
            return read_origins(lambda commands: ask(driver, commands), routes)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, and in one request compare, look at all that the session holds, and abort it."""
        name = _begin(driver)
        try:
            _load(driver, name, candidate)
            diff, text, _ = ask(
                driver,
                [_diffs(name), f"show session-config named {name}", _abort(name)],
                encoding="text",
            )
        except BaseException:
            _give_up(driver, name)
            raise
        return _shown(diff), _whole(text)

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, commit with the timer, and see that it runs.

        Where the answer to the commit is lost, nobody here knows whether it took place: a session
        that is not committed is aborted, and one that is has its timer.
        """
        if revert_in not in _TIMER_S:
            raise DeviceError(f"EOS takes a commit timer of 1 to 86399 s, not {revert_in}")
        name = _begin(driver)
        self._committed[driver] = name
        timer = time.strftime("%H:%M:%S", time.gmtime(revert_in))
        try:
            _load(driver, name, candidate)
            same_diff(_shown(ask(driver, [_diffs(name)], encoding="text")[0]), diff)
            ask(driver, [f"configure session {name} commit timer {timer}"], encoding="text")
        except BaseException:
            _give_up(driver, name)
            raise
        if sessions(driver).waiting != name:
            raise DeviceError("the device took the commit, but its timer does not run")

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: EOS judges all routes again by itself when a policy changes."""

    def pending(self, driver: Driver) -> bool:
        """Return whether a commit of ours waits for its confirmation."""
        return _waiting(driver) is not None

    def confirm(self, driver: Driver) -> None:
        """Confirm the pending commit, and save.

        The look before it is needed: EOS begins an empty session where it is told to commit one
        that has gone back already, and would commit that.

        Raises:
            DeviceError: none of this run's waits any more.
        """
        name = _waiting(driver)
        if name is None:
            raise DeviceError("no commit waits for a confirmation: the timer was faster")
        if name != self._committed.get(driver, name):
            raise DeviceError(f"the commit that waits is not this run's but {name}'s")
        ask(driver, [f"configure session {name} commit", "write memory"], encoding="text")

    def save(self, driver: Driver) -> None:
        """Save."""
        ask(driver, ["write memory"], encoding="text")

    def revert(self, driver: Driver, way_back: str) -> None:
        """Abort the pending commit.

        Aborting saves nothing, so the startup configuration stays what it was; the driver's own
        rollback would save whatever else is unsaved.
        """
        del way_back
        waiting = _waiting(driver)
        if waiting is not None:
            ask(driver, [_abort(waiting)], encoding="text")


def _context(trust: Trust) -> ssl.SSLContext:
    tls = trust.tls
    ca_file = None if tls.ca_file is None else str(trust.path(str(tls.ca_file)))
    context = ssl.create_default_context(cafile=ca_file)
    if not tls.check_certificates:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _begin(driver: Driver) -> str:
    """Return the name of a session to begin, once no other one is in the way.

    Sessions of runs that were killed are aborted: EOS keeps them for a day, and they are in
    everybody's way.

    Raises:
        LockedError: somebody else's session is pending all the time that we wait, or a commit
            waits for its confirmation, whose end would undo ours.
    """
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        found = sessions(driver)
        if found.waiting:
            raise LockedError(
                f"a commit waits for its confirmation on the device already ({found.waiting})"
            )
        dead = [name for name in found.begun if _is_dead(name)]
        for name in dead:
            ask(driver, [_abort(name)], encoding="text")
        others = sorted(set(found.begun).difference(dead))
        if not others:
            return f"{_OURS}{int(time.time())}-{secrets.token_hex(4)}"
        if time.monotonic() >= deadline:
            raise LockedError(
                f"other configuration sessions are pending on the device ({', '.join(others)}): "
                "each would overwrite what is committed beside it; commit or abort them"
            )
        time.sleep(1)


def _is_dead(name: str) -> bool:
    found = _DATED.match(name)
    return found is not None and time.time() - int(found["begun"]) > _DEAD_AFTER_S


def _load(driver: Driver, name: str, candidate: str) -> None:
    """Begin the session ``name`` with ``candidate`` in it.

    Raises:
        RejectedError: the device refuses a line.
    """
    driver.config_session = name
    try:
        with own_words():
            driver.load_merge_candidate(config=candidate)
    finally:
        driver.config_session = None


def _diffs(name: str) -> str:
    return f"show session-config named {name} diffs"


def _abort(name: str) -> str:
    return f"configure session {name} abort"


def _shown(diff: str) -> str:
    """Return a session's diff without its two first lines, which name files; secrets hidden."""
    return redact("\n".join(lines_of(diff)[2:]).strip())


def _whole(text: str) -> str:
    """Return a configuration as it is.

    Raises:
        DeviceError: it lacks its end.
    """
    if text.rstrip().rpartition("\n")[2] != "end":
        raise DeviceError("the configuration that it shows is cut short: it lacks its `end`")
    return text


def _give_up(driver: Driver, name: str) -> None:
    """Abort the session ``name`` if it is there, not committed, and the device can be asked.

    What is raised already says more than that it can't; a later call finds the session dead.
    """
    with suppress(DeviceError):
        if name in sessions(driver).begun:
            ask(driver, [_abort(name)], encoding="text")


def _waiting(driver: Driver) -> str | None:
    """Return the name of our session that waits to be confirmed; somebody else's is not ours."""
    name = sessions(driver).waiting
    return name if name.startswith(_OURS) else None
