"""A default route that a device makes up for a session goes past its outbound policy, everywhere.

Sources: FRR, bgpd/bgp_updgrp_adv.c (subgroup_default_originate); Cisco's and Arista's references,
``default-originate``. Junos has none: there a default route is announced by a policy.
"""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies.accepts import session_accepts
from policies.dialects import DIALECTS
from policies.filters import Direction, SessionKey

TEXTS = {
    "frr": """\
frr version 8.4.4
router bgp 65000
 neighbor UP peer-group
 neighbor UP remote-as 65001
 neighbor 10.0.0.1 peer-group UP
 address-family ipv4 unicast
  neighbor UP route-map NONE out
{family} exit-address-family
exit
route-map NONE deny 10
exit
end
""",
    "ios": """\
version 17.9
router bgp 65000
 template peer-policy WITH
{template} exit-peer-policy
 neighbor UP peer-group
 neighbor UP remote-as 65001
 neighbor 10.0.0.1 peer-group UP
 address-family ipv4
  neighbor UP activate
  neighbor UP route-map NONE out
{family} exit-address-family
route-map NONE deny 10
end
""",
    "eos": """\
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
router bgp 65000
   neighbor UP peer group
   neighbor UP remote-as 65001
   neighbor UP route-map NONE out
   neighbor 10.0.0.1 peer group UP
{outside}   address-family ipv4
      neighbor UP activate
{family}!
route-map NONE deny 10
!
end
""",
    "nxos": """\
version 10.3(4a) Bios:version
router bgp 65000
  template peer-policy WITH
{template}  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
      route-map NONE out
{family}route-map NONE deny 10
""",
    "iosxr": """\
!! IOS XR Configuration 7.8.1
route-policy NONE
  drop
end-policy
!
router bgp 65000
 af-group WITH address-family ipv4 unicast
{template} !
 neighbor-group UP
  address-family ipv4 unicast
{group}  !
 !
 neighbor 10.0.0.1
  remote-as 65001
  use neighbor-group UP
  address-family ipv4 unicast
   route-policy NONE out
{family}  !
 !
!
end
""",
}
#: Where the line stands: at the neighbor, at its group, or in a template that it inherits.
MADE_UP = [
    ("frr", {"family": "  neighbor 10.0.0.1 default-originate\n"}),
    ("frr", {"family": "  neighbor 10.0.0.1 default-originate route-map NONE\n"}),
    ("frr", {"family": "  neighbor UP default-originate\n"}),
    ("ios", {"family": "  neighbor 10.0.0.1 default-originate\n"}),
    ("ios", {"family": "  neighbor UP default-originate route-map NONE\n"}),
    (
        "ios",
        {
            "template": "  default-originate\n",
            "family": "  neighbor 10.0.0.1 inherit peer-policy WITH\n",
        },
    ),
    ("eos", {"outside": "   neighbor 10.0.0.1 default-originate\n"}),
    ("eos", {"outside": "   neighbor UP default-originate always\n"}),
    ("eos", {"family": "      neighbor 10.0.0.1 default-originate route-map NONE always\n"}),
    ("nxos", {"family": "      default-originate\n"}),
    ("nxos", {"family": "      default-originate route-map NONE\n"}),
    (
        "nxos",
        {"template": "    default-originate\n", "family": "      inherit peer-policy WITH 10\n"},
    ),
    ("iosxr", {"family": "   default-originate\n"}),
    ("iosxr", {"family": "   default-originate route-policy NONE\n"}),
    ("iosxr", {"group": "   default-originate\n"}),
    ("iosxr", {"template": "  default-originate\n", "family": "   use af-group WITH\n"}),
]


def announced(platform: str, lines: dict[str, str]) -> set[str]:
    """Return what 10.0.0.1 may be told."""
    words = {"family": "", "outside": "", "template": "", "group": "", **lines}
    running = DIALECTS[platform].parse(TEXTS[platform].format(**words))
    session = running.sessions[SessionKey("", "10.0.0.1")]
    may = session_accepts(running, session, 4, Direction.EXPORT).may
    return {str(one) for one in may.witnesses(3)}


@pytest.mark.parametrize(("platform", "lines"), MADE_UP)
def test_a_default_route_goes_past_the_policy(platform: str, lines: dict[str, str]) -> None:
    assert announced(platform, lines) == {str(ip_network("0.0.0.0/0"))}


@pytest.mark.parametrize("platform", TEXTS)
def test_without_one_nothing_does(platform: str) -> None:
    assert announced(platform, {}) == set()


def test_ios_xr_can_take_it_back() -> None:
    lines = {"group": "   default-originate\n", "family": "   default-originate disable\n"}
    assert announced("iosxr", lines) == set()
