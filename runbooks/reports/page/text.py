"""Text of a report as a page may show it; begin with :func:`shown`.

Law: what a device said is shown to the letter, up to a length; a character that no page can hold,
or that would change the order of the others, is shown by its name.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 4_000
"""Characters of one text that are shown; a device's answer has no bound of its own."""

# C0 and C1 controls but tab and newline, marks that turn the direction of text or take no room,
# surrogates, and what Unicode keeps as "noncharacters": HTML calls most of them a parse error.
# https://html.spec.whatwg.org/multipage/parsing.html#preprocessing-the-input-stream
_UNSHOWN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff"
    + "".join(
        f"{chr(base + 0xFFFE)}{chr(base + 0xFFFF)}" for base in range(1 << 16, 0x110000, 1 << 16)
    )
    + "]"
)
BRIEF: Final = 160
"""Characters of a text where others have to be seen too, such as in the verdict."""

_Item = TypeVar("_Item")


def shown(text: str) -> str:
    """Return ``text`` at most :data:`LONGEST` long, with nothing in it that can't be seen."""
    return _UNSHOWN.sub(
        lambda found: f"\u27e8U+{ord(found[0]):04X}\u27e9",
        _cut(text, LONGEST).replace("\r\n", "\n"),
    )


def brief(text: str) -> str:
    """Return ``text`` at most :data:`BRIEF` long."""
    return _cut(text, BRIEF)


def _cut(text: str, most: int) -> str:
    rest = len(text) - most
    return text if rest <= 0 else f"{text[:most]} ... ({rest:,} characters more)"


def count(number: int, noun: str, nouns: str = "") -> str:
    """Return ``number`` and ``noun``, which is in the plural unless there is one."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return the first ``most`` names, and how many more there are."""
    more = len(names) - most
    text = ", ".join(names[:most])
    return f"{text} and {more:,} more" if more > 0 else text


def clock(moment: str) -> str:
    """Return an ISO 8601 time as people read it, in UTC; as it stands if it is none."""
    try:
        return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return moment


def since(moment: str | None, now: str) -> str:
    """Return how long before ``now`` that was, in its greatest unit; "" if that can't be told."""
    try:
        passed = datetime.fromisoformat(now) - datetime.fromisoformat(moment or "")
    except (ValueError, TypeError):  # no time at all, or only one of them with its zone
        return ""
    minutes = int(passed.total_seconds() // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return count(minutes // size, unit)
    return ""


def first(items: Sequence[_Item], most: int) -> tuple[tuple[_Item, ...], int]:
    """Return the first ``most`` of ``items``, and how many were left out."""
    return tuple(items[:most]), max(0, len(items) - most)


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key by which ``tor2`` comes before ``tor10``."""
    return tuple(
        (part.isdecimal(), int(part) if part.isdecimal() and part.isascii() else 0, part)
        for part in re.split(r"(\d+)", name[:100])
        if part
    )
