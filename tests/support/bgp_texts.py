"""Small routers of every platform, as text: :data:`TEXTS`."""

from __future__ import annotations

#: Per platform a router with one neighbor of each sort: IPv4, IPv6 as an operator may type it,
#: link-local, an interface, a range or a group with dynamic neighbors, and the first one's
#: address in another VRF.
TEXTS = {
    "frr": """\
frr version 8.4.4
frr defaults traditional
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 neighbor 2001:DB8:0:0::5 remote-as 65001
 neighbor fe80::1 remote-as 65001
 neighbor fe80::1 interface eth9
 neighbor eth0 interface remote-as external
 neighbor NODES peer-group
 bgp listen range 10.3.0.0/24 peer-group NODES
exit
router bgp 65000 vrf BLUE
 neighbor 10.0.0.1 remote-as 65001
exit
end
""",
    "eos": """\
! Command: show running-config
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
!
router bgp 65000
   bgp listen range 10.3.0.0/24 peer-group NODES remote-as 64603
   neighbor NODES peer group
   neighbor 10.0.0.1 remote-as 65001
   neighbor 2001:DB8:0:0::5 remote-as 65001
   neighbor FE80::1%Et1 remote-as 65001
   vrf BLUE
      neighbor 10.0.0.1 remote-as 65001
end
""",
    "ios": """\
version 17.9
hostname leaf1
!
router bgp 65000
 bgp listen range 10.3.0.0/24 peer-group NODES
 neighbor NODES peer-group
 neighbor NODES remote-as 64601
 neighbor 10.0.0.1 remote-as 65001
 neighbor 2001:DB8:0:0::5 remote-as 65001
 neighbor FE80::1%Vlan10 remote-as 65001
 address-family ipv4 vrf BLUE
  neighbor 10.0.0.1 remote-as 65001
  neighbor 10.0.0.1 activate
 exit-address-family
end
""",
    "nxos": """\
!Command: show running-config
version 10.3(4a) Bios:version
feature bgp

router bgp 65000
  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
  neighbor 2001:db8::5
    remote-as 65001
    address-family ipv6 unicast
  neighbor fe80::1
    remote-as 65001
    address-family ipv6 unicast
  neighbor Ethernet1/1
    remote-as 65001
    address-family ipv6 unicast
  neighbor 10.3.0.0/24
    remote-as 65001
    address-family ipv4 unicast
  vrf BLUE
    neighbor 10.0.0.1
      remote-as 65001
      address-family ipv4 unicast
""",
    "iosxr": """\
!! IOS XR Configuration 7.3.2
!! Last configuration change at noon
!
router bgp 65000
 neighbor 10.0.0.1
  remote-as 65001
  address-family ipv4 unicast
  !
 !
 neighbor 2001:db8::5
  remote-as 65001
  address-family ipv6 unicast
  !
 !
 neighbor fe80::1
  remote-as 65001
  address-family ipv6 unicast
  !
 !
 neighbor 10.3.0.0/24
  remote-as 65001
  address-family ipv4 unicast
  !
 !
 vrf BLUE
  neighbor 10.0.0.1
   remote-as 65001
   address-family ipv4 unicast
   !
  !
 !
!
end
""",
    "junos": """\
set version 22.4R1
set routing-options autonomous-system 65000
set protocols bgp group A neighbor 10.0.0.1 peer-as 65001
set protocols bgp group A neighbor 2001:DB8:0:0::5 family inet6 unicast
set protocols bgp group A neighbor fe80::1 local-interface ge-0/0/0.0
set protocols bgp group A neighbor fe80::1 family inet6 unicast
set protocols bgp group NODES allow 10.3.0.0/24
set routing-instances BLUE instance-type virtual-router
set routing-instances BLUE protocols bgp group A neighbor 10.0.0.1 peer-as 65001
""",
}
