"""VPN routes that get into a guarded table over a session whose guards never see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabrics import make_device
from installing import EXPORT, ORANGE, guard

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS
from policies.drift import Drift, Effect, Kind, drift
from policies.filters import Direction
from policies.references import ImportRef

#: The neighbors are guarded both: 10.0.0.1 in the default table, 192.0.2.9 in VRF CE. ``{carry}``
#: is where the first is given another family, ``{vrf}`` where the VRF is.
TEXTS = {
    "frr": """\
frr version 8.4.4
{vrf}router bgp 65000
 neighbor UP peer-group
 neighbor 10.0.0.1 peer-group UP
 neighbor 10.0.0.1 remote-as 65001
{carry}exit
router bgp 65000 vrf CE
 neighbor 192.0.2.9 remote-as 64999
{inside}exit
route-map NONE deny 10
exit
end
""",
    "ios": """\
version 17.9
{vrf}router bgp 65000
 neighbor UP peer-group
 neighbor 10.0.0.1 peer-group UP
 neighbor 10.0.0.1 remote-as 65001
{carry} address-family ipv4 vrf CE
  neighbor 192.0.2.9 remote-as 64999
  neighbor 192.0.2.9 activate
 exit-address-family
route-map NONE deny 10
end
""",
    "nxos": """\
version 10.3(4a) Bios:version
{vrf}router bgp 65000
  template peer UP
    address-family ipv4 unicast
{carry}  neighbor 10.0.0.1
    inherit peer UP
    remote-as 65001
  vrf CE
    neighbor 192.0.2.9
      remote-as 64999
      address-family ipv4 unicast
route-map NONE deny 10
""",
    "eos": """\
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
router bgp 65000
   neighbor UP peer group
   neighbor 10.0.0.1 peer group UP
   neighbor 10.0.0.1 remote-as 65001
{carry}   vrf CE
{vrf}      neighbor 192.0.2.9 remote-as 64999
!
route-map NONE deny 10
!
end
""",
    "iosxr": """\
!! IOS XR Configuration 7.8.1
{vrf}route-policy NONE
  drop
end-policy
!
route-policy ALL
  pass
end-policy
!
router bgp 65000
 neighbor-group UP
  address-family ipv4 unicast
   route-policy ALL in
  !
{carry} !
 neighbor 10.0.0.1
  remote-as 65001
  use neighbor-group UP
 !
 vrf CE
  neighbor 192.0.2.9
   remote-as 64999
   address-family ipv4 unicast
    route-policy ALL in
   !
  !
 !
!
end
""",
    "junos": """\
set version 22.4R1
set routing-options autonomous-system 65000
set protocols bgp group UP neighbor 10.0.0.1 peer-as 65001
set protocols bgp group UP family inet unicast
{carry}set routing-instances CE instance-type vrf
set routing-instances CE protocols bgp group B neighbor 192.0.2.9 peer-as 64999
set policy-options policy-statement NONE then reject
{vrf}""",
}
Words = dict[str, str]


def carried(platform: str, *families: str) -> str:
    """Return the lines that give the first neighbor ``families``, most by way of its group."""
    if platform in ("frr", "ios", "eos"):
        name, pad = "10.0.0.1" if platform == "frr" else "UP", "   " if platform == "eos" else " "
        inside = f"{pad}{pad}neighbor {name} activate\n"
        return "".join(f"{pad}address-family {one}\n{inside}" for one in families)
    if platform == "junos":
        return "".join(f"set protocols bgp group UP family {one}\n" for one in families)
    pad, end = {"nxos": ("    ", ""), "iosxr": ("  ", "  !\n")}[platform]
    return "".join(f"{pad}address-family {one}\n{end}" for one in families)


def vrf(platform: str, *lines: str, version: int = 4) -> str:
    """Return the lines of a VRF that takes VPN routes."""
    if platform == "junos":
        return "".join(f"set routing-instances CE {one}\n" for one in lines)
    if platform == "eos":
        return "".join(f"      {one}\n" for one in lines)
    if platform == "frr":
        return "".join(f"{one}\n" for one in ("vrf CE", *(f" {one}" for one in lines), "exit-vrf"))
    head = {"ios": "vrf definition CE", "nxos": "vrf context CE", "iosxr": "vrf CE"}[platform]
    family = f" address-family ipv{version}{'' if platform == 'ios' else ' unicast'}"
    return "".join(f"{one}\n" for one in (head, family, *(f"  {one}" for one in lines)))


def frr_family(*lines: str) -> str:
    inside = "".join(f"  {line}\n" for line in lines)
    return f" address-family ipv4 unicast\n{inside} exit-address-family\n"


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


def found(text: str, platform: str, *ways: Direction, inside: bool = True) -> list[Drift]:
    """Return what is told of imports, of which nothing else is."""
    wants = [guard("10.0.0.1", way) for way in ways]
    wants += [guard("192.0.2.9", vrf="CE")] if inside else []
    sessions = (
        Session(neighbor="10.0.0.1", role=Role.EXTERNAL),
        Session(neighbor="192.0.2.9", vrf="CE", role=Role.EXTERNAL),
    )
    device = replace(make_device("tor1", Role.TOR), sessions=sessions)
    told = drift(device, DIALECTS[platform].parse(text), wants)
    return [one for one in told if any(isinstance(ref, ImportRef) for ref in one.references)]


def text_of(platform: str, carry: str, vrf: str, inside: str) -> str:
    return TEXTS[platform].format(carry=carry, vrf=vrf, inside=inside)


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
