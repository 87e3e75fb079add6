"""Where the groups and templates of a device are looked for, and what is not found there."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies.accepts import session_accepts
from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import Attachment, Direction, Running, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import Installation, install
from policies.managed import managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks

IMPORT = Direction.IMPORT
ALLOWED = {
    4: PrefixSet.of(ip_network("10.65.0.0/16")),
    6: PrefixSet.of(ip_network("fd00:65::/48")),
}
FENCE = Fence(
    "out", "orange", ALLOWED, {v: deny_list("out", "orange", v, ~one) for v, one in ALLOWED.items()}
)
MEMBER = SessionKey("BLUE", "10.10.0.11")
EOS = """! device: tor1 (DCS-7050SX3, EOS-4.30.1F)
ip prefix-list LOOPBACKS
   seq 10 permit 10.0.0.0/8 eq 32
!
route-map FROM-NODE permit 10
   match ip address prefix-list LOOPBACKS
!
router bgp 65101
   no bgp default ipv4-unicast
   neighbor NODES peer group
   neighbor NODES remote-as 64512
   neighbor 10.9.0.11 peer group NODES
   !
   address-family ipv4
      neighbor NODES activate
      neighbor NODES route-map FROM-NODE in
   !
   vrf BLUE
      neighbor 10.10.0.11 peer group NODES
!
end
"""


def guarded(running: Running, name: str, vrf: str = "", *, group: bool = False) -> Installation:
    key = SessionKey(vrf, name)
    wanted = WantedGuard(session=key, is_group=group, direction=IMPORT, fence=FENCE, may_open=False)
    return install("tor1", running, [wanted])


def refused(running: Running, name: str, vrf: str = "", *, group: bool = False) -> list[str]:
    return [one.limit for one in guarded(running, name, vrf, group=group).violations]


def leaking(running: Running, installation: Installation) -> bool:
    after = apply(running, steps(managed(running), installation.managed))
    return bool(leaks(after, installation.fenced))


def test_a_neighbor_of_a_vrf_has_what_its_eos_group_has() -> None:
    running = DIALECTS["eos"].parse(EOS)
    session = running.sessions[MEMBER]
    assert (session.group, session.is_external, session.versions) == (None, True, (4,))
    assert session.attachments[4, IMPORT] == Attachment(
        route_map="FROM-NODE", inherited_from="NODES"
    )
    own = guarded(running, "10.10.0.11", "BLUE")
    # The map also serves the member outside of the VRF.
    assert [one.limit for one in own.violations] == ["shared-route-map"]
    alone = DIALECTS["eos"].parse(EOS.replace("   neighbor 10.9.0.11 peer group NODES\n", ""))
    held = guarded(alone, "10.10.0.11", "BLUE")
    assert (held.violations, list(held.fenced)) == ([], [(MEMBER, 4, IMPORT)])
    assert list(held.managed.stanzas) == [("FROM-NODE", 1)]
    assert not leaking(alone, held)


def test_an_eos_group_that_a_vrf_uses_takes_no_guard() -> None:
    running = DIALECTS["eos"].parse(EOS)
    assert list(running.sessions) == [SessionKey("", "10.9.0.11"), MEMBER]
    assert refused(running, "NODES", group=True) == ["missing-session"]
    without = DIALECTS["eos"].parse(
        EOS.replace("11 peer group NODES\n!\nend", "11 remote-as 1\n!\nend")
    )
    assert without.sessions[SessionKey("", "NODES")].is_group


@pytest.mark.parametrize("vrf", ["", "BLUE"])
def test_an_eos_group_of_dynamic_neighbors_that_vrfs_share_is_never_proven(vrf: str) -> None:
    listen = "bgp listen range 10.8.0.0/16 peer-group NODES remote-as 64512\n"
    above = "      neighbor 10.10.0.11 peer" if vrf else "   neighbor NODES peer group\n"
    indent = "      " if vrf else "   "
    running = DIALECTS["eos"].parse(EOS.replace(above, f"{indent}{listen}{above}"))
    session = running.sessions[SessionKey(vrf, "NODES")]
    assert (session.is_group, session.listens, session.versions) == (True, True, (4,))
    assert session.attachments[4, IMPORT].overrides == ("peer group NODES of several VRFs",)
    installation = guarded(running, "NODES", vrf, group=True)
    assert installation.violations or leaking(running, installation)


LOST = {
    "eos": EOS.replace("10.10.0.11 peer group NODES", "10.10.0.11 peer group GONE"),
    "ios": """version 17.9
router bgp 65101
 address-family ipv4 vrf BLUE
  neighbor 10.10.0.11 remote-as 64512
  neighbor 10.10.0.11 peer-group GONE
 address-family ipv6 vrf BLUE
  neighbor 10.10.0.11 activate
end
""",
    "nxos": """version 10.2(3) Bios:version
router bgp 65101
  vrf BLUE
    neighbor 10.10.0.11
      inherit peer GONE
      remote-as 64512
""",
    "frr": """frr version 8.4.4
router bgp 65101 vrf BLUE
 neighbor 10.10.0.11 remote-as 64512
 neighbor 10.10.0.11 peer-group GONE
exit
end
""",
}


@pytest.mark.parametrize("platform", LOST)
def test_a_group_that_is_not_found_may_say_anything(platform: str) -> None:
    running = DIALECTS[platform].parse(LOST[platform])
    session = running.sessions[MEMBER]
    assert (session.group, session.versions) == (None, (4, 6))
    assert {one.overrides for one in session.attachments.values()} == {("peer group GONE",)}
    said = session_accepts(running, session, 6, IMPORT)
    assert (said.may, said.must) == (PrefixSet.everything(6), PrefixSet.empty(6))


def test_a_template_that_is_not_found_may_say_anything() -> None:
    text = LOST["nxos"].replace("inherit peer GONE", "inherit peer-session GONE")
    session = DIALECTS["nxos"].parse(text).sessions[MEMBER]
    assert session.versions == (4, 6)
    assert session.attachments[4, IMPORT].overrides == ("template GONE",)
