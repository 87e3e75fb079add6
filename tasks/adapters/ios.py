"""Cisco IOS-XE, through NAPALM's ``ios`` driver: a merge that nothing makes atomic.

The driver copies a file to the switch, asks for the switch's own diff, and finds out about a
pending revert timer. The rest is done here, with the commands the driver would use, as it keeps
to itself what must be known: whether the timer is armed before the first line changes
something, and what the switch said of each line. It takes only "Invalid input" for a refusal;
"% Incomplete command", "Insertion failed" and the like it passes over.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from netmiko.exceptions import NetmikoBaseException

from inventory.errors import DeviceError
from policies.filters import Direction
from policies.redact import redact
from tasks.adapters.base import Tables, netmiko_options, same_diff
from tasks.adapters.ios_tables import FILTER, accepted_routes, neighbors
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.models import Network
    from policies.filters import Session, SessionKey
    from tasks.adapters.base import Driver, Trust
    from tasks.adapters.ios_tables import Neighbor

_MINUTE = 60
_LONGEST_MINUTES = 120
#: Seconds that a command may take which writes a file or applies one.
_SLOW = 120

_NEEDED = {
    "ip scp server enable": "files can't be copied to it",
    "file prompt quiet": "it asks before it copies a file",
}
_ARCHIVE = re.compile(r"^archive\n(?: .*\n)*? path \S+", re.MULTILINE)
_COMMENTS = re.compile(r"\A(?:!.*\n|[ \t]*\n)+")
_NOT_PENDING = "No Rollback Confirmed Change pending"
_USER = re.compile(r"^User: (?P<user>.*?)\s*$", re.MULTILINE)
#: What the switch prints while it copies a file without any complaint.
_HARMLESS = re.compile(
    r"\d+ bytes copied in .*|Destination filename .*|Load for five secs.*|Time source is .*"
)


class IosAdapter:
    """The driver's ways to a candidate, the platform's own dead-man switch around it."""

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's options; its files on the switch get names of their own."""
        mark = secrets.token_hex(6)
        return {
            "read_timeout_override": _SLOW,
            **netmiko_options(given, trust),
            # The driver would configure the prompts, and undo what the switch had at the end.
            "auto_file_prompt": False,
            # Two runs on one switch would otherwise overwrite each other's candidate.
            "merge_cfg": f"rf-{mark}-merge",
            "candidate_cfg": f"rf-{mark}-candidate",
            "rollback_cfg": f"rf-{mark}-rollback",
        }

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Do nothing: netmiko's options say it all."""

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what is missing for a copy with a revert timer."""
        del driver
        lines = set(running.splitlines())
        missing = [
            f"`{line}` is not configured: {why}"
            for line, why in _NEEDED.items()
            if line not in lines
        ]
        if not _ARCHIVE.search(running):
            missing.append(
                "`archive` with a `path` (such as `path flash:archive`) is not configured: "
                "no change can be taken back by a timer"
            )
        return tuple(missing)

    def running(self, driver: Driver) -> str:
        """Return ``show running-config``, without the comments above, which change by themselves."""
        text = str(driver.get_config(retrieve="running")["running"])
        return f"{_COMMENTS.sub('', text)}\n"

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        there: dict[int, tuple[Neighbor, ...]] = {}
        for version in (4, 6):
            commands = (
                f"show bgp ipv{version} unicast neighbors",
                f"show bgp vpnv{version} unicast all neighbors",
            )
            there[version] = tuple(
                one
                for command in commands
                for one in neighbors(_ask(driver, f"{command} | {FILTER}"))
            )
        up = {(one.vrf, one.address) for some in there.values() for one in some if one.is_up}
        accepted = {}
        for key, version in sessions:
            routes: set[Network] = set()
            for one in there[version]:
                if one.is_up and one.vrf == key.vrf and key.name in {one.address, one.group}:
                    routes |= accepted_routes(_ask(driver, _routes_command(one, version)))
            accepted[key, version] = frozenset(routes)
        return Tables(up=frozenset(up), accepted=accepted)

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Return the switch's own diff; it has no candidate to show."""
        try:
            driver.load_merge_candidate(config=candidate)
            return _diff(driver), None
        finally:
            _clean_up(driver)

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Arm the timer, see that it is, and copy the candidate into the running configuration."""
        try:
            driver.load_merge_candidate(config=candidate)
            same_diff(_diff(driver), diff)
            _arm(driver, revert_in)
            try:
                _merge(driver)
            except RejectedError:
                _revert_now(driver)
                raise
        finally:
            _clean_up(driver)

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Soft-clear the sessions: until then, a changed policy only meets new UPDATEs."""
        way = {Direction.IMPORT: "in", Direction.EXPORT: "out"}
        for session, version, direction in slots:
            who = f"peer-group {session.key.name}" if session.is_group else session.key.name
            family = _family(session.key.vrf, version)
            said = _ask(driver, f"clear bgp {family} {who} soft {way[direction]}")
            if said.strip():
                raise DeviceError(f"it did not renew the routes of {session.key}: {_words(said)}")

    def pending(self, driver: Driver) -> bool:
        """Return whether a timer of ours runs."""
        return _timer_user(driver) == str(driver.username)

    def confirm(self, driver: Driver) -> None:
        """Stop the timer and save."""
        _needs_own_timer(driver)
        said = _ask(driver, "configure confirm")
        if said.strip():
            raise DeviceError(f"it did not confirm the change: {_words(said)}")
        _save(driver)

    def revert(self, driver: Driver, way_back: str) -> None:
        """Let the timer's own way back go now; without a timer, merge ``way_back`` and save.

        The driver's ``rollback`` would put back a whole configuration, and save it.
        """
        if _timer_user(driver) is not None:
            _needs_own_timer(driver)
            _revert_now(driver)
        elif way_back:
            try:
                driver.load_merge_candidate(config=way_back)
                _merge(driver)
                _save(driver)
            finally:
                _clean_up(driver)


def _ask(driver: Driver, command: str) -> str:
    """Return what the switch prints for a command, up to its next prompt."""
    device = driver.device
    prompt = rf"(?m)^{re.escape(device.base_prompt)}\S*#\s*\Z"
    return str(device.send_command(command, expect_string=prompt, read_timeout=_SLOW))


def _words(said: str) -> str:
    return redact(" ".join(said.split()))


def _family(vrf: str, version: int) -> str:
    return f"vpnv{version} unicast vrf {vrf}" if vrf else f"ipv{version} unicast"


def _routes_command(one: Neighbor, version: int) -> str:
    return f"show bgp {_family(one.vrf, version)} neighbors {one.address} routes"


# The candidate ---------------------------------------------------------------------------------


def _diff(driver: Driver) -> str:
    """Return the switch's diff of the loaded candidate, secrets hidden.

    Raises:
        RejectedError: what came is no diff: the driver returns its own sentence for error 5,
            and the candidate itself where the switch can't compare.
    """
    diff = str(driver.compare_config())
    if any(not line.startswith(("+", "-")) for line in diff.splitlines()):
        raise RejectedError(f"the switch shows no diff for the candidate: {_words(diff)}")
    return redact(diff)


def _merge(driver: Driver) -> None:
    """Copy the loaded candidate into the running configuration.

    Raises:
        RejectedError: the switch said anything that it does not say of lines that it takes.
    """
    said = _ask(driver, f"copy {_path(driver, driver.merge_cfg)} running-config")
    lines = [line.strip() for line in said.splitlines()]
    words = [line for line in lines if line and line != "^" and not _HARMLESS.fullmatch(line)]
    if "locked" in " ".join(words):
        raise LockedError(_words(said))
    if words or not any("bytes copied" in line for line in lines):
        raise RejectedError(f"the switch did not take every line: {_words(' '.join(words))}")


def _path(driver: Driver, name: str) -> str:
    return f"{driver.dest_file_system}/{name}"


def _clean_up(driver: Driver) -> None:
    """Delete the candidate from the switch.

    The driver's ``discard_config`` would write the whole running configuration there instead,
    secrets and all. A switch that is gone keeps the file.
    """
    with suppress(NetmikoBaseException, OSError, EOFError):
        _ask(driver, f"delete /force {_path(driver, driver.merge_cfg)}")


# The timer -------------------------------------------------------------------------------------


def _timer_user(driver: Driver) -> str | None:
    """Return whose revert timer runs, None if none does."""
    said = _ask(driver, "show archive config rollback timer")
    if _NOT_PENDING in said:
        return None
    found = _USER.search(said)
    if found is None:
        raise DeviceError(f"it does not say whether a revert timer runs: {_words(said)}")
    return found["user"]


def _needs_own_timer(driver: Driver) -> None:
    user = _timer_user(driver)
    if user is None:
        raise DeviceError("no change waits for its confirmation: its timer was faster")
    if user != driver.username:
        raise LockedError(f"a change of {user} waits for its confirmation")


def _arm(driver: Driver, revert_in: int) -> None:
    """Start a timer of ``revert_in`` seconds, rounded up to minutes, and see that it runs.

    Raises:
        LockedError: somebody else's runs, or somebody holds the configuration.
        RejectedError: it does not run; nothing was changed.
    """
    other = _timer_user(driver)
    if other is not None:
        raise LockedError(f"a change of {other} waits for its confirmation")
    minutes = min(-(-revert_in // _MINUTE), _LONGEST_MINUTES)
    said = _ask(driver, f"configure terminal revert timer {minutes}")
    driver.device.exit_config_mode()
    user = _timer_user(driver)
    if user is None:
        kind = LockedError if "locked" in said else RejectedError
        raise kind(f"the revert timer could not be armed: {_words(said)}")
    if user != driver.username:
        # Whoever comes after a crash would take it for somebody else's change.
        _revert_now(driver)
        raise RejectedError(f"the switch knows us as {user}, not as {driver.username}")


def _revert_now(driver: Driver) -> None:
    said = _ask(driver, "configure revert now")
    if _timer_user(driver) is not None:
        raise DeviceError(f"it did not take the change back: {_words(said)}")


def _save(driver: Driver) -> None:
    said = _ask(driver, "write memory")
    if "[OK]" not in said:
        raise DeviceError(f"it did not save its configuration: {_words(said)}")
