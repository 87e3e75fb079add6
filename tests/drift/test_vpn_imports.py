"""VPN routes that get into a guarded table over a session whose guards never see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabrics import make_device
from installing import EXPORT, ORANGE, guard
from vpn_texts import carried, found, frr_family, text_of, vrf

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS
from policies.drift import Effect, Kind, drift
from policies.filters import Direction

CASES = [
    (
        "frr",
        "l2vpn evpn",
        vrf("frr", "vni 4001"),
        "",
        ("vni 4001", "evpn"),
    ),
    (
        "frr",
        "ipv4 vpn",
        "",
        frr_family("import vpn"),
        ("import vpn", "vpnv4"),
    ),
    (
        "ios",
        "vpnv4",
        vrf("ios", "route-target import 1:7"),
        "",
        ("route-target import 1:7", "vpnv4"),
    ),
    (
        "ios",
        "vpnv4 unicast",
        "ip vrf CE\n route-target import 1:7\n",
        "",
        ("route-target import 1:7", "vpnv4"),
    ),
    (
        "ios",
        "l2vpn evpn",
        vrf("ios", "route-target import 1:7 stitching"),
        "",
        ("route-target import 1:7 stitching", "evpn"),
    ),
    (
        "nxos",
        "vpnv4 unicast",
        vrf("nxos", "route-target import 1:7", "route-target import 1:8"),
        "",
        ("route-target import 1:7", "vpnv4"),
    ),
    (
        "nxos",
        "l2vpn evpn",
        vrf("nxos", "route-target both auto", "route-target both auto evpn"),
        "",
        ("route-target both auto evpn", "evpn"),
    ),
    (
        "eos",
        "vpn-ipv4",
        vrf("eos", "route-target import vpn-ipv4 1:7"),
        "",
        ("route-target import vpn-ipv4 1:7", "vpnv4"),
    ),
    (
        "eos",
        "evpn",
        vrf("eos", "route-target both evpn 1:7"),
        "",
        ("route-target both evpn 1:7", "evpn"),
    ),
    (
        "eos",
        "vpn-ipv4",
        vrf("eos", "route-target both vpn-ipv4 1:7"),
        "",
        ("route-target both vpn-ipv4 1:7", "vpnv4"),
    ),
    (
        "eos",
        "evpn",
        # The route-map is that of the other kind of VPN.
        vrf("eos", "route-target import evpn 1:7", "route-target import vpn-ipv4 route-map NONE"),
        "",
        ("route-target import evpn 1:7", "evpn"),
    ),
    (
        "iosxr",
        "vpnv4 unicast",
        vrf("iosxr", "import route-target", " 1:7"),
        "",
        ("import route-target", "vpnv4"),
    ),
    (
        "iosxr",
        "l2vpn evpn",
        vrf("iosxr", "import route-target", " 1:7 stitching"),
        "",
        ("import route-target", "evpn"),
    ),
    (
        "junos",
        "inet-vpn unicast",
        vrf("junos", "vrf-target target:1:7"),
        "",
        ("vrf-target", "vpnv4"),
    ),
    (
        "junos",
        "inet-vpn any",
        vrf("junos", "vrf-import SOME"),
        "",
        ("vrf-import", "vpnv4"),
    ),
    (
        "junos",
        "evpn signaling",
        vrf("junos", "protocols evpn ip-prefix-routes advertise direct-nexthop"),
        "",
        ("ip-prefix-routes", "evpn"),
    ),
]
#: Policies that let nothing in, where there is one for what a VRF takes.
CLOSED = [
    ("frr", "ipv4 vpn", "", frr_family("import vpn", "route-map vpn import NONE")),
    ("ios", "vpnv4", vrf("ios", "import map NONE", "route-target import 1:7"), ""),
    ("nxos", "l2vpn evpn", vrf("nxos", "route-target both auto evpn", "import map NONE"), ""),
    (
        "eos",
        "evpn",
        vrf("eos", "route-target import evpn 1:7", "route-target import evpn route-map NONE"),
        "",
    ),
    (
        "eos",
        "vpn-ipv4",
        vrf(
            "eos", "route-target import vpn-ipv4 1:7", "route-target import vpn-ipv4 route-map NONE"
        ),
        "",
    ),
    ("iosxr", "vpnv4 unicast", vrf("iosxr", "import route-policy NONE", "import route-target"), ""),
    ("junos", "inet-vpn unicast", vrf("junos", "vrf-import NONE"), ""),
]
#: What gets into no guarded table.
ELSEWHERE = [
    ("frr", "l2vpn evpn", vrf("frr", "vni 4001").replace("CE", "OTHER"), ""),
    ("ios", "l2vpn evpn", vrf("ios", "route-target import 1:7"), ""),
    ("ios", "vpnv4", vrf("ios", "route-target export 1:7"), ""),
    ("ios", "vpnv4", vrf("ios", "route-target import 1:7", version=6), ""),
    ("nxos", "l2vpn evpn", vrf("nxos", "route-target import 1:7"), ""),
    ("nxos", "vpnv4 unicast", vrf("nxos", "route-target import 1:7 evpn"), ""),
    ("eos", "evpn", vrf("eos", "route-target import vpn-ipv4 1:7"), ""),
    ("eos", "evpn", vrf("eos", "route-target export evpn 1:7"), ""),
    ("iosxr", "l2vpn evpn", vrf("iosxr", "export route-target", " 1:7"), ""),
    ("junos", "inet-vpn unicast", vrf("junos", "vrf-target export target:1:7"), ""),
    ("junos", "evpn signaling", vrf("junos", "vrf-target target:1:7"), ""),
]


@pytest.mark.parametrize(("platform", "family", "vrf", "inside", "told"), CASES)
def test_vpn_routes_go_past_the_guard(
    platform: str, family: str, vrf: str, inside: str, told: tuple[str, str]
) -> None:
    said, name = told
    text = text_of(platform, carried(platform, family), vrf, inside)
    (one,) = found(text, platform, Direction.IMPORT)
    assert (one.kind, one.effect, one.version) == (Kind.WEAKENED, Effect.WEAKENED, 4)
    assert one.object == f"{said} (of {name} into vrf CE)"
    assert one.leaked == ~ORANGE.allowed[4]
    assert one.text == (
        f"`{said}` brings routes of {name} into vrf CE, past the guards there: neighbor 10.0.0.1 "
        "may announce 0.0.0.0/0, 0.0.0.0/16, 10.66.0.0/16, which no guard holds back"
    )
    (place,) = DIALECTS[platform].index(text).places(one.references[0])
    assert place.number is not None
    assert said in place.text
    # Who is not guarded there may announce what it likes anyway.
    assert found(text, platform, EXPORT) == []
    # Whoever else has the table: nothing is fenced there.
    assert found(text, platform, Direction.IMPORT, inside=False) == []
    # And without the family nothing comes that way.
    assert found(text_of(platform, "", vrf, inside), platform, Direction.IMPORT) == []


@pytest.mark.parametrize(("platform", "family", "vrf", "inside"), [*CLOSED, *ELSEWHERE])
def test_vpn_routes_that_get_into_no_guarded_table(
    platform: str, family: str, vrf: str, inside: str
) -> None:
    text = text_of(platform, carried(platform, family), vrf, inside)
    assert found(text, platform, Direction.IMPORT) == []


def test_the_default_table_has_a_vni_too() -> None:
    text = text_of("frr", carried("frr", "l2vpn evpn"), "vni 4001\n", "")
    (one,) = found(text, "frr", Direction.IMPORT)
    assert one.object == "vni 4001 (of evpn into the default table)"


def test_what_is_told_of_a_session_is_not_told_twice() -> None:
    carry = frr_family("neighbor 10.0.0.1 activate", "import vpn") + carried("frr", "ipv4 vpn")
    assert found(text_of("frr", carry, "", ""), "frr", Direction.IMPORT) == []


def test_a_guarded_group_is_told_by_its_members() -> None:
    text = text_of("ios", carried("ios", "vpnv4"), vrf("ios", "route-target import 1:7"), "")
    device = replace(
        make_device("tor1", Role.TOR), sessions=(Session(peer_group="UP", role=Role.EXTERNAL),)
    )
    wants = [guard("UP", group=True), guard("192.0.2.9", vrf="CE")]
    told = drift(device, DIALECTS["ios"].parse(text), wants)
    (one,) = (one for one in told if "vpnv4" in one.object)
    assert "past the guards there: neighbor 10.0.0.1 may" in one.text


def test_what_a_vlan_imports_is_bridged() -> None:
    vlan = "   vlan 10\n      rd 1:7\n      route-target import 1:7\n      redistribute learned\n"
    text = text_of("eos", vlan + carried("eos", "evpn"), "", "")
    assert found(text, "eos", Direction.IMPORT) == []
    # A VRF that follows has its own.
    text = text.replace("vrf CE\n", "vrf CE\n      route-target import evpn 1:7\n")
    (one,) = found(text, "eos", Direction.IMPORT)
    assert one.object == "route-target import evpn 1:7 (of evpn into vrf CE)"
