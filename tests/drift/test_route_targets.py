"""VRFs that share a route target: what one of them exports gets past the guards of the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabrics import make_device
from import_drift import told_of_imports
from installing import ORANGE, guard

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS
from policies.drift import Drift, Effect, Kind

#: VRF K has a guarded neighbor, and VRF CE one that is none of ringfence's business. ``{k}`` and
#: ``{ce}`` are for the lines of either.
TEXTS = {
    "frr": """\
frr version 8.4.4
router bgp 65000 vrf K
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4 unicast
{k} exit-address-family
exit
router bgp 65000 vrf CE
 no bgp ebgp-requires-policy
 neighbor 192.0.2.9 remote-as 64999
 address-family ipv4 unicast
{ce} exit-address-family
exit
route-map NONE deny 10
exit
end
""",
    "ios": """\
version 17.9
vrf definition K
 address-family ipv4
{k} exit-address-family
vrf definition CE
 address-family ipv4
{ce} exit-address-family
router bgp 65000
 address-family ipv4 vrf K
  neighbor 10.0.0.1 remote-as 65001
  neighbor 10.0.0.1 activate
 exit-address-family
 address-family ipv4 vrf CE
  neighbor 192.0.2.9 remote-as 64999
  neighbor 192.0.2.9 activate
 exit-address-family
route-map NONE deny 10
end
""",
    "nxos": """\
version 10.3(4a) Bios:version
vrf context K
  address-family ipv4 unicast
{k}vrf context CE
  address-family ipv4 unicast
{ce}router bgp 65000
  vrf K
    neighbor 10.0.0.1
      remote-as 65001
      address-family ipv4 unicast
  vrf CE
    neighbor 192.0.2.9
      remote-as 64999
      address-family ipv4 unicast
route-map NONE deny 10
""",
    "eos": """\
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
router bgp 65000
   vrf K
{k}      neighbor 10.0.0.1 remote-as 65001
   vrf CE
{ce}      neighbor 192.0.2.9 remote-as 64999
!
route-map NONE deny 10
!
end
""",
    "iosxr": """\
!! IOS XR Configuration 7.8.1
vrf K
 address-family ipv4 unicast
{k} !
!
vrf CE
 address-family ipv4 unicast
{ce} !
!
route-policy NONE
  drop
end-policy
!
route-policy ALL
  pass
end-policy
!
router bgp 65000
 vrf K
  neighbor 10.0.0.1
   remote-as 65001
   address-family ipv4 unicast
    route-policy NONE in
   !
  !
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
set routing-instances K protocols bgp group A import NONE
set routing-instances K protocols bgp group A neighbor 10.0.0.1 peer-as 65001
set routing-instances CE protocols bgp group B neighbor 192.0.2.9 peer-as 64999
set policy-options policy-statement NONE then reject
{k}{ce}""",
}
K, CE = "set routing-instances K ", "set routing-instances CE "
AUTO = f"{CE}routing-options auto-export"
Lines = tuple[str, ...]
SHARED: list[tuple[str, Lines, Lines, str]] = [
    ("frr", ("rt vpn import 1:7", "import vpn"), ("rt vpn export 1:6 1:7", "export vpn"), ""),
    ("frr", ("rt vpn both 1:7", "import vpn"), ("rt vpn both 1:7", "export vpn"), ""),
    ("ios", ("route-target import 1:7",), ("route-target export 1:7",), ""),
    ("ios", ("route-target import 1:6", "route-target import 1:7"), ("route-target both 1:7",), ""),
    ("nxos", ("route-target import 1:7",), ("route-target export 1:7",), ""),
    # A map of an export gives some routes other targets, and holds none of them back.
    ("ios", ("route-target import 1:7",), ("export map NONE", "route-target export 1:7"), ""),
    ("nxos", ("route-target import 1:7",), ("route-target export 1:7", "export map NONE"), ""),
    ("nxos", ("route-target both 1:7 evpn",), ("route-target both 1:7 evpn",), ""),
    ("eos", ("route-target import evpn 1:7",), ("route-target export evpn 1:7",), ""),
    ("eos", ("route-target import vpn-ipv4 1:7",), ("route-target export vpn-ipv4 1:7",), ""),
    # The route-map is that of the other kind of VPN.
    (
        "eos",
        ("route-target import evpn 1:7", "route-target import vpn-ipv4 route-map NONE"),
        ("route-target export evpn 1:7",),
        "",
    ),
    (
        "eos",
        (
            "route-target import evpn 1:7",
            "route-target import vpn-ipv4 1:7",
            "route-target import evpn route-map NONE",
        ),
        ("route-target export evpn 1:7", "route-target export vpn-ipv4 1:7"),
        "route-target import vpn-ipv4 1:7",
    ),
    (
        "iosxr",
        ("import route-target", " 1:6", " 1:7"),
        ("export route-target", " 1:7"),
        "import route-target 1:7",
    ),
    *(
        (
            "junos",
            (f"{K}vrf-target {here}target:1:7",),
            (f"{CE}vrf-target {there}target:1:7", auto),
            "vrf-target target:1:7",
        )
        for here, there, auto in (
            ("", "", AUTO),
            ("import ", "export ", AUTO),
            ("", "", AUTO.replace("CE", "K")),
        )
    ),
]
NOT_SHARED: list[tuple[str, Lines, Lines]] = [
    ("frr", ("rt vpn import 1:7",), ("rt vpn export 1:7", "export vpn")),
    ("frr", ("rt vpn import 1:7", "import vpn"), ("rt vpn export 1:7",)),
    ("frr", ("rt vpn import 1:7", "import vpn"), ("rt vpn export 1:8", "export vpn")),
    ("frr", ("rt vpn export 1:7", "export vpn"), ("rt vpn import 1:7", "import vpn")),
    (
        "frr",
        ("rt vpn import 1:7", "import vpn", "route-map vpn import NONE"),
        ("rt vpn export 1:7", "export vpn"),
    ),
    (
        "frr",
        ("rt vpn import 1:7", "import vpn"),
        ("rt vpn export 1:7", "export vpn", "route-map vpn export NONE"),
    ),
    ("ios", ("route-target import 1:7",), ("route-target export 1:77",)),
    ("ios", ("route-target export 1:7",), ("route-target import 1:7",)),
    ("ios", ("import map NONE", "route-target import 1:7"), ("route-target export 1:7",)),
    ("nxos", ("route-target import 1:7 evpn",), ("route-target export 1:7",)),
    ("nxos", ("route-target both auto",), ("route-target both auto",)),
    ("eos", ("route-target import vpn-ipv6 1:7",), ("route-target export vpn-ipv6 1:7",)),
    ("eos", ("route-target import evpn 1:7",), ("route-target export vpn-ipv4 1:7",)),
    (
        "eos",
        ("route-target import evpn 1:7", "route-target import evpn route-map NONE"),
        ("route-target export evpn 1:7",),
    ),
    ("iosxr", ("import route-target", " 1:7"), ("export route-target", " 1:8")),
    (
        "iosxr",
        ("import route-policy NONE", "import route-target", " 1:7"),
        ("export route-target", " 1:7"),
    ),
    ("junos", (f"{K}vrf-target target:1:7",), (f"{CE}vrf-target target:1:7",)),
    ("junos", (f"{K}vrf-target target:1:7",), (f"{CE}vrf-target target:1:77", AUTO)),
    ("junos", (f"{K}vrf-target export target:1:7",), (f"{CE}vrf-target target:1:7", AUTO)),
    (
        "junos",
        (f"{K}vrf-target target:1:7",),
        (f"{CE}vrf-target target:1:7", f"{CE}vrf-export NONE", AUTO),
    ),
]


def found(platform: str, inside: Lines, outside: Lines) -> tuple[str, list[Drift]]:
    pad = {"nxos": "    ", "eos": "      ", "junos": ""}.get(platform, "  ")
    here, there = ("".join(f"{pad}{one}\n" for one in some) for some in (inside, outside))
    text = TEXTS[platform].format(k=here, ce=there)
    device = replace(
        make_device("tor1", Role.TOR),
        sessions=(Session(neighbor="10.0.0.1", vrf="K", role=Role.EXTERNAL),),
        ignore_neighbors=("192.0.2.9 (vrf CE)", "B"),
    )
    running = DIALECTS[platform].parse(text)
    return text, told_of_imports(device, running, [guard("10.0.0.1", vrf="K")])


@pytest.mark.parametrize(("platform", "inside", "outside", "said"), SHARED)
def test_what_a_vrf_shares_with_a_guarded_one_is_told(
    platform: str, inside: Lines, outside: Lines, said: str
) -> None:
    said = said or next(one for one in inside if "1:7" in one)
    text, (one,) = found(platform, inside, outside)
    assert (one.kind, one.effect, one.version) == (Kind.WEAKENED, Effect.WEAKENED, 4)
    assert one.object == f"{said} (from vrf CE into vrf K)"
    assert one.leaked == ORANGE.allowed[4]
    (place,) = DIALECTS[platform].index(text).places(one.references[0])
    assert place.number is not None
    assert "1:7" in place.text


@pytest.mark.parametrize(("platform", "inside", "outside"), NOT_SHARED)
def test_what_they_do_not_share_is_not(platform: str, inside: Lines, outside: Lines) -> None:
    assert found(platform, inside, outside)[1] == []


def test_what_is_bridged_is_shared_with_no_vrf() -> None:
    vlan = "   vlan 10\n      route-target both 1:7\n"
    text = TEXTS["eos"].format(k="      route-target import 1:7\n", ce="")
    running = DIALECTS["eos"].parse(text.replace("   vrf K\n", f"{vlan}   vrf K\n"))
    assert [one for one in running.table_imports if not one.family] == []
