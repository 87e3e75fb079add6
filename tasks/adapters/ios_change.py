"""A change of an IOS-XE switch: the candidate on it, the revert timer, the copy, the save.

The commands are the driver's own, over the driver's own connection; unlike the driver, every
function here reads what the switch answers. The driver takes only "Invalid input" for a refusal;
"% Incomplete command", "Insertion failed" and the like it passes over. It takes whatever comes for
a diff, arms the timer and copies in one go, whatever became of the timer, leaves the running
configuration with all its secrets in a file of the switch, and waits long for a dead connection.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from netmiko.exceptions import NetmikoBaseException
from paramiko.ssh_exception import SSHException

from inventory.errors import DeviceError
from policies.dialects.line_ends import lines_of
from policies.redact import redact
from tasks.adapters.ios_copy import copy_there
from tasks.adapters.ssh_channel import alive
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: Seconds that a command may take which writes a file or applies one.
SLOW = 100

#: Seconds after which a candidate on a switch is nobody's any more: its run takes a few commands.
STALE = 900

#: Seconds between two looks for an answer, soon and at last.
_LOOK_AGAIN, _LOOK_SELDOM = 0.002, 0.05
_LONGEST_PROMPT = 200
_MINUTE = 60
_LONGEST_MINUTES = 120

_DIRECTORY = re.compile(r"^Directory of (?P<name>\S+?:)/", re.MULTILINE)
_CANDIDATE = re.compile(r"\brf-(?P<made>[0-9a-f]{8})-[0-9a-f]{8}$", re.MULTILINE)
_NOT_PENDING = "No Rollback Confirmed Change pending"
_USER = re.compile(r"^User: (?P<user>.*?)\s*$", re.MULTILINE)
#: What the switch prints while it copies a file without any complaint.
_HARMLESS = re.compile(
    r"\d+ bytes copied in .*|Destination filename .*|Load for five secs.*|Time source is .*"
)
#: What is raised when the connection is gone, or nothing more comes over it.
_SILENT = (NetmikoBaseException, SSHException, OSError, EOFError)

#: Where the switch of an open driver keeps files.
_FILE_SYSTEMS: WeakKeyDictionary[Driver, str] = WeakKeyDictionary()

#: Files that this process could not delete, its connection having died, by the switch's address.
_ORPHANS: dict[str, list[str]] = {}


def ask(driver: Driver, command: str) -> str:
    """Return what the switch prints for a command, up to its next prompt.

    Raises:
        ConnectionResetError: the connection ended meanwhile, which netmiko waits out.
        TimeoutError: no prompt came.
    """
    said, prompt = _asked(driver, command)
    if "(config" in prompt:
        # Something went wrong while the timer was armed, and left the terminal in that mode.
        _asked(driver, "end")
        said, _ = _asked(driver, command)
    return said


def _asked(driver: Driver, command: str) -> tuple[str, str]:
    """Return what the switch prints for a command, and its next prompt."""
    device = driver.device
    prompt = re.compile(rf"(?:\A|\n){re.escape(device.base_prompt)}\S*[#>]\s*\Z")
    with alive():
        device.write_channel(f"{command}\n")
    said = ""
    wait = _LOOK_AGAIN
    deadline = time.monotonic() + SLOW
    while True:
        with alive():
            new = str(device.read_channel())
        said += new
        _, echo, output = said.partition(command)
        if echo and (end := prompt.search(output[-_LONGEST_PROMPT:])):
            return output[: len(output) - len(end[0])].lstrip("\n"), end[0].strip()
        if not new:
            if not device.remote_conn.transport.is_active():
                raise ConnectionResetError("the connection ended")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no prompt came within {SLOW} s")
            time.sleep(wait)
            wait = min(2 * wait, _LOOK_SELDOM)


def words(said: str) -> str:
    """Return the switch's words on one line, secrets hidden."""
    return " ".join(redact(said).split())


# The candidate ---------------------------------------------------------------------------------


@contextmanager
def loaded(driver: Driver, candidate: str) -> Iterator[str]:
    """Have ``candidate`` in a file of the switch, whose path is given; it is deleted at the end.

    A switch that does not answer any more keeps the file until this run is back
    (:func:`delete_orphans`), or some later one looks.

    Raises:
        RejectedError: the switch took no file.
    """
    path = f"{_file_system(driver)}/rf-{int(time.time()):08x}-{secrets.token_hex(4)}"
    try:
        copy_there(driver.device, candidate, path, patience=SLOW)
        yield path
    except _SILENT:
        _ORPHANS.setdefault(driver.hostname, []).append(path)
        raise
    except BaseException:
        # What went wrong is to be told, not that the switch keeps a file.
        with suppress(*_SILENT):
            _delete(driver, path)
        raise
    else:
        _delete(driver, path)


def _file_system(driver: Driver) -> str:
    """Return where the switch keeps files, asked once; what runs that died left there goes.

    The driver's own look at it asks twice and keeps the name alone.
    """
    if driver not in _FILE_SYSTEMS:
        given = driver._dest_file_system or ""  # noqa: SLF001 - the property would go and ask
        said = ask(driver, f"dir {given}".rstrip())
        found = _DIRECTORY.search(said)
        if found is None:
            raise RejectedError(f"the switch does not list its files: {words(said)}")
        _FILE_SYSTEMS[driver] = found["name"]
        for one in _CANDIDATE.finditer(said):
            if int(one["made"], 16) < time.time() - STALE:
                _delete(driver, f"{found['name']}/{one[0]}")
    return _FILE_SYSTEMS[driver]


def delete_orphans(driver: Driver) -> None:
    """Delete the candidates that a connection which died left behind; a nuisance if it can't."""
    orphans = _ORPHANS.get(driver.hostname, [])
    while orphans:
        with suppress(DeviceError):
            _delete(driver, orphans[-1])
        # Not before: this connection may die too.
        orphans.pop()


def _delete(driver: Driver, path: str) -> None:
    ask(driver, f"delete /force {path}")


def diff_of(driver: Driver, path: str) -> str:
    """Return the switch's diff of the candidate at ``path``, secrets hidden.

    Raises:
        RejectedError: what came is no diff: so it is for a file without ``end``, and where the
            switch can't compare.
    """
    said = ask(driver, f"show archive config incremental-diffs {path} ignorecase")
    lines = [
        line.rstrip()
        for line in lines_of(said)
        if line.strip() and not _HARMLESS.fullmatch(line.strip())
    ]
    heading, end = "!List of Commands:", "end"
    is_diff = lines[:1] == [heading] and end in lines and "error code" not in said
    if not is_diff or not all(one.startswith("!") for one in lines[lines.index(end) + 1 :]):
        raise RejectedError(f"the switch shows no diff for the candidate: {words(said)}")
    shown = lines[1 : lines.index(end)]
    return redact(
        "\n".join(f"-{one}" if one.lstrip().startswith("no ") else f"+{one}" for one in shown)
    )


def merge(driver: Driver, path: str) -> None:
    """Copy the candidate at ``path`` into the running configuration.

    Raises:
        LockedError: somebody holds the configuration, and nothing was copied.
        RejectedError: the switch said anything that it does not say of lines that it takes.
    """
    said = ask(driver, f"copy {path} running-config")
    lines = [line.strip() for line in said.splitlines()]
    complaints = [one for one in lines if one not in {"", "^"} and not _HARMLESS.fullmatch(one)]
    is_copied = any("bytes copied" in line for line in lines)
    if _is_lock(said) and not is_copied:
        raise LockedError(words(said))
    if complaints or not is_copied:
        raise RejectedError(f"the switch did not take every line: {words(' '.join(complaints))}")


def _is_lock(said: str) -> bool:
    return "Configuration mode locked" in said


# The timer -------------------------------------------------------------------------------------


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
    said, prompt = _asked(driver, f"configure terminal revert timer {minutes}")
    if "(config" in prompt:
        _asked(driver, "end")
    # Asked again, for configuration mode opens also where the backup could not be written.
    user = timer_user(driver)
    if user is None:
        kind = LockedError if _is_lock(said) else RejectedError
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
