"""IOS-XR through its XML agent, with NAPALM's older ``iosxr``: :class:`IosXrAdapter`.

What the driver does at a commit is not wanted: told that others have committed meanwhile, it
loads the whole merged configuration and commits that, for good and unasked
(``napalm/pyIOSXR/iosxr.py``, 0x41866c00). So commits are sent past it, as are confirmations; and
its errors quote the whole request, so what they say is cut off there. The timer is the router's
``commit confirmed``, 30 to 300 seconds, bound to the session.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import re
import sys
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napalm.iosxr.utilities import strip_config_header
from napalm.pyIOSXR.exceptions import IOSXRException
from netmiko.exceptions import NetmikoBaseException

from inventory.errors import DeviceError
from policies.dialects.line_ends import ended_lines
from policies.redact import redact
from tasks.adapters.base import Tables, netmiko_options, same_diff
from tasks.adapters.cisco_paths import read_paths
from tasks.adapters.iosxr_agent import OvertakenError, agents_words, request
from tasks.adapters.iosxr_tables import Whom, group_members
from tasks.adapters.iosxr_trial import Trials, ensure_whole, lock_when_free
from tasks.adapters.iosxr_words import is_sane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Trust

_GONE = (IOSXRException, NetmikoBaseException, OSError, EOFError)
_STATE = re.compile(r"(?:(\S+)\s+)?(\S+)\s+\d+\s+\d+\s+\d+\s+\d+\s+(\S+)\s+\S+")
_ROUTE = re.compile(r"[*sdhrSN>i ]{2,4}?\s?((?:\d[\d.]*|[0-9a-f:]*:[0-9a-f:]*)/\d+)(?:\s.*)?")


class IosXrAdapter:
    """One atomic commit, which the router takes back by itself unless it is confirmed."""

    #: No command of the platform tells of a commit on trial; see the adapter for NETCONF.
    shows_trial = False

    def __init__(self) -> None:
        self._trials = Trials()
        #: What ran when it was last asked for, which is what its tables are read by.
        self._texts: WeakKeyDictionary[Any, str] = WeakKeyDictionary()

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return netmiko's options."""
        return netmiko_options(given, trust)

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """See to it that no configuration is logged, and that the driver closes at once.

        pyIOSXR logs the whole request with every error, and netmiko looks ten seconds for a
        prompt that the agent has not.
        """
        del trust
        logging.getLogger("napalm.pyIOSXR.iosxr").setLevel(logging.CRITICAL)
        device = driver.device
        close = device.close

        def leave_the_agent_first() -> None:
            if not device.is_alive():
                device.device.paramiko_cleanup()
                return
            with contextlib.suppress(*_GONE):
                device.unlock()
                device.device.write_channel("exit\n")
            close()

        device.close = leave_the_agent_first

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what the agent needs for answers of any length."""
        del driver
        agent = re.search(r"^xml agent tty\r?\n(?: .*\n)*? iteration off", running, re.MULTILINE)
        return () if agent else ("the XML agent cuts long answers: `xml agent tty iteration off`",)

    def running(self, driver: Driver) -> str:
        """Return the running configuration."""
        self._settle(driver)
        with agents_words(driver, "does not show what runs"):
            text = str(driver.get_config(retrieve="running")["running"])
        self._texts[driver] = f"{text.strip()}\n"
        return self._texts[driver]

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``, from ``show bgp``.

        The driver's getter asks for other VRFs with a query that the router can't read, and
        knows no routes. Who is in which neighbor-group is what :meth:`running` showed last.
        """
        self._settle(driver)
        up = frozenset(_up(_show(driver, "show bgp sessions")))
        groups = {}
        if sessions:
            running = self._texts.get(driver) or self.running(driver)
            ensure_whole(driver, running)
            groups = group_members(running)
        of_each: dict[tuple[str, int, str], frozenset[Network]] = {}
        routes: dict[tuple[SessionKey, int], dict[str, frozenset[Network]]] = {}
        for key, version in sessions:
            whom = Whom(key, groups)
            routes[key, version] = {}
            for vrf, address in up:
                if vrf != key.vrf or address not in whom:
                    continue
                asked = (vrf, version, address)
                if asked not in of_each:
                    of_each[asked] = frozenset(_routes(driver, *asked))
                routes[key, version][address] = of_each[asked]
        return Tables(up=up, routes=routes)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, asking for one prefix after the other."""
        self._settle(driver)
        found = {}
        for vrf, prefix in routes:
            inside = f" vrf {vrf}" if vrf else ""
            text = _show(driver, f"show bgp{inside} ipv{prefix.version} unicast {prefix}")
            found[vrf, prefix] = read_paths(text, prefix)
        return found

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, look at the merged candidate, and discard."""
        self._settle(driver)
        try:
            self._load(driver, candidate)
            return _compared(driver)
        finally:
            _leave(driver)

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, and commit so that the router takes it back.

        A session in whose time others have committed can't commit any more, so one that was
        overtaken is begun again, once: what was planned is compared again, under the lock.
        """
        try:
            self._commit(driver, candidate, diff, revert_in)
        except OvertakenError:
            _hang_up(driver)
            self._commit(driver, candidate, diff, revert_in)

    def _commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        self._settle(driver)
        try:
            self._load(driver, candidate)
            same_diff(_compared(driver)[0], diff)
        except BaseException:
            _leave(driver)
            raise
        # From here on the router may have taken it, whether its answer arrives or not.
        with self._trials.begun(driver, _session(driver), revert_in):
            try:
                request(driver, f'<Commit Confirmed="{revert_in}"/>', "did not commit")
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
        """Confirm with a second commit on the same session; a commit is saved as it is made."""
        self._trials.ensure_confirmable(driver, _session(driver))
        try:
            request(driver, "<Commit/>", "did not confirm")
        except BaseException as error:
            if not is_sane(error):
                _hang_up(driver)
            raise
        self._trials.end(driver)
        _leave(driver, has_candidate=False)

    def save(self, driver: Driver) -> None:
        """Do nothing: a commit is saved as it is made."""

    def revert(self, driver: Driver, way_back: str) -> None:
        """End the session, with which the pending commit ends.

        The agent's rollback would give the lock away first, and then undo whatever commit is
        the last one.
        """
        del way_back
        if self.pending(driver) or self._trials.is_of(driver, _session(driver)):
            _hang_up(driver)
        self._settle(driver)
        self._trials.end(driver)

    def _settle(self, driver: Driver) -> None:
        """Have an open session, and no trial of one that is lost: the router takes that back.

        Raises:
            LockedError: the router does not know that the session is lost, or somebody else is
                at it.
        """
        if not _is_alive(driver):
            _hang_up(driver)
            driver.open()
        if self._trials.is_lost(driver, _session(driver)):
            lock_when_free(partial(_lock, driver))
            self._trials.end(driver)
            _leave(driver, has_candidate=False)

    def _load(self, driver: Driver, candidate: str) -> None:
        with agents_words(driver, "refuses the candidate"):
            driver.load_merge_candidate(config=candidate)


def _session(driver: Driver) -> object:
    return getattr(driver.device, "device", None)


def _is_alive(driver: Driver) -> bool:
    """Return whether requests can be sent; paramiko closes a terminal before its connection."""
    terminal = getattr(_session(driver), "remote_conn", None)
    return terminal is not None and not terminal.closed and bool(driver.device.is_alive())


def _show(driver: Driver, command: str, *, of_candidate: bool = False) -> str:
    device = driver.device
    # pyIOSXR has no other way.
    show = device._execute_config_show if of_candidate else device._execute_show  # noqa: SLF001
    with agents_words(driver, f"does not answer `{command}`"):
        return str(show(command))


def _compared(driver: Driver) -> tuple[str, str]:
    """Return the diff of the merged candidate, as the driver makes it, and that candidate.

    The driver would ask for the candidate twice.
    """
    merged = _show(driver, "show configuration merge", of_candidate=True)
    running = _show(driver, "show running-config", of_candidate=True)
    old, new = (ended_lines(strip_config_header(one)) for one in (running, merged))
    diff = "".join(line.replace("\r", "") for line in difflib.unified_diff(old, new))
    shown = re.sub(
        r"^(?:Building configuration|!! IOS XR Configuration).*$", "", merged, flags=re.MULTILINE
    )
    return redact(diff.strip()), f"{shown.strip()}\n"


def _lock(driver: Driver) -> None:
    with agents_words(driver, "does not lock"):
        driver.device.lock()


def _leave(driver: Driver, *, has_candidate: bool = True) -> None:
    """Discard what was entered and give the lock back, or end the session, which does both."""
    if not is_sane(sys.exception()):
        # Who made no sense once is not to be believed now.
        _hang_up(driver)
        return
    try:
        with agents_words(driver, "does not discard"):
            if has_candidate:
                driver.device.discard_config()
            driver.device.unlock()
    except DeviceError:
        _hang_up(driver)
    else:
        driver.pending_changes = False


def _hang_up(driver: Driver) -> None:
    device = driver.device
    device.locked = driver.pending_changes = False
    # Held where pyIOSXR did not understand an answer: the next request would spin on it.
    device._unlock_xml_agent()  # noqa: SLF001 - no other way
    with contextlib.suppress(*_GONE, AttributeError):
        device.device.remote_conn.transport.close()


def _up(text: str) -> Iterator[tuple[str, str]]:
    """Yield (vrf, address) of the sessions that ``show bgp sessions`` has as established."""
    address = ""
    for line in text.splitlines():
        found = _STATE.fullmatch(line.strip())
        if found is None:
            address = line.strip()
            continue
        name = found[1] or address
        if found[3] == "Established":
            yield "" if found[2] == "default" else found[2], str(ip_address(name))


def _routes(driver: Driver, vrf: str, version: int, address: str) -> Iterator[Network]:
    inside = f" vrf {vrf}" if vrf else ""
    text = _show(driver, f"show bgp{inside} ipv{version} unicast neighbors {address} routes")
    for line in text.splitlines():
        found = _ROUTE.fullmatch(line.rstrip())
        if found is not None:
            yield ip_network(found[1])
