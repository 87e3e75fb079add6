"""The lines that the virtual EOS knows, in the order in which EOS prints them: ``GRAMMAR``.

Law: nothing else is accepted. What BGP needs is exact; of the rest the first words are, so that a
typing error is refused, as on a device, and any real configuration of that kind is kept.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from lab.switch.grammar import Command, Grammar, Mode, natural
from lab.switch.lines import RefusedError
from lab.switch.route_maps import prefix_entry

if TYPE_CHECKING:
    from lab.switch.lines import Node

_PEER = r"neighbor (?P<peer>\S+)"
_SEQ_STEP = 10


@cache
def collate(text: str) -> tuple[Any, ...]:
    """Return a sort key: names first, then IPv4, then IPv6 addresses, each by number."""
    try:
        address = ip_address(text)
    except ValueError:
        return (0, natural(text))
    return (address.version, ((0, int(address), ""),))


def _short_address(found: re.Match[str], into: Node) -> str:
    """Return a neighbor line with the address in its shortest form."""
    del into
    try:
        address = str(ip_address(found["peer"]))
    except ValueError:
        return found[0]
    return found[0].replace(found["peer"], address, 1)


def _masked(found: re.Match[str], into: Node) -> str:
    """Return a ``network`` line without host bits."""
    del into
    try:
        return found[0].replace(found["prefix"], str(ip_network(found["prefix"], strict=False)), 1)
    except ValueError:
        raise RefusedError(f"Invalid prefix: {found['prefix']}") from None


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


def _one_instance(found: re.Match[str], into: Node) -> str:
    for other in into.named("bgp"):
        if other.groups["asn"] != found["_asn"]:
            raise RefusedError(f"BGP is already running with AS number {other.groups['asn']}")
    return found[0]


def _drop_lines(found: re.Match[str], into: Node) -> None:
    """Take away the lines that begin with what stands after ``no``."""
    into.drop(lambda one: f"{one.text} ".startswith(f"{found[0]} "))


def _several(words: str, name: str = "") -> Command:
    """Return a command whose lines are told apart by all that they say."""
    return Command(rf"(?P<line>(?:{words})(?: .+)?)", name=name, entered=True, withdraw=_drop_lines)


def _block(pattern: str, enters: str) -> Command:
    return Command(pattern, enters=enters)


def _prefix_list(family: str) -> Command:
    return Command(
        rf"(?P<family>{family}) prefix-list (?P<name>\S+)",
        name="prefix-list",
        enters="prefix-list",
        removed_by=(rf"(?P<family>{family}) prefix-list (?P<name>\S+) seq (?P<seq>\d+)(?: .+)?",),
        withdraw=_drop_entry,
    )


_TOP = (
    Command(r"no aaa root"),
    _several("username"),
    _several("alias"),
    _block(r"management api http-commands", "api"),
    _several("transceiver"),
    _several("service"),
    _several("lldp"),
    _several("queue-monitor|event-monitor"),
    _several("vlan internal"),
    _several("logging"),
    Command(r"hostname (?P<_name>\S+)", name="hostname", removed_by=("hostname",)),
    _several("ip (?:name-server|domain-list|domain lookup)|dns"),
    _several("snmp-server"),
    _several("spanning-tree|no spanning-tree vlan-id"),
    _several("tacacs-server|radius-server"),
    _block(r"aaa group server (?P<kind>\S+) (?P<name>\S+)", "servers"),
    _several("clock"),
    _block(r"vlan (?P<id>\d[\d,-]*)", "vlan"),
    _block(r"vrf instance (?P<name>\S+)", "vrf"),
    _several("aaa (?:authentication|authorization|accounting)"),
    _block(r"class-map type (?P<type>\S+) (?P<kind>match-\S+) (?P<name>\S+)", "class-map"),
    _block(r"interface (?P<name>Port-Channel\d+)", "interface"),
    _block(r"interface (?P<name>Ethernet[\d/.]+)", "interface"),
    _block(r"interface (?P<name>Loopback\d+)", "interface"),
    _block(r"interface (?P<name>Management[\d/]+)", "interface"),
    _block(r"interface (?P<name>Vlan\d+)", "interface"),
    _block(r"interface (?P<name>Vxlan\d+)", "interface"),
    _several("ip virtual-router|hardware|mac address-table|monitor"),
    _block(r"event-handler (?P<name>\S+)", "script"),
    _block(r"ip access-list(?: standard)? (?P<name>\S+)", "acl"),
    _block(r"ipv6 access-list (?P<name>\S+)", "acl"),
    Command(r"(?:no )?ip routing(?: vrf (?P<vrf>\S+))?"),
    _several("ipv6 unicast-routing"),
    _several("ip as-path access-list", "list"),
    _several("ip community-list", "list"),
    _prefix_list("ip"),
    _prefix_list("ipv6"),
    _several("ip route|ipv6 route"),
    _block("mlag configuration", "mlag"),
    _several("ntp"),
    _block(r"policy-map type (?P<type>\S+) (?P<name>\S+)", "policy-map"),
    _several("qos"),
    Command(
        r"route-map (?P<name>\S+)(?: (?P<_action>permit|deny)(?: (?P<seq>\d+))?)?",
        name="route-map",
        enters="route-map",
        rewrite=_stanza,
    ),
    _block("router bfd", "bfd"),
    Command(r"router bgp (?P<_asn>\d+)", name="bgp", enters="bgp", rewrite=_one_instance),
    _block("router multicast", "multicast"),
    Command(r"banner (?P<kind>login|motd)(?P<_text>(?s:\n.*))?"),
    _block(r"management (?P<name>console|ssh|security|defaults)", "management"),
)  # fmt: skip

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

_POLICY = (
    Command(
        rf"{_PEER} prefix-list (?P<_list>\S+) (?P<way>in|out)",
        name="prefix-list",
        by=("peer",),
        rank=20,
        removed_by=(rf"{_PEER} prefix-list (?P<way>in|out)",),
        rewrite=_short_address,
    ),
    Command(
        rf"{_PEER} route-map (?P<_map>\S+) (?P<way>in|out)",
        name="route-map",
        by=("peer",),
        rank=20,
        removed_by=(rf"{_PEER} route-map (?P<way>in|out)",),
        rewrite=_short_address,
    ),
)


def _neighbor(rest: str, name: str = "neighbor", **options: Any) -> Command:  # noqa: ANN401
    """Return a command about a neighbor; with ``no``, so many of its words are enough."""
    first = re.split(r" ?\(", rest, maxsplit=1)[0]
    return Command(
        rf"{_PEER} {rest}",
        name=name,
        by=("peer",),
        rank=20,
        removed_by=(rf"{_PEER} {first}",),
        rewrite=_short_address,
        **options,
    )


_MISSING = Command(
    r"bgp missing-policy direction (?P<way>in|out) action (?P<_action>permit|deny)",
    name="missing-policy",
    rank=3,
    removed_by=(r"bgp missing-policy direction (?P<way>in|out) action",),
)
_NETWORK = Command(
    r"network (?P<prefix>[0-9A-Fa-f.:]+/\d+)(?: route-map (?P<_map>\S+))?",
    name="network",
    rank=30,
    rewrite=_masked,
)

_INSTANCE = (
    Command(r"router-id (?P<_id>[\d.]+)", name="router-id", rank=0),
    Command(r"rd (?P<_rd>\S+)", rank=0),
    Command(r"route-target (?P<line>.+)", rank=0),
    Command(r"timers bgp (?P<_times>\d+ \d+)", rank=1),
    Command(r"(?:no )?bgp default ipv4-unicast", name="default-ipv4", rank=1,
            default="bgp default ipv4-unicast"),
    Command(r"(?:no )?bgp log-neighbor-changes", rank=1, default="bgp log-neighbor-changes"),
    Command(r"graceful-restart(?: (?P<line>.+))?", rank=1),
    Command(r"maximum-paths (?P<_paths>\d+(?: ecmp \d+)?)", rank=1),
    Command(r"(?:no )?bgp bestpath (?P<line>.+)", rank=1),
    _MISSING,
    Command(r"bgp listen range (?P<range>\S+) peer-group (?P<_group>\S+) remote-as (?P<_asn>\d+)",
            name="listen", rank=4, removed_by=(r"bgp listen range (?P<range>\S+)(?: .+)?",)),
    _neighbor("peer group", "group"),
    _neighbor(r"peer group (?P<_group>\S+)", "member"),
    _neighbor(r"remote-as (?P<_asn>\d+)", "remote-as"),
    _neighbor("next-hop-self", "next-hop-self"),
    _neighbor("shutdown", "shutdown"),
    _neighbor(r"update-source (?P<_interface>\S+)"),
    _neighbor(r"local-as (?P<_asn>\d+(?: .+)?)"),
    _neighbor(r"description (?P<_text>.+)", "description"),
    _neighbor("route-reflector-client", "route-reflector-client"),
    _neighbor("bfd"),
    _neighbor(r"ebgp-multihop(?: (?P<_hops>\d+))?"),
    _neighbor(r"timers (?P<_times>\d+ \d+)"),
    *_POLICY,
    _neighbor(r"password (?P<_password>(?:\d+ )?\S+)"),
    _neighbor(r"send-community(?: (?P<_kinds>.+))?"),
    _neighbor(r"maximum-routes (?P<_routes>\d+(?: .+)?)"),
    _NETWORK,
    Command(r"redistribute (?P<source>\S+)(?: route-map (?P<_map>\S+))?", rank=31),
)  # fmt: skip

_FAMILY = (
    _MISSING,
    Command(
        rf"(?:no )?{_PEER} activate", name="activate", by=("peer",), rank=20,
        rewrite=_short_address,
    ),
    *_POLICY,
    _NETWORK,
    Command(r"redistribute (?P<source>\S+)(?: route-map (?P<_map>\S+))?", rank=31),
)  # fmt: skip


def _family_name(found: re.Match[str], into: Node) -> str:
    del into
    return f"address-family {found['family']}"


_FAMILIES = (
    Command(
        r"address-family (?P<family>ipv4|ipv6|evpn)(?: unicast)?",
        name="family",
        enters="family",
        rank=40,
        fleeting=True,
        rewrite=_family_name,
    ),
)
_VRFS = (Command(r"vrf (?P<name>\S+)", name="vrf", enters="bgp-vrf", rank=50),)


def _value(words: str) -> Command:
    """Return a command of which a later line with the same first word takes the place."""
    return Command(rf"(?P<what>{words}) (?P<_value>.+)", removed_by=(rf"(?P<what>{words})",))


_SHUTDOWN = Command(r"(?:no )?shutdown")
_INTERFACE = (
    _value("description|mtu|speed|load-interval|vrf(?! instance)"),
    _SHUTDOWN,
    Command(r"(?:no )?switchport"),
    _several(r"switchport|channel-group|lacp|mlag|vxlan|service-policy|storm-control|lldp|no lldp|"
             "ptp|sflow|bfd|no autostate|spanning-tree|errdisable|arp|isis|link-debounce"),
    _several("(?:ip|ipv6) (?:address|enable|nd|helper-address|virtual-router address|ospf|pim|"
             "verify|access-group|attached-host)"),
    _several("qos trust"),
)  # fmt: skip

GRAMMAR = Grammar(
    modes={
        "": Mode(_TOP),
        "prefix-list": Mode(_PREFIX_LIST),
        "route-map": Mode(_STANZA),
        "bgp": Mode((*_INSTANCE, *_FAMILIES, *_VRFS), sweeps=(_PEER,)),
        "bgp-vrf": Mode((*_INSTANCE, *_FAMILIES), sweeps=(_PEER,)),
        "family": Mode(_FAMILY, sweeps=(_PEER,)),
        "acl": Mode((
            Command(r"(?P<seq>\d+) (?P<_rule>(?:permit|deny|remark) .+)"),
            Command(r"(?P<line>counters per-entry|statistics per-entry)"),
        )),
        "policy-map": Mode((_block(r"class (?P<name>\S+)", "class"),)),
        "script": Mode((
            Command(r"trigger (?P<_trigger>.+)"),
            Command(r"action bash(?P<_script>(?s:\n.*| .+))"),
            Command(r"delay (?P<_delay>\d+)"),
        )),
        "vlan": Mode((_value("name|state"),)),
        "vrf": Mode((_value("description|rd"),)),
        "interface": Mode(_INTERFACE),
        "api": Mode((
            _several("protocol (?:https|http|unix-socket)|no protocol http|cors"),
            _SHUTDOWN,
            _block(r"vrf (?P<name>(?!instance$)\S+)", "vrf-api"),
        )),
        "vrf-api": Mode((_SHUTDOWN,)),
        "servers": Mode((_several("server"),)),
        "class-map": Mode((_several("match"),)),
        "class": Mode((_several("set|police|bandwidth|priority|drop"),)),
        "mlag": Mode((
            _value("domain-id|local-interface|peer-link|peer-address(?! heartbeat)"),
            _several("peer-address heartbeat|heartbeat-interval|reload-delay|primary-priority|"
                     "dual-primary"),
        )),
        "bfd": Mode((_several("interval|multihop"),)),
        "multicast": Mode((_block(r"(?P<family>ipv4|ipv6)", "multicast-family"),)),
        "multicast-family": Mode((_several("routing|software-forwarding"),)),
        "management": Mode((
            _value("idle-timeout|log-level"),
            _several("authentication|cipher|key-exchange|mac|connection|login|password|"
                     "(?:ip|ipv6) access-group|server-port|client-alive|fips|secret"),
            _SHUTDOWN,
        )),
    },
    indent="   ",
    collate=collate,
)  # fmt: skip
