"""The lines of ``router bgp`` of IOS-XE, with its address families, VRFs and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import re

    from lab.switch.lines import Node

_PEER = r"neighbor (?P<peer>\S+)"


def _neighbor(rest: str, name: str = "", *shorter: str) -> Command:
    """Return a line about one neighbor; ``shorter`` forms of it are enough after ``no``."""
    return Command(
        rf"{_PEER} {rest}",
        name=name,
        rank=1,
        by=("peer",),
        removed_by=tuple(rf"{_PEER} {one}" for one in shorter),
    )


def _one_as(found: re.Match[str], root: Node) -> str:
    for node in root.named("router"):
        if node.groups["asn"] != found["_asn"]:
            raise RefusedError(f"BGP is already running; AS is {node.groups['asn']}")
    return found[0]


ROUTER = Command(
    r"router bgp (?P<_asn>\d+)",
    name="router",
    rank=28,
    enters="bgp",
    rewrite=_one_as,
)


def _family_line(found: re.Match[str], router: Node) -> str:
    del router
    vrf = f" vrf {found['vrf']}" if found["vrf"] else ""
    return f"address-family {found['afi']}{vrf}"


_FAMILY = Command(
    r"address-family (?P<afi>ipv4|ipv6)(?: unicast)?(?: vrf (?P<vrf>\S+))?",
    name="family",
    rank=2,
    enters="bgp-family",
    closing="exit-address-family",
    entered=True,
    rewrite=_family_line,
)

_SESSION = (
    _neighbor(r"peer-group", "group"),
    _neighbor(r"remote-as (?P<_asn>\d+)", "remote-as"),
    _neighbor(r"peer-group (?P<_group>\S+)", "member", "peer-group"),
    _neighbor(r"inherit peer-session (?P<_name>\S+)", "inherit-session", "inherit peer-session"),
    _neighbor(r"description (?P<_text>.+)", "", "description"),
    _neighbor(r"shutdown", "shutdown"),
    _neighbor(r"password (?P<_secret>.+)", "", "password"),
    _neighbor(r"update-source (?P<_interface>\S+)", "", "update-source"),
    _neighbor(r"ebgp-multihop(?P<_hops>(?: \d+)?)", "", "ebgp-multihop"),
    _neighbor(r"timers (?P<_seconds>\d+ \d+)", "", "timers"),
    _neighbor(r"fall-over bfd"),
)

_POLICY = (
    _neighbor(r"inherit peer-policy (?P<_name>\S+)", "inherit-policy", "inherit peer-policy"),
    _neighbor(r"send-community(?P<_which>(?: (?:both|standard|extended))?)", "", "send-community"),
    _neighbor(r"advertisement-interval (?P<_seconds>\d+)", "", "advertisement-interval"),
    _neighbor(r"route-reflector-client", "route-reflector-client"),
    _neighbor(r"next-hop-self", "next-hop-self"),
    _neighbor(r"soft-reconfiguration inbound"),
    _neighbor(r"allowas-in(?P<_times>(?: \d+)?)", "", "allowas-in"),
    _neighbor(r"prefix-list (?P<_list>\S+) (?P<way>in|out)", "prefix-list"),
    _neighbor(r"route-map (?P<_map>\S+) (?P<way>in|out)", "route-map"),
    _neighbor(r"maximum-prefix (?P<_limit>.+)", "", "maximum-prefix"),
)

#: ``no neighbor X activate`` is a line of its own where IPv4 is active by default.
_ACTIVATE = Command(rf"(?P<_no>no )?{_PEER} activate", name="activate", rank=1, by=("peer",))

_SWEEPS = (_PEER, rf"{_PEER} remote-as \d+", rf"{_PEER} peer-group")


def _plain(*words: str) -> Command:
    return Command(rf"(?P<line>(?:{'|'.join(words)})(?: .*)?)", rank=1, entered=True)


BGP_MODES = {
    "bgp": Mode(
        (
            Command(
                r"template peer-policy (?P<name>\S+)",
                name="peer-policy",
                rank=0,
                enters="peer-policy",
                closing="exit-peer-policy",
            ),
            Command(
                r"template peer-session (?P<name>\S+)",
                name="peer-session",
                rank=0,
                enters="peer-session",
                closing="exit-peer-session",
            ),
            Command(r"bgp router-id (?P<_id>\S+)", name="router-id", rank=1),
            Command(r"bgp log-neighbor-changes", rank=1),
            Command(r"bgp safe-ebgp-policy", name="safe", rank=1),
            Command(
                r"bgp listen range (?P<range>\S+) peer-group (?P<_group>\S+)",
                name="listen",
                rank=1,
                removed_by=(r"bgp listen range (?P<range>\S+)",),
            ),
            Command(
                r"(?P<_no>no )?bgp default ipv4-unicast",
                name="default",
                rank=1,
                default=r"bgp default ipv4-unicast",
            ),
            _plain("bgp (?:graceful-restart|bestpath|dampening|deterministic-med)"),
            Command(r"timers bgp (?P<_seconds>\d+ \d+)", rank=1),
            *_SESSION,
            _FAMILY,
        ),
        sweeps=_SWEEPS,
    ),
    "bgp-family": Mode(
        (
            Command(
                r"network (?P<network>\S+)(?: mask (?P<mask>\S+))?(?: route-map (?P<_map>\S+))?",
                name="network",
                rank=1,
            ),
            _plain("redistribute", "aggregate-address", "maximum-paths"),
            *_SESSION,
            _ACTIVATE,
            *_POLICY,
        ),
        sweeps=_SWEEPS,
    ),
    "peer-policy": Mode(
        (
            Command(r"route-map (?P<_map>\S+) (?P<way>in|out)", name="route-map", rank=0),
            Command(r"prefix-list (?P<_list>\S+) (?P<way>in|out)", name="prefix-list", rank=0),
            Command(r"maximum-prefix (?P<_limit>.+)", rank=0),
            Command(r"send-community(?: both)?", rank=0),
            Command(r"next-hop-self", name="next-hop-self", rank=0),
            Command(r"route-reflector-client", name="route-reflector-client", rank=0),
        )
    ),
    "peer-session": Mode(
        (
            Command(r"remote-as (?P<_asn>\d+)", name="remote-as", rank=0),
            Command(r"(?P<what>password|timers|update-source|description) (?P<_rest>.+)", rank=0),
        )
    ),
}
