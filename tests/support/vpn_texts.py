"""Switches that carry VPN routes on six platforms, and what is told of them: :func:`found`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fabrics import make_device
from import_drift import told_of_imports
from installing import guard

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS

if TYPE_CHECKING:
    from policies.drift import Drift
    from policies.filters import Direction

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


def found(text: str, platform: str, *ways: Direction, inside: bool = True) -> list[Drift]:
    """Return what is told of imports, of which nothing else is."""
    wants = [guard("10.0.0.1", way) for way in ways]
    wants += [guard("192.0.2.9", vrf="CE")] if inside else []
    sessions = (
        Session(neighbor="10.0.0.1", role=Role.EXTERNAL),
        Session(neighbor="192.0.2.9", vrf="CE", role=Role.EXTERNAL),
    )
    device = replace(make_device("tor1", Role.TOR), sessions=sessions)
    return told_of_imports(device, DIALECTS[platform].parse(text), wants)


def text_of(platform: str, carry: str, vrf: str, inside: str) -> str:
    return TEXTS[platform].format(carry=carry, vrf=vrf, inside=inside)
