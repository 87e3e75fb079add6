"""Junos's regular expressions over AS paths, as FRR's over characters: :func:`frr_regex`."""

from __future__ import annotations

import re

_TERM = re.compile(r"\s*(?:(\d+)|(\.)|(\()|(\))|(\|))(\{\d+(?:,\d*)?\}|[*+?])?")


class PathError(ValueError):
    """No AS path expression, or one that is not known here."""


def frr_regex(expression: str) -> str:
    """Return an expression for FRR that fits the same AS paths.

    Junos's is anchored at both ends and its terms are whole AS numbers.

    >>> frr_regex("65000 .*")
    '^65000_([0-9]+_)*$'
    """
    text = expression.strip().removeprefix("^").removesuffix("$")
    if text.strip() in {"", "()"}:
        return "^$"
    parts: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        term = _TERM.match(text, at)
        if term is None:
            raise PathError(f"{expression}: no AS path expression")
        asn, any_asn, opened, closed, alternative, times = term.groups()
        if opened or alternative:
            parts.append(opened or alternative)
        elif closed:
            parts.append(f"){times or ''}")
        else:
            one = f"{asn}_" if asn else "[0-9]+_" if any_asn else ""
            parts.append(f"({one}){times}" if times else one)
        at = term.end()
    return f"^{''.join(parts)}$"
