"""Junos, through NAPALM's ``junos`` driver (NETCONF over SSH, PyEZ).

Read :meth:`JunosAdapter.commit` and :meth:`JunosAdapter.revert` first. Junos has one candidate
for everybody, and commits all that is in it. Laws: nothing is loaded, discarded or committed but
under the device's lock, which it gives only while nobody's edits wait in the candidate; and the
device is taken back by its own rollback only where that undoes the commit that waits, ours.
"""

from __future__ import annotations

import logging
import re
import sys
import tempfile
import warnings
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory.errors import DeviceError
from tasks.adapters.base import same_diff
from tasks.adapters.junos_commits import Commit, Commits, read_commits
from tasks.adapters.junos_tables import read_origins, read_tables
from tasks.adapters.junos_words import NonsenseError, expected, hang_up, hide, own_words
from tasks.errors import ConnectError, LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Tables, Trust

#: What the driver must never do, whatever the inventory says: a private candidate knows no
#: commit with a timer, a lock that is held all the time or never protects nobody, and a warning
#: may be that there is nothing to delete.
_NEVER = dict.fromkeys(("config_private", "config_lock", "lock_disable", "ignore_warning"), False)
_MINUTE = 60
_DIFF = re.compile(r"\s*\[edit\b")
#: PyEZ's own switch for host keys, which the driver never touches and defaults to off.
_CHECK = "_hostkey_verify"


class JunosAdapter:
    """Commits with Junos's own ``commit confirmed``."""

    shows_trial = True

    def __init__(self) -> None:
        self._ours: weakref.WeakKeyDictionary[Any, Commit] = weakref.WeakKeyDictionary()

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's options; how hosts are known is set in :meth:`before_open`."""
        options = {**given, **_NEVER}
        if trust.ssh.key_file is not None:
            options["key_file"] = str(trust.path(trust.ssh.key_file))
        return options

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Make PyEZ check the host key against the site's known hosts; it would not by itself.

        ncclient takes the file with the known hosts from an OpenSSH configuration alone, so it
        gets one, which goes with the driver. It logs whole configurations at INFO.
        """
        log = logging.getLogger("ncclient")
        log.setLevel(max(log.getEffectiveLevel(), logging.WARNING))
        # PyEZ's words on stderr for a session that ends in a way it did not think of.
        warnings.filterwarnings("ignore", "An unknown exception occurred", RuntimeWarning)
        device = driver.device
        if not hasattr(device, _CHECK):
            raise ConnectError("this version of PyEZ can't be told to check host keys")
        setattr(device, _CHECK, trust.ssh.check_host_keys)
        if trust.ssh.key_file is not None:
            device._look_for_keys = False  # noqa: SLF001 - no other key than the site's
        if trust.ssh.known_hosts is not None:
            known_hosts = trust.path(trust.ssh.known_hosts)
            device._ssh_config = _ssh_config(driver, known_hosts)  # noqa: SLF001 - see above

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return nothing: every Junos has ``commit confirmed``, and says whether one waits."""
        del driver, running
        return ()

    def running(self, driver: Driver) -> str:
        """Return the committed configuration as ``set`` commands; groups are not expanded."""
        return _text(driver, "committed")

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        return read_tables(driver.device.rpc, sessions)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, asking for one prefix after the other."""
        return read_origins(driver.device.rpc, routes)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, have it checked, look at the candidate, and discard.

        A check would confirm a commit that waits, so there must be none.
        """
        with _loaded(driver, candidate):
            _ensure_free(driver)
            diff = _diff(driver)
            if diff:
                with own_words(lenient=True):
                    driver.device.cu.commit_check()
            return diff, _text(driver, "candidate")

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, commit with the timer, and see that it runs.

        Junos counts in minutes; the driver would take less than one for "no timer".
        """
        if revert_in < _MINUTE or revert_in % _MINUTE:
            raise DeviceError(
                f"Junos reverts after whole minutes: {revert_in} s is no multiple of {_MINUTE}"
            )
        with _loaded(driver, candidate):
            before = _ensure_free(driver)
            same_diff(_diff(driver), diff)
            with own_words(lenient=True):
                driver.commit_config(revert_in=revert_in)
            # Its own answer says neither that there is a commit nor that a timer runs.
            after = read_commits(driver)
        if after == before:
            raise RejectedError("the device made no commit, and gave no reason")
        if not after.waits:
            raise VerifyError("the device committed for good: its timer does not run")
        self._ours[driver] = after.last

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: Junos evaluates the routes it has again by itself."""

    def pending(self, driver: Driver) -> bool:
        """Return whether the last commit waits for its confirmation, whoever made it."""
        return read_commits(driver).waits

    def confirm(self, driver: Driver) -> None:
        """Commit once more, under the lock: others' edits would be committed with it.

        The timer asks for no lock, and a commit with nothing to confirm succeeds as well.
        """
        with _locked(driver):
            before = read_commits(driver)
            self._must_wait(driver, before)
            with own_words(lenient=True):
                driver.device.cu.commit()
            after = read_commits(driver)
            if after.waits:
                raise VerifyError("the commit still waits for its confirmation")
            after.ensure_ours_since(before)

    def save(self, driver: Driver) -> None:
        """Do nothing: a commit is saved as it is made."""

    def revert(self, driver: Driver, way_back: str) -> None:
        """Take back the pending commit by ``rollback 1``."""
        del way_back
        with _locked(driver):
            commits = read_commits(driver)
            if commits.waits:
                self._must_wait(driver, commits)
                with own_words(lenient=True):
                    driver.device.cu.rollback(rb_id=1)
                    driver.device.cu.commit()

    def _must_wait(self, driver: Driver, commits: Commits) -> None:
        """Raise unless the last commit waits and is the one that this user made."""
        last = commits.last
        if not commits.waits:
            raise VerifyError("no commit waits for its confirmation any more")
        ours = self._ours.get(driver)
        if last != ours if ours is not None else last.user != driver.username:
            raise LockedError(f"the commit that waits is not ours but that of {last.user}")


@contextmanager
def _loaded(driver: Driver, candidate: str) -> Iterator[None]:
    """Have ``candidate`` loaded under the lock; nothing that is not committed stays behind."""
    with _given_up(driver):
        try:
            with own_words():
                driver.load_merge_candidate(config=candidate)
            yield
        finally:
            # Without the lock there are only others' edits in the candidate.
            if driver.locked and _is_sane(sys.exception()):
                with own_words():
                    driver.discard_config()


@contextmanager
def _locked(driver: Driver) -> Iterator[None]:
    with _given_up(driver):
        with own_words():
            driver.device.cu.lock()
        try:
            yield
        finally:
            if _is_sane(sys.exception()):
                with own_words():
                    # The device discards what was not committed.
                    driver.device.cu.unlock()


def _is_sane(error: BaseException | None) -> bool:
    """Return whether a device with which it came to ``error`` still makes sense."""
    refused = isinstance(error, DeviceError) and not isinstance(error, ConnectError | NonsenseError)
    return error is None or refused


@contextmanager
def _given_up(driver: Driver) -> Iterator[None]:
    """End the session of a device that makes no sense; it takes back what was begun."""
    try:
        yield
    except BaseException as error:
        if not _is_sane(error):
            hang_up(driver)
        raise


def _ensure_free(driver: Driver) -> Commits:
    """Return the commits, none of which waits."""
    commits = read_commits(driver)
    if commits.waits:
        raise LockedError("a commit waits for its confirmation on the device")
    return commits


def _text(driver: Driver, database: str) -> str:
    """Return a configuration as ``set`` commands, as NAPALM's own getter asks for it."""
    options = {"format": "set", "database": database}
    with own_words():
        reply = driver.device.rpc.get_config(filter_xml=None, options=options)
    return str(expected(reply, "configuration-set").text or "").lstrip("\n")


def _diff(driver: Driver) -> str:
    """Return the device's comparison, without secrets.

    Raises:
        RejectedError: what came is none.
    """
    options = {"compare": "rollback", "rollback": "0", "format": "text"}
    try:
        with own_words():
            reply = driver.device.rpc.get_configuration(options)
    except ConnectError:
        raise
    except DeviceError as error:
        raise RejectedError(f"the device compares nothing: {error}") from error
    output = expected(reply, "configuration-information").findtext("configuration-output")
    diff = (output or "").strip()
    if diff and not _DIFF.match(diff):
        raise RejectedError(f"the device compares nothing, it says: {hide(diff)}")
    return hide(diff)


def _ssh_config(driver: Driver, known_hosts: Path) -> str:
    """Return the path of an OpenSSH configuration that names ``known_hosts``, then the user's."""
    device = driver.device
    given = device._ssh_config or "~/.ssh/config"  # noqa: SLF001 - it has no other name
    users = Path(given).expanduser()
    rest = users.read_text(encoding="utf-8") if users.is_file() else ""
    folder = tempfile.TemporaryDirectory(prefix="ringfence-")
    weakref.finalize(driver, folder.cleanup)
    path = Path(folder.name) / "ssh_config"
    path.write_text(f'Host *\nUserKnownHostsFile "{known_hosts}"\n\n{rest}', encoding="utf-8")
    return str(path)
