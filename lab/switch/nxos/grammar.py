"""The lines that the virtual NX-OS knows, in the order in which it prints them: ``GRAMMAR``.

What decides about routes (prefix-lists, route-maps, BGP) and what the switch itself obeys
(features, the scheduler) is described line by line; of the rest only the first words. Printed form:
two spaces, blank lines between sections, as current releases print them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Grammar, Mode
from lab.switch.nxos.bgp_lines import BGP_MODES
from lab.switch.nxos.policy_lines import NAME, POLICIES, POLICY_MODES

if TYPE_CHECKING:
    from collections.abc import Iterable

_FAMILY = r"(?:ip|ipv6)"


def _free_text(*first: str, enters: str | None = None, **more: object) -> Command:
    """Return a command for lines that begin so and mean nothing to the switch itself."""
    words = "|".join(first)
    return Command(rf"(?P<line>(?:{words})(?: .*)?)", enters=enters, **more)  # type: ignore[arg-type]


_TOP: Iterable[Command] = (
    Command(r"version (?P<_text>.+)", name="version"),
    Command(r"switchname (?P<_name>\S+)", name="switchname"),
    Command(r"vdc (?P<name>\S+) id (?P<_id>\d+)", name="vdc", enters="vdc"),
    _free_text("cfs", "install", "hardware", "nxapi", "license", "system (?!qos)\\S+"),
    Command(r"feature (?P<name>\S+(?: \S+)?)", name="feature"),
    _free_text("password", "no password", "userpassphrase", "username", "role", "ssh", "no ssh"),
    Command(r"banner (?P<kind>motd|exec) (?P<_text>(?s:.+))", name="banner"),
    _free_text("(?:no )?ip domain-lookup", "ip domain-name", "ip name-server", "ip host"),
    _free_text("tacacs-server", "radius-server", "ip tacacs", "errdisable", "(?:no )?logging"),
    _free_text("aaa group server .*", enters="aaa"),
    Command(rf"{_FAMILY} access-list (?P<name>\S+)", name="access-list", enters="access-list"),
    _free_text("object-group", enters="access-list"),
    _free_text("class-map", enters="class-map"),
    _free_text("policy-map", enters="policy-map"),
    _free_text("system qos", "control-plane", enters="service"),
    _free_text("copp", "snmp-server", "rmon", "callhome", "ntp", "clock", "(?:no )?aaa(?! group)"),
    _free_text("ip route", "ipv6 route", "ip sla", "track", "udld", "cdp", "lldp", "spanning-tree"),
    Command(r"vlan (?P<_ids>\d+(?:-\d+)?(?:,\d+(?:-\d+)?)+)", name="vlans"),
    Command(r"vlan (?P<id>\d+)", name="vlan", enters="vlan"),
    Command(r"vpc domain (?P<_id>\d+)", name="vpc", enters="vpc"),
    *POLICIES,
    Command(r"vrf context (?P<name>\S+)", name="vrf", enters="vrf"),
    Command(
        r"interface (?P<name>[A-Za-z-]+ ?\d[\d/.]*)",
        name="interface",
        enters="interface",
        entered=True,
    ),
    _free_text("line (?:console|vty)", enters="line"),
    _free_text("boot", "monitor", "icam"),
    Command(r"router ospf (?P<name>\S+)", name="ospf", enters="ospf"),
    Command(r"router bgp (?P<asn>\d+(?:\.\d+)?)", name="bgp", enters="bgp"),
    _free_text("event manager applet \\S+", enters="applet"),
    _free_text("scheduler (?:logfile|aaa-authentication)"),
    Command(rf"scheduler job name (?P<name>{NAME})", name="job", enters="job", closing="end-job"),
    Command(rf"scheduler schedule name (?P<name>{NAME})", name="schedule", enters="schedule"),
)


def _body(*first: str) -> Mode:
    """Return a mode whose lines begin so and mean nothing to the switch itself."""
    return Mode((Command(rf"(?P<line>(?:no )?(?:{'|'.join(first)})(?: .*)?)", entered=True),))


_BODIES = {
    "vdc": _body("limit-resource", "allow", "cpu-share"),
    "aaa": _body("server", "use-vrf", "source-interface", "deadtime"),
    "access-list": _body(r"\d+", "statistics", "permit", "deny", "remark", "host"),
    "class-map": _body("match (?:access-group|qos-group|dscp|cos|exception|protocol|redirect)"),
    "class": _body("police", "set (?:qos-group|dscp|cos)", "bandwidth", "queue-limit", "priority"),
    "service": _body("service-policy", "scale-factor"),
    "vlan": _body("name", "vn-segment", "state"),
    "vpc": _body(
        "role", "peer-keepalive", "peer-switch", "peer-gateway", "auto-recovery", "delay", "layer3"
    ),
    "interface": Mode(
        (
            Command(r"description (?P<_text>.+)", removed_by=("description",)),
            Command("(?:no )?switchport"),
            Command(
                r"(?P<line>(?:no )?(?:switchport|mtu|speed|channel-group|vrf member|vpc|hsrp|lacp|"
                r"service-policy|storm-control|load-interval|spanning-tree|udld|bandwidth|bfd|"
                r"ip (?:address|access-group|ospf|router|redirects|port|policy|arp|unreachables)|"
                r"ipv6 (?:address|nd|redirects|link-local|traffic-filter)|ntp|snmp|negotiate) ?.*)",
                entered=True,
            ),
            Command("(?:no )?shutdown"),
        )
    ),
    "line": _body("exec-timeout", "session-limit", "speed", "access-class", "logout-warning"),
    "ospf": _body(
        "router-id", "passive-interface", "log-adjacency-changes", "area", "redistribute", "timers"
    ),
    "applet": _body("event", "action", "description"),
}


GRAMMAR = Grammar(
    modes={
        "": Mode(tuple(_TOP)),
        **_BODIES,
        "policy-map": Mode(
            (Command(r"class (?P<name>.+)", name="class", enters="class", entered=True),)
        ),
        "vrf": Mode(
            (
                Command(
                    r"(?P<line>(?:rd|vni|ip route|ipv6 route|ip name-server|ip domain-name) .+)"
                ),
                Command(
                    r"address-family (?P<family>ipv[46]) unicast",
                    name="family",
                    enters="vrf-family",
                ),
            )
        ),
        "vrf-family": _body("route-target", "import", "export", "maximum"),
        **POLICY_MODES,
        **BGP_MODES,
        "job": Mode((Command(r"(?P<line>.+)", name="command", entered=True),)),
        "schedule": Mode(
            (
                Command(r"job name (?P<name>\S+)", name="job"),
                Command(r"time (?P<_when>.+)", name="time", removed_by=("time.*",)),
            )
        ),
    },
    indent="  ",
    separator="",
    deep_separator=False,
    climbs=True,
)
