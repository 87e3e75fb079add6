"""The lines of prefix-lists and route-maps of IOS-XE, with what it refuses of them."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import re

    from lab.switch.lines import Node

_FAMILY = {"ip": 4, "ipv6": 6}
_LONGEST = {4: 32, 6: 128}


def _entry(found: re.Match[str], root: Node) -> str:
    """Return an entry as it is kept: numbered, its prefix without host bits, IPv6 upper case."""
    family, name = found["_family"], found["name"]
    there = [
        one
        for one in root.named("entry")
        if one.groups["family"] == family and one.groups["name"] == name
    ]
    lengths = _lengths(found, _FAMILY[family])
    last = max((int(one.groups["seq"]) for one in there), default=0)
    seq = int(found["seq"] or last // 5 * 5 + 5)
    prefix = str(ip_network(found["_prefix"], strict=False)).upper()
    rule = f"{found['_action']} {prefix}{lengths}"
    for one in there:
        if int(one.groups["seq"]) == seq or one.text.endswith(f" {rule}"):
            raise RefusedError(
                f"%Insertion failed - prefix-list entry exists: seq {one.groups['seq']} "
                f"{one.groups['action']} {one.groups['prefix']}"
            )
    return f"{family} prefix-list {name} seq {seq} {rule}"


def _lengths(found: re.Match[str], version: int) -> str:
    try:
        prefix = ip_network(found["_prefix"], strict=False)
    except ValueError:
        raise RefusedError("% Invalid input detected at '^' marker.") from None
    if prefix.version != version:
        raise RefusedError("% Invalid input detected at '^' marker.")
    ge = int(found["_ge"]) if found["_ge"] else None
    le = int(found["_le"]) if found["_le"] else None
    length, longest = prefix.prefixlen, _LONGEST[version]
    in_order = (
        (ge is None or length < ge <= longest)
        and (le is None or length < le <= longest)
        and (ge is None or le is None or ge <= le)
    )
    if not in_order:
        raise RefusedError(
            f"% Invalid prefix range for {prefix}, make sure: len < ge-value <= le-value"
        )
    return (f" ge {ge}" if ge else "") + (f" le {le}" if le else "")


def _prefix_lists(family: str, rank: int) -> tuple[Command, ...]:
    word = rf"(?P<_family>{family}) prefix-list (?P<name>\S+)"
    return (
        Command(
            rf"{word} description (?P<_text>.+)",
            rank=rank,
            by=("name",),
            parted=True,
            removed_by=(rf"{family} prefix-list (?P<name>\S+)(?: description)?",),
        ),
        Command(
            rf"{word} (?:seq (?P<seq>\d+) )?(?P<_action>permit|deny) (?P<_prefix>\S+)"
            r"(?: ge (?P<_ge>\d+))?(?: le (?P<_le>\d+))?",
            name="entry",
            rank=rank,
            by=("name",),
            parted=True,
            removed_by=(
                rf"{family} prefix-list (?P<name>\S+)",
                rf"{family} prefix-list (?P<name>\S+) seq (?P<seq>\d+)",
            ),
            rewrite=_entry,
        ),
    )


PREFIX_LISTS = {4: _prefix_lists("ip", 32), 6: _prefix_lists("ipv6", 36)}


def _header(found: re.Match[str], root: Node) -> str:
    """Return a stanza's header with all that may be left out, and the space IOS-XE prints."""
    del root
    return f"route-map {found['name']} {found['_action'] or 'permit'} {found['seq'] or 10} "


ROUTE_MAP = Command(
    r"route-map (?P<name>\S+)(?: (?P<_action>permit|deny)(?: (?P<seq>\d+))?)? ?",
    name="stanza",
    rank=37,
    enters="route-map",
    removed_by=(
        r"route-map (?P<name>\S+)",
        r"route-map (?P<name>\S+) (?:permit|deny) (?P<seq>\d+)",
    ),
    rewrite=_header,
)


def _join(found: re.Match[str], stanza: Node) -> str:
    """Return a match on lists with those that are matched already: they are alternatives."""
    words = [*_matched(found, stanza), *found["_names"].split()]
    return f"match {found['kind']} {' '.join(dict.fromkeys(words))}"


def _part(found: re.Match[str], stanza: Node) -> None:
    """Take lists out of a match; it goes with the last of them."""
    named = found.groupdict().get("_names")
    gone = set(named.split()) if named else set(_matched(found, stanza))
    for node in [one for one in stanza.named("match") if one.groups["kind"] == found["kind"]]:
        stays = [name for name in node.groups["names"].split() if name not in gone]
        text = f"match {found['kind']} {' '.join(stays)}"
        if stays:
            node.text, node.groups = text, {**node.groups, "names": " ".join(stays)}
        else:
            _drop(stanza, node)


def _drop(stanza: Node, node: Node) -> None:
    stanza.drop(lambda one: one is node)


def _matched(found: re.Match[str], stanza: Node) -> list[str]:
    return [
        name
        for one in stanza.named("match")
        if one.groups["kind"] == found["kind"]
        for name in one.groups["names"].split()
    ]


_KINDS = r"(?P<kind>ip address prefix-list|ipv6 address prefix-list|as-path|community)"

POLICY_MODES = {
    "route-map": Mode(
        (
            Command(r"description (?P<_text>.+)", rank=0, removed_by=("description",)),
            Command(
                rf"match {_KINDS} (?P<_names>\S.*)",
                name="match",
                rank=0,
                rewrite=_join,
                withdraw=_part,
                removed_by=(rf"match {_KINDS}",),
            ),
            Command(r"continue(?: (?P<_seq>\d+))?", rank=0),
            Command(r"set as-path prepend (?P<_path>.+)", rank=0),
            Command(
                r"set (?P<what>local-preference|metric|weight) (?P<_value>\d+)",
                rank=0,
                removed_by=(r"set (?P<what>local-preference|metric|weight)",),
            ),
            Command(r"set community (?P<_values>\S.*)", rank=0, removed_by=(r"set community",)),
        )
    )
}
