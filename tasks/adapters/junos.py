"""Junos, through NAPALM's ``junos`` driver (NETCONF over SSH, PyEZ).

Read :meth:`JunosAdapter.commit` and :meth:`JunosAdapter.revert` first. Junos has one candidate
for everybody, and commits all that is in it. Laws: nothing is loaded, discarded or committed but
under the device's lock, which it gives only while nobody's edits wait in the candidate; and the
device is taken back by its own rollback only where that undoes the commit that waits, ours.
"""

from __future__ import annotations

import logging
import re
import tempfile
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jnpr.junos import exception as pyez
from napalm.base import exceptions as napalm

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.adapters.base import same_diff
from tasks.adapters.junos_tables import read_tables
from tasks.errors import ConnectError, LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.filters import Direction, Session, SessionKey
    from tasks.adapters.base import Driver, Tables, Trust

#: What the driver must never do, whatever the inventory says: a private candidate knows no
#: commit with a timer, a lock that is held all the time or never protects nobody, and a warning
#: may be that there is nothing to delete.
_NEVER = dict.fromkeys(("config_private", "config_lock", "lock_disable", "ignore_warning"), False)
_MINUTE = 60
_PENDING = re.compile(r"\bcommit confirmed\b.*\brollback in (\d+)\s*mins?\b")
_DIFF = re.compile(r"\s*\[edit\b")
_SECRET = re.compile(r'"?\$(?:[1-9]|sha1)\$[^"\s;]+"?')
#: PyEZ's own switch for host keys, which the driver never touches and defaults to off.
_CHECK = "_hostkey_verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revision:
    """The last commit: its name, who made it, and for how many seconds it waits yet, if it does."""

    name: str
    user: str
    waits_s: int | None


class JunosAdapter:
    """Commits with Junos's own ``commit confirmed``."""

    def __init__(self) -> None:
        self._ours: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()

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
        """Return what is missing for ``commit confirmed``; since Junos 14.1 it can be seen."""
        del running
        try:
            _last(driver)
        except pyez.RpcError:
            return ("Junos 14.1 or later, to see whether a commit waits for its confirmation",)
        return ()

    def running(self, driver: Driver) -> str:
        """Return the committed configuration as ``set`` commands; groups are not expanded."""
        text = str(driver.get_config(retrieve="running", format="set")["running"])
        return text.lstrip("\n")

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        return read_tables(driver.device.rpc, sessions)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, have it checked, look at the candidate, and discard.

        A check would confirm a commit that waits, so there must be none.
        """
        with _loaded(driver, candidate):
            if _last(driver).waits_s is not None:
                raise LockedError("a commit waits for its confirmation on the device")
            diff = _diff(driver)
            if diff:
                with _own_words(lenient=True):
                    driver.device.cu.commit_check()
            text = str(driver.get_config(retrieve="candidate", format="set")["candidate"])
            return diff, text.lstrip("\n")

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, commit with the timer, and see that it runs.

        Junos counts in minutes; the driver would take less than one for "no timer".
        """
        if revert_in < _MINUTE or revert_in % _MINUTE:
            raise DeviceError(
                f"Junos reverts after whole minutes: {revert_in} s is no multiple of {_MINUTE}"
            )
        with _loaded(driver, candidate):
            before = _last(driver)
            if before.waits_s is not None:
                raise LockedError("a commit waits for its confirmation on the device")
            same_diff(_diff(driver), diff)
            with _own_words(lenient=True):
                driver.commit_config(revert_in=revert_in)
            after = _last(driver)
        if after.name == before.name:
            raise RejectedError("the device made no commit, and gave no reason")
        self._ours[driver] = after.name
        if after.waits_s is None:
            raise VerifyError("the device committed for good: its timer does not run")

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Do nothing: Junos evaluates the routes it has again by itself."""

    def pending(self, driver: Driver) -> bool:
        """Return whether the last commit waits for its confirmation."""
        return _last(driver).waits_s is not None

    def confirm(self, driver: Driver) -> None:
        """Commit once more, under the lock: others' edits would be committed with it."""
        with _locked(driver):
            self._must_be_ours(driver)
            with _own_words(lenient=True):
                driver.device.cu.commit()
            if _last(driver).waits_s is not None:
                raise VerifyError("the commit still waits for its confirmation")

    def revert(self, driver: Driver, way_back: str) -> None:
        """Take back the pending commit by ``rollback 1``; else merge ``way_back`` for good."""
        if self.pending(driver):
            with _locked(driver):
                self._must_be_ours(driver)
                driver.device.cu.rollback(rb_id=1)
                with _own_words(lenient=True):
                    driver.device.cu.commit()
            return
        if not way_back.strip():
            return
        with _loaded(driver, way_back):
            if _diff(driver):
                with _own_words(lenient=True):
                    driver.commit_config()

    def _must_be_ours(self, driver: Driver) -> None:
        """Raise unless the last commit waits and is the one that this user made."""
        last = _last(driver)
        if last.waits_s is None:
            raise VerifyError("no commit waits for its confirmation any more")
        ours = self._ours.get(driver)
        if last.name != ours if ours is not None else last.user != driver.username:
            raise LockedError(f"the commit that waits is not ours but that of {last.user}")


@contextmanager
def _loaded(driver: Driver, candidate: str) -> Iterator[None]:
    """Have ``candidate`` loaded under the lock; nothing that is not committed stays behind."""
    try:
        with _own_words():
            driver.load_merge_candidate(config=candidate)
        yield
    finally:
        # Without the lock there are only others' edits in the candidate; a session that is gone
        # has lost it, and what it edited with it.
        if driver.locked and driver.device.connected:
            driver.discard_config()


@contextmanager
def _locked(driver: Driver) -> Iterator[None]:
    with _own_words():
        driver.device.cu.lock()
    try:
        yield
    finally:
        # The device discards what was not committed.
        if driver.device.connected:
            driver.device.cu.unlock()


@contextmanager
def _own_words(*, lenient: bool = False) -> Iterator[None]:
    """Raise what the device refuses with its own words.

    ``lenient`` passes over a commit with nothing but warnings, which PyEZ takes for a refusal.
    """
    try:
        yield
    except (pyez.CommitError, pyez.ConfigLoadError) as error:
        if lenient and all(one.get("severity") == "warning" for one in error.errs or [{}]):
            return
        raise RejectedError(f"the device refuses the candidate: {_said(error)}") from error
    except pyez.ConnectClosedError as error:
        raise ConnectError("the device hung up, and did not say what it has done") from error
    except (pyez.LockError, napalm.LockError) as error:
        # The driver puts PyEZ's error, which has the device's words, into words of its own.
        found = error.__context__ if isinstance(error, napalm.LockError) else error
        raise LockedError(f"the device does not lock: {_said(found or error)}") from error
    except napalm.MergeConfigException as error:
        said = _errors(error.args[0] if error.args else "")
        raise RejectedError(f"the device refuses the candidate: {said}") from error


def _said(error: BaseException) -> str:
    return _errors(getattr(error, "errs", None) or str(error))


def _errors(given: object) -> str:
    """Return the messages that the driver hands on as a list of dicts, as sentences."""
    if not isinstance(given, list):
        return " ".join(_hide(str(given)).split())
    said = []
    for one in given:
        parts = (one.get("edit_path"), one.get("message"), one.get("bad_element"))
        where, message, element = (" ".join(_hide(part or "").split()) for part in parts)
        shown = f" ({element})" if element and element not in message else ""
        said.append(f"{where} {message}{shown}".strip())
    return "; ".join(dict.fromkeys(said))


def _diff(driver: Driver) -> str:
    """Return the device's comparison, without secrets.

    Raises:
        RejectedError: what came is none; PyEZ hands on a sentence in its place.
    """
    diff = str(driver.compare_config())
    if diff and not _DIFF.match(diff):
        raise RejectedError(f"the device compares nothing, it says: {_hide(diff)}")
    return _hide(diff)


def _hide(text: str) -> str:
    """Return ``text`` without secrets; Junos's begin with how they are kept, "$6$", anywhere."""
    return redact(_SECRET.sub("<hidden>", text))


def _last(driver: Driver) -> _Revision:
    """Return the last commit; whether it waits is only said in its comment.

    A comment stays when the time is over, so the device's clock counts, too. The driver looks at
    the same, but takes a commit whose time is over for one that waits.
    """
    rpc = driver.device.rpc
    found = rpc.get_commit_revision_information(detail=True)
    waits = _PENDING.search(found.findtext("comment") or "")
    left = None
    if waits is not None:
        made = int(found.find("date-time").get("seconds"))
        clock = rpc.get_system_uptime_information().find(".//current-time/date-time")
        left = int(waits[1]) * _MINUTE - (int(clock.get("seconds")) - made)
    name, user = (str(found.findtext(tag) or "").strip() for tag in ("revision", "user"))
    return _Revision(name=name, user=user, waits_s=left if left is not None and left > 0 else None)


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
