"""The semantic verification of a commit: :func:`faults` of a configuration that is to be.

What is checked is what the platform checks (Cisco, "Implementing Routing Policy", policy
verification): policies may refer to nothing that exists as long as they are not attached; once
attached, all that they refer to must be there, and nothing in use can be removed. Law: what has no
faults can be made a :class:`lab.switch.meaning.Router`. The frame of a refusal is the platform's
word for word; what each condition says in it is worded after its manner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.switch.iosxr.bgp import Bgp, find_bgp, meaning_of
from lab.switch.iosxr.policies import FaultyPolicyError, Library, UnsupportedError
from lab.switch.iosxr.rpl import parse_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.iosxr.tree import Node, Tree
    from lab.switch.meaning import Router

_HEADER = (
    "!! SEMANTIC ERRORS: This configuration was rejected by",
    "!! the system due to semantic errors. The individual",
    "!! errors with each failed configuration command can be",
    "!! found below.",
)
_SYNTAX = (
    "!! SYNTAX/AUTHORIZATION ERRORS: This configuration failed due to",
    "!! one or more of the following reasons:",
    "!!  - the entered commands do not exist,",
    "!!  - the entered commands have errors in their syntax,",
    "!!  - the software packages containing the commands are not active,",
    "!!  - the current user is not a member of a task-group that has",
    "!!    permissions to use the commands.",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A command that is refused: where it stands, from the top, and the platform's reason."""

    where: tuple[str, ...]
    reason: str


def refusal(faults: tuple[Fault, ...]) -> str:
    """Return what ``show configuration failed`` says of a commit that failed."""
    lines = [*_HEADER, "", ""]
    for fault in faults:
        lines += [f"{' ' * depth}{line}" for depth, line in enumerate(fault.where)]
        lines.append(f"!!% {fault.reason}")
        lines += [f"{' ' * depth}!" for depth in reversed(range(len(fault.where) - 1))]
    return "\n".join([*lines, "end", ""])


def syntax_refusal(lines: tuple[str, ...]) -> str:
    """Return what the platform says of lines that are no commands."""
    return "\n".join([*_SYNTAX, "", *lines, ""])


def faults(old: Tree, new: Tree) -> tuple[Fault, ...]:
    """Return what keeps ``new`` from being committed over ``old``; () if nothing does."""
    return verified(old, new)[0]


def verified(old: Tree, new: Tree) -> tuple[tuple[Fault, ...], Router | None]:
    """Return the faults of ``new``, and what it means if there are none."""
    library = Library.of(new)
    gone = _names(old) - _names(new)
    found = tuple(dict.fromkeys(_faults(new, library, gone)))
    if found:
        return found, None
    try:
        return (), meaning_of(new, library)
    except UnsupportedError as error:
        return (Fault(("router bgp",), _says("policy_repository", str(error))),), None


def _names(tree: Tree) -> set[tuple[str, str]]:
    found = set()
    for node in tree:
        if node.body is not None:
            kind, _, rest = node.line.partition(" ")
            found.add((kind, parse_header(rest)[0]))
    return found


def _faults(tree: Tree, library: Library, gone: set[tuple[str, str]]) -> Iterator[Fault]:
    defined = _names(tree)
    for bgp in find_bgp(tree):
        for where, node in _attachments(bgp):
            name = parse_header(node.line.removeprefix("route-policy").rsplit(" ", 1)[0])[0]
            try:
                wanted = (("route-policy", name), *library.references(name))
            except FaultyPolicyError as error:
                yield Fault((*where, node.line), _says("policy_repository", str(error)))
                continue
            for kind, missing in wanted:
                if (kind, missing) in defined:
                    continue
                if (kind, missing) in gone:
                    text = f"{kind} {missing} is in use by an attached policy and can't be removed"
                    yield Fault((f"no {kind} {missing}",), _says("policy_repository", text))
                else:
                    text = f"{kind} {missing} is not defined"
                    yield Fault((*where, node.line), _says("policy_repository", text))
        yield from _sessions(bgp)


def _says(who: str, text: str) -> str:
    return f"'{who}' detected the 'warning' condition '{text}'"


def _attachments(bgp: Bgp) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Yield each ``route-policy`` line of a neighbor or group, and the lines that it stands in."""
    above = (bgp.top.line, bgp.node.line) if bgp.vrf else (bgp.top.line,)
    for node in bgp.node.children:
        if node.mode not in {"neighbor", "neighbor-af"}:
            continue
        families = [node] if node.mode == "neighbor-af" else node.children
        for family in families:
            where = (*above, node.line) if family is node else (*above, node.line, family.line)
            for child in family.children:
                if child.line.startswith("route-policy "):
                    yield where, child


def _sessions(bgp: Bgp) -> Iterator[Fault]:
    above = (bgp.top.line, bgp.node.line) if bgp.vrf else (bgp.top.line,)
    global_ones = {one.line for one in bgp.node.children if one.mode == "bgp-af"}
    groups = {one.line for one in bgp.top.children}
    for node in bgp.node.children:
        if node.mode not in {"neighbor", "session"}:
            continue
        for child in node.children:
            used = child.line.removeprefix("use ")
            if used != child.line and used not in groups:
                yield Fault((*above, node.line, child.line), _says("BGP", f"{used} is not defined"))
            if (
                child.mode == "neighbor-af"
                and child.line not in global_ones
                and (node.line.startswith("neighbor "))
            ):
                text = "The parent address family has not been initialized"
                yield Fault((*above, node.line, child.line), _says("BGP", text))
        if node.line.startswith("neighbor ") and bgp.of_session(node, "remote-as") is None:
            yield Fault((*above, node.line), _says("BGP", "The remote-as is not configured"))
