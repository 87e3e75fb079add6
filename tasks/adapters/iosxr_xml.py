"""IOS-XR through its XML agent, with NAPALM's older ``iosxr``: :class:`IosXrAdapter`.

What the driver does at a commit is not wanted: told that others have committed meanwhile, it
loads the whole merged configuration and commits that, for good and unasked
(``napalm/pyIOSXR/iosxr.py``, 0x41866c00). So commits are sent past it, as are confirmations; and
its errors quote the whole request, so what they say is cut off there. The timer is the router's
``commit confirmed``, 30 to 300 seconds, bound to the session.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lxml import etree
from napalm.base.exceptions import MergeConfigException
from napalm.pyIOSXR.exceptions import IOSXRException, LockError
from netmiko.exceptions import NetmikoBaseException

from policies.redact import redact
from tasks.adapters.base import Tables, netmiko_options, same_diff
from tasks.adapters.iosxr_tables import Whom, group_members
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.models import Network
    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Trust

_REQUEST = (
    '<?xml version="1.0" encoding="UTF-8"?><Request MajorVersion="1" MinorVersion="0">{}</Request>'
)
#: "One or more commits have occurred from other configuration sessions."
_OVERTAKEN = "0x41866c00"
_GONE = (IOSXRException, NetmikoBaseException, OSError, EOFError)
_PATIENCE_S = 10.0
_LOOK_AGAIN_S = 0.25
_STATE = re.compile(r"(?:(\S+)\s+)?(\S+)\s+\d+\s+\d+\s+\d+\s+\d+\s+(\S+)\s+\S+")
_ROUTE = re.compile(r"[*sdhrSN>i ]{2,4}?\s?((?:\d[\d.]*|[0-9a-f:]*:[0-9a-f:]*)/\d+)(?:\s.*)?")


class IosXrAdapter:
    """One atomic commit, which the router takes back by itself unless it is confirmed."""

    def __init__(self) -> None:
        # The router has no way to ask it for the state of a confirmed commit.
        self._deadlines: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

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
        self._revive(driver)
        return f"{str(driver.get_config(retrieve='running')['running']).strip()}\n"

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``, from ``show bgp``.

        The driver's getter asks for other VRFs with a query that the router can't read, and
        knows no routes.
        """
        self._revive(driver)
        device = driver.device
        up = frozenset(_up(device._execute_show("show bgp sessions")))  # noqa: SLF001 - no other way
        groups = group_members(self.running(driver)) if sessions else {}
        accepted = {}
        for key, version in sessions:
            whom = Whom(key, groups)
            accepted[key, version] = frozenset(
                route
                for vrf, address in up
                if vrf == key.vrf and address in whom
                for route in _routes(device, vrf, version, address)
            )
        return Tables(up=up, accepted=accepted)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, look at the merged candidate, and discard."""
        self._revive(driver)
        try:
            self._load(driver, candidate)
            diff = redact(str(driver.compare_config()))
            merged = str(driver.get_config(retrieve="candidate")["candidate"])
            return diff, f"{merged.strip()}\n"
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
            _request(driver, f'<Commit Confirmed="{revert_in}"/>', "did not commit")
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
        """Return whether a commit of this session waits for its confirmation."""
        return time.monotonic() < self._deadlines.get(driver, 0.0)

    def confirm(self, driver: Driver) -> None:
        """Confirm with a second commit on the same session; a commit is saved as it is made."""
        _request(driver, "<Commit/>", "did not confirm")
        self._deadlines.pop(driver, None)
        _leave(driver)

    def revert(self, driver: Driver, way_back: str) -> None:
        """End the session, with which the pending commit ends; else merge ``way_back``.

        The agent's rollback would give the lock away first, and then undo whatever commit is
        the last one.
        """
        is_pending = self.pending(driver)
        until = self._deadlines.pop(driver, 0.0)
        if not is_pending and not way_back:
            return
        # A session in whose time others have committed could not commit any more either.
        _hang_up(driver)
        driver.open()
        try:
            _lock_when_free(driver, until)
            if not is_pending:
                self._load(driver, way_back)
                _request(driver, "<Commit/>", "did not commit")
        finally:
            _leave(driver)

    def _revive(self, driver: Driver) -> None:
        """Open the driver again if its session is lost, once the router has taken back its commit.

        Raises:
            LockedError: the router does not know that the session is lost, or somebody else is
                at it.
        """
        if driver.device.is_alive():
            return
        _hang_up(driver)
        driver.open()
        until = self._deadlines.pop(driver, None)
        if until is not None:
            _lock_when_free(driver, until)
            _leave(driver)

    def _load(self, driver: Driver, candidate: str) -> None:
        try:
            driver.load_merge_candidate(config=candidate)
        except LockError as error:
            raise LockedError(f"{driver.hostname} is being changed by somebody else") from error
        except (MergeConfigException, IOSXRException) as error:
            said = _said(error)
            raise RejectedError(f"{driver.hostname} refuses the candidate: {said}") from error


def _request(driver: Driver, operation: str, what: str) -> None:
    """Send one operation past the driver.

    Raises:
        LockedError: others have committed since the session began.
        RejectedError: the router refuses; with its own words.
    """
    device = driver.device
    answer = device._send_command(_REQUEST.format(operation))  # noqa: SLF001 - no other way
    response = etree.XML(answer.encode(), etree.XMLParser(resolve_entities=False))
    for one in response:
        code, said = one.get("ErrorCode"), one.get("ErrorMsg", "")
        if code == _OVERTAKEN:
            who = f"{driver.hostname} was changed by somebody else meanwhile"
            raise LockedError(f"{who}: {said}")
        if code is not None:
            failed = device._execute_config_show("show configuration failed")  # noqa: SLF001
            said = f"{said} {failed}".strip()
            raise RejectedError(f"{driver.hostname} {what}: {redact(said)}")


def _said(error: Exception) -> str:
    """Return what a device said, without the request that pyIOSXR appends to it."""
    return redact(str(error.args[0] if error.args else "").partition("\nOriginal call was")[0])


def _lock_when_free(driver: Driver, until: float) -> None:
    """Lock; a session that just ended may not have ended yet for the router.

    Raises:
        LockedError: somebody holds it who lives.
    """
    last = max(until, time.monotonic() + _PATIENCE_S)
    while True:
        try:
            driver.device.lock()
        except LockError as error:
            if time.monotonic() >= last:
                raise LockedError(f"{driver.hostname} is being changed by somebody else") from error
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _leave(driver: Driver) -> None:
    """Discard what was entered and give the lock back, or end the session, which does both."""
    try:
        driver.device.discard_config()
        driver.device.unlock()
        driver.pending_changes = False
    except _GONE:
        _hang_up(driver)


def _hang_up(driver: Driver) -> None:
    driver.device.locked = driver.pending_changes = False
    with contextlib.suppress(*_GONE, AttributeError):
        driver.device.device.remote_conn.transport.close()


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


def _routes(device: Any, vrf: str, version: int, address: str) -> Iterator[Network]:  # noqa: ANN401
    inside = f" vrf {vrf}" if vrf else ""
    text = device._execute_show(  # noqa: SLF001 - pyIOSXR has no other way
        f"show bgp{inside} ipv{version} unicast neighbors {address} routes"
    )
    for line in text.splitlines():
        found = _ROUTE.fullmatch(line.rstrip())
        if found is not None:
            yield ip_network(found[1])
