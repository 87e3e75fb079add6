"""Cisco NX-OS: the drivers ``nxos`` (NX-API) and ``nxos_ssh``.

Neither has a revert timer, so the platform's scheduler is one: :mod:`tasks.adapters.nxos_dead_man`.
A driver's ``commit_config`` is never called: it saves what nobody has confirmed yet, and its
rollback goes to a file that is whoever's was last. Neither has a candidate either: a driver's diff
is the candidate's lines that the running configuration lacks.
"""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from inventory.errors import DeviceError
from policies.dialects.line_ends import lines_of
from policies.dialects.nxos import NxosDialect
from policies.errors import ParseError
from policies.filters import Direction
from policies.managed import digest
from policies.redact import redact
from tasks.adapters import nxos_dead_man as dead_man
from tasks.adapters.base import netmiko_options, same_diff
from tasks.adapters.nxos_look import armed, look, no_room
from tasks.adapters.nxos_tables import neighbors_of, read_origins, read_tables, read_up
from tasks.adapters.nxos_wire import Cli, NxApi
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Running, Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Tables, Trust
    from tasks.adapters.nxos_wire import Wire

_WAY = {Direction.IMPORT: "in", Direction.EXPORT: "out"}
#: What is printed about the configuration in front of it, and says when.
_ABOUT = re.compile(r"^!(?:Command|Running configuration last done at|Time): .*\n", re.MULTILINE)
_VERSION = re.compile(r"^version ", re.MULTILINE)
_RUNNING = "show running-config"
#: Nothing marks the end of a configuration but what comes last.
_LAST = f"{_RUNNING} | last 5"
_SAVED = re.compile(r"copy complete", re.IGNORECASE)
_REMOTE_LOGIN = re.compile(r"^aaa authentication login default group ", re.MULTILINE)
_JOB_PASSWORD = re.compile(r"^scheduler aaa-authentication ", re.MULTILINE)


class _NxosBase:
    """What both transports do alike."""

    wire: Wire
    #: The features that a commit needs, and what for.
    features: Mapping[str, str]
    #: Whether ``pending`` sees a commit whose connection, or process, is gone.
    shows_trial = True

    def __init__(self) -> None:
        #: The timer that a connection armed; another run's commit is not ours to confirm.
        self._armed: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        #: Connections whose device was found to wait for somebody else's confirmation.
        self._taken: WeakSet[Driver] = WeakSet()

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what a commit with a scheduled rollback needs and is not configured."""
        there = {line.strip() for line in lines_of(running)}
        found = [
            f"it lacks `feature {name}`, {why}"
            for name, why in self.features.items()
            if f"feature {name}" not in there
        ]
        if _REMOTE_LOGIN.search(running) and not _JOB_PASSWORD.search(running):
            found.append(
                "it lacks `scheduler aaa-authentication ...`: without the password of a user "
                "that a server authenticates the scheduler runs no job of theirs"
            )
        if not found and (full := no_room(self.wire, driver)):
            found.append(full)
        return tuple(found)

    def running(self, driver: Driver) -> str:
        """Return ``show running-config``, without the lines that say when it was shown.

        Raises:
            DeviceError: it does not end as the device says that it ends.
        """
        shown, last = self.wire.show_all(driver, (_RUNNING, _LAST))
        text = _ABOUT.sub("", shown).strip("\n") + "\n"
        tail = [line.rstrip() for line in last.splitlines() if line.strip()]
        whole = [line.rstrip() for line in text.splitlines() if line.strip()]
        if not _VERSION.search(text):
            raise DeviceError("it does not answer as NX-OS does: no `version` is shown")
        if not tail or whole[-len(tail) :] != tail:
            raise DeviceError("the configuration that it shows is cut short: it lacks its end")
        return text

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        return read_tables(self.wire, driver, sessions, lambda: self._parsed(driver))

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths."""
        return read_origins(self.wire, driver, routes)

    def _parsed(self, driver: Driver) -> Running:
        return NxosDialect().parse(self.running(driver))

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Return the driver's diff; nothing reaches the device but a ``show``."""
        try:
            with self.wire.guarded(driver):
                driver.load_merge_candidate(config=candidate)
                return redact(str(driver.compare_config())), None
        finally:
            # The driver appends to what was loaded before.
            driver.discard_config()

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Arm the dead-man switch, enter the lines, and see that it did not go off before them.

        A refused line takes all back.
        """
        same_diff(self.dry_run(driver, candidate)[0], diff)
        name = self._arm(driver, revert_in)
        try:
            self.wire.configure(driver, _lines(candidate))
        except RejectedError as error:
            self._take_back(driver, name, error)
            raise
        waiting = armed(self.wire, driver)
        if waiting is None or waiting.name != name:
            gone = DeviceError("the revert timer was gone before the change stood")
            self._take_back(driver, name, gone)
            raise gone

    def _arm(self, driver: Driver, revert_in: int) -> str:
        try:
            name = dead_man.arm(self.wire, driver, revert_in)
        except LockedError:
            self._taken.add(driver)
            raise
        self._taken.discard(driver)
        self._armed[driver] = name
        return name

    def _take_back(self, driver: Driver, name: str, refusal: DeviceError) -> None:
        """Bring the device back now, after it refused one of several lines or lost its timer."""
        try:
            kept = dead_man.checkpoint_text(self.wire, driver, name)
            dead_man.roll_back(self.wire, driver, name)
            dead_man.sweep(self.wire, driver, look(self.wire, driver))
            now = self.running(driver)
        except DeviceError as error:
            raise DeviceError(f"{refusal}; then {error}") from error
        if not _same(now, kept):
            raise DeviceError(f"{refusal}; and after the rollback it is not what it was")

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Ask for the routes again, or send them (RFC 2918), of each neighbor that is up."""
        everyone = neighbors_of(
            [session.key for session, _, _ in slots],
            read_up(self.wire, driver),
            lambda: self._parsed(driver),
        )
        commands = [
            f"clear bgp ipv{version} unicast {address} soft {_WAY[direction]}"
            + (f" vrf {session.key.vrf}" if session.key.vrf else "")
            for session, version, direction in slots
            for address in everyone[session.key]
        ]
        if commands:
            self.wire.show_all(driver, commands)

    def pending(self, driver: Driver) -> bool:
        """Return whether the device shows a rollback of ours that is still to come."""
        return armed(self.wire, driver) is not None

    def confirm(self, driver: Driver) -> None:
        """Take the scheduled rollback away, and save.

        Raises:
            DeviceError: none of this run's was scheduled any more, or the device did not save.
        """
        there = look(self.wire, driver)
        if there.armed is None:
            raise DeviceError("no commit waits for a confirmation: the timer was faster")
        if there.armed.name != self._armed.get(driver, there.armed.name):
            raise DeviceError(f"the commit that waits is not this run's but {there.armed.name}'s")
        dead_man.disarm(self.wire, driver, there)
        self.save(driver)
        # It is confirmed, whatever becomes of the checkpoint: the next commit sweeps it away.
        with suppress(DeviceError):
            dead_man.forget(self.wire, driver, there)

    def revert(self, driver: Driver, way_back: str) -> None:
        """Roll back to our checkpoint, if it is armed.

        A checkpoint is the whole configuration. Where somebody else has changed theirs since, an
        armed change goes back by its own lines, if the device takes them all and they lead to
        where the checkpoint does, and theirs stays. An armed change that kept ours from beginning
        is somebody else's, and is left to them.
        """
        if driver in self._taken:
            return
        there = look(self.wire, driver)
        if there.armed is None:
            dead_man.sweep(self.wire, driver, there)
            return
        name = there.armed.name
        if not (way_back and self._went_back(driver, name, way_back)):
            dead_man.roll_back(self.wire, driver, name)
        dead_man.sweep(self.wire, driver, there)

    def _went_back(self, driver: Driver, name: str, way_back: str) -> bool:
        """Return whether ``way_back`` alone led to the filters that the checkpoint has."""
        foreign = NxosDialect().foreign
        try:
            kept = dead_man.checkpoint_text(self.wire, driver, name)
            if foreign(kept) == foreign(self.running(driver)):
                return False
            self.wire.configure(driver, _lines(way_back))
            return _same_filters(self.running(driver), kept)
        except DeviceError:
            # The checkpoint needs no reading, and leads back from everywhere.
            return False

    def save(self, driver: Driver) -> None:
        """Save."""
        said = self.wire.show(driver, "copy running-config startup-config")
        if not _SAVED.search(said):
            raise DeviceError(f"the device did not save: {' '.join(said.split())}")


class NxosAdapter(_NxosBase):
    """The driver ``nxos``, over NX-API."""

    wire = NxApi()
    features: Mapping[str, str] = {
        "nxapi": "which the driver speaks to",
        "bgp": "without which it has no sessions",
        "scheduler": "which takes back what is not confirmed",
    }

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's options; certificates are checked unless the site says otherwise."""
        tls = trust.tls
        verify: bool | str = tls.check_certificates
        if verify and tls.ca_file is not None:
            verify = str(trust.path(tls.ca_file))
        return {**given, "transport": "https", "ssl_verify": verify}

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Put an IPv6 address into brackets, which the driver leaves out of its URL."""
        del trust
        try:
            is_v6 = ":" in str(ip_address(driver.hostname))
        except ValueError:
            is_v6 = False
        if is_v6:
            driver.hostname = f"[{driver.hostname}]"


class NxosSshAdapter(_NxosBase):
    """The driver ``nxos_ssh``, over the command line."""

    wire = Cli()
    features: Mapping[str, str] = {
        name: why for name, why in NxosAdapter.features.items() if name != "nxapi"
    }

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return netmiko's options."""
        return netmiko_options(given, trust)

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Do nothing: netmiko's options say it all."""


def _same(text: str, other: str) -> bool:
    """Return whether two configurations are the same but for our timers."""
    foreign = NxosDialect().foreign
    return foreign(text) == foreign(other) and _same_filters(text, other)


def _same_filters(text: str, other: str) -> bool:
    try:
        return digest(NxosDialect().parse(text)) == digest(NxosDialect().parse(other))
    except ParseError:
        return False


def _lines(candidate: str) -> list[str]:
    return [line for line in candidate.splitlines() if line.strip()]
