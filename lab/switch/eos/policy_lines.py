"""The lines of prefix-lists and route-maps that the virtual EOS knows.

A prefix-list is a block; its entries get numbers in steps of ten where none is given, and lose
their host bits. A match takes the place of the one of its kind.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError
from lab.switch.route_maps import prefix_entry

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from lab.switch.lines import Node

_SEQ_STEP = 10


def _entry(found: re.Match[str], into: Node) -> str:
    """Return a prefix-list's entry with its number, masked, its lengths checked."""
    version = 6 if into.text.startswith("ipv6") else 4
    numbers = [int(one.groups["seq"]) for one in into.children.values() if "seq" in one.groups]
    try:
        entry = prefix_entry(found[0], seq=max(numbers, default=0) + _SEQ_STEP)
        prefix = ip_network(found["_prefix"], strict=False)
    except ValueError:
        raise RefusedError("Invalid prefix length range") from None
    if entry is None or prefix.version != version:
        raise RefusedError(f"Invalid prefix: {found['_prefix']}")
    return f"seq {entry.seq} {found['_action']} {prefix}{found['_lengths']}"


def _drop_entry(found: re.Match[str], into: Node) -> None:
    """Take a prefix-list away, or the entry of it that is named."""
    for key, one in list(into.children.items()):
        if one.command.name == "prefix-list" and one.groups["name"] == found["name"]:
            if one.groups["family"] != found["family"]:
                continue
            if found.groupdict().get("seq") is None:
                del into.children[key]
            else:
                one.drop(lambda entry: entry.groups.get("seq") == found["seq"])


def _stanza(found: re.Match[str], into: Node) -> str:
    del into
    action, seq = found["_action"] or "permit", found["seq"] or str(_SEQ_STEP)
    return f"route-map {found['name']} {action} {seq}"


def prefix_list(family: str) -> Command:
    """Return the line that a prefix-list begins with, of ``ip`` or ``ipv6``."""
    return Command(
        rf"(?P<family>{family}) prefix-list (?P<name>\S+)",
        name="prefix-list",
        enters="prefix-list",
        removed_by=(rf"(?P<family>{family}) prefix-list (?P<name>\S+) seq (?P<seq>\d+)(?: .+)?",),
        withdraw=_drop_entry,
    )


_PREFIX_LIST = (
    Command(
        r"(?:seq (?P<seq>\d+) )?(?P<_action>permit|deny) (?P<_prefix>[0-9A-Fa-f.:]+/\d+)"
        r"(?P<_lengths>(?: eq \d+| ge \d+| le \d+| ge \d+ le \d+)?)",
        removed_by=(r"seq (?P<seq>\d+)",),
        rewrite=_entry,
    ),
)

_STANZA = (
    Command(r"description (?P<_text>.+)", removed_by=("description",)),
    Command(r"match ip address prefix-list (?P<_list>\S+)"),
    Command(r"match ipv6 address prefix-list (?P<_list>\S+)"),
    Command(r"match as-path (?P<_list>\S+)"),
    Command(r"match community (?P<_lists>\S.*)"),
    Command(r"continue(?: (?P<_seq>\d+))?"),
    Command(r"set (?P<what>local-preference|metric|origin|weight|tag) (?P<_value>\S+)"),
    Command(r"set community (?P<_value>\d+:\d+(?: \d+:\d+)*(?: additive)?)"),
    Command(r"set as-path prepend (?P<_value>\S.*)"),
)

ROUTE_MAP = Command(
    r"route-map (?P<name>\S+)(?: (?P<_action>permit|deny)(?: (?P<seq>\d+))?)?",
    name="route-map",
    enters="route-map",
    rewrite=_stanza,
)
POLICY_MODES: Mapping[str, Mode] = {
    "prefix-list": Mode(_PREFIX_LIST),
    "route-map": Mode(_STANZA),
}
