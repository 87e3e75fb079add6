"""Which commands IOS-XR knows in which mode, and how lines of a mode stand to each other.

Read :data:`MODES` first. BGP is known command by command; what a switch merely carries (interfaces,
AAA, QoS) is known by its first word. Law: pure data and functions of one line; nothing here knows
a configuration. Orders are those in which the platform prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

#: The mode of what stands below a line below which nothing can stand.
LEAF = "leaf"
_ADDRESS = r"(?:[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:/\d+)?"
_POLICY = r"[^\s()]+(?:\s*\(.*\))?"
_FAMILY = r"(?:ipv4|ipv6|vpnv4|vpnv6|l2vpn)\s+\S+"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a mode: what it opens (None: nothing), and what it replaces.

    ``key`` is the number of words that name the item, so that a second command with the same
    words replaces the first; 0 means the whole line.
    """

    pattern: re.Pattern[str]
    opens: str | None = None
    key: int = 0


def _command(pattern: str, opens: str | None = None, key: int = 0) -> Command:
    return Command(re.compile(pattern), opens, key)


_SESSION = (
    _command(r"remote-as \d+", key=1),
    _command(r"use (?:neighbor-group|session-group) \S+", key=2),
    _command(r"(?:timers|password|ebgp-multihop|local-as|ttl-security|bfd \S+) ?.*", key=1),
    _command(r"(?:maximum-peers|remote-as-list|precedence|tcp mss|session-open-mode) .*", key=1),
    _command(r"(?:shutdown|bfd|dmz-link-bandwidth|ignore-connected-check|cluster-id)\b.*", key=1),
    _command(r"(?:capability|advertisement-interval|log|graceful-restart)\b.*"),
    _command(r"description .+", key=1),
    _command(r"update-source \S+", key=1),
)
_IN_FAMILY = (
    _command(r"use af-group \S+", key=2),
    _command(r"(?:multipath|weight|default-originate|as-override|allowas-in)\b.*", key=1),
    _command(r"(?:send-community-ebgp|send-extended-community-ebgp|remove-private-AS)\b.*", key=1),
    _command(rf"route-policy (?:{_POLICY} )?in"),
    _command(rf"route-policy (?:{_POLICY} )?out"),
    _command(r"maximum-prefix .+", key=1),
    _command(r"(?:route-reflector-client|next-hop-self|next-hop-unchanged)\b.*", key=1),
    _command(r"(?:soft-reconfiguration inbound|orf|site-of-origin|long-lived)\b.*", key=1),
)
_NEIGHBOR = (*_SESSION, _command(rf"address-family {_FAMILY}", "neighbor-af"))
_FAMILIES = (_command(rf"address-family {_FAMILY}", "bgp-af"),)
_NEIGHBORS = (_command(rf"neighbor {_ADDRESS}", "neighbor"),)

#: The commands of each mode, in the order in which they are printed.
MODES: dict[str, tuple[Command, ...]] = {
    "bgp": (
        _command(r"bgp \S+.*", key=2),
        _command(r"(?:nsr|timers|default-metric|ibgp|socket|update|rpki|mpls)\b.*"),
        *_FAMILIES,
        _command(rf"af-group \S+ address-family {_FAMILY}", "neighbor-af"),
        _command(r"session-group \S+", "session"),
        _command(r"neighbor-group \S+", "neighbor"),
        *_NEIGHBORS,
        _command(r"vrf \S+", "bgp-vrf"),
    ),
    "bgp-vrf": (
        _command(r"rd \S+", key=1),
        _command(r"(?:bgp|timers|default-information|label)\b.*", key=2),
        *_FAMILIES,
        *_NEIGHBORS,
    ),
    "bgp-af": (
        _command(r"(?:bgp|distance|dynamic-med|maximum-paths|label|nexthop)\b.*", key=2),
        _command(r"(?:additional-paths|table-policy|dampening|allocate-label|retain)\b.*", key=2),
        _command(rf"network {_ADDRESS}(?: route-policy .+)?", key=2),
        _command(r"aggregate-address \S+.*", key=2),
        _command(r"redistribute \S+.*", key=2),
    ),
    "neighbor": _NEIGHBOR,
    "session": _SESSION,
    "neighbor-af": _IN_FAMILY,
}

#: First words of the top level in the order in which they are printed, and what they open.
_TOP = (  # noqa: SIM905 - a column of a hundred words is no help
    "hostname clock banner service logging event telnet tftp domain username tacacs-server "
    "tacacs radius-server radius aaa object-group vrf cdp lldp line ntp snmp-server "
    "bfd call-home grpc tpa control-plane flow monitor-session ethernet netconf-yang class-map "
    "policy-map ipv4 ipv6 performance-measurement interface controller l2transport rd-set "
    "prefix-set as-path-set community-set extcommunity-set policy-global route-policy router "
    "l2vpn evpn segment-routing rpki rsvp mpls multicast-routing hw-module lpts key chain-key "
    "crypto xml ssh"
).split()
_TOP_RANK = {word: rank for rank, word in enumerate(_TOP)}
_ROUTERS = ("static", "isis", "ospf", "ospfv3", "rip", "bgp")

#: Blocks whose inside is text of its own, kept as it was entered, and the line that ends them.
LITERAL = {
    "prefix-set": "end-set",
    "as-path-set": "end-set",
    "community-set": "end-set",
    "extcommunity-set": "end-set",
    "rd-set": "end-set",
    "route-policy": "end-policy",
    "class-map": "end-class-map",
    "policy-map": "end-policy-map",
}
#: Words of modes that are not known in detail: a second command with the word replaces the first.
_SINGLE = frozenset({"hostname", "description", "mtu", "bandwidth", "exec-timeout", "speed"})


def literal_end(line: str) -> str | None:
    """Return the line that ends the block which top-level ``line`` opens; None if it opens none."""
    return LITERAL.get(line.split(maxsplit=1)[0])


def printed_end(line: str) -> str:
    """Return the line that ends such a block as it is printed; QoS is printed indented."""
    end = str(literal_end(line))
    return f" {end}" if end.endswith("-map") else end


def mode_of(parent: str, line: str) -> str | None:
    """Return the mode that ``line`` opens in mode ``parent``; None if there is no such command.

    It is :data:`LEAF` for a command that opens none, "" where that is not known.
    """
    if parent == "top":
        if line.split(maxsplit=1)[0] not in _TOP_RANK:
            return None
        return "bgp" if re.fullmatch(r"router bgp \d+", line) else ""
    if parent == "":
        return ""
    if parent == LEAF:
        return None
    command = _find(parent, line) if _is_sane(line) else None
    return None if command is None else command.opens or LEAF


def key_of(mode: str, line: str) -> tuple[str, ...]:
    """Return what ``line`` is about: two lines of one mode with one key can't both stand."""
    words = line.split()
    if mode == "neighbor-af" and words[0] == "route-policy":
        return (words[0], words[-1])
    if mode == "top" and words[0] in LITERAL:
        return tuple(line.partition("(")[0].split())
    if mode in MODES:
        command = _find(mode, line)
        return tuple(words[: command.key]) if command and command.key else tuple(words)
    return tuple(words[:1]) if words[0] in _SINGLE else tuple(words)


def order_of(mode: str, line: str) -> tuple[Any, ...]:
    """Return what a mode's lines are sorted by when they are printed (stable)."""
    words = line.split()
    if mode == "top":
        rank = _TOP_RANK.get(words[0], len(_TOP))
        if words[0] == "router":
            number = _ROUTERS.index(words[1]) if words[1] in _ROUTERS else len(_ROUTERS)
            return (rank, number, _natural(line))
        return (rank, _natural(line))
    if mode not in MODES:
        return ()
    command = _find(mode, line)
    rank = MODES[mode].index(command) if command else len(MODES[mode])
    if words[0] in {"neighbor", "network"}:
        network = ip_network(words[1], strict=False)
        return (rank, network.version, int(network.network_address), network.prefixlen)
    return (rank, _natural(line))


def _is_sane(line: str) -> bool:
    """Return whether what stands in the place of an address is one."""
    words = line.split()
    if words[0] not in {"neighbor", "network"}:
        return True
    try:
        ip_network(words[1], strict=False)
    except ValueError:
        return False
    return True


def _find(mode: str, line: str) -> Command | None:
    return next((one for one in MODES[mode] if one.pattern.fullmatch(line)), None)


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"\d+|\D+", text)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
