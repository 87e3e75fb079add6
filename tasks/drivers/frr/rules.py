"""What is known about FRR's lines, as data; `identity` is the function to read first.

Each table is a tuple of regular expressions. Sources: FRR 8.4.4's command definitions
(bgpd/bgp_vty.c, bgpd/bgp_routemap.c, lib/routemap_cli.c, lib/filter_cli.c) and its daemons.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

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

# What the device, not the operator, decides: never a difference.
DEVICE_LINES = re.compile(r"frr version ")

# Lines that end in the operator's own words.
_FREE_TEXT = re.compile(r"\b(description|remark|password|banner|key-string)\b")

_PREFIX_LIST = re.compile(
    r"(?P<head>(?P<family>ip|ipv6) prefix-list \S+)(?P<seq> seq \d+)?"
    r" (?P<action>permit|deny) (?P<prefix>\S+)(?P<bounds>(?: (?:ge|le) \d+)*)$"
)


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


def is_birth(line: str) -> bool:
    """Whether a line makes a neighbor or a peer group exist."""
    return re.match(r"neighbor \S+ (remote-as|peer-group|interface)\b", line) is not None


def list_name(line: str) -> str:
    """Return what a definition belongs to, such as ``ip prefix-list NAME``."""
    return re.split(r" seq | description | permit | deny | remark ", line, maxsplit=1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixListEntry:
    """An entry of a prefix-list, in the words of its line."""

    name: str
    """The list: ``ip prefix-list NAME`` or ``ipv6 prefix-list NAME``."""
    seq: str
    """The number, or "" if none is given."""
    prefix: str
    """The prefix, or ``any``."""
    content: tuple[str, str, str]
    """Action, prefix and bounds: what makes two entries say the same."""


def prefix_list_parts(line: str) -> PrefixListEntry | None:
    """Split an entry of a prefix-list; None for any other line."""
    found = _PREFIX_LIST.match(line)
    if not found:
        return None
    head, seq, action, prefix, bounds = found.group("head", "seq", "action", "prefix", "bounds")
    content = (action, prefix, bounds.strip())
    number = seq.split()[1] if seq else ""
    return PrefixListEntry(name=head, seq=number, prefix=prefix, content=content)


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
    entry = prefix_list_parts(text)
    if entry is None or not entry.content[2]:
        return text
    bounds = entry.content[2].split()
    pairs = sorted(zip(bounds[::2], bounds[1::2], strict=True))
    return text.removesuffix(entry.content[2]) + " ".join(f"{word} {bits}" for word, bits in pairs)


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
