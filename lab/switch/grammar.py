"""What lines a platform knows, as data: :class:`Command`, :class:`Mode` and :class:`Grammar`.

``lab.switch.lines`` keeps a configuration by it. Law: a line that no command describes is refused,
and two lines with the same identifying groups are one line, the later.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.switch.lines import Node

_PARTS = re.compile(r"(\d+)")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern; each is compiled once."""
    return re.compile(pattern)


@dataclass(frozen=True, slots=True)
class Command:
    r"""One kind of line.

    Named groups of ``pattern`` identify a line; those whose name begins with ``_`` are values,
    which a later line replaces: of ``neighbor (?P<peer>\S+) remote-as (?P<_asn>\d+)`` there is
    one for each peer. A line without identifying groups exists once.
    """

    pattern: str
    _: KW_ONLY
    name: str = ""
    """What the platform's own code looks such lines up by."""
    enters: str | None = None
    """The mode that the line opens."""
    removed_by: tuple[str, ...] = ()
    """What may stand after ``no`` besides the line itself; its groups say which lines go."""
    default: str | None = None
    """A line that fits this says what holds anyway: it takes the other away, and isn't kept."""
    rank: int | None = None
    """Where lines are printed: by their rank, which is the command's place in the mode if None."""
    by: tuple[str, ...] = ()
    """The groups that go first in ordering lines of the same rank."""
    entered: bool = False
    """Whether such lines stay in the order in which they were entered."""
    parted: bool = False
    """Whether a separator stands between lines of different ``by``."""
    closing: str | None = None
    """What closes the mode that it opens, printed and understood: ``exit-address-family``."""
    fleeting: bool = False
    """Whether the line is there only as long as something is in its mode."""
    rewrite: Callable[[re.Match[str], Node], str] | None = None
    """Returns the line as it is kept, or raises RefusedError; sees the node that it goes into."""
    withdraw: Callable[[re.Match[str], Node], None] | None = None
    """Does what ``no`` does here, in the place of taking lines away."""


@dataclass(frozen=True, slots=True)
class Mode:
    """The commands of a mode, the first that fits counts.

    ``sweeps`` may stand after ``no`` and take away all lines with the same groups, here and in
    the modes below: ``no neighbor 192.0.2.1``.
    """

    commands: tuple[Command, ...]
    sweeps: tuple[str, ...] = ()


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that orders numbers in ``text`` as numbers, and before letters."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in _PARTS.split(text)
        if part
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A platform's modes by name, the outermost is ``""``, and how it prints.

    ``separator`` (``!``) stands around each line that opens a mode, indented as that is, and in
    the outermost mode between lines of different ``rank``; without ``deep_separator`` there alone.
    A line that a mode does not know is tried in all the modes around it, or, without ``climbs``,
    in the outermost alone. ``collate`` makes the sort key of a group.
    """

    modes: Mapping[str, Mode]
    indent: str
    separator: str = "!"
    deep_separator: bool = True
    climbs: bool = True
    collate: Callable[[str], Any] = natural
