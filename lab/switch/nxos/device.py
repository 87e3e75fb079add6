"""The state of a virtual NX-OS switch and what changes it: :class:`Device`.

Configuration is taken line by line. Law: a rollback is atomic, it ends in the checkpoint's
configuration or changes nothing; what is saved to ``startup`` is only ever saved when asked for.

Faults, by name (``fault`` of the switch's control); those that every platform knows are those of
:class:`lab.switch.nxos.switch.NxosSwitch`:

- ``deaf scheduler``: schedules are taken and never shown nor run.
- ``busy job``: a job that runs can't be removed, nor can its schedule.
- ``no checkpoint``: checkpoints are refused.
- ``no rollback``: a rollback fails and changes nothing; it says so in its text alone.
- ``no copy``: the configuration is not saved; ``copy`` says so in its text alone.
- ``refuse TEXT``: configuration lines that begin so are refused, as an ``ERROR:`` of a component.
- ``ignore TEXT``: configuration lines that begin so are taken without a word, and do nothing.
- ``strict``: configuration needs ``configure terminal`` first, in NX-API too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.switch.base import Faults
from lab.switch.lines import Configuration, Cursor, RefusedError, UnknownCommandError
from lab.switch.lines import whole_commands as join_commands
from lab.switch.nxos.bgp import has_feature
from lab.switch.nxos.grammar import GRAMMAR
from lab.switch.nxos.scheduler import Clock, Scheduler, starts_from

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

#: As many as the platform keeps for users.
MAX_CHECKPOINTS = 10
#: One user at a time may take a checkpoint, roll back or save (system management guide,
#: "Rollback", limitations); the guide does not tell what the others read then.
LOCKED = "ERROR: Configuration is locked: another user's rollback is in progress"
INVALID = "% Invalid command at '^' marker."
_BANNER = re.compile(r"\s*banner \S+ (?P<text>\S.*)", re.DOTALL)
#: What ``cut`` reaches: nothing but a configuration is longer in the lab.
_LONG = 2000
#: Which feature a line needs, and what goes when it is switched off.
_FEATURES = {"bgp": ("router bgp",), "scheduler": ("scheduler ",)}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A configuration that was kept under a name, as it was printed."""

    text: str
    created: dt.datetime
    description: str


@dataclass(slots=True)
class Device:
    """Everything but the protocols; ``on_change`` is told after each line that took effect."""

    name: str
    on_change: Callable[[], None]
    configuration: Configuration = field(default_factory=lambda: Configuration(GRAMMAR))
    startup: str = ""
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    scheduler: Scheduler = field(init=False)
    last_done: dt.datetime = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.clock)
        self.last_done = self.clock.now()

    # Configuration --------------------------------------------------------------------------

    def boot(self, text: str) -> None:
        """Take ``text`` as the startup configuration, and run it.

        Checkpoints and files outlive it, what the scheduler knows of the past does not.
        """
        self.configuration = parse(text)
        self.startup = self.configuration.text()
        self.scheduler = Scheduler(self.clock)
        self._changed()

    def enter(self, cursor: Cursor, line: str) -> str:
        """Do what a configuration line says, where ``cursor`` stands; return what is printed.

        Raises:
            RefusedError: with the platform's words.
        """
        text = " ".join(line.split()) if "\n" not in line else line
        self.ensure_unlocked()
        if self._fault("refuse", text) or self._is_refused(cursor, text):
            raise RefusedError("ERROR: Operation failed: resource is busy, try again later")
        if self._fault("ignore", text):
            return ""
        in_job = cursor.path[-1].command.name == "job"
        if not in_job:
            self._ensure_feature(text)
            self._ensure_idle(text)
            text = self.scheduler.absolute(text)
        try:
            cursor.enter(text)
        except UnknownCommandError:
            raise RefusedError(INVALID) from None
        if text.startswith("no feature ") and not in_job:
            self._drop_feature(text.removeprefix("no feature "))
        self._changed()
        return "" if in_job else starts_from(text)

    def _fault(self, kind: str, text: str) -> bool:
        return any(
            name.startswith(f"{kind} ") and text.startswith(name.removeprefix(f"{kind} "))
            for name in self.faults.names
        )

    def _is_refused(self, cursor: Cursor, text: str) -> bool:
        """Whether ``refuse-commit`` hits a line: the scheduler is none of the configuration's."""
        inside = cursor.path[-1].command.name in {"job", "schedule"}
        return (
            "refuse-commit" in self.faults
            and not inside
            and not text.removeprefix("no ").startswith("scheduler ")
        )

    def ensure_unlocked(self) -> None:
        """Raise if somebody else holds the configuration; the scheduler's own jobs pass."""
        if "locked" in self.faults and self.scheduler.running_job is None:
            raise RefusedError(LOCKED)

    def _ensure_feature(self, text: str) -> None:
        for feature, begins in _FEATURES.items():
            if text.removeprefix("no ").startswith(begins) and not has_feature(
                self.configuration, feature
            ):
                raise RefusedError(INVALID)

    def _ensure_idle(self, text: str) -> None:
        if "busy job" not in self.faults or self.scheduler.running_job is None:
            return
        if re.match(r"no scheduler (?:job|schedule) name ", text):
            raise RefusedError("ERROR: Job is being executed, can not be deleted now")

    def _drop_feature(self, name: str) -> None:
        for begins in _FEATURES.get(name, ()):
            self.configuration.root.drop(lambda one, word=begins: one.text.startswith(word))  # type: ignore[misc]

    def _changed(self) -> None:
        self.last_done = self.clock.now()
        if "deaf scheduler" in self.faults:
            self.configuration.root.drop(lambda one: one.command.name == "schedule")
        self.scheduler.forget(self.configuration)
        self.on_change()

    # Checkpoints ----------------------------------------------------------------------------

    def checkpoint(self, name: str, description: str = "") -> None:
        """Keep the running configuration under ``name``."""
        self.ensure_unlocked()
        if "no checkpoint" in self.faults:
            raise RefusedError("ERROR: Checkpoint creation failed: no space left on device")
        if name in self.checkpoints:
            raise RefusedError("ERROR: Checkpoint with the given name already exists")
        if len(self.checkpoints) >= MAX_CHECKPOINTS:
            raise RefusedError("ERROR: Maximum number of user checkpoints reached")
        self.checkpoints[name] = Checkpoint(
            self.configuration.text(), self.clock.now(), description
        )

    def remove_checkpoint(self, name: str) -> None:
        """Forget a checkpoint."""
        if self.checkpoints.pop(name, None) is None:
            raise RefusedError("ERROR: Checkpoint does not exist")

    def rollback(self, text: str) -> str:
        """Bring the running configuration to ``text``; return what the platform prints."""
        self.ensure_unlocked()
        begin = (
            "Note: Applying config parallelly may fail Rollback verification\n"
            "Collecting Running-Config\n#Generating Rollback Patch\n"
        )
        if text == self.configuration.text():
            return f"{begin}Rollback Patch is Empty\n\nRollback completed successfully.\n"
        if "no rollback" in self.faults:
            return f"{begin}Executing Rollback Patch\nERROR: busy\n\nRollback failed.\n"
        try:
            self.configuration = parse(text)
        except RefusedError as error:
            return f"{begin}Executing Rollback Patch\n{error}\n\nRollback failed.\n"
        self._changed()
        return (
            f"{begin}Executing Rollback Patch\nGenerating Running-config for verification\n"
            "Generating Patch for verification\nVerification is Successful.\n\n"
            "Rollback completed successfully.\n"
        )

    def save(self) -> str:
        """Save the running configuration; return what the platform prints."""
        self.ensure_unlocked()
        if "no copy" in self.faults:
            return "[#########                               ]  22%\nCopy failed: no space left\n"
        self.startup = self.configuration.text()
        return (
            f"[{'#' * 40}] 100%\nCopy complete, now saving to disk (please wait)...\n"
            "Copy complete.\n"
        )

    # Text -----------------------------------------------------------------------------------

    def show_running(self, command: str) -> str:
        """Return what ``show running-config`` prints, with the lines about the configuration."""
        return (
            f"\n!Command: {command}\n!Running configuration last done at: "
            f"{self.last_done:%a %b %e %H:%M:%S %Y}\n!Time: {self.clock.now():%a %b %e %H:%M:%S %Y}"
            f"\n\n{self.configuration.text()}"
        )

    def handed_over(self, text: str) -> str:
        """Return what arrives of what a command printed, in whole lines."""
        if "cut" not in self.faults or len(text) <= _LONG:
            return text
        return text[: text.rindex("\n", 0, len(text) // 2) + 1]

    def prompt(self, cursor: Cursor | None) -> str:
        """Return the prompt; ``cursor`` is None outside of configuration mode."""
        shown = next(
            (one.groups["name"] for one in self.configuration.root.named("switchname")), self.name
        )
        if cursor is None:
            return f"{shown}# "
        return f"{shown}(config{_PROMPTS.get(cursor.path[-1].command.enters or '', '')})# "


_PROMPTS = {
    "bgp": "-router",
    "bgp-vrf": "-router-vrf",
    "family": "-router-af",
    "neighbor": "-router-neighbor",
    "peer-family": "-router-neighbor-af",
    "route-map": "-route-map",
    "interface": "-if",
    "vlan": "-vlan",
    "vrf": "-vrf",
    "job": "-job",
    "schedule": "-schedule",
    "line": "-line",
}


def parse(text: str) -> Configuration:
    """Return a configuration as it was printed.

    Raises:
        RefusedError: a line of it is none.
    """
    configuration = Configuration(GRAMMAR)
    cursor = Cursor(configuration)
    for line in whole_commands(text.splitlines()):
        try:
            cursor.enter(line)
        except UnknownCommandError:
            raise RefusedError(f"{INVALID} {line.strip()}") from None
    return configuration


def whole_commands(lines: Sequence[str]) -> list[str]:
    """Return ``lines`` with each banner joined to the line that begins it."""
    return join_commands(lines, banner_end)


def banner_end(line: str) -> Callable[[str], bool] | None:
    """Return what tells the last line of the banner that begins in ``line``; None if none does."""
    found = _BANNER.fullmatch(line)
    if found is None or found["text"][0] in found["text"][1:]:
        return None
    return lambda one: found["text"][0] in one
