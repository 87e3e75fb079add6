"""The lines of a device's text: :func:`lines_of`, and :func:`ended_lines` with their ends.

Law: a line ends where the device ends it, with a line feed. ``str.splitlines`` ends one at a
form feed, a lone carriage return or U+2028 too, so that the words behind such a character in a
description would be read as a line of configuration: as a guard that is not there, say.
"""

from __future__ import annotations

import re

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def ended_lines(text: str) -> list[str]:
    r"""Return the lines of ``text`` with their ends, which joined are ``text`` again.

    >>> ended_lines("a\x0cb\r\n\nc")
    ['a\x0cb\r\n', '\n', 'c']
    """
    return _LINE.findall(text)


def lines_of(text: str) -> list[str]:
    r"""Return the lines of ``text`` without their ends; carriage returns in front of one go too.

    >>> lines_of("a\x85b\r\n\nc")
    ['a\x85b', '', 'c']
    """
    return [line.rstrip("\r\n") for line in ended_lines(text)]
