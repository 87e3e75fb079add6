"""IOS-XR over NETCONF, through NAPALM's ``iosxr_netconf``: :class:`IosXrNetconfAdapter`.

The driver has no timer, so the commit is NETCONF's own confirmed commit (RFC 6241, 8.4), spoken
past the driver on its session, whose state is put right afterwards. It is bound to that session:
the router takes the change back when its time is over or as soon as the session ends. Law:
whatever fails, the candidate is discarded, or the session ended, which discards it too.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

from napalm.base.exceptions import MergeConfigException
from ncclient import NCClientError
from ncclient.operations.errors import TimeoutExpiredError
from ncclient.operations.rpc import RPCError

from policies.redact import redact
from tasks.adapters.base import same_diff
from tasks.adapters.iosxr_tables import is_address, paths_filter, read_tables
from tasks.adapters.iosxr_trust import insist_on_host_keys, pinned_key
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Tables, Trust

#: What the router answers while somebody else has the configuration to himself.
_BUSY = frozenset({"lock-denied", "in-use", "resource-denied"})
#: Seconds until a router has noticed the end of a session, and taken back what it left.
_PATIENCE_S = 10.0
_LOOK_AGAIN_S = 0.25


class IosXrNetconfAdapter:
    """One atomic commit, which the router takes back by itself unless it is confirmed."""

    def __init__(self) -> None:
        # The router has no way to ask it for the state of a confirmed commit.
        self._deadlines: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return ncclient's options; the driver hands all that it does not know to ncclient."""
        options = {**given, "hostkey_verify": trust.ssh.check_host_keys}
        # ncclient opens this file whether it is there or not.
        config = options.get("ssh_config_file")
        if config is not None and not Path(config).expanduser().is_file():
            del options["ssh_config_file"]
        if trust.ssh.key_file is not None:
            options |= {
                "key_file": str(trust.path(trust.ssh.key_file)),
                "allow_agent": False,
                "look_for_keys": False,
            }
        return options

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """See to it that the router's host key counts, and that no configuration is logged."""
        log = logging.getLogger("ncclient")
        log.setLevel(max(log.level, logging.WARNING))
        if not trust.ssh.check_host_keys:
            return
        insist_on_host_keys()
        if trust.ssh.known_hosts is not None:
            path = trust.path(trust.ssh.known_hosts)
            driver.optional_args["hostkey_b64"] = pinned_key(path, driver.hostname, driver.port)

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what the router's hello lacks."""
        del running
        capabilities = tuple(driver.device.server_capabilities)
        return tuple(
            f"NETCONF has no {name}; IOS-XR 7.0 or later with `netconf-yang agent ssh` is needed"
            for name in (":candidate", ":confirmed-commit")
            if not any(name in one for one in capabilities)
        )

    def running(self, driver: Driver) -> str:
        """Return the running configuration as CLI text."""
        self._revive(driver)
        return f"{driver.get_config(retrieve='running')['running']}\n"

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``, from BGP's own model.

        The driver's getter counts one address family of each neighbor and knows no routes.
        """
        self._revive(driver)
        reply = driver.device.get(filter=("subtree", paths_filter(sessions))).xml
        has_groups = any(not is_address(key.name) for key, _ in sessions)
        running = self.running(driver) if has_groups else ""
        return read_tables(reply.encode(), running, sessions)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, let the router verify and compare, and discard.

        What it would hold can't be had: the router's candidate is only what was entered.
        """
        self._revive(driver)
        try:
            self._load(driver, candidate)
            with _in_its_words(driver, "refuses the candidate"):
                if any(":validate" in one for one in driver.device.server_capabilities):
                    driver.device.validate("candidate")
                return redact(str(driver.compare_config())), None
        finally:
            _leave(driver)

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, and commit so that the router takes it back."""
        self._revive(driver)
        try:
            self._load(driver, candidate)
            same_diff(redact(str(driver.compare_config())), diff)
            # From here on the router may have taken it, whether its answer arrives or not.
            self._deadlines[driver] = time.monotonic() + revert_in
            with _in_its_words(driver, "did not commit"):
                driver.device.commit(confirmed=True, timeout=str(revert_in))
        except BaseException as error:
            if isinstance(error, RejectedError | LockedError):
                self._deadlines.pop(driver, None)
            if driver not in self._deadlines:
                _leave(driver)
            raise
        # The commit went past the driver.
        driver.pending_changes = False

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: a commit runs the policies again by itself."""

    def pending(self, driver: Driver) -> bool:
        """Return whether a commit of this session waits for its confirmation.

        No other session's can be the case here: such a commit ends with its session.
        """
        return time.monotonic() < self._deadlines.get(driver, 0.0)

    def confirm(self, driver: Driver) -> None:
        """Confirm with a second commit on the same session; a commit is saved as it is made."""
        with _in_its_words(driver, "did not confirm"):
            driver.device.commit()
        self._deadlines.pop(driver, None)
        _leave(driver)

    def revert(self, driver: Driver, way_back: str) -> None:
        """Cancel the pending commit; if that can't be said any more, end its session."""
        if self.pending(driver) and driver.device.connected:
            try:
                driver.device.cancel_commit()
            except (NCClientError, OSError):
                _hang_up(driver)
            else:
                del self._deadlines[driver]
                _leave(driver)
                return
        is_pending = self.pending(driver)
        self._revive(driver)
        self._deadlines.pop(driver, None)
        if way_back and not is_pending:
            self._merge(driver, way_back)

    def _revive(self, driver: Driver) -> None:
        """Open the driver again if its session is lost, once the router has taken back its commit.

        Raises:
            LockedError: the router does not know that the session is lost, or somebody else is
                at it.
        """
        if driver.device.connected:
            return
        _hang_up(driver)
        driver.open()
        until = self._deadlines.pop(driver, None)
        if until is not None:
            _when_free(driver, until)
            driver.device.unlock()

    def _merge(self, driver: Driver, way_back: str) -> None:
        try:
            _when_free(driver)
            driver.locked = True
            self._load(driver, way_back)
            with _in_its_words(driver, "did not commit"):
                driver.device.commit()
        finally:
            _leave(driver)

    def _load(self, driver: Driver, candidate: str) -> None:
        """Load as a merge. The driver puts the text into XML as it is."""
        with _in_its_words(driver, "refuses the candidate"):
            driver.load_merge_candidate(config=escape(candidate))


@contextlib.contextmanager
def _in_its_words(driver: Driver, what: str) -> Iterator[None]:
    """Raise what the router answers as what it means.

    Raises:
        LockedError: somebody else has the configuration.
        RejectedError: anything else that it says.
    """
    try:
        yield
    except (RPCError, MergeConfigException) as error:
        cause = error if isinstance(error, RPCError) else error.__context__
        said = redact(str(error).strip())
        if getattr(cause, "tag", None) in _BUSY:
            who = f"{driver.hostname} is being changed by somebody else"
            raise LockedError(f"{who}: {said}") from error
        raise RejectedError(f"{driver.hostname} {what}: {said}") from error


def _when_free(driver: Driver, until: float = 0.0) -> None:
    """Lock the candidate; a session that just died may not be dead yet for the router.

    Raises:
        LockedError: somebody holds it who lives, also at ``until``.
    """
    last = max(until, time.monotonic() + _PATIENCE_S)
    while True:
        try:
            with _in_its_words(driver, "does not lock"):
                driver.device.lock()
        except LockedError:
            if time.monotonic() >= last:
                raise
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _leave(driver: Driver) -> None:
    """Discard what was entered and give the lock back, or end the session, which does both."""
    if isinstance(sys.exception(), TimeoutExpiredError):
        # Who has not answered once will not answer now.
        _hang_up(driver)
        return
    try:
        driver.discard_config()
    except (NCClientError, OSError):
        _hang_up(driver)


def _hang_up(driver: Driver) -> None:
    driver.locked = driver.pending_changes = False
    with contextlib.suppress(NCClientError, OSError):
        driver.device._session.close()  # noqa: SLF001 - close_session asks and waits
