"""Cisco IOS-XE, through NAPALM's ``ios`` driver: a merge that nothing makes atomic.

The driver opens and closes the connection. What goes over it is in
:mod:`tasks.adapters.ios_candidate` and :mod:`tasks.adapters.ios_timer`, the commands that the
driver would use and no more of them: it keeps to itself whether the timer is armed before the
first line changes something, and what the switch said of each line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from inventory.errors import DeviceError
from policies.dialects.line_ends import lines_of
from policies.filters import Direction
from tasks.adapters.base import Tables, netmiko_options, same_diff
from tasks.adapters.cisco_paths import read_paths
from tasks.adapters.ios_candidate import delete_orphans, diff_of, loaded, merge
from tasks.adapters.ios_tables import FILTER, accepted_routes, neighbors
from tasks.adapters.ios_terminal import ask, words
from tasks.adapters.ios_timer import (
    arm,
    confirm,
    has_own_timer,
    revert_now,
    save,
    stand_down,
    timer_user,
    was_in_time,
)
from tasks.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Trust
    from tasks.adapters.ios_tables import Neighbor

_NEEDED = {
    "ip scp server enable": "files can't be copied to it",
    "file prompt quiet": "it asks before it copies a file",
}
_ARCHIVE = re.compile(r"^archive\n(?: .*\n)*? path \S+", re.MULTILINE)
_HEADER = re.compile(r"\A(?:(?:!|Building configuration|Current configuration).*\n|\s*\n)+")


class IosAdapter:
    """The switch's own dead-man switch around a copy of the candidate."""

    #: The timer is the switch's own, so it is seen whatever became of the session that armed it.
    shows_trial = True

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's options."""
        # The driver would configure the prompts, and undo what the switch had at the end.
        return {**netmiko_options(given, trust), "auto_file_prompt": False}

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Do nothing: netmiko's options say it all."""

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what is missing for a copy with a revert timer."""
        del driver
        lines = set(lines_of(running))
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
        """Return ``show running-config``, without what stands above it and always differs.

        The driver's getter would take a prompt in a banner for the end.

        Raises:
            DeviceError: it is not whole.
        """
        text = _HEADER.sub("", ask(driver, "show running-config")).rstrip()
        if not text.endswith("\nend"):
            # Not quoted: where a line is cut, a secret in it is not known to be one.
            raise DeviceError("its running configuration does not come to its `end`")
        return f"{text}\n"

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        there = neighbors(ask(driver, f"show bgp all neighbors | {FILTER}"))
        up = {(one.vrf, one.address) for one in there if one.is_up}
        routes: dict[tuple[SessionKey, int], dict[str, frozenset[Network]]] = {}
        for key, version in sessions:
            routes[key, version] = {
                one.address: accepted_routes(ask(driver, _routes_command(one, version)))
                for one in there
                if one.is_up and one.version == version and one.vrf == key.vrf
                if key.name in {one.address, one.group}
            }
        return Tables(up=frozenset(up), routes=routes)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, asking for one prefix after the other."""
        return {
            (vrf, prefix): read_paths(
                ask(driver, f"show bgp {_family(vrf, prefix.version)} {prefix}"), prefix
            )
            for vrf, prefix in routes
        }

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Return the switch's own diff; it has no candidate to show."""
        with loaded(driver, candidate) as path:
            return diff_of(driver, path), None

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Arm the timer, see that it is, and copy the candidate into the running configuration.

        A line that the switch passes over in silence is seen in its configuration alone, which
        the caller judges.
        """
        with loaded(driver, candidate) as path:
            same_diff(diff_of(driver, path), diff)
            runs_until = arm(driver, revert_in)
            try:
                merge(driver, path)
            except LockedError:
                # A way back would undo what whoever has the lock is doing.
                stand_down(driver)
                raise
            except DeviceError:
                revert_now(driver)
                raise
            was_in_time(driver, runs_until)

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Soft-clear the sessions: until then, a changed policy only meets new UPDATEs."""
        way = {Direction.IMPORT: "in", Direction.EXPORT: "out"}
        for session, version, direction in slots:
            who = f"peer-group {session.key.name}" if session.is_group else session.key.name
            family = _family(session.key.vrf, version)
            said = ask(driver, f"clear bgp {family} {who} soft {way[direction]}")
            if said.strip():
                raise DeviceError(f"it did not renew the routes of {session.key}: {words(said)}")

    def pending(self, driver: Driver) -> bool:
        """Return whether a timer of ours runs.

        It is what a run asks first when it is back after a lost connection, of which nothing is to
        stay behind.
        """
        delete_orphans(driver)
        return timer_user(driver) == str(driver.username)

    def confirm(self, driver: Driver) -> None:
        """Stop the timer and save."""
        confirm(driver)
        save(driver)

    def save(self, driver: Driver) -> None:
        """Save."""
        save(driver)

    def revert(self, driver: Driver, way_back: str) -> None:
        """Let the timer's own way back go now.

        The driver's ``rollback`` would put back a whole configuration, and save it.
        """
        del way_back
        if has_own_timer(driver):
            revert_now(driver)


def _family(vrf: str, version: int) -> str:
    return f"vpnv{version} unicast vrf {vrf}" if vrf else f"ipv{version} unicast"


def _routes_command(one: Neighbor, version: int) -> str:
    return f"show bgp {_family(one.vrf, version)} neighbors {one.address} routes"
