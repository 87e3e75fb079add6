"""Labeled and VPN routes go past the policies of the unicast families: no guard there.

RFC 8277 and, where an instance imports them, RFC 4364.
"""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies.dialects import DIALECTS
from policies.dialects.frr_parse import FrrReader
from policies.filters import Attachment, Direction, Running, Session, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import install
from policies.prefix_set import PrefixSet
from policies.proof import leaks
from policies.trace import decide

ALLOWED = {v: PrefixSet.of(ip_network(net)) for v, net in ((4, "10.65.0.0/16"), (6, "fd00::/8"))}
FENCE = Fence(
    "out", "orange", ALLOWED, {v: deny_list("out", "orange", v, ~one) for v, one in ALLOWED.items()}
)
EOS = """! device: tor1 (DCS-7050SX3, EOS-4.30.1F)
router bgp 65101
   neighbor NODES peer group
   neighbor 10.0.0.1 peer group NODES
   neighbor 10.0.0.1 remote-as 65001
   !
   address-family {family}
      {line}
!
end
"""
NXOS = """version 10.2(3) Bios:version
router bgp 65101
  template peer NODES
    remote-as 65001
    address-family {template}
  neighbor 10.0.0.1
    inherit peer NODES
    address-family {neighbor}
"""


def unjudged(platform: str, text: str, vrf: str = "") -> tuple[str, ...]:
    running = DIALECTS[platform].parse(text)
    key = SessionKey(vrf, "10.0.0.1")
    said = running.sessions[key].unjudged
    wanted = WantedGuard(
        session=key, is_group=False, direction=Direction.IMPORT, fence=FENCE, may_open=False
    )
    limits = [one.limit for one in install("tor1", running, [wanted]).violations]
    assert limits == (["unjudged-family"] if said else [])
    return said


@pytest.mark.parametrize(
    ("family", "line", "said"),
    [
        ("ipv4 labeled-unicast", "neighbor 10.0.0.1 activate", ("ipv4 labeled-unicast",)),
        ("ipv6 labeled-unicast", "neighbor NODES activate", ("ipv6 labeled-unicast",)),
        ("ipv6", "neighbor 10.0.0.1 activate 6pe", ("ipv6 6pe",)),
        ("ipv6", "neighbor NODES activate 6pe", ("ipv6 6pe",)),
        ("ipv4 labeled-unicast", "no neighbor 10.0.0.1 activate", ()),
        ("ipv6", "no neighbor 10.0.0.1 activate 6pe", ()),
        ("evpn", "neighbor 10.0.0.1 activate", ()),
    ],
)
def test_eos(family: str, line: str, said: tuple[str, ...]) -> None:
    assert unjudged("eos", EOS.format(family=family, line=line)) == said


def test_eos_group_that_a_vrf_uses() -> None:
    text = EOS.format(family="ipv4 labeled-unicast", line="neighbor NODES activate")
    member = "   vrf BLUE\n      neighbor 10.0.0.1 peer group NODES\n!\nend"
    inside = text.replace("!\nend", member)
    assert unjudged("eos", inside, "BLUE") == ("ipv4 labeled-unicast",)


@pytest.mark.parametrize(
    ("template", "neighbor", "said"),
    [
        ("ipv4 unicast", "ipv4 labeled-unicast", ("ipv4 labeled-unicast",)),
        ("ipv6 labeled-unicast", "ipv4 unicast", ("ipv6 labeled-unicast",)),
        ("ipv4 unicast", "l2vpn evpn", ()),
    ],
)
@pytest.mark.parametrize("in_vrf", [False, True])
def test_nxos(template: str, neighbor: str, said: tuple[str, ...], *, in_vrf: bool) -> None:
    text = NXOS.format(template=template, neighbor=neighbor)
    if in_vrf:
        head, below = text.split("  neighbor ", 1)
        inside = "".join(f"  {line}\n" for line in f"  neighbor {below}".splitlines())
        text = f"{head}  vrf BLUE\n{inside}"
    assert unjudged("nxos", text, "BLUE" if in_vrf else "") == said


@pytest.mark.parametrize(
    ("imported", "activated", "said"),
    [
        ("ipv4", "ipv4", ("ipv4 vpn",)),
        ("ipv6", "ipv6", ("ipv6 vpn",)),
        ("ipv4", "ipv6", ()),
        ("ipv6", "ipv4", ()),
        (None, "ipv4", ()),
    ],
)
def test_frr_vpn_routes_that_the_instance_imports(
    imported: str | None, activated: str, said: tuple[str, ...]
) -> None:
    lines = ["frr version 8.4.4", "router bgp 65101", " neighbor 10.0.0.1 remote-as 65001"]
    for family in ("ipv4", "ipv6"):
        lines += [f" address-family {family} unicast", "  neighbor 10.0.0.1 activate"]
        lines += ["  import vpn"] if family == imported else []
        lines += [" exit-address-family"]
    lines += [f" address-family {activated} vpn", "  neighbor 10.0.0.1 activate"]
    lines += [" exit-address-family", "exit", "end", ""]
    assert unjudged("frr", "\n".join(lines)) == said


@pytest.mark.parametrize(
    ("families", "past"),
    [
        ((), {4: False, 6: False}),
        (("ipv4 labeled-unicast",), {4: True, 6: False}),
        (("inet labeled-unicast",), {4: True, 6: False}),
        (("ipv6 6pe",), {4: False, 6: True}),
        (("inet6 labeled-unicast",), {4: False, 6: True}),
        (("apply-group EVIL",), {4: True, 6: True}),
    ],
)
def test_what_may_go_past_the_guard_is_never_proven(
    families: tuple[str, ...], past: dict[int, bool]
) -> None:
    slots = [(version, way) for version in (4, 6) for way in Direction]
    shut = Attachment(prefix_list="NOTHING")
    session = Session(
        key=SessionKey("", "10.0.0.1"),
        is_group=False,
        group=None,
        is_external=True,
        closed_without_policy=True,
        unjudged=families,
        attachments=dict.fromkeys(slots, shut),
    )
    sessions = {session.key: session}
    running = Running(lists={}, route_maps={}, sessions=sessions, semantics=FrrReader.semantics)
    fenced = {(session.key, version, way): FENCE for version, way in slots}
    assert {(one.version, one.direction) for one in leaks(running, fenced)} == {
        (version, way) for version, way in slots if past[version]
    }
    for version, way in slots:
        outside = ip_network("203.0.113.0/24" if version == 4 else "2001:db8::/48")
        decided = decide(running, session, version, way, outside)
        assert (decided.may, decided.must) == (past[version], False)
