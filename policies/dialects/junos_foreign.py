"""What of a Junos configuration in set form is not ringfence's: :func:`foreign`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from policies.dialects.junos_text import joined, statements
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.dialects.junos_text import Statement

Path = tuple[str, ...]
_STATEMENT = ["policy-options", "policy-statement"]
_WAYS = ("import", "export")
#: Where BGP may stand, but for the names.
_INSTANCES: tuple[list[str], ...] = (
    [],
    ["routing-instances"],
    ["logical-systems"],
    ["logical-systems", "routing-instances"],
    ["tenants", "routing-instances"],
)


def foreign(text: str) -> str:
    """Return ``text`` without our policies, and each chain as it would be without ours.

    A chain that is just what the session inherits counts as none, as it decides nothing: one of
    ours stands ahead of a copy of what is inherited. What ``## Last commit`` says is left out.
    """
    rows = list(statements(text))
    chains: dict[Path, list[str]] = defaultdict(list)
    paths = {at: _chain_path(one) for at, one in enumerate(rows)}
    for at, path in paths.items():
        if path is not None:
            chains[path].append(rows[at].words()[-1])
    left = {path: _left(path, chains) for path in chains}
    out: list[str | Path] = []
    seen: set[Path] = set()
    for at, one in enumerate(rows):
        path = paths[at]
        if _is_ours(one):
            continue
        if path is not None and (not left[path] or is_owned(one.words()[-1])):
            out.append(path[:-1])
            continue
        out.append(one.text)
        seen.update(_containers(one))
    return "".join(_rows(out, seen))


def _is_ours(one: Statement) -> bool:
    if one.text.startswith("#"):
        return True
    if "policy-statement" not in one.text:
        return False
    said = one.words()
    return said[:2] == _STATEMENT and len(said) > len(_STATEMENT) and is_owned(said[2])


def _chain_path(one: Statement) -> Path | None:
    """Return the path of the chain that a line adds a policy to; None for any other line."""
    if " bgp " not in one.text or one.command != "set":
        return None
    said = one.words()
    length = len(said) - 1
    at = _bgp(said)
    if at is None or said[-2] not in _WAYS:
        return None
    inside = said[at : length - 1]
    fits = inside[::2] in ([], ["group"], ["group", "neighbor"]) and len(inside) % 2 == 0
    return tuple(said[:length]) if fits else None


def _bgp(said: list[str]) -> int | None:
    """Return where in a statement what is said of BGP begins; None if it says nothing of it."""
    for at in (0, 2, 4):
        if said[:at:2] in _INSTANCES and said[at : at + 2] == ["protocols", "bgp"]:
            return at + 2
    return None


def _left(path: Path, chains: Mapping[Path, Sequence[str]]) -> tuple[str, ...]:
    """Return a chain without ours, () if nothing is left of it or only what is inherited."""
    rest = tuple(name for name in chains[path] if not is_owned(name))
    *level, way = path
    while rest and level[-2:-1] in (["group"], ["neighbor"]):
        level = level[:-2]
        above = chains.get((*level, way))
        if above is not None:
            inherited = tuple(name for name in above if not is_owned(name))
            return () if inherited == rest else rest
    return rest


def _containers(one: Statement) -> list[Path]:
    """Return the paths of the group and the neighbor that a line is in."""
    if " bgp group " not in one.text:
        return []
    said = one.words()
    at = _bgp(said)
    if at is None:
        return []
    found = [tuple(said[: at + 2])] if said[at : at + 1] == ["group"] else []
    if said[at + 2 : at + 3] == ["neighbor"]:
        found.append(tuple(said[: at + 4]))
    return found


def _rows(out: Sequence[str | Path], seen: set[Path]) -> list[str]:
    """Return the lines; a group or neighbor that had nothing but ours stands by its name alone."""
    found = []
    for one in out:
        if isinstance(one, str):
            found.append(one)
        elif one[-2] in ("group", "neighbor") and one not in seen:
            found.append(f"set {joined(one)}\n")
            seen.update({one, one[:-2]})
    return found
