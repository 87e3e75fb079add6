"""The command line of EOS, as eAPI runs it: :class:`Shell` takes one command after another.

A request begins in enable mode and its modes end with it, but for what is in sessions. Law: a
command does all that it says or raises, with the words of the device.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.eos import shows
from lab.switch.eos.reading import invalid_input, typed
from lab.switch.eos.store import clean
from lab.switch.lines import Cursor, RefusedError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.switch.base import Daemon, Faults, Neighbor, Route
    from lab.switch.eos.shows import Json
    from lab.switch.eos.store import Session, Store

_FAMILY = {"ip": 4, "ipv6": 6}
_TIMER = r"(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says; without ``data`` there is no JSON of it."""

    text: str = ""
    data: Json | None = None


_DONE = Answer("", {})


class InvalidCommandError(RefusedError):
    """The parser does not know the command."""


class Shell:
    """Runs the commands of one request; ``has_changed`` says whether what runs is another."""

    def __init__(self, store: Store, daemon: Daemon, faults: Faults, user: str) -> None:
        self._store, self._daemon, self._faults, self._user = store, daemon, faults, user
        self._cursor: Cursor | None = None
        self._session: Session | None = None
        self._before = store.running
        self._was = store.running.text()
        self._table: Mapping[str, Callable[[re.Match[str]], Answer]] = {
            r"enable|terminal length 0|terminal width \d+": lambda _: _DONE,
            r"configure(?: terminal)?": self._configure,
            r"configure session (?P<name>\S+)": self._enter,
            r"configure session (?P<name>\S+) commit": self._commit,
            rf"configure session (?P<name>\S+) commit timer {_TIMER}": self._commit,
            r"configure session (?P<name>\S+) abort": self._abort,
            r"configure replace (?P<source>\S+)": self._replace,
            r"copy (?P<source>\S+) (?P<target>\S+)": self._copy,
            r"configure checkpoint save (?P<name>\S+)": self._checkpoint,
            r"write(?: memory)?": self._save,
            r"show running-config(?: sanitized)?": self._show_running,
            r"show startup-config": lambda _: Answer(self._store.startup),
            r"show session-config named (?P<name>\S+)": self._show_session,
            r"show session-config named (?P<name>\S+) diffs": self._show_diff,
            r"show configuration sessions(?P<detail> detail)?": self._show_sessions,
            r"show version": lambda _: _json(shows.version(self._store)),
            r"show hostname": lambda _: _json(shows.hostname(self._store)),
            r"show interfaces": lambda _: _json(shows.interfaces(self._store)),
            r"show (?P<family>ip|ipv6) bgp summary vrf all": self._show_summary,
            r"show (?P<family>ip|ipv6) bgp (?:neighbors|peers) vrf all": self._show_neighbors,
            r"show (?P<family>ip|ipv6) bgp(?: (?P<prefix>\S+/\d+))?(?: vrf (?P<vrf>\S+))?": (
                self._show_table
            ),
        }

    @property
    def has_changed(self) -> bool:
        """Whether the running configuration is another than when the request began."""
        return self._store.running is not self._before or self._store.running.text() != self._was

    def run(self, command: str) -> Answer:
        """Run one command.

        Raises:
            InvalidCommandError: it is none.
            RefusedError: it failed.
        """
        squeezed = " ".join(command.split()) if "\n" not in command else command
        if self._cursor is not None and self._in_configuration(self._cursor, squeezed):
            return _DONE
        for pattern, do in self._table.items():
            if found := re.fullmatch(pattern, squeezed):
                return do(found)
        if self._cursor is not None:
            raise InvalidCommandError(invalid_input(self._cursor, squeezed))
        raise InvalidCommandError(f"Invalid input (at token 0: '{(squeezed.split() or [''])[0]}')")

    # Configuration mode ---------------------------------------------------------------------

    def _in_configuration(self, cursor: Cursor, command: str) -> bool:
        """Do a command of configuration mode; return whether it was one."""
        if command == "end" or (command == "exit" and len(cursor.path) == 1):
            self._leave()
        elif self._session is not None and command == "rollback clean-config":
            self._session.configuration = clean()
            self._cursor = Cursor(self._session.configuration)
        elif self._session is not None and command in {"commit", "abort"}:
            name = self._session.name
            self._leave()
            self.run(f"configure session {name} {command}")
        elif command.startswith(("show ", "configure session ")):
            return False
        elif not command:
            raise InvalidCommandError("Incomplete command")
        else:
            try:
                typed(cursor, command)
            except UnknownCommandError:
                raise InvalidCommandError(invalid_input(cursor, command)) from None
        return True

    def _leave(self) -> None:
        self._cursor = self._session = None

    def _configure(self, found: re.Match[str]) -> Answer:
        del found
        self._cursor = Cursor(self._store.running)
        return _DONE

    def _enter(self, found: re.Match[str]) -> Answer:
        self._session = self._store.enter(found["name"], self._user)
        self._cursor = Cursor(self._session.configuration)
        return _DONE

    def _commit(self, found: re.Match[str]) -> Answer:
        parts = found.groupdict()
        timer = None
        if "hours" in parts:
            timer = 3600.0 * int(parts["hours"]) + 60 * int(parts["minutes"])
            timer += int(parts["seconds"])
        if "refuse-commit" in self._faults:
            raise RefusedError("Commit failed: agent ConfigAgent is not ready")
        self._leave()
        self._store.commit(found["name"], timer=None if "no-timer" in self._faults else timer)
        return _DONE

    def _abort(self, found: re.Match[str]) -> Answer:
        self._leave()
        self._store.abort(found["name"])
        return _DONE

    # Files ----------------------------------------------------------------------------------

    def _replace(self, found: re.Match[str]) -> Answer:
        self._store.replace(found["source"])
        return _DONE

    def _copy(self, found: re.Match[str]) -> Answer:
        self._store.copy(found["source"], found["target"])
        return Answer("Copy completed successfully.\n", {})

    def _checkpoint(self, found: re.Match[str]) -> Answer:
        self._store.copy("running-config", f"checkpoint:{found['name']}")
        return _DONE

    def _save(self, found: re.Match[str]) -> Answer:
        del found
        self._store.save()
        return Answer("Copy completed successfully.\n", {})

    # Shows ----------------------------------------------------------------------------------

    def _show_running(self, found: re.Match[str]) -> Answer:
        del found
        text = self._store.running_text()
        return Answer(text[: len(text) // 2] if "cut" in self._faults else text)

    def _named(self, found: re.Match[str]) -> Session:
        session = self._store.sessions.get(found["name"])
        if session is None:
            raise RefusedError(f"Session {found['name']} does not exist")
        return session

    def _show_session(self, found: re.Match[str]) -> Answer:
        return Answer(self._store.text(self._named(found).configuration, found[0]))

    def _show_diff(self, found: re.Match[str]) -> Answer:
        return Answer(self._store.diff(self._named(found)))

    def _show_sessions(self, found: re.Match[str]) -> Answer:
        return _json(shows.sessions(self._store, detail=found["detail"] is not None))

    def _neighbors(self) -> tuple[Neighbor, ...]:
        return self._daemon.neighbors()

    def _show_summary(self, found: re.Match[str]) -> Answer:
        family = _FAMILY[found["family"]]
        return _json(shows.bgp_summary(self._store, self._neighbors(), family))

    def _show_neighbors(self, found: re.Match[str]) -> Answer:
        family = _FAMILY[found["family"]]
        return _json(shows.bgp_neighbors(self._store, self._neighbors(), family))

    def _show_table(self, found: re.Match[str]) -> Answer:
        family = _FAMILY[found["family"]]
        vrf = found["vrf"] or "default"
        if vrf not in shows.vrfs(self._store):
            return _json({"vrfs": {}})
        is_here = vrf == "default"  # BGP runs in the default VRF alone
        peers = [one.address for one in self._neighbors() if is_here and family in one.accepted]
        routes = {peer: self._daemon.routes_from(peer, family) for peer in peers}
        if found["prefix"] is not None:
            routes = {peer: _only(found["prefix"], family, some) for peer, some in routes.items()}
        return _json(shows.bgp_table(self._store, routes, vrf))


def _only(text: str, family: int, routes: Sequence[Route]) -> tuple[Route, ...]:
    """Return those of ``routes`` to the prefix that a command names.

    Raises:
        InvalidCommandError: it names none of the family.
    """
    refused = InvalidCommandError(f"Invalid input (at token 3: '{text}')")
    try:
        prefix = ip_network(text)
    except ValueError:
        raise refused from None
    if prefix.version != family:
        raise refused
    return tuple(one for one in routes if one.prefix == prefix)


def _json(data: Json) -> Answer:
    """Return an answer whose text, which no driver reads, is its JSON."""
    return Answer(json.dumps(data, indent=4) + "\n", data)


def merged(store: Store, lines: list[str]) -> None:
    """Type ``lines`` into the running configuration, as an administrator would.

    Raises:
        RefusedError: the switch refuses one; those before it hold.
    """
    cursor = Cursor(store.running)
    for line in lines:
        typed(cursor, line)
