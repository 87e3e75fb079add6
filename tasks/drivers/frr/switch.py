"""The driver's hands on the switch: `Switch` runs a script there and translates how it ended.

Each step of a commit is one round trip, and everything that must not stop half way runs on the
switch. A step that the client does not live to see the end of is still finished, or undone.
"""

from __future__ import annotations

import io
import json
import shlex
import tarfile
from collections import Counter
from enum import IntEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NoReturn

from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    CommitError,
    LockError,
    MergeConfigException,
    NapalmException,
)

from tasks.drivers.frr import rules
from tasks.drivers.frr.config_tree import as_bytes
from tasks.drivers.frr.sanitize import scrub
from tasks.drivers.frr.transport import Completed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasks.drivers.frr.candidate import Candidate
    from tasks.drivers.frr.transport import Held, SshConnection

# Longest time, in seconds, that a candidate stays locked by a client that no longer answers: the
# switch may not notice for hours that a jump host lost its power.
LEASE = 900

# How long to wait for a commit. FRR 8.4.4 compares every new entry of a list with all the others:
# 250 entries took it 1 s, 1,000 took 20 s and 2,000 took 95 s on a loaded machine of two cores.
_SECONDS_PER_LINE = 0.02
_SECONDS_PER_PAIR = 1e-4

# The parts of what runs on the switch, in the order in which they make one file there.
_SCRIPT = ("switch_state.sh", "switch_change.sh", "switch_commit.sh", "switch_ending.sh")

_UPLOAD = (
    'umask 077; d=$(mktemp -d /var/tmp/napalm-frr-in.XXXXXX) || exit 21; tar -xf - -C "$d" || exit '
    '21; c=$1; shift; sh "$d/switch.sh" "$c" "$d" "$@"; r=$?; rm -rf "$d"; exit $r'
)


class Outcome(IntEnum):
    """What the script ends with."""

    DONE = 0
    LOCKED = 10
    PENDING = 11
    CHANGED = 12
    REFUSED = 13
    NOT_UNDONE = 14
    NONE_PENDING = 15
    OVER = 16
    TIMER = 17
    FOREIGN_STATE = 18
    NOT_SAVED = 19
    SYNTAX = 20
    NO_VTYSH = 21


class Switch:
    """Commands on one switch."""

    def __init__(self, connection: SshConnection, *, sudo: bool) -> None:
        self._connection = connection
        self._sudo = "sudo -n " if sudo else ""
        here = files("tasks.drivers.frr")
        self._script = b"".join(here.joinpath(part).read_bytes() for part in _SCRIPT)
        self._holder: Held | None = None

    def vtysh(self, command: str) -> str:
        """Return what a vtysh command prints.

        Raises:
            CommandErrorException: vtysh does not take the command; its words are in it.
        """
        return self.vtysh_together([command])

    def vtysh_together(self, commands: Sequence[str]) -> str:
        """Return what vtysh commands print, one behind the other, in one round trip.

        Raises:
            CommandErrorException: vtysh does not take one, and leaves out those behind it.
        """
        words = " ".join(f"-c {shlex.quote(command)}" for command in commands)
        done = self._connection.run(f"{self._sudo}vtysh {words}")
        if done.code != 0:
            said = " ".join((done.out + done.err).split())
            text = "; ".join(commands)
            raise CommandErrorException(f"{text!r}: {said or f'exit code {done.code}'}")
        return done.out

    def vtysh_json(self, commands: Sequence[str]) -> list[Any]:
        """Return what ``show ... json`` commands answer, in one round trip; {} for no answer.

        Raises:
            CommandErrorException: vtysh does not take one.
        """
        answers = list(_documents(self.vtysh_together(commands))) if commands else []
        if len(answers) != len(commands):
            # A command printed nothing, or no JSON: ask one by one which.
            answers = [json.loads(self.vtysh(command) or "{}") for command in commands]
        return answers

    def shell(self, command: str) -> str:
        """Return what a shell command prints, whatever it ends with."""
        return self._connection.run(f"{self._sudo}sh -c {shlex.quote(command)}").out

    def lock(self, token: str, note: str) -> None:
        """Lock the candidate until `unlock`, or until this connection is gone.

        Raises:
            LockError: somebody else has it, or a commit is pending; the sentence says who.
        """
        self.unlock()
        command = f"{self._sudo}sh -s -- {shlex.join(('lock', token, str(LEASE), note))}"
        held = self._connection.hold(command, self._script, answer="locked")
        if isinstance(held, Completed):
            _raise(held, LockError)
        self._holder = held

    def unlock(self) -> None:
        """Give the candidate lock back, if this connection has it."""
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.release()

    def load(self, candidate: str) -> str:
        """Check a candidate's syntax on the switch and return the running configuration.

        Raises:
            MergeConfigException: vtysh does not understand it; its words and the lines are in it.
        """
        done = self._upload("load", (), {"candidate": as_bytes(candidate)})
        if done.code == Outcome.SYNTAX:
            raise MergeConfigException(scrub(_quote(done.err, candidate)))
        if done.code != Outcome.DONE:
            _raise(done, MergeConfigException)
        return done.out

    def commit(self, candidate: Candidate, *, token: str, note: str, seconds: int) -> None:
        """Carry the candidate out; with `seconds` > 0 it reverts then unless confirmed.

        Raises:
            CommitError: it was not carried out; the sentence says what state the switch is in.
        """
        contents = {
            "base": as_bytes(candidate.running_text),
            "define": _lines(candidate.definitions()),
            "expected": _lines(candidate.expected()),
            "present": _lines(candidate.present),
            "absent": _lines(candidate.absent),
            "note": _lines((note,)),
        }
        for number, (step, undo) in enumerate(
            zip(candidate.apply.files(), candidate.undo.files(), strict=True), start=1
        ):
            contents[f"step-{number}"] = _lines(step)
            contents[f"undo-{number}"] = _lines(undo)
        done = self._upload(
            "commit", (token, str(seconds)), contents, more_time=_time_to_commit(candidate)
        )
        if done.code != Outcome.DONE:
            _raise(done, CommitError)

    def confirm(self) -> None:
        """Keep the pending commit and save it.

        Raises:
            CommitConfirmException: there is none, it is reverted already, or it can't be kept.
        """
        done = self._plain("confirm")
        if done.code != Outcome.DONE:
            _raise(done, CommitConfirmException)

    def rollback(self) -> None:
        """Take back the pending commit, or else the last one made by this driver.

        Raises:
            CommitError: nothing to take back, or it could not be; the sentence says which.
        """
        done = self._plain("rollback")
        if done.code != Outcome.DONE:
            _raise(done, CommitError)

    def rollback_pending(self) -> None:
        """Take back the pending commit; do nothing where none is, as its timer was faster.

        Raises:
            CommitError: it could not be taken back; the sentence says why.
        """
        done = self._plain("rollback pending")
        if done.code not in {Outcome.DONE, Outcome.NONE_PENDING}:
            _raise(done, CommitError)

    def pending(self) -> str | None:
        """Return a sentence about the pending commit, or None.

        Raises:
            CommitConfirmException: the switch could not say, or said something else.
        """
        done = self._plain("pending")
        if done.code == Outcome.NONE_PENDING:
            return None
        if done.code != Outcome.DONE:
            _raise(done, CommitConfirmException)
        if not done.out.startswith("a commit of "):
            raise CommitConfirmException(f"no answer, but {scrub(done.out.strip()[:80])!r}")
        return done.out.strip()

    def _plain(self, command: str) -> Completed:
        return self._connection.run(f"{self._sudo}sh -s -- {command}", data=self._script)

    def _upload(
        self,
        command: str,
        arguments: tuple[str, ...],
        contents: Mapping[str, bytes],
        *,
        more_time: float = 0,
    ) -> Completed:
        packed = _tar({"switch.sh": self._script, **contents})
        words = shlex.join(("sh", "-c", _UPLOAD, "napalm-frr", command, *arguments))
        return self._connection.run(
            self._sudo + words, data=packed, timeout=self._connection.patience + more_time
        )


def _time_to_commit(candidate: Candidate) -> float:
    lines = len(candidate.present) + len(candidate.absent)
    lists = Counter(rules.list_name(line) for line in (*candidate.definitions(), *candidate.absent))
    pairs = sum(entries * entries for entries in lists.values())
    return lines * _SECONDS_PER_LINE + pairs * _SECONDS_PER_PAIR


def _raise(done: Completed, kind: type[NapalmException]) -> NoReturn:
    words = done.err.strip() or f"the switch gave no reason (exit code {done.code})"
    raise kind(scrub(words))


def _quote(errors: str, candidate: str) -> str:
    """Return vtysh's complaints as ``line N: complaint``; vtysh itself quotes the line."""
    lines = candidate.splitlines()
    complaints = []
    for error in errors.strip().splitlines():
        head, _, words = error.partition(": ")
        number = head.removeprefix("line ")
        if number.isdigit() and 0 < int(number) <= len(lines):
            quoted = lines[int(number) - 1].strip()
            complaints.append(f"line {number} ({quoted!r}): {words.strip()}")
        else:
            complaints.append(error)
    return "; ".join(complaints)


def _lines(lines: tuple[str, ...]) -> bytes:
    return as_bytes("".join(f"{line}\n" for line in lines))


def _tar(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o600
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _documents(text: str) -> Iterator[Any]:
    """Yield the JSON documents that stand one behind the other in ``text``."""
    decoder = json.JSONDecoder()
    place = 0
    while rest := text[place:].lstrip():
        place = len(text) - len(rest)
        try:
            found, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError:
            return
        yield found
