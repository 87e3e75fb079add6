"""The revert timer of an IOS-XE switch: :func:`arm`, then :func:`revert_now` or :func:`confirm`.

The commands are the driver's own, but the driver arms the timer and copies in one go, whatever
became of the timer.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from tasks.adapters.ios_terminal import ask, ask_once, is_lock, words
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from tasks.adapters.base import Driver

_MINUTE = 60
_LONGEST_MINUTES = 120

_NOT_PENDING = "No Rollback Confirmed Change pending"
_USER = re.compile(r"^User: (?P<user>.*?)\s*$", re.MULTILINE)


def timer_user(driver: Driver) -> str | None:
    """Return whose revert timer runs, None if none does.

    Raises:
        DeviceError: the switch does not say.
    """
    said = ask(driver, "show archive config rollback timer")
    if _NOT_PENDING in said:
        return None
    found = _USER.search(said)
    if found is None:
        raise DeviceError(f"it does not say whether a revert timer runs: {words(said)}")
    return found["user"]


def has_own_timer(driver: Driver) -> bool:
    """Return whether a timer of ours runs, False if none does.

    Raises:
        LockedError: somebody else's runs.
    """
    user = timer_user(driver)
    if user not in {None, driver.username}:
        raise LockedError(f"a change of {user} waits for its confirmation")
    return user is not None


def arm(driver: Driver, revert_in: int) -> float:
    """Start a timer of ``revert_in`` seconds, rounded up to minutes, and see that it runs.

    Returns until when it surely does, by :func:`time.monotonic`.

    Raises:
        LockedError: one runs already, or somebody holds the configuration.
        RejectedError: it does not run; nothing was changed.
    """
    # Asked before, for what a switch does that is told to arm a second one is not documented.
    other = timer_user(driver)
    if other is not None:
        raise LockedError(f"a change of {other} waits for its confirmation")
    minutes = min(-(-revert_in // _MINUTE), _LONGEST_MINUTES)
    # The switch starts it later than this.
    runs_until = time.monotonic() + minutes * _MINUTE
    said, prompt = ask_once(driver, f"configure terminal revert timer {minutes}")
    if "(config" in prompt:
        ask_once(driver, "end")
    # Asked again, for configuration mode opens also where the backup could not be written.
    user = timer_user(driver)
    if user is None:
        kind = LockedError if is_lock(said) else RejectedError
        raise kind(f"the revert timer could not be armed: {words(said)}")
    if user != driver.username:
        # Whoever comes after a crash would take it for somebody else's change.
        stand_down(driver)
        raise RejectedError(f"the switch knows us as {user}, not as {driver.username}")
    return runs_until


def was_in_time(driver: Driver, runs_until: float) -> None:
    """Raise unless what was done just now was done while the timer ran.

    A connection that stalls delivers a copy late: nothing would take that back.

    Raises:
        DeviceError: the timer was faster.
    """
    if time.monotonic() < runs_until:
        return
    try:
        is_there = has_own_timer(driver)
    except LockedError:
        # Somebody else's runs there by now. What was copied is ours all the same.
        is_there = False
    if not is_there:
        raise DeviceError("the revert timer had run out before the candidate was copied")


def stand_down(driver: Driver) -> None:
    """Stop a timer under which nothing of ours was changed: others may have, meanwhile.

    Raises:
        DeviceError: the switch complains.
    """
    said = ask(driver, "configure confirm")
    if said.strip() and _NOT_PENDING not in said:
        raise DeviceError(f"it did not stop its revert timer: {words(said)}")


def revert_now(driver: Driver) -> None:
    """Let the timer do now what it would do at its end.

    Raises:
        DeviceError: it still runs, or could not do it.
    """
    said = ask(driver, "configure revert now")
    complains = re.search(r"error|fail|locked", said, re.IGNORECASE)
    if complains or ("Rollback Done" not in said and timer_user(driver) is not None):
        raise DeviceError(f"it did not take the change back: {words(said)}")


def confirm(driver: Driver) -> None:
    """Stop the timer, and so keep the change.

    Raises:
        LockedError: another user's timer runs.
        DeviceError: none does, or the switch complains.
    """
    if not has_own_timer(driver):
        raise DeviceError("no change waits for its confirmation: its timer was faster")
    said = ask(driver, "configure confirm")
    if said.strip():
        raise DeviceError(f"it did not confirm the change: {words(said)}")


def save(driver: Driver) -> None:
    """Save the running configuration.

    Raises:
        DeviceError: the switch does not say that it did.
    """
    said = ask(driver, "write memory")
    if "[OK]" not in said:
        raise DeviceError(f"it did not save its configuration: {words(said)}")
