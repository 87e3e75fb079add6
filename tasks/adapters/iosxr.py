"""IOS-XR over NETCONF, through NAPALM's ``iosxr_netconf``: :class:`IosXrNetconfAdapter`.

The driver has no timer, so the commit is NETCONF's own confirmed commit (RFC 6241, 8.4), spoken
past the driver on its session, whose state is put right afterwards. It is bound to that session:
the router takes the change back when its time is over or as soon as the session ends. Laws:
whatever fails, the candidate is discarded, or the session ended, which discards it too; and the
lock is held from the commit to the end of its trial.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

from napalm.iosxr.utilities import strip_config_header
from ncclient.xml_ import to_ele

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.adapters.base import same_diff
from tasks.adapters.iosxr_tables import (
    is_address,
    origins_filter,
    paths_filter,
    read_origins,
    read_tables,
)
from tasks.adapters.iosxr_trial import Trials, ensure_whole, lock_when_free
from tasks.adapters.iosxr_trust import insist_on_host_keys, pinned_key
from tasks.adapters.iosxr_words import element, ensure_ok, hang_up, in_its_words, is_sane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Tables, Trust

_CLI = "http://cisco.com/ns/yang/Cisco-IOS-XR-cli-cfg"
_DIFF = '<get-cli-config-diff xmlns="http://cisco.com/ns/yang/Cisco-IOS-XR-cli-diff-act"/>'


class IosXrNetconfAdapter:
    """One atomic commit, which the router takes back by itself unless it is confirmed."""

    #: No command and no model of the platform tells of a commit on trial (NAPALM pull request
    #: 2319 found none either), so only the sessions of this process are known. Another's is met as
    #: a :class:`LockedError` by whoever wants to change something.
    shows_trial = False

    def __init__(self) -> None:
        self._trials = Trials()
        #: What ran when it was last asked for, which is what its tables are read by.
        self._texts: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

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
        self._settle(driver)
        with in_its_words(driver, "does not show what runs"):
            wanted = ("subtree", f'<cli xmlns="{_CLI}"/>')
            reply = driver.device.get_config(source="running", filter=wanted)
        text = element(driver, reply, "data").findtext(f"{{{_CLI}}}cli") or ""
        self._texts[driver] = f"{text.strip()}\n"
        return self._texts[driver]

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``, from BGP's own model.

        The driver's getter counts one address family of each neighbor and knows no routes. Who
        is in which neighbor-group is what :meth:`running` showed last.
        """
        self._settle(driver)
        with in_its_words(driver, "does not show its BGP"):
            reply = driver.device.get(filter=("subtree", paths_filter(sessions)))
        element(driver, reply, "data")
        running = ""
        if any(not is_address(key.name) for key, _ in sessions):
            running = self._texts.get(driver) or self.running(driver)
            ensure_whole(driver, running)
        return read_tables(reply.xml.encode(), running, sessions)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, in one request."""
        self._settle(driver)
        with in_its_words(driver, "does not show its BGP"):
            reply = driver.device.get(filter=("subtree", origins_filter(routes)))
        element(driver, reply, "data")
        return read_origins(reply.xml.encode(), routes)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, let the router verify and compare, and discard.

        What it would hold can't be had: the router's candidate is only what was entered.
        """
        self._settle(driver)
        try:
            self._load(driver, candidate)
            if any(":validate" in one for one in driver.device.server_capabilities):
                with in_its_words(driver, "refuses the candidate"):
                    ensure_ok(driver, driver.device.validate("candidate"))
            return _diff(driver), None
        finally:
            _leave(driver)

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, and commit so that the router takes it back."""
        self._settle(driver)
        try:
            self._load(driver, candidate)
            same_diff(_diff(driver), diff)
        except BaseException:
            _leave(driver)
            raise
        # From here on the router may have taken it, whether its answer arrives or not.
        with self._trials.begun(driver, _session(driver), revert_in):
            try:
                with in_its_words(driver, "did not commit"):
                    ensure_ok(driver, driver.device.commit(confirmed=True, timeout=str(revert_in)))
            except BaseException:
                _leave(driver)
                raise
        # The commit went past the driver.
        driver.pending_changes = False

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: a commit runs the policies again by itself."""

    def pending(self, driver: Driver) -> bool:
        """Return whether a commit of this process waits for its confirmation; asks nobody."""
        return self._trials.waits(driver)

    def confirm(self, driver: Driver) -> None:
        """Confirm with a second commit on the same session; a commit is saved as it is made.

        A router whose own timer was faster has nothing to confirm, and says that all is well: what
        it runs afterwards tells.
        """
        self._trials.ensure_confirmable(driver, _session(driver))
        try:
            with in_its_words(driver, "did not confirm"):
                ensure_ok(driver, driver.device.commit())
        except BaseException as error:
            if not is_sane(error):
                hang_up(driver)
            raise
        self._trials.end(driver)
        _leave(driver, has_candidate=False)

    def save(self, driver: Driver) -> None:
        """Do nothing: a commit is saved as it is made."""

    def revert(self, driver: Driver, way_back: str) -> None:
        """Cancel the pending commit; if that can't be said any more, end its session."""
        del way_back
        if self._trials.is_of(driver, _session(driver)) and driver.device.connected:
            try:
                with in_its_words(driver, "does not take back"):
                    ensure_ok(driver, driver.device.cancel_commit())
            except DeviceError:
                hang_up(driver)
            else:
                self._trials.end(driver)
                _leave(driver)
                return
        self._settle(driver)
        self._trials.end(driver)

    def _settle(self, driver: Driver) -> None:
        """Have an open session, and no trial of one that is lost: the router takes that back.

        Raises:
            LockedError: the router does not know that the session is lost, or somebody else is
                at it.
        """
        if not driver.device.connected:
            hang_up(driver)
            driver.open()
        if self._trials.is_lost(driver, _session(driver)):
            lock_when_free(partial(_lock, driver))
            self._trials.end(driver)
            _leave(driver, has_candidate=False)

    def _load(self, driver: Driver, candidate: str) -> None:
        """Load as a merge. The driver puts the text into XML as it is."""
        with in_its_words(driver, "refuses the candidate"):
            driver.load_merge_candidate(config=escape(candidate))


def _session(driver: Driver) -> object:
    return driver.device._session  # noqa: SLF001 - ncclient has no other name for it


def _diff(driver: Driver) -> str:
    """Return the router's comparison, as the driver's own, without secrets."""
    with in_its_words(driver, "compares nothing"):
        reply = driver.device.dispatch(to_ele(_DIFF))
    text = element(driver, reply, "cli-diff").text or ""
    return redact(str(strip_config_header(text.strip())))


def _lock(driver: Driver) -> None:
    with in_its_words(driver, "does not lock"):
        ensure_ok(driver, driver.device.lock())
    driver.locked = True


def _leave(driver: Driver, *, has_candidate: bool = True) -> None:
    """Discard what was entered and give the lock back, or end the session, which does both."""
    if not is_sane(sys.exception()):
        # Who made no sense once is not to be believed now.
        hang_up(driver)
        return
    try:
        with in_its_words(driver, "does not discard"):
            if has_candidate:
                ensure_ok(driver, driver.device.discard_changes())
            if driver.locked:
                ensure_ok(driver, driver.device.unlock())
    except DeviceError:
        hang_up(driver)
    else:
        driver.locked = driver.pending_changes = False
