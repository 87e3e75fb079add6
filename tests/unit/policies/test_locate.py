"""Where things stand, by example: what is inherited, what is nowhere, what must not be shown."""

from __future__ import annotations

import pytest

from policies.dialects import DIALECTS
from policies.filters import Direction, SessionKey
from policies.references import AttachmentRef, EntryRef, Part, Place, Reference, StanzaRef

IN, OUT = Direction.IMPORT, Direction.EXPORT
TEXTS = {
    "frr": """\
frr version 8.4.4
frr defaults traditional
router bgp 65000
 neighbor NODES peer-group
 neighbor NODES remote-as 65001
 neighbor 10.0.0.1 peer-group NODES
 neighbor 10.0.0.2 password hunter2
 neighbor 10.0.0.2 remote-as 65001
 address-family ipv4 unicast
  neighbor NODES route-map FROM-NODE in
 exit-address-family
exit
ip prefix-list P seq 10 permit 10.0.0.0/8
ip prefix-list P seq 5 deny 10.1.0.0/16
route-map FROM-NODE permit 10
exit
end
""",
    "iosxr": """\
!! IOS XR Configuration 7.3.2
prefix-set P
  10.1.0.0/16 le 24,
  # a remark
  10.0.0.0/8
end-set
prefix-set ODD
  192.0.2.0/24 minlen 8,
  10.0.0.0/8
end-set
!
route-policy FROM-NODE
  if destination in P then
    pass
  elseif community matches-any C then
    set med 5
  endif
end-policy
!
router bgp 65000
 neighbor-group NODES
  remote-as 65001
  address-family ipv4 unicast
   route-policy FROM-NODE in
  !
 !
 neighbor 10.0.0.1
  use neighbor-group NODES
 !
 neighbor 10.0.0.2
  password encrypted 0822455D0A16
  remote-as 65001
  address-family ipv4 unicast
  !
 !
!
end
""",
    "junos": """\
set version 22.4R1
set groups COMMON protocols bgp group <*> export TO-ALL
set apply-groups COMMON
set routing-options autonomous-system 65000
set policy-options prefix-list P 10.0.0.0/8
set policy-options prefix-list P 10.1.0.0/16
set policy-options policy-statement FROM-NODE term ours from prefix-list P
set policy-options policy-statement FROM-NODE term ours then metric 5
set policy-options policy-statement FROM-NODE term ours then accept
set policy-options policy-statement FROM-NODE then reject
set policy-options policy-statement TO-ALL then accept
set protocols bgp group NODES type external
set protocols bgp group NODES import FROM-NODE
set protocols bgp group NODES peer-as 65001
set protocols bgp group NODES neighbor 10.0.0.1 description one
set protocols bgp group OTHER authentication-key "$9$abcdef"
set protocols bgp group OTHER neighbor 10.0.0.2 authentication-key "$9$abcdef"
""",
    "nxos": """\
version 10.3(4a) Bios:version
feature bgp
ip prefix-list P seq 10 permit 10.0.0.0/8
ip prefix-list P seq 20 permit 10.0.0.0/8 mask 255.0.0.255
route-map FROM-NODE permit 10
router bgp 65000
  template peer NODES
    remote-as 65001
    address-family ipv4 unicast
      route-map FROM-NODE in
  neighbor 10.0.0.1
    inherit peer NODES
  neighbor 10.0.0.2
    remote-as 65001
    address-family ipv4 unicast
      default-originate
""",
}
ONE, TWO = SessionKey("", "10.0.0.1"), SessionKey("", "10.0.0.2")
DEFAULT_ENDS = "the end of the chain FROM-NODE, where the default of BGP decides"


@pytest.mark.parametrize(
    ("platform", "reference", "places"),
    [
        # An inherited attachment is where the group says it; none is where the neighbor begins.
        ("frr", AttachmentRef(ONE, 4, IN), [(10, "  neighbor NODES route-map FROM-NODE in")]),
        ("frr", AttachmentRef(ONE, 4, OUT), [(6, " neighbor 10.0.0.1 peer-group NODES")]),
        ("frr", AttachmentRef(TWO, 4, IN), [(7, " neighbor 10.0.0.2 password <hidden>")]),
        ("frr", EntryRef(4, "P", 0), [(14, "ip prefix-list P seq 5 deny 10.1.0.0/16")]),
        ("frr", EntryRef(4, "P", None), [(None, "the end of prefix-list P, which denies")]),
        ("frr", EntryRef(6, "P", None), [(None, "prefix-list P, which is not defined")]),
        ("frr", StanzaRef("FROM-NODE", 10), [(15, "route-map FROM-NODE permit 10")]),
        ("frr", StanzaRef("FROM-NODE", 99), [(None, "route-map FROM-NODE 99, which is not there")]),
        ("frr", StanzaRef("NONE", None), [(None, "route-map NONE, which is not defined")]),
        ("frr", AttachmentRef(SessionKey("", "10.9.9.9"), 4, IN),
         [(None, "session 10.9.9.9, which is no line of its own")]),
        ("iosxr", AttachmentRef(ONE, 4, IN), [(24, "   route-policy FROM-NODE in")]),
        ("iosxr", AttachmentRef(TWO, 4, OUT), [(30, " neighbor 10.0.0.2")]),
        ("iosxr", EntryRef(4, "P", 0), [(5, "  10.0.0.0/8")]),
        ("iosxr", EntryRef(4, "P", 1), [(3, "  10.1.0.0/16 le 24,")]),
        ("iosxr", EntryRef(4, "P", None),
         [(None, "the end of prefix-set P, which holds no other prefixes")]),
        ("iosxr", EntryRef(4, "ODD", 0), [(9, "  10.0.0.0/8")]),
        ("iosxr", EntryRef(6, "ODD", 0), [(8, "  192.0.2.0/24 minlen 8,")]),
        ("iosxr", EntryRef(4, "ODD", 1), [(8, "  192.0.2.0/24 minlen 8,")]),
        ("iosxr", StanzaRef("FROM-NODE", 1), [(14, "    pass")]),
        ("iosxr", StanzaRef("FROM-NODE", 2), [(16, "    set med 5")]),
        ("iosxr", StanzaRef("FROM-NODE", 3), [(18, "end-policy")]),
        ("junos", AttachmentRef(ONE, 4, IN),
         [(13, "set protocols bgp group NODES import FROM-NODE")]),
        ("junos", AttachmentRef(ONE, 4, OUT),
         [(2, "set groups COMMON protocols bgp group <*> export TO-ALL")]),
        ("junos", AttachmentRef(TWO, 4, IN),
         [(17, "set protocols bgp group OTHER neighbor 10.0.0.2 authentication-key <hidden>")]),
        ("junos", EntryRef(4, "prefix-list P", 0),
         [(6, "set policy-options prefix-list P 10.1.0.0/16")]),
        ("junos", StanzaRef("FROM-NODE", 1),
         [(9, "set policy-options policy-statement FROM-NODE term ours then accept")]),
        ("junos", StanzaRef("FROM-NODE", 2),
         [(10, "set policy-options policy-statement FROM-NODE then reject")]),
        ("junos", StanzaRef("FROM-NODE", 3), [(None, DEFAULT_ENDS)]),
        ("nxos", AttachmentRef(ONE, 4, IN), [(10, "      route-map FROM-NODE in")]),
        ("nxos", AttachmentRef(TWO, 4, IN), [(13, "  neighbor 10.0.0.2")]),
        ("nxos", AttachmentRef(TWO, 4, OUT, Part.DEFAULT), [(16, "      default-originate")]),
        ("nxos", EntryRef(4, "P", 1),
         [(4, "ip prefix-list P seq 20 permit 10.0.0.0/8 mask 255.0.0.255")]),
    ],
)  # fmt: skip
def test_where(platform: str, reference: Reference, places: list[tuple[int | None, str]]) -> None:
    found = DIALECTS[platform].locate(TEXTS[platform], reference)
    assert found == tuple(Place(*one) for one in places)


def test_the_evidence_of_a_trace_has_each_line_once_and_the_deciding_one_last() -> None:
    text = TEXTS["junos"].replace("import FROM-NODE", "import FROM-NODE\nset protocols bgp group "
                                  "NODES import TO-ALL")  # fmt: skip
    index = DIALECTS["junos"].index(text)
    attached, stanza = AttachmentRef(ONE, 4, IN), StanzaRef("FROM-NODE TO-ALL", 1)
    found = [place.number for place in index.evidence((stanza, attached, stanza, stanza))]
    assert found == [13, 14, 9]
