"""What of an IOS-XR configuration is not ringfence's: :func:`foreign_lines`.

Our policies stand in the place of the operator's, so a line that attaches one of ours is read as
the line that stood there: none, if the session would inherit just that policy anyway. So that
this holds before and after a change, a line that says what is inherited anyway is read as none
wherever it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects.free_text import free_text, ios_opener
from policies.dialects.line_ends import ended_lines
from policies.dialects.xr_parse import XrReader
from policies.dialects.xr_wrapper import inner_policies
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.xr_peers import Instance, Node
    from policies.filters import Direction

#: What a device prints about a configuration, which is no part of it.
_ABOUT = re.compile(
    r"!!.*|Building configuration.*|end|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d:\d\d.*"
)
_ATTACHED = re.compile(r"(?P<before>\s*route-policy ).*(?P<after> (?:in|out)\s*)")


def foreign_lines(text: str) -> Iterator[str]:
    """Yield the lines of ``text`` that are not ours, with their line ends, and no separators."""
    reader = XrReader()
    reader.read(text)
    ours = {
        number
        for one in reader.objects
        if one.kind in ("prefix-set", "route-policy") and is_owned(one.name)
        for number in range(one.first, one.last + 1)
    }
    inner = dict(inner_policies(reader.objects))
    instead = {
        at - 1: said
        for instance in reader.instances
        for at, said in _instead(instance, inner).items()
    }
    lines = ended_lines(text)
    literal = free_text(lines, ios_opener)
    inherited = {at - 1 for instance in reader.instances for at in _inherited_families(instance)}
    kept: list[tuple[str, bool]] = []
    for at, (line, free) in enumerate(zip(lines, literal, strict=True)):
        if free:
            kept.append((line, False))
        elif at in ours or line.strip() in ("", "!") or _ABOUT.fullmatch(line.rstrip()):
            continue
        elif at in instead:
            kept += [(one, False) for one in _attachment(line, instead[at])]
        else:
            kept.append((line, at in inherited))
    yield from _without_empty(kept)


def _attachment(line: str, policy: str | None) -> Iterator[str]:
    found = _ATTACHED.fullmatch(line)
    if policy is not None and found is not None:
        yield f"{found['before']}{policy}{found['after']}"


def _instead(instance: Instance, inner: dict[str, str | None]) -> dict[int, str | None]:
    """Return, by its number, which policy each line that attaches one reads as, if any."""
    found: dict[int, str | None] = {}
    for node in _nodes(instance):
        for version, family in node.families.items():
            for way, said in family.policies.items():
                policy = _said(said.policy, inner)
                above = _inherited(instance, node, version, way, inner)
                found[said.line] = None if policy == above else policy
    return found


def _nodes(instance: Instance) -> Iterator[Node]:
    yield from instance.neighbor_groups.values()
    for nodes in instance.vrfs.values():
        yield from nodes.values()


def _inherited(
    instance: Instance, node: Node, version: int, way: Direction, inner: dict[str, str | None]
) -> str | None:
    """Return the operator's policy that stands if the session says nothing itself."""
    above = next(
        (
            one.policies[way]
            for one in list(instance.families(node, version))[1:]
            if way in one.policies
        ),
        instance.group_policy(node, version, way),
    )
    return _said(above.policy, inner) if above else None


def _said(policy: str, inner: dict[str, str | None]) -> str | None:
    """Return the operator's policy for one that is attached, which may be ours."""
    return inner.get(policy, policy)


def _inherited_families(instance: Instance) -> Iterator[int]:
    """Yield the numbers of the lines that begin a family which a session carries anyway."""
    for node in _nodes(instance):
        for version, family in node.families.items():
            if any(version in group.families for _, group in instance.groups(node)):
                yield family.line


def _without_empty(rows: Sequence[tuple[str, bool]]) -> Iterator[str]:
    """Yield the lines but for those that say nothing, marked so, without any below them."""
    depths = [len(line) - len(line.lstrip()) for line, _ in rows]
    for at, (line, if_not_empty) in enumerate(rows):
        empty = at + 1 == len(rows) or depths[at + 1] <= depths[at]
        if not (empty and if_not_empty):
            yield line
