"""The root of every error that a user may meet, and the exit code that each one ends with.

    RingfenceError            what, where, and what to do about it, in one sentence
    |- InputError             bad input: nothing was contacted                      exit 5
    |- RefusedError           a limit or a safety rule says no: nothing was changed exit 4
    |- DeviceError            one device did not do as told                         exit 1
    `- IncompleteError        the state of some device is not known                 exit 3

``policies`` and ``tasks`` derive their own from these; the command line alone turns
them into text and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_Read = TypeVar("_Read")


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    FAILED = 1
    DIFFERENCES = 2
    INCOMPLETE = 3
    REFUSED = 4
    BAD_INPUT = 5
    USAGE = 64


class RingfenceError(Exception):
    """Something a user can act on; ``str()`` is the whole sentence."""

    exit_code = Exit.FAILED


class DeviceError(RingfenceError):
    """A device refused, failed or answered what it should not have."""


class IncompleteError(RingfenceError):
    """It is not known in which state some device is."""

    exit_code = Exit.INCOMPLETE


class RefusedError(RingfenceError):
    """A limit or a safety rule says no, before anything was changed."""

    exit_code = Exit.REFUSED


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's own files something stands; line and column count from 1."""

    file: Path
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [str(self.file), self.line, self.column]
        return ":".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the input, and where."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class InputError(RingfenceError):
    """The input is wrong; carries every problem found, in the order of the files."""

    exit_code = Exit.BAD_INPUT

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def collect(problems: list[Problem], read: Callable[[], _Read]) -> _Read | None:
    """Return what ``read`` gives; None if its problems went to ``problems``."""
    try:
        return read()
    except InputError as error:
        problems += error.problems
        return None
