"""A change of an IOS-XE switch: the candidate on it, the revert timer, the copy, the save.

The commands are the driver's own; unlike the driver, every function here reads what the switch
answers. The driver takes only "Invalid input" for a refusal; "% Incomplete command", "Insertion
failed" and the like it passes over. It arms the timer and copies in one go, whatever became of
the timer, and leaves the running configuration with all its secrets in a file of the switch.
"""

from __future__ import annotations

import re
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napalm.base.exceptions import CommandErrorException
from netmiko.exceptions import NetmikoBaseException
from scp import SCPException  # type: ignore[import-untyped]

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: Seconds that a command may take which writes a file or applies one.
SLOW = 100

_LOOK_AGAIN = 0.02
_LONGEST_PROMPT = 200
_MINUTE = 60
_LONGEST_MINUTES = 120

_NOT_PENDING = "No Rollback Confirmed Change pending"
_USER = re.compile(r"^User: (?P<user>.*?)\s*$", re.MULTILINE)
#: What the switch prints while it copies a file without any complaint.
_HARMLESS = re.compile(
    r"\d+ bytes copied in .*|Destination filename .*|Load for five secs.*|Time source is .*"
)
#: What is raised when the connection is gone, or nothing more comes over it.
_SILENT = (NetmikoBaseException, OSError, EOFError)


def ask(driver: Driver, command: str) -> str:
    """Return what the switch prints for a command, up to its next prompt.

    Raises:
        ConnectionResetError: the connection ended meanwhile, which netmiko waits out.
        TimeoutError: no prompt came.
    """
    device = driver.device
    prompt = re.compile(rf"(?:\A|\n){re.escape(device.base_prompt)}\S*[#>]\s*\Z")
    device.write_channel(f"{command}\n")
    said = ""
    deadline = time.monotonic() + SLOW
    while True:
        new = str(device.read_channel())
        said += new
        _, echo, output = said.partition(command)
        if echo and (end := prompt.search(output[-_LONGEST_PROMPT:])):
            return output[: len(output) - len(end[0])].lstrip("\n")
        if not new:
            if not device.remote_conn.transport.is_active():
                raise ConnectionResetError("the connection ended")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no prompt came within {SLOW} s")
            time.sleep(_LOOK_AGAIN)


def words(said: str) -> str:
    """Return the switch's words on one line, secrets hidden."""
    return redact(" ".join(said.split()))


# The candidate ---------------------------------------------------------------------------------


@contextmanager
def loaded(driver: Driver, candidate: str) -> Iterator[None]:
    """Have ``candidate`` on the switch as the driver's merge file; it is deleted at the end.

    The driver's ``discard_config`` would write the whole running configuration there instead. A
    switch that does not answer any more keeps the file.

    Raises:
        RejectedError: the switch took no file.
    """
    answers = True
    patience = driver.device.read_timeout_override
    # Netmiko gives a command ten seconds; a switch may need longer to compare configurations.
    driver.device.read_timeout_override = SLOW
    try:
        _copy_there(driver, candidate)
        yield
    except _SILENT:
        answers = False
        raise
    finally:
        driver.device.read_timeout_override = patience
        if answers:
            ask(driver, f"delete /force {driver.dest_file_system}/{driver.merge_cfg}")


def _copy_there(driver: Driver, candidate: str) -> None:
    # The driver's own temporary file is readable by all, and stays where a transfer fails.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="rf-") as file:
        file.write(candidate)
        file.flush()
        try:
            driver.load_merge_candidate(filename=file.name)
        except (CommandErrorException, SCPException) as error:
            raise RejectedError(f"the switch takes no file: {words(str(error))}") from error


def diff_of(driver: Driver) -> str:
    """Return the switch's diff of the loaded candidate, secrets hidden.

    Raises:
        RejectedError: what came is no diff: the driver returns its own sentence for error 5,
            and the candidate itself where the switch can't compare.
    """
    diff = str(driver.compare_config())
    if any(not line.startswith(("+", "-")) for line in diff.splitlines()):
        raise RejectedError(f"the switch shows no diff for the candidate: {words(diff)}")
    return redact(diff)


def merge(driver: Driver) -> None:
    """Copy the loaded candidate into the running configuration.

    Raises:
        RejectedError: the switch said anything that it does not say of lines that it takes.
        LockedError: somebody holds the configuration.
    """
    said = ask(driver, f"copy {driver.dest_file_system}/{driver.merge_cfg} running-config")
    lines = [line.strip() for line in said.splitlines()]
    complaints = [one for one in lines if one not in {"", "^"} and not _HARMLESS.fullmatch(one)]
    if "locked" in " ".join(complaints):
        raise LockedError(words(said))
    if complaints or not any("bytes copied" in line for line in lines):
        raise RejectedError(f"the switch did not take every line: {words(' '.join(complaints))}")


# The timer -------------------------------------------------------------------------------------


def timer_user(driver: Driver) -> str | None:
    """Return whose revert timer runs, None if none does."""
    said = ask(driver, "show archive config rollback timer")
    if _NOT_PENDING in said:
        return None
    found = _USER.search(said)
    if found is None:
        raise DeviceError(f"it does not say whether a revert timer runs: {words(said)}")
    return found["user"]


def needs_own_timer(driver: Driver) -> None:
    """Raise unless a timer of ours runs."""
    user = timer_user(driver)
    if user is None:
        raise DeviceError("no change waits for its confirmation: its timer was faster")
    if user != driver.username:
        raise LockedError(f"a change of {user} waits for its confirmation")


def arm(driver: Driver, revert_in: int) -> None:
    """Start a timer of ``revert_in`` seconds, rounded up to minutes, and see that it runs.

    Raises:
        LockedError: somebody else's runs, or somebody holds the configuration.
        RejectedError: it does not run; nothing was changed.
    """
    other = timer_user(driver)
    if other is not None:
        raise LockedError(f"a change of {other} waits for its confirmation")
    minutes = min(-(-revert_in // _MINUTE), _LONGEST_MINUTES)
    said = ask(driver, f"configure terminal revert timer {minutes}")
    ask(driver, "end")
    user = timer_user(driver)
    if user is None:
        kind = LockedError if "locked" in said else RejectedError
        raise kind(f"the revert timer could not be armed: {words(said)}")
    if user != driver.username:
        # Whoever comes after a crash would take it for somebody else's change.
        revert_now(driver)
        raise RejectedError(f"the switch knows us as {user}, not as {driver.username}")


def revert_now(driver: Driver) -> None:
    """Let the timer do now what it would do at its end.

    Raises:
        DeviceError: it still runs.
    """
    said = ask(driver, "configure revert now")
    if timer_user(driver) is not None:
        raise DeviceError(f"it did not take the change back: {words(said)}")


def save(driver: Driver) -> None:
    """Save the running configuration.

    Raises:
        DeviceError: the switch does not say that it did.
    """
    said = ask(driver, "write memory")
    if "[OK]" not in said:
        raise DeviceError(f"it did not save its configuration: {words(said)}")
