"""What a commit refuses: :func:`check`, references to what is not there above all.

The sentences are Junos's own where they are documented ("Policy error: Policy X referenced but
not defined", "configuration check-out failed").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.junos.as_paths import PathError
from lab.switch.junos.bgp import router
from lab.switch.junos.groups import expanded
from lab.switch.junos.policy import UnsupportedError
from lab.switch.junos.prefixes import FilterError
from lab.switch.junos.reading import Complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.junos.schema import Words
    from lab.switch.junos.tree import Node

_FAILED = Complaint("", "configuration check-out failed", "")
#: Statement in a term -> what it refers to, and how that is called in the complaint.
_REFERENCES = {
    "policy": ("policy-statement", "Policy"),
    "prefix-list": ("prefix-list", "Prefix-list"),
    "prefix-list-filter": ("prefix-list", "Prefix-list"),
    "community": ("community", "Community"),
    "as-path": ("as-path", "AS path"),
    "as-path-group": ("as-path-group", "AS path group"),
}


def check(tree: Node) -> list[Complaint]:
    """Return why ``tree`` can't be committed; nothing if it can."""
    whole = expanded(tree)
    found = [*_policies(whole), *_chains(whole)]
    if not found:
        try:
            router(tree)
        except (UnsupportedError, PathError, FilterError) as error:
            found.append(Complaint("", f"this virtual switch has no {error}", ""))
        except ValueError as error:
            found.append(Complaint("[edit protocols bgp]", str(error), ""))
    return [*found, _FAILED] if found else []


def _policies(tree: Node) -> Iterator[Complaint]:
    options = tree.one("policy-options")
    for policy in options.all("policy-statement"):
        path = ("policy-options", *policy.words)
        for term in [*policy.all("term"), policy]:
            here = (*path, *term.words) if term is not policy else path
            for statement in term.one("from").children.values():
                if not statement.is_inactive:
                    yield from _reference(options, (*here, "from"), statement)
            for action in term.one("then").all("community"):
                yield from _missing(options, (*here, "then"), action, "community", "Community")
        if _calls(options, policy.words[1], frozenset()):
            yield Complaint(
                _edit(path), f"Policy error: Policy {policy.words[1]} calls itself", policy.words[1]
            )


def _reference(options: Node, path: Words, statement: Node) -> Iterator[Complaint]:
    if statement.words[0] in _REFERENCES:
        kind, called = _REFERENCES[statement.words[0]]
        yield from _missing(options, path, statement, kind, called)


def _missing(
    options: Node, path: Words, statement: Node, kind: str, called: str
) -> Iterator[Complaint]:
    at = 2 if kind == "community" and statement.words[1] in {"add", "set", "delete", "+"} else 1
    name = statement.words[at] if at < len(statement.words) else ""
    if not any(one.words[1] == name for one in options.all(kind)):
        yield Complaint(
            _edit(path), f"Policy error: {called} {name} referenced but not defined", name
        )


def _calls(options: Node, name: str, seen: frozenset[str]) -> bool:
    if name in seen:
        return True
    policy = options.one("policy-statement", name)
    calls = [
        called
        for term in [*policy.all("term"), policy]
        for called in term.one("from").values("policy")
    ]
    return any(_calls(options, called, seen | {name}) for called in calls)


def _chains(tree: Node) -> Iterator[Complaint]:
    options = tree.one("policy-options")
    known = {policy.words[1] for policy in options.all("policy-statement")}
    for path, level in _levels(tree):
        for direction in ("import", "export"):
            for name in level.values(direction):
                if name not in known:
                    yield Complaint(
                        _edit(path),
                        f"Policy error: Policy {name} referenced but not defined",
                        f"{direction} {name}",
                    )
                    yield Complaint(_edit(path), f"BGP: {direction} list not applied", direction)


def _levels(tree: Node) -> Iterator[tuple[Words, Node]]:
    roots: list[tuple[Words, Node]] = [((), tree)]
    instances = tree.one("routing-instances")
    roots += [
        (("routing-instances", *one.words), one)
        for one in instances.children.values()
        if not one.is_inactive
    ]
    for path, root in roots:
        bgp = root.one("protocols", "bgp")
        here = (*path, "protocols", "bgp")
        yield here, bgp
        for group in bgp.all("group"):
            yield (*here, *group.words), group
            for neighbor in group.all("neighbor"):
                yield (*here, *group.words, *neighbor.words), neighbor


def _edit(path: Words) -> str:
    return f"[edit {' '.join(path)}]"
