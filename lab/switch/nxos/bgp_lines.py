"""The lines of ``router bgp`` that the virtual NX-OS knows: ``BGP_MODES``."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.grammar import Command, Mode
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    import re

    from lab.switch.lines import Node

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

BGP_MODES = {
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
}
