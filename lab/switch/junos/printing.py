"""How Junos prints a configuration: :func:`set_form`, :func:`curly` and :func:`xml`.

Law: what :func:`set_form` and :func:`curly` print is read back (reading.py) as the same tree.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lxml import etree

from lab.switch.junos.schema import Kind, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.junos.tree import Node

_PLAIN = re.compile(r"[\w./:@+%*<>,=!?~-]+")
_INDENT = "    "


def quoted(word: str) -> str:
    """Return a word as it is printed: in quotes if it holds anything out of the ordinary.

    What is escaped inside of quotes is kept so (reading.py).
    """
    return word if _PLAIN.fullmatch(word) else f'"{word}"'


def said(words: Words) -> str:
    """Return words as they are printed."""
    return " ".join(quoted(word) for word in words)


def set_form(node: Node, path: Words = ()) -> Iterator[str]:
    """Yield the commands that make ``node``, as ``| display set`` prints them."""
    for group in groups(node):
        for child in group:
            here = (*path, *child.words)
            if child.children:
                yield from set_form(child, here)
            else:
                yield f"set {said(here)}"
        if group[0].is_inactive:
            is_values = group[0].rule.kind is Kind.VALUES
            yield f"deactivate {said((*path, *group[0].words[: 1 if is_values else None]))}"


def curly(node: Node, indent: str = "", before: str = "") -> Iterator[str]:
    """Yield the lines inside ``node`` in curly brackets, from ``indent`` on."""
    for group in groups(node):
        yield from curly_group(group, indent, before)


def curly_group(group: list[Node], indent: str = "", before: str = "") -> Iterator[str]:
    """Yield the lines of one statement, which may be several nodes (see :func:`groups`)."""
    first = group[0]
    mark = "inactive: " if first.is_inactive else ""
    begin = f"{indent}{mark}{before}{said(first.words)}"
    if len(group) > 1:
        values = " ".join(quoted(one.words[-1]) for one in group)
        yield f"{indent}{mark}{before}{first.words[0]} [ {values} ];"
    elif not first.children:
        yield f"{begin};{' ## SECRET-DATA' if first.rule.is_secret else ''}"
    elif first.rule.is_joined and not first.is_inactive:
        yield from curly(first, indent, f"{before}{said(first.words)} ")
    elif (only := _one_line(first)) is not None:
        yield f"{begin} {said(only.words)};"
    else:
        yield f"{begin} {{"
        yield from curly(first, indent + _INDENT)
        yield f"{indent}}}"


def groups(node: Node) -> list[list[Node]]:
    """Return what is inside in order; the values of one statement stand together."""

    def statement(pair: tuple[int, Node]) -> tuple[int, str]:
        at, child = pair
        return (0, child.words[0]) if child.rule.kind is Kind.VALUES else (at + 1, "")

    pairs = enumerate(node.in_order())
    return [[child for _, child in group] for _, group in groupby(pairs, key=statement)]


def _one_line(node: Node) -> Node | None:
    if not node.rule.is_oneliner or len(node.children) != 1:
        return None
    only = next(iter(node.children.values()))
    is_short = only.rule.kind in {Kind.CONTAINER, Kind.LEAF, Kind.VALUES} and not only.is_inactive
    return only if is_short and not only.children else None


def xml(node: Node, parent: Any) -> None:  # noqa: ANN401 - lxml is not annotated
    """Append the statements inside ``node`` to an XML element, in its namespace."""
    space = etree.QName(parent).namespace
    for child in node.in_order():
        words, is_nameless = child.words, child.rule.word == "*"
        tag = f"{node.words[0]}-item" if is_nameless else words[0]
        tag = tag if re.match(r"[A-Za-z_]", tag) else f"x-{tag}"
        element = etree.SubElement(parent, etree.QName(space, tag))
        if child.is_inactive:
            element.set("inactive", "inactive")
        rest = words if is_nameless else words[1:]
        if child.rule.kind in {Kind.LEAF, Kind.VALUES} and not is_nameless:
            element.text = rest[0]
        else:
            for at, word in enumerate(rest):
                inside = etree.QName(space, "name" if at == 0 else "value")
                etree.SubElement(element, inside).text = word
        xml(child, element)
