"""What is known about FRR's lines, as data; `identity` is the function to read first.

Each table is a tuple of regular expressions. Sources: FRR 8.4.4's command definitions
(bgpd/bgp_vty.c, bgpd/bgp_routemap.c, lib/routemap_cli.c, lib/filter_cli.c) and its daemons.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# What two lines share iff the one overwrites the other.
Identity = tuple[int | str, ...]

_DIRECTION = r"(in|out)"

# A line that replaces another one: two lines are rivals iff they match the same pattern with the
# same groups. Setting the one overwrites the other in a single command, without a gap.
_SINGLE_VALUED = tuple(
    re.compile(pattern + "$")
    for pattern in (
        # Definitions
        r"(ip|ipv6) prefix-list (\S+) seq (\d+) .*",
        r"(ip|ipv6) prefix-list (\S+) description .*",
        r"((?:ip |ipv6 |mac )?access-list) (\S+) seq (\d+) .*",
        r"bgp as-path access-list (\S+) seq (\d+) .*",
        r"bgp ((?:large-|ext)?community-list) (?:standard|expanded) (\S+) seq (\d+) .*",
        # Route-maps. A stanza is its name and number: FRR lets the action be overwritten.
        r"route-map (\S+) (?:permit|deny) (\d+)",
        r"match (ip|ipv6) (address|next-hop|route-source) (prefix-list|prefix-len) \S+",
        r"match (ip|ipv6) (address|next-hop|route-source) (?!prefix-)(?:address )?\S+",
        (
            r"match (as-path|community|large-community|extcommunity|interface|metric|tag|origin"
            r"|peer|local-preference|source-protocol|source-instance|rpki|probability"
            r"|source-vrf) .*"
        ),
        (
            r"set (local-preference|metric|weight|origin|tag|community|large-community|label-index"
            r"|as-path prepend|as-path exclude|ip next-hop|ipv6 next-hop \S+|aggregator as|src"
            r"|comm-list|large-comm-list|originator-id|distance|metric-type|table) .*"
        ),
        r"set (extcommunity (?:rt|soo|bandwidth)) .*",
        r"(description) .*",
        r"(call) .*",
        r"(on-match) .*",
        # BGP
        (
            r"(bgp router-id|bgp cluster-id|bgp route-map delay-timer"
            r"|bgp graceful-restart restart-time|bgp default local-preference"
            r"|bgp listen limit|bgp confederation identifier"
            r"|timers bgp|bgp update-delay|coalesce-time|maximum-paths ibgp|distance bgp) .*"
        ),
        r"(maximum-paths) \d+",
        r"neighbor (\S+) (route-map|prefix-list|filter-list|distribute-list) \S+ " + _DIRECTION,
        (
            r"neighbor (\S+) (remote-as|description|maximum-prefix|maximum-prefix-out|update-source"
            r"|password|ebgp-multihop|allowas-in|unsuppress-map|weight|local-as"
            r"|advertisement-interval|default-originate|ttl-security hops"
            r"|advertise-map|port|timers connect|interface) .*"
        ),
        r"neighbor (\S+) timers (?!connect|delayopen)\d.*",
        r"neighbor (\S+) peer-group \S+",
        r"bgp listen range (\S+) peer-group \S+",
        # Device
        (
            r"(hostname|domainname|log syslog|log file|log facility|log timestamp precision"
            r"|frr version|frr defaults) .*"
        ),
    )
)

# Negations that FRR prints as part of the configuration: a `no` in front of a default.
_PRINTED_NEGATIONS = tuple(
    re.compile(pattern + "$")
    for pattern in (
        (
            r"no bgp (default ipv4-unicast|ebgp-requires-policy|network import-check"
            r"|enforce-first-as|fast-external-failover"
            r"|client-to-client reflection|suppress-duplicates|hard-admin.*"
            r"|graceful-restart.*|default show-.*|log-neighbor-changes|deterministic-med)"
        ),
        r"no neighbor \S+ (activate|send-community.*|capability .*|enforce-first-as)",
        r"no (ip|ipv6) forwarding",
        r"no service integrated-vtysh-config",
        r"no (ip|ipv6) nht resolve-via-default",
        r"no zebra nexthop kernel enable",
    )
)

# Lines whose ``no`` form takes only their beginning. Found by asking vtysh -C of FRR 8.4.4 for the
# negation of every line that it prints of route-maps, lists, BGP and interfaces.
_SHORT_NEGATIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"description(?= )",
        r"set as-path prepend(?= )",
        r"set table(?= )",
        r"on-match goto(?= )",
        r"password(?= )",
        r"banner motd(?= )",
    )
)

_NAMED = 3  # neighbor NAME WHAT

# Top-level lines that other lines refer to by name.
_DEFINITION = re.compile(
    r"(?:ip|ipv6) prefix-list|(?:ip |ipv6 |mac )?access-list|bgp (?:as-path|(?:\w+-)?\w*community)"
)
# Of those, the ones whose commands FRR collects into one transaction (DEFPY_YANG upstream).
_TRANSACTIONAL = re.compile(r"(?:ip|ipv6) prefix-list|(?:ip |ipv6 |mac )?access-list")

# Contexts that exist whether configured or not: they are emptied, not removed.
_PERMANENT = re.compile(r"(interface|address-family|line) ")

# Words that only make sense inside a context; at the margin they are somebody's lost indentation.
_INNER = re.compile(
    r"(?:no )?(?:match|set|on-match|call|continue|neighbor|network|address-family|redistribute"
    r"|aggregate-address|maximum-paths|exit-address-family)\b"
)

# What the switch decides, whatever a whole configuration says: vtysh prints the system's host name.
DEVICE_LINES = re.compile(r"(frr version|hostname|domainname) ")

# Lines that end in the operator's own words.
_FREE_TEXT = re.compile(r"\b(description|remark|password|banner|key-string)\b")

_ENTRY = re.compile(
    r"(?P<name>(?:(?:ip|ipv6) prefix-list|(?:(?:ip|ipv6|mac) )?access-list|bgp as-path access-list"
    r"|bgp (?:large-|ext)?community-list (?:standard|expanded)) \S+)"
    r"(?: seq (?P<seq>\d+))? (?P<what>(?:permit|deny) .*)$"
)
_BOUNDS = re.compile(r"(?:ge|le) \d+(?: (?:ge|le) \d+)?$")


@lru_cache(maxsize=65536)
def identity(line: str) -> Identity:
    """Return what two lines of one context share iff the one overwrites the other."""
    for number, pattern in enumerate(_SINGLE_VALUED):
        found = pattern.match(line)
        if found:
            return (number, *found.groups())
    return (line,)


def is_printed_negation(line: str) -> bool:
    """Whether FRR shows this ``no`` line in its configuration."""
    return any(pattern.match(line) for pattern in _PRINTED_NEGATIONS)


def negation(line: str) -> str:
    """Return the command that removes a line."""
    if line.startswith("no "):
        return line[3:]
    beginnings = (pattern.match(line) for pattern in _SHORT_NEGATIONS)
    return "no " + next((found[0] for found in beginnings if found), line)


def is_definition(line: str) -> bool:
    """Whether a top-level line is part of a list that others refer to by name."""
    return _DEFINITION.match(line) is not None


def is_transactional(line: str) -> bool:
    """Whether FRR applies a batch of such definitions in one transaction."""
    return _TRANSACTIONAL.match(line) is not None


def is_permanent(line: str) -> bool:
    """Whether a context can only be emptied, never removed."""
    return _PERMANENT.match(line) is not None


def belongs_inside(line: str) -> bool:
    """Whether a line makes no sense at the top level."""
    return _INNER.match(line) is not None


def neighbor_name(line: str) -> str:
    """Return the neighbor or peer group that a line speaks of, or ""."""
    words = line.removeprefix("no ").split()
    return words[1] if words[0] == "neighbor" and len(words) > 1 else ""


def neighbors_of(lines: Iterable[str]) -> frozenset[str]:
    """Return the neighbors and peer groups that exist in a BGP context with these lines.

    A peer group exists by its own line; a neighbor by its AS or interface, or as a group's member.
    """
    names: set[str] = set()
    for line in lines:
        words = line.split()
        if words[0] != "neighbor" or len(words) < _NAMED:
            continue
        group = words[2:] == ["peer-group"]
        by_address = words[2] in {"remote-as", "peer-group"} and (
            "." in words[1] or ":" in words[1]
        )
        if group or by_address or words[2] == "interface":
            names.add(words[1])
    return frozenset(names)


def group_of(line: str) -> str:
    """Return the peer group that a line makes something a member of, or ""."""
    found = re.match(r"(?:neighbor \S+|bgp listen range \S+) peer-group (\S+)$", line)
    return found[1] if found else ""


def list_name(line: str) -> str:
    """Return what a definition belongs to, such as ``ip prefix-list NAME``."""
    return re.split(r" seq | description | permit | deny | remark ", line, maxsplit=1)[0]


PREFIX_LISTS = ("ip prefix-list ", "ipv6 prefix-list ")
"""How the lines of prefix-lists begin, by family."""


def prefix_list_names(lines: Iterable[str], family: str) -> list[str]:
    """Return the prefix-lists of a family (one of `PREFIX_LISTS`), in the order they come in."""
    return list(dict.fromkeys(list_name(line) for line in lines if line.startswith(family)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a list, in the words of its line."""

    name: str
    """The list, such as ``ip prefix-list NAME``."""
    seq: str
    """The number, or "" if none is given."""
    what: str
    """Action and match: what makes two entries say the same."""

    @property
    def prefix(self) -> str:
        """The prefix of a prefix-list entry."""
        return self.what.split()[1]


def entry(line: str) -> Entry | None:
    """Split an entry of a list; None for any other line."""
    found = _ENTRY.match(line)
    return found and Entry(name=found["name"], seq=found["seq"] or "", what=found["what"])


def normalise(line: str) -> str:
    """Return a line as FRR prints it: single spaces, host bits masked, IPv6 lower-case.

    Interface addresses keep their host bits, and ``ge`` comes before ``le``.
    """
    words = line.split()
    if _FREE_TEXT.search(line):
        return " ".join(words)
    keeps_host_bits = " address " in f" {line} " and "route" not in words
    words = [_canonical(word, keeps_host_bits=keeps_host_bits) for word in words]
    text = " ".join(words)
    bounds = _BOUNDS.search(text)
    if bounds is None or " prefix-list " not in text:
        return text
    limits = bounds[0].split()
    pairs = sorted(zip(limits[::2], limits[1::2], strict=True))
    return text[: bounds.start()] + " ".join(f"{word} {bits}" for word, bits in pairs)


def _canonical(word: str, *, keeps_host_bits: bool) -> str:
    if "/" not in word and ":" not in word:
        return word
    try:
        if "/" in word:
            interface = ipaddress.ip_interface(word)
            return str(interface if keeps_host_bits else interface.network)
        return str(ipaddress.IPv6Address(word))
    except ValueError:
        return word
