"""What lines IOS-XE knows, and in what order it prints them: :data:`GRAMMAR`.

What the lab's routing stands on (BGP, route-maps, prefix-lists) is described exactly; everything
else by the words that its lines begin with. A line that nothing here describes is refused.
"""

from __future__ import annotations

from typing import Any

from lab.switch.grammar import Command, Grammar, Mode, natural
from lab.switch.ios.bgp_grammar import BGP_MODES, ROUTER
from lab.switch.ios.policy_grammar import POLICY_MODES, PREFIX_LISTS, ROUTE_MAP


def collate(text: str) -> Any:  # noqa: ANN401 - a sort key
    """Return a sort key: names before addresses and numbers, numbers as numbers."""
    return (text[:1].isdigit() or ":" in text, natural(text))


def _plain(rank: int, *words: str) -> Command:
    """Return lines that begin with any of ``words``, kept in the order of their entry."""
    return Command(rf"(?P<line>(?:{'|'.join(words)})(?: .*)?)", rank=rank, entered=True)


def _once(rank: int, words: str) -> Command:
    """Return a line that exists once, whatever comes after ``words``; with ``no``, not at all."""
    return Command(rf"(?P<_no>no )?{words}(?P<_rest>(?: .*)?)", rank=rank, removed_by=(words,))


def _block(rank: int, words: str, mode: str, *, closing: str | None = None) -> Command:
    """Return a line with a name that opens a mode."""
    return Command(
        rf"{words}(?: (?P<name>.+))?", rank=rank, enters=mode, closing=closing, entered=True
    )


def _text(rank: int, pattern: str) -> Command:
    return Command(rf"(?s){pattern}", rank=rank, entered=True)


_TOP = (
    Command(r"version (?P<_number>\S+)", rank=0),
    _plain(0, "service", "no service"),
    Command(r"hostname (?P<_name>\S+)", name="hostname", rank=1),
    Command(r"boot-start-marker", rank=2),
    _plain(2, "boot system"),
    Command(r"boot-end-marker", rank=2),
    _block(3, "vrf definition", "vrf"),
    _once(4, "logging buffered"),
    _once(4, "logging console"),
    _once(4, "enable secret"),
    Command(r"aaa new-model", rank=4),
    _block(5, "aaa group server tacacs\\+", "aaa-group"),
    _plain(6, "aaa (?:authentication|authorization|accounting)"),
    _once(6, "aaa session-id"),
    _once(7, "clock timezone"),
    _plain(7, "switch"),
    Command(r"ip routing", rank=8),
    _once(8, "ip domain lookup"),
    _once(8, "ip domain name"),
    Command(r"ipv6 unicast-routing", rank=9),
    _plain(9, "login"),
    _once(9, "vtp mode"),
    _block(10, "flow record", "flow"),
    _block(11, "flow exporter", "flow"),
    _block(12, "crypto pki trustpoint", "trustpoint"),
    _block(13, "crypto pki certificate chain", "certificates"),
    _plain(14, "license"),
    _block(15, "archive", "archive"),
    Command(r"file prompt (?P<_how>quiet|alert|noisy)", rank=16),
    _once(16, "memory free low-watermark"),
    _once(16, "configuration mode exclusive"),
    _plain(17, "spanning-tree"),
    _plain(18, "username"),
    _block(19, "redundancy", "redundancy"),
    _once(20, "vlan internal allocation policy"),
    Command(r"vlan (?P<id>\d+)", rank=21, enters="vlan"),
    _block(22, "track", "track"),
    _plain(23, "ip ssh"),
    Command(r"lldp run", rank=23),
    _block(24, "class-map", "class-map"),
    _block(25, "policy-map", "policy-map"),
    Command(r"interface (?P<name>\S+)", rank=26, enters="interface", entered=True),
    _block(27, "router ospf", "router-ospf"),
    ROUTER,
    _plain(29, "ip forward-protocol"),
    Command(r"ip bgp-community new-format", rank=29),
    Command(
        r"ip community-list standard (?P<name>\S+) (?P<action>permit|deny) (?P<values>.+)",
        name="community-list",
        rank=29,
        entered=True,
        removed_by=(r"ip community-list standard (?P<name>\S+)",),
    ),
    Command(
        r"ip as-path access-list (?P<name>\d+) (?P<action>permit|deny) (?P<regex>.+)",
        name="as-path",
        rank=29,
        entered=True,
        removed_by=(r"ip as-path access-list (?P<name>\d+)",),
    ),
    _plain(29, "ip http", "no ip http", "ip tftp", "ip route"),
    Command(r"ip scp server enable", rank=29),
    _block(30, "ip access-list standard", "access-list"),
    _block(31, "ip access-list extended", "access-list"),
    *PREFIX_LISTS[4],
    Command(r"ip sla (?P<id>\d+)", rank=33, enters="sla"),
    _plain(34, "ip sla schedule"),
    _plain(35, "logging"),
    *PREFIX_LISTS[6],
    ROUTE_MAP,
    _plain(38, "snmp-server"),
    Command(r"tacacs server (?P<name>\S+)", rank=39, enters="tacacs"),
    _block(40, "control-plane", "control-plane"),
    _text(41, r"banner (?P<kind>login|motd|exec|incoming) (?P<_text>.+)"),
    Command(r"line (?P<name>.+)", rank=42, enters="line", entered=True),
    _plain(43, "ntp"),
    _block(44, "event manager applet", "applet"),
    _plain(45, "netconf-yang"),
)

#: The words that lines in the other modes begin with.
_WORDS = {
    "vrf": ("rd", "description"),
    "vrf-family": ("route-target", "export map", "import map"),
    "aaa-group": ("server name", "ip vrf forwarding"),
    "flow": ("match", "collect", "destination", "source", "transport"),
    "trustpoint": ("enrollment", "revocation-check", "subject-name", "rsakeypair"),
    "archive-log": ("logging enable", "notify syslog", "hidekeys"),
    "redundancy": ("mode",),
    "vlan": ("name",),
    "track": ("delay",),
    "class-map": ("description", "match"),
    "policy-class": ("priority", "police", "bandwidth", "fair-queue", "set"),
    "interface": (
        "description",
        r"(?:no )?switchport",
        "mtu",
        "vrf forwarding",
        r"(?:no )?ip (?:address|access-group|flow|policy|ospf|helper-address|redirects)",
        "ipv6 (?:enable|address)",
        "shutdown",
        "negotiation",
        "load-interval",
        "storm-control",
        "spanning-tree",
        "service-policy",
        "speed",
    ),
    "router-ospf": (
        "router-id",
        "redistribute",
        "passive-interface",
        r"network \S+ \S+ area",
        "log-adjacency-changes",
    ),
    "access-list": (r"\d+ (?:permit|deny)", "remark", "permit", "deny"),
    "sla": ("icmp-echo", "threshold", "frequency"),
    "tacacs": ("address", "key", "timeout"),
    "control-plane": ("service-policy",),
    "line": (
        "exec-timeout",
        "login authentication",
        "stopbits",
        "access-class",
        "transport",
        "length",
    ),
    "applet": ("event", "action"),
}

_MODES = {name: Mode((_plain(0, *words),)) for name, words in _WORDS.items()}
_MODES |= {
    "": Mode(_TOP),
    "vrf": Mode(
        (
            _plain(0, *_WORDS["vrf"]),
            _block(1, "address-family", "vrf-family", closing="exit-address-family"),
        )
    ),
    "certificates": Mode((_text(0, r"(?P<line>certificate .+)"),)),
    "archive": Mode(
        (
            _block(0, "log config", "archive-log"),
            Command(r"path (?P<_path>\S+)", name="path", rank=0),
            Command(r"maximum (?P<_number>\d+)", rank=0),
            Command(r"write-memory", rank=0),
        )
    ),
    "policy-map": Mode((_block(0, "class", "policy-class"),)),
    **POLICY_MODES,
    **BGP_MODES,
}

GRAMMAR = Grammar(modes=_MODES, indent=" ", collate=collate)
