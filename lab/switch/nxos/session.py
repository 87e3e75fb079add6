"""One administrator at work, typing one command at a time: :class:`Session`.

The command line and NX-API share it. Law: a command does all that it does before the next one is
looked at, and says what the platform says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.switch.lines import Cursor, RefusedError
from lab.switch.nxos.device import INVALID
from lab.switch.nxos.shows import Shows

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.switch.base import Daemon
    from lab.switch.nxos.device import Device

_ABBREVIATIONS = (
    (re.compile(r"^conf(?:ig(?:ure)?)?(?: t(?:er(?:m(?:inal)?)?)?)?$"), "configure terminal"),
    (re.compile(r"^copy run(?:ning-config)? start(?:up-config)?$"), "copy running-config startup"),
    (re.compile(r"^sh(?:o(?:w)?)? run(?:ning-config)?(?= |$)"), "show running-config"),
)
_ROLLBACK_HOW = r"(?: (?:atomic|verbose))*"
_CLEAR_WHAT = r"(?: (?P<way>in|out))?(?: vrf (?P<vrf>\S+))?"
_REMOTE_AS = re.compile(r"(?P<neighbor>neighbor \S+) (?P<remote>remote-as \S+)")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command printed; ``body`` is the same as data, where the platform has it."""

    text: str = ""
    body: Any = None


class Session:
    """Runs commands; ``cursor`` is None outside of configuration mode."""

    def __init__(self, device: Device, daemon: Daemon, *, is_api: bool = False) -> None:
        self.device = device
        self.daemon = daemon
        self.cursor: Cursor | None = None
        self._is_api = is_api
        self._shows = Shows(device, daemon)
        self._commands: tuple[tuple[str, Callable[..., Reply]], ...] = (
            (r"configure terminal", self._configure),
            (r"terminal .*|no terminal .*|enable", self._nothing),
            (r"checkpoint file (?P<name>\S+)", self._checkpoint_file),
            (r"checkpoint (?P<name>\S+)(?: description (?P<text>.+))?", self._checkpoint),
            (r"no checkpoint (?P<name>\S+)", self._no_checkpoint),
            (r"clear checkpoint database", self._clear_checkpoints),
            (
                rf"rollback running-config (?P<kind>checkpoint|file) (?P<name>\S+){_ROLLBACK_HOW}",
                self._rollback,
            ),
            (r"copy running-config startup", self._save),
            (r"delete (?P<name>\S+)(?: no-prompt)?", self._delete),
            (r"dir(?: (?P<name>\S+))?", self._dir),
            (
                rf"clear bgp (?P<family>ipv[46]) unicast (?P<peer>\S+) soft{_CLEAR_WHAT}",
                self._clear,
            ),
        )

    def run(self, line: str) -> Reply:
        """Do what ``line`` says.

        Raises:
            RefusedError: with what the platform prints then.
        """
        text = line if "\n" in line else " ".join(line.split())
        if not text:
            return Reply()
        in_job = self.cursor is not None and self.cursor.path[-1].command.name == "job"
        if in_job:
            return self._configure_line(text)
        for short, full in _ABBREVIATIONS:
            text = short.sub(full, text)
        if text.startswith("show "):
            return self._show(text)
        for pattern, function in self._commands:
            if found := re.fullmatch(pattern, text):
                return function(**found.groupdict())
        return self._configure_line(text)

    # Configuration mode ---------------------------------------------------------------------

    def _configure_line(self, text: str) -> Reply:
        if self.cursor is None:
            if not self._is_api or "strict" in self.device.faults:
                raise RefusedError(INVALID)
            # NX-API takes configuration without being told to configure.
            self._configure()
        assert self.cursor is not None  # noqa: S101 - set right above
        if self.cursor.configuration is not self.device.configuration:
            # A rollback put another configuration in the place of the one that was being edited.
            self._configure()
        if text == "end" or (text == "exit" and len(self.cursor.path) == 1):
            self.cursor = None
            return Reply()
        if found := _REMOTE_AS.fullmatch(text):
            self.device.enter(self.cursor, found["neighbor"])
            text = found["remote"]
        return Reply(self.device.enter(self.cursor, text))

    def _configure(self) -> Reply:
        # A rollback replaces the configuration, so one always begins at its top.
        self.cursor = Cursor(self.device.configuration)
        return Reply()

    # Everything else ------------------------------------------------------------------------

    def _nothing(self) -> Reply:
        return Reply()

    def _show(self, text: str) -> Reply:
        command, _, pipe = (part.strip() for part in text.partition("|"))
        reply = self._shows.run(command)
        if reply is None:
            raise RefusedError(INVALID)
        printed, body = reply
        if pipe in {"", "no-more"}:
            return Reply(self.device.handed_over(printed), body)
        word, _, argument = pipe.partition(" ")
        if word in {"json", "json-pretty"}:
            if body is None:
                raise RefusedError("ERROR: No structured output for this command")
            return Reply(json.dumps(body) + "\n", body)
        if word == "last" and (not argument or argument.isdecimal()):
            lines = printed.splitlines(keepends=True)[-int(argument or 10) :]
            return Reply("".join(lines))
        if word in {"include", "exclude"}:
            wanted = word == "include"
            lines = [
                one
                for one in printed.splitlines()
                if bool(re.search(argument.strip('"'), one)) == wanted
            ]
            return Reply("".join(f"{one}\n" for one in lines))
        raise RefusedError(INVALID)

    def _checkpoint(self, name: str, text: str | None) -> Reply:
        self.device.checkpoint(name, text or "")
        return Reply(".....Done\n")

    def _checkpoint_file(self, name: str) -> Reply:
        self.device.files[_plain(name)] = self.device.configuration.text()
        return Reply(".....Done\n")

    def _no_checkpoint(self, name: str) -> Reply:
        self.device.remove_checkpoint(name)
        return Reply()

    def _clear_checkpoints(self) -> Reply:
        self.device.checkpoints.clear()
        return Reply(".Done\n")

    def _rollback(self, kind: str, name: str) -> Reply:
        if kind == "file":
            kept = self.device.files.get(_plain(name))
        else:
            found = self.device.checkpoints.get(name)
            kept = None if found is None else found.text
        if kept is None:
            raise RefusedError("ERROR: Checkpoint does not exist")
        text = self.device.rollback(kept)
        if self.cursor is not None:
            self._configure()
        return Reply(text)

    def _save(self) -> Reply:
        return Reply(self.device.save())

    def _delete(self, name: str) -> Reply:
        if self.device.files.pop(_plain(name), None) is None:
            raise RefusedError("No such file or directory")
        return Reply()

    def _dir(self, name: str | None) -> Reply:
        wanted = _plain(name or "")
        rows = [
            f"{len(text):>11}    Nov 02 10:14:33 2026  {one}\n"
            for one, text in sorted(self.device.files.items())
            if wanted in {"", one}
        ]
        if wanted and not rows:
            return Reply("No such file or directory\n")
        usage = "\nUsage for bootflash://sup-local\n 6211682304 bytes used\n"
        return Reply(f"{''.join(rows)}{usage}110314684416 bytes free\n116526366720 bytes total\n")

    def _clear(self, family: str, peer: str, way: str | None, vrf: str | None) -> Reply:
        if vrf in {None, "default"}:
            asked = self._shows.tables.daemon_peer(peer)
            for one in (way,) if way else ("in", "out"):
                if asked is not None:
                    self.daemon.refresh(asked, int(family[-1]), inbound=one == "in")
        return Reply()


def _plain(name: str) -> str:
    """Return a file's name without its file system."""
    return name.removeprefix("bootflash:").lstrip("/")
