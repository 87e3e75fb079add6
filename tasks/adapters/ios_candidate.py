"""The candidate on an IOS-XE switch: :func:`loaded`, :func:`diff_of` and :func:`merge`.

The commands are the driver's own, but the driver takes whatever comes for a diff, and leaves the
running configuration with all its secrets in a file of the switch.
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
from tasks.adapters.ios_terminal import SLOW, ask, is_lock, words
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: Seconds after which a candidate on a switch is nobody's any more: its run takes a few commands.
STALE = 900

_DIRECTORY = re.compile(r"^Directory of (?P<name>\S+?:)/", re.MULTILINE)
_CANDIDATE = re.compile(r"\brf-(?P<made>[0-9a-f]{8})-[0-9a-f]{8}$", re.MULTILINE)
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
    if is_lock(said) and not is_copied:
        raise LockedError(words(said))
    if complaints or not is_copied:
        raise RejectedError(f"the switch did not take every line: {words(' '.join(complaints))}")
