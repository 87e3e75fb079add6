"""The lines that the virtual EOS knows, in the order in which EOS prints them: ``GRAMMAR``.

Law: nothing else is accepted. What BGP needs is exact; of the rest the first words are, so that a
typing error is refused, as on a device, and any real configuration of that kind is kept.
"""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from lab.switch.eos.bgp_lines import BGP, BGP_MODES
from lab.switch.eos.policy_lines import POLICY_MODES, ROUTE_MAP, prefix_list
from lab.switch.grammar import Command, Grammar, Mode, natural

if TYPE_CHECKING:
    import re

    from lab.switch.lines import Node


@cache
def collate(text: str) -> tuple[Any, ...]:
    """Return a sort key: names first, then IPv4, then IPv6 addresses, each by number."""
    try:
        address = ip_address(text)
    except ValueError:
        return (0, natural(text))
    return (address.version, ((0, int(address), ""),))


def _drop_lines(found: re.Match[str], into: Node) -> None:
    """Take away the lines that begin with what stands after ``no``."""
    into.drop(lambda one: f"{one.text} ".startswith(f"{found[0]} "))


def _several(words: str, name: str = "") -> Command:
    """Return a command whose lines are told apart by all that they say."""
    return Command(rf"(?P<line>(?:{words})(?: .+)?)", name=name, entered=True, withdraw=_drop_lines)


def _value(words: str) -> Command:
    """Return a command of which a later line with the same first word takes the place."""
    return Command(rf"(?P<what>{words}) (?P<_value>.+)", removed_by=(rf"(?P<what>{words})",))


def _block(pattern: str, enters: str) -> Command:
    return Command(pattern, enters=enters)


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
    prefix_list("ip"),
    prefix_list("ipv6"),
    _several("ip route|ipv6 route"),
    _block("mlag configuration", "mlag"),
    _several("ntp"),
    _block(r"policy-map type (?P<type>\S+) (?P<name>\S+)", "policy-map"),
    _several("qos"),
    ROUTE_MAP,
    _block("router bfd", "bfd"),
    BGP,
    _block("router multicast", "multicast"),
    Command(r"banner (?P<kind>login|motd)(?P<_text>(?s:\n.*))?"),
    _block(r"management (?P<name>console|ssh|security|defaults)", "management"),
)  # fmt: skip

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
        **POLICY_MODES,
        **BGP_MODES,
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
