"""What ``show | compare`` prints: :func:`compare`, the difference of two trees as a patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.junos.printing import curly_group, groups, said
from lab.switch.junos.schema import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.junos.schema import Words
    from lab.switch.junos.tree import Node


def compare(old: Node, new: Node) -> str:
    """Return what leads from ``old`` to ``new``; "" if they are the same."""
    return "".join(f"{line}\n" for line in _inside(old, new, ()))


def _inside(old: Node, new: Node, path: Words) -> Iterator[str]:
    before = {_key(group): group for group in groups(old)}
    after = {_key(group): group for group in groups(new)}
    here = list(_here(before, after, len(path)))
    if here:
        yield f"[edit{''.join(f' {word}' for word in (said(path),) if word)}]"
        yield from here
    for key, group in after.items():
        if key in before and group[0].children and before[key][0].children:
            yield from _inside(before[key][0], group[0], (*path, *group[0].words))


def _here(
    before: dict[Words, list[Node]], after: dict[Words, list[Node]], depth: int
) -> Iterator[str]:
    margin = "   " if depth else "  "
    for key, group in before.items():
        if key not in after or (
            not _is_same(group, after[key]) and not _goes_on(group, after[key])
        ):
            yield from (f"-{margin}{line}" for line in curly_group(group))
            if key in after:
                yield from (f"+{margin}{line}" for line in curly_group(after[key]))
        elif group[0].is_inactive != after[key][0].is_inactive:
            word = "inactive" if after[key][0].is_inactive else "active"
            yield f"!{margin}{word}: {said(group[0].words)} {{ ... }}"
    for key, group in after.items():
        if key not in before:
            yield from (f"+{margin}{line}" for line in curly_group(group))
    order = [key for key in after if key in before]
    if order != [key for key in before if key in after]:
        yield from (f"!{margin}{said(after[key][0].words)} {{ ... }}" for key in order)


def _key(group: list[Node]) -> Words:
    first = group[0]
    # The values of one statement are one thing, and so is a statement with one value.
    return first.words[:1] if len(first.words) > 1 and _is_valued(first) else first.words


def _is_valued(node: Node) -> bool:
    return node.rule.kind in {Kind.LEAF, Kind.VALUES} and node.rule.word != "*"


def _is_same(one: list[Node], two: list[Node]) -> bool:
    return [node.words for node in one] == [node.words for node in two] and (
        bool(one[0].children) == bool(two[0].children)
    )


def _goes_on(one: list[Node], two: list[Node]) -> bool:
    return bool(one[0].children and two[0].children)
