"""One prefix of a BGP table as the three Ciscos print it, in the forms that vendors document."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from inventory.errors import DeviceError
from tasks.adapters.base import Origin
from tasks.adapters.cisco_paths import read_paths

IOS = """\
BGP routing table entry for 10.1.20.0/24, version 97
Paths: (3 available, best #2, table default)
Multipath: eiBGP
  Not advertised to any peer
  Refresh Epoch 1
  64515 64512, (received & used)
    192.0.2.7 (metric 2) from *10.0.0.7 (10.9.9.7)
      Origin IGP, localpref 100, valid, external, multipath(oldest)
      Community: 64512:20
      rx pathid: 0, tx pathid: 0
  Refresh Epoch 1
  64496, (aggregated by 64496 192.0.2.99), (received-only)
    10.0.0.8 from 10.0.0.8 (10.9.9.8)
      Origin IGP, localpref 100, valid, external
      rx pathid: 0, tx pathid: 0
  Refresh Epoch 1
  Local, (Received from a RR-client), (received & used)
    10.0.0.6 (inaccessible) from 10.0.0.6 (10.9.9.6)
      Origin IGP, localpref 100, valid, internal, best
      Originator: 10.0.0.1, Cluster list: 10.9.9.6
      rx pathid: 0, tx pathid: 0x0
"""
IOS_VRF = """\
BGP routing table entry for 65001:1:10.0.0.0/8, version 4
Paths: (1 available, best #1, table RED)
  Refresh Epoch 1
  64500 {64501,64502}, (aggregated by 64500 10.0.0.9)
    10.0.0.9 (via vrf RED) from 10.0.0.9 (10.9.9.9)
      Origin incomplete, metric 0, localpref 100, valid, external, best
"""
IOS_V6 = """\
BGP routing table entry for 2001:DB8:20::/48, version 2
Paths: (1 available, best #1, table default)
  Advertised to update-groups:
     1
  Refresh Epoch 1
  65201
    2001:DB8:FF::2 (FE80::A8BB:CCFF:FE00:200) from 2001:DB8:FF::2 (10.9.9.5)
      Origin IGP, localpref 100, valid, external, best
"""
NXOS = """\
BGP routing table information for VRF default, address family IPv4 Unicast
BGP routing table entry for 10.10.10.0/24, version 45
Paths: (4 available, best #1)
Flags: (0x8008001a) (high32 00000000) on xmit-list, is in urib, is best urib rou
te, is in HW

  Advertised path-id 1
  Path type: external, path is valid, is best path, no labeled nexthop, in rib
  AS-Path: 65002 65003 , path sourced external to AS
    192.0.2.2 (metric 41) from 10.2.2.2 (10.9.9.2)
      Origin IGP, MED not set, localpref 150, weight 0

  Path type: external, path is valid, received only, no labeled nexthop
  AS-Path: 65009 65003 , path sourced external to AS
    10.3.3.3 (metric 41) from 10.3.3.3 (10.9.9.3)
      Origin IGP, MED not set, localpref 100, weight 0

  Path type: internal, path is valid, not best reason: Neighbor Address, receive
d only, no labeled nexthop
  AS-Path: 65009 65003 , path sourced external to AS
    10.4.4.4 (metric 41) from 10.4.4.4 (10.9.9.4)
      Origin IGP, MED not set, localpref 100, weight 0

  Path type: external, path is valid, not best reason: AS Path
  AS-Path: 4200000001 4200000002 4200000003 4200000004 4200000005 4200000006 420
0000007 , path sourced external to AS
    10.5.5.5 (metric 0) from 10.5.5.5 (10.9.9.5)
      Origin IGP, MED not set, localpref 100, weight 0

  Path type: internal, path is valid, not best reason: Locally originated
  AS-Path: NONE, path sourced internal to AS
    10.6.6.6 (metric 0) from 10.6.6.6 (10.9.9.6)
      Origin IGP, MED not set, localpref 100, weight 0

  Path-id 1 advertised to peers:
    10.1.1.1           10.1.1.2
"""
XR = """\
Mon Mar  2 09:00:00.000 UTC
BGP routing table entry for 198.51.100.0/24, Route Distinguisher: 1:1
Versions:
  Process           bRIB/RIB  SendTblVer
  Speaker                 27          27
Last Modified: Mar  1 09:00:00.000 for 1d00h
Paths: (3 available, best #3)
  Advertised to update-groups (with more than one peer):
    0.2 0.28
  Advertised to peers (in unique update groups):
    203.0.113.9     203.0.113.10
  Path #1: Received by speaker 0
  Not advertised to any peer
  64500
    203.0.113.1 from 203.0.113.1 (10.9.9.1)
      Origin IGP, metric 0, localpref 150, valid, external
      Received Path ID 0, Local Path ID 0, version 0
      Community: 64500:1
      Origin-AS validity: not-found
  Path #2: Received by speaker 0
  Not advertised to any peer
  64500, (received-only)
    203.0.113.2 from 203.0.113.2 (10.9.9.2)
      Origin IGP, metric 0, localpref 100, valid, external
  Path #3: Received by speaker 0
  Not advertised to any peer
  Local
    10.0.0.7 (metric 3) from 10.0.0.5 (10.9.9.7)
      Origin IGP, metric 0, localpref 100, valid, internal, best, group-best
      Received Path ID 0, Local Path ID 1, version 58
      Originator: 10.0.0.7, Cluster list: 10.0.0.5
"""
FORMS = {
    "ios": (
        IOS,
        "10.1.20.0/24",
        [("10.0.0.7", "192.0.2.7", "64515 64512"), ("10.0.0.6", "10.0.0.6", "")],
    ),
    "ios-vrf": (IOS_VRF, "10.0.0.0/8", [("10.0.0.9", "10.0.0.9", "64500 {64501,64502}")]),
    "ios-v6": (IOS_V6, "2001:db8:20::/48", [("2001:db8:ff::2", "2001:db8:ff::2", "65201")]),
    "nxos": (
        NXOS,
        "10.10.10.0/24",
        [
            ("10.2.2.2", "192.0.2.2", "65002 65003"),
            (
                "10.5.5.5",
                "10.5.5.5",
                "4200000001 4200000002 4200000003 4200000004 4200000005 4200000006 4200000007",
            ),
            ("10.6.6.6", "10.6.6.6", ""),
        ],
    ),
    "xr": (
        XR,
        "198.51.100.0/24",
        [("203.0.113.1", "203.0.113.1", "64500"), ("10.0.0.5", "10.0.0.7", "")],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_path_that_the_policy_let_in_is_read_with_its_neighbor(form: str) -> None:
    text, prefix, expected = FORMS[form]
    assert read_paths(text, ip_network(prefix)) == tuple(
        Origin(neighbor=neighbor, next_hop=hop, as_path=as_path)
        for neighbor, hop, as_path in expected
    )


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_of_another_prefix_tells_nothing(form: str) -> None:
    """A switch that looks for the longest match answers with what it was not asked for."""
    for other in ("10.1.20.0/25", "10.0.0.0/9", "0.0.0.0/0", "2001:db8:20::/49"):
        assert read_paths(FORMS[form][0], ip_network(other)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "% Network not in table\n",
        "% BGP not active\n",
        "BGP routing table information for VRF default, address family IPv4 Unicast\n",
        "Mon Mar  2 09:00:00.000 UTC\n% Network not in table\n",
    ],
)
def test_what_is_not_in_the_table_has_no_path(text: str) -> None:
    assert read_paths(text, ip_network("10.1.20.0/24")) == ()


@pytest.mark.parametrize(
    "text", ["503 Service Unavailable", "            ^\n% Invalid input detected at '^' marker.\n"]
)
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError, match=r"does not show the paths to 10.1.20.0/24: .*n"):
        read_paths(text, ip_network("10.1.20.0/24"))
