"""The driver that NAPALM loads for the platform ``frr``: `FRRDriver`.

Differences from what NAPALM leaves open, all in favour of the switch's health:

- Host keys are checked unless ``ssh_strict`` and ``system_host_keys`` are given as False.
- A plain `commit_config` is saved; one with `revert_in` is saved by `confirm_commit`. A restart of
  the switch loses the timer and, with it, the unsaved trial: the saved configuration holds then.
- `close` neither confirms nor reverts a pending commit: its timer decides. Another connection of
  the same account may confirm it or roll it back.
- Whoever loads a candidate holds a lock on the switch until it is committed or discarded, at most
  for `switch.LEASE` seconds after its host vanished without a word (sshd's ClientAliveInterval
  makes that shorter).

The account needs a POSIX shell, vtysh and util-linux (flock, setsid). Where systemd-logind kills
what a user leaves behind (KillUserProcesses=yes), the timer needs ``sudo``, or lingering.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
import socket
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napalm.base.base import NetworkDriver as _NetworkDriver
from napalm.base.exceptions import (
    CommitConfirmException,
    CommitError,
    ConnectionClosedException,
    MergeConfigException,
    ReplaceConfigException,
)

from tasks.drivers.frr import bgp_detail, bgp_neighbors, bgp_paths, facts
from tasks.drivers.frr.candidate import Candidate, merged, replaced
from tasks.drivers.frr.sanitize import sanitize
from tasks.drivers.frr.switch import Switch
from tasks.drivers.frr.transport import SshConnection

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOW_RUNNING = "show running-config no-header"
_STARTUP = "cat /etc/frr/frr.conf 2>/dev/null || cat /etc/frr/*d.conf"
# How long bgpd waits, in seconds, before it judges known routes again (bgpd.h, RMAP_DEFAULT_UPDATE_
# TIMER), and how long we allow it to get through them.
_DELAY = 5
_MARGIN = 1.0
_DELAY_TIMER = re.compile(r"^ ?bgp route-map delay-timer (\d+)", re.MULTILINE)
_ROUTERS = re.compile(r"^router bgp \d+ ?(vrf \S+(?=$))?", re.MULTILINE)


class FRRDriver(_NetworkDriver):  # type: ignore[misc]  # NAPALM has no type annotations to check
    """An FRRouting switch, configured with vtysh over SSH.

    `optional_args` are netmiko's, and ``sudo`` (True runs everything with ``sudo -n``).
    """

    platform = "frr"

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str,
        timeout: int = 60,
        optional_args: dict[str, Any] | None = None,
    ) -> None:
        self.hostname = hostname
        self.username = username
        self.password = password
        self.timeout = timeout
        self._options = dict(optional_args or {})
        self.device: Switch | None = None
        self._connection: SshConnection | None = None
        self._candidate: Candidate | None = None
        self._token = ""

    # --- connection ------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect; see `transport.SshConnection.open` for the errors."""
        self._connection = SshConnection.open(
            self.hostname,
            self.username,
            self.password,
            timeout=self.timeout,
            options=self._options,
        )
        self.device = Switch(self._connection, sudo=self._options.get("sudo") is True)

    def close(self) -> None:
        """Disconnect; a loaded candidate is discarded, a pending commit stays pending."""
        self.discard_config()
        connection, self._connection = self._connection, None
        self.device = None
        if connection is not None:
            connection.close()

    def is_alive(self) -> dict[str, bool]:
        """Return whether the connection carries."""
        return {"is_alive": self._connection is not None and self._connection.is_alive()}

    @property
    def _switch(self) -> Switch:
        if self.device is None:
            raise ConnectionClosedException(f"{self.hostname}: open() comes first")
        return self.device

    # --- candidate -------------------------------------------------------------------------------

    def load_merge_candidate(self, filename: str | None = None, config: str | None = None) -> None:
        """Lock the candidate and add these lines to it; ``no`` lines remove.

        Raises:
            LockError: somebody else has a candidate, or a commit is pending.
            MergeConfigException: neither or both given, or the switch refuses a line; its words.
        """
        self._load(filename, config, merged, MergeConfigException)

    def load_replace_candidate(
        self, filename: str | None = None, config: str | None = None
    ) -> None:
        """Lock the candidate and make this whole configuration the candidate.

        Raises:
            LockError: as `load_merge_candidate`.
            ReplaceConfigException: as MergeConfigException there.
        """
        self._load(filename, config, replaced, ReplaceConfigException)

    def _load(
        self,
        filename: str | None,
        config: str | None,
        make: Callable[[str, str], Candidate],
        error: type[MergeConfigException | ReplaceConfigException],
    ) -> None:
        if (filename is None) == (config is None):
            raise error("give either a file name or a configuration, and not both")
        try:
            text = Path(filename).read_text(encoding="utf-8") if filename else config or ""
        except (OSError, UnicodeDecodeError) as exc:
            raise error(f"{filename} can't be read: {exc}") from exc
        self.discard_config()
        self._token = secrets.token_hex(16)
        self._switch.lock(self._token, _whoami(self.username))
        loaded = False
        try:
            self._candidate = make(self._switch.load(text), text)
            loaded = True
        except (MergeConfigException, ValueError) as exc:
            raise error(str(exc)) from exc
        finally:
            if not loaded:
                self.discard_config()

    def compare_config(self) -> str:
        """Return the unified difference between running and candidate; "" without one.

        Both sides are in the device's own form. The running side is that of the loading: the commit
        refuses if it changed since.
        """
        return self._candidate.diff() if self._candidate else ""

    def discard_config(self) -> None:
        """Forget the candidate and give its lock back."""
        self._candidate = None
        if self.device is not None:
            self.device.unlock()

    # --- commit ----------------------------------------------------------------------------------

    def commit_config(self, message: str = "", revert_in: int | None = None) -> None:
        """Carry the candidate out, all of it or nothing.

        Args:
            message: kept in the history on the switch.
            revert_in: seconds until the switch takes it back by itself, unless confirmed before.

        Raises:
            CommitConfirmException: `revert_in` is not a whole number of at least 1.
            CommitError: nothing loaded, a commit is pending, the configuration changed since the
                loading, or the switch refused; then everything is back, and its words are given.
            ConnectionException: the connection broke. The switch finishes or undoes on its own:
                `has_pending_commit` on a new connection tells what became of it.
        """
        if revert_in is not None and (type(revert_in) is not int or revert_in < 1):
            raise CommitConfirmException(f"revert_in is in whole seconds from 1, not {revert_in!r}")
        candidate = self._candidate
        if candidate is None:
            pending = self._switch.pending()
            raise CommitError(pending or "no candidate is loaded")
        try:
            if candidate.apply:
                note = _one_line(f"{_whoami(self.username)}: {message}".removesuffix(": "))
                seconds = revert_in or 0
                self._switch.commit(candidate, token=self._token, note=note, seconds=seconds)
        finally:
            self.discard_config()

    def has_pending_commit(self) -> bool:
        """Return whether a commit on the switch waits for its confirmation, whoever made it."""
        return self._switch.pending() is not None

    def confirm_commit(self) -> None:
        """Stop the timer, check that the commit is still there, and save it.

        Raises:
            CommitConfirmException: nothing is pending, it was reverted already, or its lines were
                changed since; the timer goes on then.
        """
        self._switch.confirm()

    def rollback(self) -> None:
        """Take back the pending commit, or else the last one that this driver made.

        Only the lines that it touched go back: what others changed elsewhere stays.

        Raises:
            CommitError: there is nothing to take back, or its lines were changed since.
        """
        self.discard_config()
        self._switch.rollback()

    def rollback_pending(self) -> None:
        """Take back the pending commit, and nothing else: not the last one if none is pending.

        Raises:
            CommitError: it could not be taken back.
        """
        self.discard_config()
        self._switch.rollback_pending()

    # --- getters ---------------------------------------------------------------------------------

    def get_config(
        self,
        retrieve: str = "all",
        full: bool = False,
        sanitized: bool = False,
        format: str = "text",  # noqa: A002 - NAPALM's name
    ) -> dict[str, str]:
        """Return the configurations; `full` makes no difference, FRR has no such form.

        Raises:
            NotImplementedError: a `format` other than text.
        """
        del full
        if format != "text":
            raise NotImplementedError("FRR prints its configuration as text only")
        result = {"running": "", "startup": "", "candidate": ""}
        if retrieve in {"all", "running"}:
            result["running"] = self._switch.vtysh(_SHOW_RUNNING)
        if retrieve in {"all", "startup"}:
            result["startup"] = self._switch.shell(_STARTUP)
        if retrieve in {"all", "candidate"} and self._candidate:
            result["candidate"] = self._candidate.text()
        if sanitized:
            result = {name: sanitize(text) for name, text in result.items()}
        return result

    def get_facts(self) -> dict[str, Any]:
        """Return NAPALM's facts; what the machine does not tell is an empty string."""
        return facts.facts(self._switch)

    def get_bgp_neighbors(self) -> dict[str, Any]:
        """Return the neighbors by VRF; -1 stands for a number that is not known."""
        return bgp_neighbors.bgp_neighbors(self._switch)

    def get_bgp_neighbors_detail(self, neighbor_address: str = "") -> dict[str, Any]:
        """Return the neighbors by VRF and remote AS, or only the one with this address."""
        return bgp_detail.bgp_neighbors_detail(self._switch, neighbor_address)

    def cli(self, commands: list[str], encoding: str = "text") -> dict[str, str]:
        """Return what each vtysh command prints.

        Raises:
            CommandErrorException: vtysh does not take one.
            NotImplementedError: an `encoding` other than text.
        """
        if encoding != "text":
            raise NotImplementedError(f"encoding {encoding!r}: vtysh prints text")
        if not isinstance(commands, list):
            raise TypeError("commands is a list")
        return {command: self._switch.vtysh(command) for command in commands}

    # --- beyond NAPALM ---------------------------------------------------------------------------

    def accepted_routes(self, neighbor: str, vrf: str = "", version: int = 4) -> list[str]:
        """Return the prefixes now accepted from a neighbor, or from all members of a peer group.

        After policy, sorted, without duplicates. `vrf` "" is the default one, `version` 4 or 6.
        """
        (found,) = self.accepted_routes_from([(neighbor, vrf, version)])
        return sorted(set().union(*found.values()), key=_by_address)

    def accepted_routes_from(
        self, wanted: list[tuple[str, str, int]]
    ) -> list[dict[str, list[str]]]:
        """Return the prefixes accepted from many (neighbor, vrf, version), in two round trips.

        By neighbor: of a peer group those of each of its members.
        """
        return bgp_neighbors.accepted_routes(
            self._switch, [bgp_neighbors.Wanted(*one) for one in wanted]
        )

    def paths_to(self, wanted: list[tuple[str, str]]) -> list[list[dict[str, str]]]:
        """Return the paths to many (vrf, prefix), in one round trip; none for one that is gone.

        Each has ``neighbor``, ``hostname``, ``next_hop`` and ``as_path``; "" for what FRR does not
        tell, such as the name of a neighbor without the hostname capability.
        """
        return bgp_paths.paths(self._switch, wanted)

    def run_together(self, commands: list[str]) -> str:
        """Return what vtysh commands print, one behind the other, in one round trip."""
        return self._switch.vtysh_together(commands) if commands else ""

    def settle_seconds(self) -> float:
        """Return how long after a commit, in seconds, bgpd has judged all routes anew.

        FRR waits ``bgp route-map delay-timer`` after a change: 5 s by default. With 0 it never does
        so by itself: `refresh_routes` then, or to wait less.
        """
        found = _DELAY_TIMER.search(self._switch.vtysh(_SHOW_RUNNING))
        return float(found[1] if found else _DELAY) + _MARGIN

    def refresh_routes(self) -> None:
        """Have bgpd judge the routes of all neighbors anew at once, in both directions.

        Sessions stay up: it asks for a route refresh, and keeps the old routes until it is in.
        """
        contexts = _ROUTERS.findall(self._switch.vtysh(_SHOW_RUNNING))
        for vrf in contexts:
            self._switch.vtysh(f"clear bgp {vrf} * soft".replace("  ", " "))


def _whoami(username: str) -> str:
    """Return who is at work here, for the people who wonder on the switch."""
    here = f"{getpass.getuser()}@{socket.gethostname()}, process {os.getpid()}"
    return _one_line(f"{username} ({here})")


def _by_address(prefix: str) -> tuple[int, int]:
    network = ip_network(prefix)
    return int(network.network_address), network.prefixlen


def _one_line(text: str) -> str:
    return " ".join(text.split())
