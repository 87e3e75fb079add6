"""Commits on trial, as this process knows them: :class:`Trials`; and the lock after a lost one.

IOS-XR binds a confirmed commit to its session, and tells nobody of it. So each is remembered here
by the router, not by the driver: where a connection was lost and made anew, the router may not have
noticed yet, and what it shows is the trial.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.errors import LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasks.adapters.base import Driver

#: Seconds until a router has noticed the end of a session, and taken back what it left.
_PATIENCE_S = 10.0
_LOOK_AGAIN_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """A trial commit: on which session, and when its time is over, at the earliest and latest."""

    session: object
    confirm_by: float
    until: float


class Trials:
    """The trials of one adapter, one for each router; times are those of :func:`time.monotonic`."""

    def __init__(self) -> None:
        self._by_router: dict[tuple[str, int], _Trial] = {}

    @contextmanager
    def begun(self, driver: Driver, session: object, seconds: int) -> Iterator[None]:
        """Remember the commit that is made inside, unless the router refuses it."""
        confirm_by = time.monotonic() + seconds
        try:
            yield
        except (RejectedError, LockedError):
            raise
        except BaseException:
            self._remember(driver, session, confirm_by, seconds)
            raise
        self._remember(driver, session, confirm_by, seconds)

    def _remember(self, driver: Driver, session: object, confirm_by: float, seconds: int) -> None:
        until = time.monotonic() + seconds
        self._by_router[_router(driver)] = _Trial(
            session=session, confirm_by=confirm_by, until=until
        )

    def end(self, driver: Driver) -> None:
        """Forget the router's trial, if there is one."""
        self._by_router.pop(_router(driver), None)

    def waits(self, driver: Driver) -> bool:
        """Return whether the router may have a trial that is neither confirmed nor taken back."""
        return time.monotonic() < self.until(driver)

    def until(self, driver: Driver) -> float:
        """Return when the router's trial is over; 0 without one."""
        trial = self._by_router.get(_router(driver))
        return 0.0 if trial is None else trial.until

    def is_of(self, driver: Driver, session: object) -> bool:
        """Return whether the router's trial was made on this very session."""
        trial = self._by_router.get(_router(driver))
        return trial is not None and trial.session is session

    def ensure_confirmable(self, driver: Driver, session: object) -> None:
        """Raise unless a trial of this very session can still be confirmed.

        Raises:
            VerifyError: it can't.
        """
        trial = self._by_router.get(_router(driver))
        if trial is None or trial.session is not session or time.monotonic() >= trial.confirm_by:
            raise VerifyError(f"on {driver.hostname} no commit waits for its confirmation any more")

    def is_lost(self, driver: Driver, session: object) -> bool:
        """Return whether the router may have a trial of a session that was lost."""
        return self.waits(driver) and not self.is_of(driver, session)


def _router(driver: Driver) -> tuple[str, int]:
    return str(driver.hostname), int(driver.port)


def lock_when_free(lock: Callable[[], None]) -> None:
    """Lock; a session that just died may not be dead yet for the router.

    Raises:
        LockedError: somebody holds it who lives, or the router still takes the session for alive.
    """
    last = time.monotonic() + _PATIENCE_S
    while True:
        try:
            lock()
        except LockedError:
            if time.monotonic() >= last:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def ensure_whole(driver: Driver, running: str) -> None:
    """Raise unless a configuration is there to its end.

    Raises:
        VerifyError: it is not.
    """
    if running.rstrip().rpartition("\n")[2] != "end":
        raise VerifyError(f"{driver.hostname} shows its running configuration without its end")
