"""The lines that the virtual NX-OS knows, in the order in which it prints them: ``GRAMMAR``.

What decides about routes (prefix-lists, route-maps, BGP) and what the switch itself obeys
(features, the scheduler) is described line by line; of the rest only the first words. Printed form:
two spaces, blank lines between sections, a blank behind the head of a route-map's stanza and
behind prefix-list entries, as current releases print them.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Grammar, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from lab.switch.lines import Node

_MAX_LENGTH = {4: 32, 6: 128}
_FAMILY = r"(?:ip|ipv6)"
_NAME = r"[^\s\"]{1,63}"
_ENTRY = (
    r"(?: seq (?P<seq>\d+))?(?P<_body> (?P<_action>permit|deny) (?P<_prefix>[0-9a-fA-F.:]+/\d+)"
    r"(?: eq (?P<_eq>\d+))?(?: ge (?P<_ge>\d+))?(?: le (?P<_le>\d+))?) ?"
)


def _free_text(*first: str, enters: str | None = None, **more: object) -> Command:
    """Return a command for lines that begin so and mean nothing to the switch itself."""
    words = "|".join(first)
    return Command(rf"(?P<line>(?:{words})(?: .*)?)", enters=enters, **more)  # type: ignore[arg-type]


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
            rf"{word} prefix-list (?P<name>{_NAME}) description (?P<_text>.+)",
            name=f"prefix-list description {version}",
            removed_by=(rf"{word} prefix-list (?P<name>{_NAME})(?: description)?",),
        ),
        Command(
            rf"{word} prefix-list (?P<name>{_NAME}){_ENTRY}",
            name=f"prefix-list {version}",
            rewrite=_list_entry(version),
            removed_by=(rf"{word} prefix-list (?P<name>{_NAME})(?: seq (?P<seq>\d+))?",),
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


_STANZA = Mode(
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
        _free_text("match (?:interface|tag|route-type|metric|ip next-hop|source-protocol)"),
        Command(r"set (?P<what>local-preference) (?P<_value>\d+) ?", name="set"),
        Command(r"set (?P<what>metric) (?P<_value>\d+) ?", name="set"),
        Command(
            r"set (?P<what>community) (?P<_value>(?:\d+:\d+ ?)+(?: ?additive)?|none)", name="set"
        ),
        Command(r"set (?P<what>as-path prepend) (?P<_value>[\d ]+?) ?", name="set"),
        Command(r"set (?P<what>weight|origin|tag) (?P<_value>\S+) ?", name="set"),
        Command(r"continue(?: (?P<_seq>\d+))?", name="continue"),
    )
)

_POLICY_LINES = (
    Command(r"prefix-list (?P<_list>\S+) (?P<way>in|out)", name="prefix-list"),
    Command(
        r"route-map (?P<_map>\S+) (?P<way>in|out)",
        name="route-map",
        # The platform looks at the direction alone.
        removed_by=(r"route-map(?: \S+)? (?P<way>in|out)",),
    ),
    Command(r"filter-list (?P<_list>\S+) (?P<way>in|out)", name="filter-list"),
    Command(r"inherit peer-policy (?P<name>\S+) (?P<_rank>\d+)", name="inherit peer-policy"),
    Command(r"next-hop-self", name="next-hop-self"),
    Command(r"route-reflector-client", name="route-reflector-client"),
    Command(r"send-community", name="send-community"),
    Command(r"send-community extended", name="send-community extended"),
    Command(r"soft-reconfiguration inbound(?: always)?", name="soft-reconfiguration"),
    Command(r"maximum-prefix (?P<_limit>\d+)(?P<_more>(?: \S+)*)", name="maximum-prefix"),
    Command(r"allowas-in(?: (?P<_times>\d+))?", name="allowas-in"),
    Command(r"default-originate(?: route-map (?P<_map>\S+))?", name="default-originate"),
    Command(r"weight (?P<_value>\d+)", name="weight"),
)
_PEER_LINES = (
    Command(r"inherit peer (?P<_name>\S+)", name="inherit peer"),
    Command(r"inherit peer-session (?P<_name>\S+)", name="inherit peer-session"),
    Command(r"remote-as (?P<_asn>\d+(?:\.\d+)?)", name="remote-as", removed_by=("remote-as",)),
    Command(r"description (?P<_text>.+)", name="description", removed_by=("description",)),
    Command(r"password (?P<_kind>3|7) (?P<_secret>\S+)", name="password"),
    Command(r"update-source (?P<_name>\S+)", name="update-source"),
    Command(r"ebgp-multihop (?P<_hops>\d+)", name="ebgp-multihop"),
    Command(r"timers (?P<_keep>\d+) (?P<_hold>\d+)", name="timers"),
    Command(r"bfd", name="bfd"),
    Command(r"shutdown", name="shutdown"),
    Command(r"dynamic-capability", name="dynamic-capability"),
    Command(r"log-neighbor-changes", name="log-neighbor-changes"),
    Command(
        r"address-family (?P<family>ipv[46]) (?P<kind>unicast)", name="family", enters="peer-family"
    ),
)
_INSTANCE = (
    Command(r"router-id (?P<_id>[\d.]+)", name="router-id"),
    Command(r"cluster-id (?P<_id>[\d.]+)", name="cluster-id"),
    Command(r"timers bgp (?P<_keep>\d+) (?P<_hold>\d+)", name="timers"),
    Command(r"timers prefix-peer-timeout (?P<_s>\d+)", name="prefix-peer-timeout"),
    Command(r"timers bestpath-limit (?P<_s>\d+)", name="bestpath-limit"),
    Command(r"bestpath (?P<what>\S+(?: \S+)?)", name="bestpath"),
    Command(r"log-neighbor-changes", name="log-neighbor-changes"),
    Command(r"reconnect-interval (?P<_s>\d+)", name="reconnect-interval"),
    Command(r"graceful-restart(?P<_more> .+)?", name="graceful-restart"),
    Command(
        r"address-family (?P<family>ipv[46]) (?P<kind>unicast)", name="family", enters="family"
    ),
)


def _neighbor(found: re.Match[str], instance: Node) -> str:
    """Refuse what is no address, and print addresses in their shortest form."""
    del instance
    text = found["peer"]
    try:
        # An address is a network of its own here; only what was a prefix is printed as one.
        network = ip_network(text, strict="/" in text)
    except ValueError:
        raise RefusedError(f"% Invalid ip address/mask format: {text}") from None
    shown = str(network) if "/" in text else str(network.network_address)
    return f"neighbor {shown}"


_NEIGHBOR = Command(
    r"neighbor (?P<peer>[0-9a-fA-F.:]+(?:/\d+)?)",
    name="neighbor",
    enters="neighbor",
    rewrite=_neighbor,
)

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
    *(_prefix_lists(4)),
    *(_prefix_lists(6)),
    Command(
        rf"ip community-list standard (?P<name>{_NAME})(?: seq (?P<seq>\d+))? permit "
        r"(?P<_values>\d+:\d+(?: \d+:\d+)*) ?",
        name="community-list",
        removed_by=(rf"ip community-list standard (?P<name>{_NAME})",),
    ),
    Command(
        rf"ip as-path access-list (?P<name>{_NAME})(?: seq (?P<seq>\d+))? permit "
        r"\"(?P<_regex>[^\"]+)\" ?",
        name="as-path-list",
        removed_by=(rf"ip as-path access-list (?P<name>{_NAME})",),
    ),
    Command(
        rf"route-map (?P<name>{_NAME})(?: (?P<_action>permit|deny))?(?: (?P<seq>\d+))? ?",
        name="route-map",
        enters="route-map",
        by=("name",),
        rewrite=_stanza_head,
    ),
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
    Command(rf"scheduler job name (?P<name>{_NAME})", name="job", enters="job", closing="end-job"),
    Command(rf"scheduler schedule name (?P<name>{_NAME})", name="schedule", enters="schedule"),
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
        "route-map": _STANZA,
        "bgp": Mode(
            (
                *_INSTANCE,
                Command(
                    r"template (?P<kind>peer|peer-policy|peer-session) (?P<name>\S+)",
                    name="template",
                    enters="neighbor",
                    by=("kind", "name"),
                ),
                _NEIGHBOR,
                Command(r"vrf (?P<name>\S+)", name="vrf", enters="bgp-vrf"),
            )
        ),
        "bgp-vrf": Mode((*_INSTANCE, _NEIGHBOR)),
        "family": Mode(
            (
                Command(r"network (?P<prefix>\S+)(?: route-map (?P<_map>\S+))?", name="network"),
                Command(
                    r"redistribute (?P<what>\S+(?: \S+)?) route-map (?P<_map>\S+)",
                    name="redistribute",
                ),
                Command(r"maximum-paths(?P<kind> ibgp)? (?P<_paths>\d+)", name="maximum-paths"),
                Command(r"nexthop (?P<what>\S+)(?P<_more>(?: \S+)*)", name="nexthop"),
                Command(r"dampening", name="dampening"),
            )
        ),
        "neighbor": Mode((*_PEER_LINES, *_POLICY_LINES)),
        "peer-family": Mode(_POLICY_LINES),
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
