"""VPN routes that get into an unguarded VRF, and from there into a guarded table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from installing import ORANGE
from vpn_texts import carried, found, text_of, vrf

from policies.dialects import DIALECTS
from policies.filters import Direction

if TYPE_CHECKING:
    from policies.drift import Drift

GENERAL = "router general\n   vrf default\n      {}\n      exit\n   !\n   exit\n!\n"
GLOBAL = "global-address-family ipv4\n {}\n exit-global-af\n"
#: Families, what a VRF imports, the lines around what brings it on, and that, with its policy.
ONWARD = [
    (
        "ios",
        ("vpnv4", "vpnv4"),
        ("route-target import 1:7",),
        (GLOBAL, "route-replicate from vrf CE unicast all route-map {}"),
    ),
    (
        "nxos",
        ("l2vpn evpn", "evpn"),
        ("route-target both auto evpn",),
        ("{}", "export vrf default 50 map {} allow-vpn"),
    ),
    (
        "eos",
        ("evpn", "evpn"),
        ("route-target import 1:7",),
        (GENERAL, "leak routes source-vrf CE subscribe-policy {}"),
    ),
    (
        "iosxr",
        ("vpnv4 unicast", "vpnv4"),
        ("import route-target", " 1:7"),
        ("{}", "export to default-vrf route-policy {} allow-imported-vpn"),
    ),
]


@pytest.mark.parametrize(("platform", "families", "lines", "way"), ONWARD)
def test_vpn_routes_go_on_into_a_guarded_table(
    platform: str, families: tuple[str, str], lines: tuple[str, ...], way: tuple[str, str]
) -> None:
    def text(said: str) -> str:
        inside = (*lines, said) if way[0] == "{}" else lines
        top = "" if way[0] == "{}" else way[0].format(said)
        whole = text_of(platform, carried(platform, families[0]), vrf(platform, *inside), "")
        whole = whole.replace("route-map NONE", "route-map ALL permit 10\nroute-map NONE", 1)
        return whole.replace("router bgp", f"{top}router bgp", 1)

    def told(said: str) -> list[Drift]:
        return found(text(said), platform, Direction.IMPORT, inside=False)

    said = way[1].format("ALL")
    (one,) = told(said)
    assert one.object == f"{said} (of {families[1]} into the default table)"
    assert one.leaked == ~ORANGE.allowed[4]
    (place,) = DIALECTS[platform].index(text(said)).places(one.references[0])
    assert place.text.strip() == said
    # A policy denies them; and without a word for it, only what the VRF itself learned goes on.
    assert told(way[1].format("NONE")) == []
    silent = said.removesuffix(" allow-vpn").removesuffix(" allow-imported-vpn")
    assert silent == said or told(silent) == []
