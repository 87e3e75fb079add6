"""What ``load`` reads: commands (:func:`load_set`) and curly text (:func:`load_curly`).

Junos goes on after a line that it refuses: both apply all the rest to the tree and return the
:class:`Complaint` s in order, of which only errors keep a configuration from being committed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lab.switch.junos.schema import Kind, StatementError, Words
from lab.switch.junos.tree import Node, NotFoundError

#: A quoted string, a bracket, or a plain word.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{};]|[^\s\[\]{};"]+|\S')
_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/|#[^\n]*', re.DOTALL)
_NOT_FOUND = "statement not found"
_TAGS = frozenset({"replace:", "inactive:", "active:", "delete:", "protect:"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the device says of a line: where, which word, why; a warning or an error."""

    line: str
    message: str
    element: str
    is_warning: bool = False


def load_set(root: Node, text: str) -> list[Complaint]:
    """Apply ``set``, ``delete``, ``deactivate``, ``activate`` and ``insert`` lines."""
    complaints: list[Complaint] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        words = tuple(_unquoted(token) for token in _TOKEN.findall(line))
        try:
            _command(root, words)
        except StatementError as error:
            complaints.append(Complaint(line, str(error), words[-1]))
        except NotFoundError:
            complaints.append(Complaint(line, _NOT_FOUND, words[-1], is_warning=True))
    return complaints


def _command(root: Node, words: Words) -> None:
    command, rest = words[0], words[1:]
    if not rest:
        raise StatementError("syntax error")
    if command == "set":
        for one in _spread(rest):
            root.set(one)
    elif command == "delete":
        for one in _spread(rest):
            root.delete(one)
    elif command in {"deactivate", "activate"}:
        root.activate(rest, active=command == "activate")
    elif command == "insert":
        at = next((at for at, word in enumerate(rest) if word in {"before", "after"}), 0)
        if at == 0 or at == len(rest) - 1:
            raise StatementError("syntax error")
        root.insert(rest[:at], rest[at], rest[at + 1 :])
    else:
        raise StatementError("unknown command.")


def _spread(words: Words) -> list[Words]:
    """Return ``a [ b c ]`` as ``a b`` and ``a c``."""
    if "[" not in words:
        return [words]
    begin = words.index("[")
    if words[-1] != "]" or begin + 1 >= len(words) - 1:
        raise StatementError("syntax error")
    return [(*words[:begin], value) for value in words[begin + 1 : -1]]


def load_curly(root: Node, text: str, *, replaces: bool) -> list[Complaint]:
    """Merge curly text into the tree; only ``replaces`` obeys ``replace:`` tags."""
    tokens = _TOKEN.findall(_COMMENT.sub(lambda hit: hit[1] or " ", text))
    complaints: list[Complaint] = []
    path: list[Words] = []
    words: list[str] = []
    for token in tokens:
        if token not in {"{", "}", ";"}:
            words.append(token)
            continue
        if token == "}":  # noqa: S105 - a bracket
            if not path or words:
                complaints.append(Complaint(" ".join(words), "syntax error", token))
                return complaints
            path.pop()
            continue
        tags = [word for word in words if word in _TAGS]
        statement = tuple(_unquoted(word) for word in words if word not in _TAGS)
        words = []
        here = tuple(word for level in path for word in level)
        try:
            _state(root, here, statement, tags if replaces else [*{*tags} - {"replace:"}])
        except StatementError as error:
            bad = statement[-1] if statement else token
            complaints.append(Complaint(" ".join((*here, *statement)), str(error), bad))
        if token == "{":  # noqa: S105 - a bracket
            path.append(statement)
    if path or words:
        complaints.append(Complaint(" ".join(words), "syntax error", "end of text"))
    return complaints


def _state(root: Node, here: Words, statement: Words, tags: list[str]) -> None:
    if not statement:
        raise StatementError("syntax error")
    every = [(*here, *one) for one in _spread(statement)]
    if {"replace:", "delete:"} & set(tags):
        for one in every:
            _gone(root, one)
    if "delete:" in tags:
        return
    for one in every:
        root.set(one)
    if "inactive:" in tags:
        for one in every:
            node = root.find(*one)
            if node is None:
                # A container is not there before something is inside: the tag waits for it.
                node = _made(root, one)
            node.is_inactive = True


def _gone(root: Node, words: Words) -> None:
    try:
        root.delete(words)
    except NotFoundError:
        return


def _made(root: Node, words: Words) -> Node:
    node = root
    at = 0
    while at < len(words):
        rule = node.rule.child(words[at])
        if rule is None:
            raise StatementError("syntax error")
        length = 1 if rule.kind is Kind.CONTAINER or rule.word == "*" else 2
        key = words[at : at + length]
        node = node.children.setdefault(key, Node(rule, key))
        at += length
    return node


def _unquoted(token: str) -> str:
    if len(token) > 1 and token[0] == token[-1] == '"':
        return token[1:-1]
    return token
