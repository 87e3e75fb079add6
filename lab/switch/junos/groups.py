"""What ``apply-groups`` brings in: :func:`expanded`, the configuration that takes effect."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lab.switch.junos.schema import Kind

if TYPE_CHECKING:
    from lab.switch.junos.schema import Words
    from lab.switch.junos.tree import Node


def expanded(tree: Node) -> Node:
    """Return ``tree`` without what is inactive, and with what its groups add.

    What stands in the configuration itself wins, then the groups in their order. A name in
    ``<angle brackets>`` stands for all names of that pattern that are there.
    """
    result = _active(tree)
    names = result.values("apply-groups")
    groups = {group.words[1]: group for group in result.all("groups")}
    for name in names:
        if name in groups:
            _inherit(result, groups[name])
    for words in [words for words in result.children if words[0] in {"groups", "apply-groups"}]:
        del result.children[words]
    return result


def _active(node: Node) -> Node:
    copy = node.copy()
    _drop(copy)
    return copy


def _drop(node: Node) -> None:
    for words, child in list(node.children.items()):
        if child.is_inactive:
            del node.children[words]
        else:
            _drop(child)


def _inherit(node: Node, group: Node) -> None:
    for words, child in group.children.items():
        if any(word.startswith("<") and word.endswith(">") for word in words):
            for there in list(node.children.values()):
                if there.rule is child.rule and _fits(words, there.words):
                    _inherit(there, child)
        elif words in node.children:
            _inherit(node.children[words], child)
        elif not _is_decided(node, child):
            node.children[words] = child.copy()


def _fits(pattern: Words, words: Words) -> bool:
    return len(pattern) == len(words) and all(
        fnmatchcase(word, one[1:-1]) if one[0] == "<" else one == word
        for one, word in zip(pattern, words, strict=True)
    )


def _is_decided(node: Node, child: Node) -> bool:
    """Whether a statement with one value has it already."""
    rule = child.rule
    return any(
        (there.rule is rule and rule.kind is Kind.LEAF) or (there.rule.is_choice and rule.is_choice)
        for there in node.children.values()
    )
