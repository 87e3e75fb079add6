"""Configurations as files keep them, where that is not how the device prints them to a program.

:data:`FORMS` has a row for each such platform: from a file's text to what its dialect reads, and
for each line of that the number of the file's line, or None where they are the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects.junos_braces import is_braces, set_form
from policies.dialects.line_ends import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The names of the route-maps that sessions ask, and of those that FRR prints behind all sessions.
_ASKED = re.compile(r"^[ \t]+neighbor \S+ route-map (\S+) (?:in|out)[ \t\r]*$", re.MULTILINE)
_THERE = re.compile(r"^route-map (\S+) ", re.MULTILINE)

Form = tuple[str, tuple[int, ...] | None]


def as_it_stands(text: str) -> Form:
    """Return ``text`` unchanged."""
    return text, None


def _junos(text: str) -> Form:
    """Return set form, which Junos prints for ``| display set``, of a file in either form."""
    return set_form(text) if is_braces(text) else (text, None)


def _frr(text: str) -> Form:
    """Return ``text`` with the ``end`` that vtysh shows, and does not write into frr.conf.

    Without it a cut shows only where it is not between two sections, which end in ``!``, or where
    a session asks a route-map that would have come later: it would look closed
    (FRRouting, vtysh/vtysh.c: vtysh_write_integrated and show_running_config).
    """
    lines = lines_of(text.rstrip())
    is_whole = bool(lines) and lines[-1] == "!"
    asked, there = set(_ASKED.findall(text)), set(_THERE.findall(text))
    return (text.rstrip() + "\nend\n", None) if is_whole and asked <= there else (text, None)


FORMS: Mapping[str, Callable[[str], Form]] = {"frr": _frr, "junos": _junos}
