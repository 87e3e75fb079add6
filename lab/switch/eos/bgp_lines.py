"""The lines of ``router bgp`` that the virtual EOS knows: ``BGP`` and the modes inside it.

Lines about a neighbor stand together, groups first, then addresses by number, as EOS prints them.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.lines import Node

_PEER = r"neighbor (?P<peer>\S+)"


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


def _one_instance(found: re.Match[str], into: Node) -> str:
    for other in into.named("bgp"):
        if other.groups["asn"] != found["_asn"]:
            raise RefusedError(f"BGP is already running with AS number {other.groups['asn']}")
    return found[0]


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


BGP = Command(r"router bgp (?P<_asn>\d+)", name="bgp", enters="bgp", rewrite=_one_instance)
BGP_MODES: Mapping[str, Mode] = {
    "bgp": Mode((*_INSTANCE, *_FAMILIES, *_VRFS), sweeps=(_PEER,)),
    "bgp-vrf": Mode((*_INSTANCE, *_FAMILIES), sweeps=(_PEER,)),
    "family": Mode(_FAMILY, sweeps=(_PEER,)),
}
