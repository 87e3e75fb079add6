"""The lines of prefix-lists, other lists and route-maps that the virtual NX-OS knows.

An entry without a number gets one, in steps of five. A second match on prefix-lists joins the
first. Printed form: a blank behind the head of a route-map's stanza and behind entries.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from lab.switch.lines import Node

NAME = r"[^\s\"]{1,63}"
_MAX_LENGTH = {4: 32, 6: 128}
_ENTRY = (
    r"(?: seq (?P<seq>\d+))?(?P<_body> (?P<_action>permit|deny) (?P<_prefix>[0-9a-fA-F.:]+/\d+)"
    r"(?: eq (?P<_eq>\d+))?(?: ge (?P<_ge>\d+))?(?: le (?P<_le>\d+))?) ?"
)


def _list_entry(version: int) -> Callable[[re.Match[str], Node], str]:
    """Return what checks a prefix-list's entry, and numbers it if it has no number."""

    def rewrite(found: re.Match[str], root: Node) -> str:
        prefix = ip_network(found["_prefix"], strict=False) if _is_network(found) else None
        if prefix is None or prefix.version != version:
            raise RefusedError("% Invalid ip address/mask format")
        low, high = found["_ge"], found["_le"]
        lowest = int(low) if low else prefix.prefixlen
        highest = int(high) if high else _MAX_LENGTH[version]
        exact = found["_eq"]
        sane = prefix.prefixlen <= lowest <= highest <= _MAX_LENGTH[version]
        if not sane or (exact and not prefix.prefixlen <= int(exact) <= _MAX_LENGTH[version]):
            raise RefusedError("ERROR: Invalid prefix length range")
        seq = found["seq"] or str(_next_seq(root, found["name"], version))
        text = f" {found['_action']} {prefix}"
        for word in ("eq", "ge", "le"):
            text += f" {word} {found[f'_{word}']}" if found[f"_{word}"] else ""
        return f"{'ip' if version == 4 else 'ipv6'} prefix-list {found['name']} seq {seq}{text} "  # noqa: PLR2004 - the version itself

    return rewrite


def _is_network(found: re.Match[str]) -> bool:
    try:
        ip_network(found["_prefix"], strict=False)
    except ValueError:
        return False
    return True


def _next_seq(root: Node, name: str, version: int) -> int:
    numbers = [
        int(one.groups["seq"])
        for one in root.named(f"prefix-list {version}")
        if one.groups["name"] == name
    ]
    return (max(numbers, default=0) // 5 + 1) * 5


def _prefix_lists(version: int) -> tuple[Command, ...]:
    word = "ip" if version == 4 else "ipv6"  # noqa: PLR2004 - the version itself
    return (
        Command(
            rf"{word} prefix-list (?P<name>{NAME}) description (?P<_text>.+)",
            name=f"prefix-list description {version}",
            removed_by=(rf"{word} prefix-list (?P<name>{NAME})(?: description)?",),
        ),
        Command(
            rf"{word} prefix-list (?P<name>{NAME}){_ENTRY}",
            name=f"prefix-list {version}",
            rewrite=_list_entry(version),
            removed_by=(rf"{word} prefix-list (?P<name>{NAME})(?: seq (?P<seq>\d+))?",),
        ),
    )


def _stanza_head(found: re.Match[str], root: Node) -> str:
    """Print the blank at the end; permit turned into deny keeps the stanza's lines."""
    action, seq = found["_action"] or "permit", found["seq"] or "10"
    if not 0 <= int(seq) <= 65535:  # noqa: PLR2004 - as the platform's help says
        raise RefusedError(f"% Invalid number, range is (0:65535) at '^' marker: {seq}")
    del root
    return f"route-map {found['name']} {action} {seq} "


def _match_lists(found: re.Match[str], stanza: Node) -> str:
    """Add lists to those that the stanza matches: a second line joins the first."""
    head = f"match {found['family']} address prefix-list"
    there = [one for one in stanza.named("match prefix-list") if one.text.startswith(head)]
    names = there[0].groups["names"].split() if there else []
    names += [one for one in found["_names"].split() if one not in names]
    return f"{head} {' '.join(names)} "


def _unmatch_lists(found: re.Match[str], stanza: Node) -> None:
    """Take the named lists out of the match; the last one takes the line away."""
    head = f"match {found['family']} address prefix-list"
    for one in tuple(stanza.named("match prefix-list")):
        if one.text.startswith(f"{head} "):
            gone = found["_names"].split()
            names = [name for name in one.groups["names"].split() if name not in gone]
            if len(names) + len(set(gone)) != len(one.groups["names"].split()):
                raise RefusedError("ERROR: Prefix-list is not matched by this route-map sequence")
            stanza.drop(lambda line, at=one: line is at)  # type: ignore[misc]
            if names:
                kept = {**one.groups, "names": " ".join(names)}
                one.text, one.groups = f"{head} {' '.join(names)} ", kept
                stanza.children[one.command.pattern, *one.identity] = one
            return
    raise RefusedError("ERROR: Prefix-list is not matched by this route-map sequence")


#: In the order in which they are printed.
POLICIES = (
    *_prefix_lists(4),
    *_prefix_lists(6),
    Command(
        rf"ip community-list standard (?P<name>{NAME})(?: seq (?P<seq>\d+))? permit "
        r"(?P<_values>\d+:\d+(?: \d+:\d+)*) ?",
        name="community-list",
        removed_by=(rf"ip community-list standard (?P<name>{NAME})",),
    ),
    Command(
        rf"ip as-path access-list (?P<name>{NAME})(?: seq (?P<seq>\d+))? permit "
        r"\"(?P<_regex>[^\"]+)\" ?",
        name="as-path-list",
        removed_by=(rf"ip as-path access-list (?P<name>{NAME})",),
    ),
    Command(
        rf"route-map (?P<name>{NAME})(?: (?P<_action>permit|deny))?(?: (?P<seq>\d+))? ?",
        name="route-map",
        enters="route-map",
        by=("name",),
        rewrite=_stanza_head,
    ),
)

POLICY_MODES = {
    "route-map": Mode(
        (
            Command(r"description (?P<_text>.+)", name="description"),
            Command(
                r"match (?P<family>ip|ipv6) address prefix-list (?P<_names>\S.*?) ?",
                name="match prefix-list",
                rewrite=_match_lists,
                withdraw=_unmatch_lists,
            ),
            Command(r"match community (?P<_names>\S.*?) ?", name="match community"),
            Command(r"match as-path (?P<_names>\S.*?) ?", name="match as-path"),
            Command(
                r"(?P<line>match (?:interface|tag|route-type|metric|ip next-hop|source-protocol)"
                r"(?: .*)?)"
            ),
            Command(r"set (?P<what>local-preference) (?P<_value>\d+) ?", name="set"),
            Command(r"set (?P<what>metric) (?P<_value>\d+) ?", name="set"),
            Command(
                r"set (?P<what>community) (?P<_value>(?:\d+:\d+ ?)+(?: ?additive)?|none)",
                name="set",
            ),
            Command(r"set (?P<what>as-path prepend) (?P<_value>[\d ]+?) ?", name="set"),
            Command(r"set (?P<what>weight|origin|tag) (?P<_value>\S+) ?", name="set"),
            Command(r"continue(?: (?P<_seq>\d+))?", name="continue"),
        )
    )
}
