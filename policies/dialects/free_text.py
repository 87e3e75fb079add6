"""Where a configuration holds text that is no configuration: banners, scripts, certificates.

Read :func:`free_text`. Law: what somebody wrote into a banner is never taken for a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.errors import ParseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_DELIMITED = re.compile(r"banner \S+ (?P<text>\S.*)")
_MACRO = re.compile(r"macro name \S+")
_UNTIL_EOF = re.compile(r"\s*(?:banner \S+|action bash|code(?: unit \S+)?)\s*")


def ios_opener(line: str) -> str | None:
    """Return what ends the banner or macro that begins in ``line``, of IOS-XE.

    The first character is the delimiter; IOS writes a control character as two, ``^C``.
    """
    if _MACRO.fullmatch(line):
        return "@"
    return _banner_end(line, control=True)


def nxos_opener(line: str) -> str | None:
    """Return what ends the banner that begins in ``line``, of NX-OS: always one character."""
    return _banner_end(line, control=False)


def _banner_end(line: str, *, control: bool) -> str | None:
    found = _DELIMITED.match(line)
    if not found:
        return None
    text = found["text"]
    delimiter = text[:2] if control and text.startswith("^") else text[0]
    return None if delimiter in text[len(delimiter) :] else delimiter


def eos_opener(line: str) -> str | None:
    """Return what ends the banner, script or function that begins in ``line``, of EOS."""
    return "EOF" if _UNTIL_EOF.fullmatch(line) else None


def free_text(lines: Sequence[str], opener: Callable[[str], str | None]) -> list[bool]:
    """Return, line by line, whether it is free text; the line that opens it is not.

    Raises:
        ParseError: its end never comes; the configuration is cut short, or misread.
    """
    found = [False] * len(lines)
    at = 0
    while at < len(lines):
        end = opener(lines[at].rstrip())
        at += 1
        if end is None:
            continue
        last = next((n for n in range(at, len(lines)) if _ends(lines[n], end)), None)
        if last is None:
            raise ParseError(f"line {at} begins a banner or script that never ends")
        found[at : last + 1] = [True] * (last + 1 - at)
        at = last + 1
    return found


def _ends(line: str, end: str) -> bool:
    return line.strip() == end if end == "EOF" else end in line
