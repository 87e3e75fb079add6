"""The lines that EOS, IOS-XE and NX-OS get for each step, their semantics, and the one window."""

from __future__ import annotations

from dataclasses import astuple
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from line_device import LineDevice

from policies.accepts import session_accepts
from policies.change import AddList, Attach, Detach, RemoveList, RemoveStanza, SetStanza, Step
from policies.dialects.eos import EosDialect
from policies.dialects.ios import IosDialect
from policies.dialects.nxos import NxosDialect
from policies.filters import Direction, PrefixList, SessionKey, Stanza
from policies.ownership import stand_in_name
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from policies.dialects.base import Dialect

DIALECTS: dict[str, Dialect] = {"eos": EosDialect(), "ios": IosDialect(), "nxos": NxosDialect()}
EOS = """\
! device: a (vEOS, EOS-4.32.2F)
route-map RM permit 10
router bgp 65000
   neighbor 2001:db8::1 remote-as 65001
   neighbor 10.0.0.1 remote-as 65001
   address-family ipv4
      neighbor 10.0.0.1 route-map RM in
   vrf blue
      neighbor 10.0.0.2 remote-as 65001
end
"""
IOS = """\
version 17.9
router bgp 65000
 neighbor 2001:DB8::1 remote-as 65001
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4
  neighbor 10.0.0.1 route-map RM in
 exit-address-family
 address-family ipv6
  neighbor 2001:DB8::1 activate
 exit-address-family
 address-family ipv4 vrf blue
  neighbor 10.0.0.2 remote-as 65001
 exit-address-family
route-map RM permit 10
end
"""
NXOS = """\
version 10.3(4a) Bios:version
route-map RM permit 10
router bgp 65000
  neighbor 2001:db8::1
    remote-as 65001
    address-family ipv6 unicast
  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
      route-map RM in
  vrf blue
    neighbor 10.0.0.2
      remote-as 65001
      address-family ipv4 unicast
"""
TEXTS = {"eos": EOS, "ios": IOS, "nxos": NXOS}
SIX = PrefixList(
    6, "RF-b", (PrefixListEntry(action=Action.PERMIT, prefix=ip_network("fd00::/8"), le=64, seq=5),)
)
OLD = Stanza(seq=1, action=Action.DENY, lists=((4, "RF-a"),))
NEW = Stanza(seq=1, action=Action.DENY, lists=((4, "RF-c"),))
V6 = (SessionKey("", "2001:db8::1"), 6, Direction.EXPORT)
BLUE = (SessionKey("blue", "10.0.0.2"), 4, Direction.IMPORT)

LINES: dict[str, list[tuple[Step, list[str]]]] = {
    "eos": [
        (AddList(SIX), ["ipv6 prefix-list RF-b", "   seq 5 permit fd00::/8 le 64"]),
        (
            SetStanza("RM", NEW, OLD),
            ["route-map RM deny 1", "   match ip address prefix-list RF-c"],
        ),
        (
            Attach(BLUE, "RF-m"),
            [
                "router bgp 65000",
                "   vrf blue",
                "      address-family ipv4",
                "         neighbor 10.0.0.2 route-map RF-m in",
            ],
        ),
        (
            Detach(V6, "RF-m"),
            [
                "router bgp 65000",
                "   address-family ipv6",
                "      no neighbor 2001:db8::1 route-map out",
            ],
        ),
    ],
    "ios": [
        (AddList(SIX), ["ipv6 prefix-list RF-b seq 5 permit FD00::/8 le 64", "end"]),
        (
            SetStanza("RM", NEW, OLD),
            [
                "route-map RM deny 1",
                " match ip address prefix-list RF-c",
                " no match ip address prefix-list RF-a",
                "end",
            ],
        ),
        (
            Attach(BLUE, "RF-m"),
            [
                "router bgp 65000",
                " address-family ipv4 vrf blue",
                "  neighbor 10.0.0.2 route-map RF-m in",
                " exit-address-family",
                "end",
            ],
        ),
        (
            Detach(V6, "RF-m"),
            [
                "router bgp 65000",
                " address-family ipv6",
                "  no neighbor 2001:DB8::1 route-map RF-m out",
                " exit-address-family",
                "end",
            ],
        ),
    ],
    "nxos": [
        (AddList(SIX), ["ipv6 prefix-list RF-b seq 5 permit fd00::/8 le 64"]),
        (RemoveList(SIX), ["no ipv6 prefix-list RF-b"]),
        (RemoveStanza("RM", NEW), ["no route-map RM deny 1"]),
        (
            SetStanza("RM", NEW, OLD),
            [
                "route-map RM deny 1",
                "  match ip address prefix-list RF-c",
                "  no match ip address prefix-list RF-a",
            ],
        ),
        (
            Attach(BLUE, "RF-m"),
            [
                "router bgp 65000",
                "  vrf blue",
                "    neighbor 10.0.0.2",
                "      address-family ipv4 unicast",
                "        route-map RF-m in",
            ],
        ),
        (
            Detach(V6, "RF-m"),
            [
                "router bgp 65000",
                "  neighbor 2001:db8::1",
                "    address-family ipv6 unicast",
                "      no route-map RF-m out",
            ],
        ),
    ],
}


@pytest.mark.parametrize(
    ("platform", "step", "expected"),
    [(platform, *case) for platform, cases in LINES.items() for case in cases],
)
def test_the_lines_of_a_step(platform: str, step: Step, expected: list[str]) -> None:
    dialect = DIALECTS[platform]
    assert dialect.render([step], dialect.parse(TEXTS[platform])).splitlines() == expected
    assert dialect.render([], dialect.parse(TEXTS[platform])) == ""


@pytest.mark.parametrize("platform", DIALECTS)
def test_what_a_broken_reference_does(platform: str) -> None:
    undefined_map = platform == "eos"
    beside = True if platform == "ios" else None
    said = astuple(DIALECTS[platform].parse(TEXTS[platform]).semantics)
    follow = platform == "ios"
    assert said == (
        *(None, undefined_map, None, True),
        *(None, True),
        *(None, beside, None, False, follow),
    )


@pytest.mark.parametrize(
    ("platform", "line", "closed"),
    [
        ("ios", " bgp safe-ebgp-policy", [True, True]),
        ("eos", "   bgp missing-policy direction out action deny", [False, True]),
        ("eos", "   bgp missing-policy direction in action deny-in-out", [None, False]),
        (
            "eos",
            "   neighbor 2001:db8::1 missing-policy direction in action permit",
            [False, False],
        ),
        ("eos", "   bgp listen limit 9", [False, False]),
        ("nxos", "  log-neighbor-changes", [False, False]),
    ],
)
def test_no_policy_is_open_unless_the_configuration_says_so(
    platform: str, line: str, closed: list[bool | None]
) -> None:
    text = TEXTS[platform].replace("router bgp 65000\n", f"router bgp 65000\n{line}\n")
    session = DIALECTS[platform].parse(text).sessions[SessionKey("", "2001:db8::1")]
    if platform == "eos":
        assert [session.is_closed(4, way) for way in Direction] == closed
    else:
        assert [session.is_closed(6, way) for way in Direction] == closed


@pytest.mark.parametrize("platform", ["ios", "nxos"])
def test_a_copy_stands_in_while_a_map_in_use_gets_a_stanza(platform: str) -> None:
    dialect = DIALECTS[platform]
    device = LineDevice(platform, TEXTS[platform])
    before = dialect.parse(device.text())
    six = PrefixList(4, "RF-c", (PrefixListEntry(action=Action.PERMIT, prefix=ip_network("10.0.0.0/8"), seq=5),))  # fmt: skip  # noqa: E501
    lines = dialect.render([AddList(six), SetStanza("RM", NEW)], before).splitlines()
    attached: list[str | None] = []
    seen = []
    for line in lines:
        device.feed(line)
        now = dialect.parse(device.text())
        session = now.sessions[SessionKey("", "10.0.0.1")]
        name = session.attachments[4, Direction.IMPORT].route_map
        if attached[-1:] != [name]:
            attached.append(name)
        seen.append(session_accepts(now, session, 4, Direction.IMPORT).may)
    assert attached == ["RM", stand_in_name("RM"), "RM"]
    everything = PrefixSet.everything(4)
    fenced = ~PrefixSet.from_ranges(4, [(ip_network("10.0.0.0/8"), 8, 8)])
    assert seen == sorted(seen, key=lambda one: one != everything)
    assert {str(one) for one in seen} == {str(everything), str(fenced)}
    assert stand_in_name("RM") not in device.text()
    # Without a copy the header alone, which denies everything, would be live for a moment.
    device = LineDevice(platform, TEXTS[platform])
    for line in (*lines[:1], "route-map RM deny 1"):
        device.feed(line)
    now = dialect.parse(device.text())
    bare = session_accepts(now, now.sessions[SessionKey("", "10.0.0.1")], 4, Direction.IMPORT)
    assert bare.may == PrefixSet.empty(4)


TWO_LEVELS = """\
! device: a (vEOS, EOS-4.32.2F)
router bgp 65000
   neighbor G peer group
   neighbor G remote-as 65001
   neighbor 10.0.0.1 peer group G
   neighbor 10.0.0.1 route-map OWN in
   address-family ipv4
      neighbor G route-map GROUP in
end
"""
TWO_TEMPLATES = """\
version 10.3(4a) Bios:version
router bgp 65000
  template peer-policy A
    route-map OWN in
  template peer-policy B
    route-map GROUP in
  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
      inherit peer-policy A 10
      inherit peer-policy B 20
"""


@pytest.mark.parametrize(
    ("platform", "text", "winner"),
    [("eos", TWO_LEVELS, "neighbor 10.0.0.1"), ("nxos", TWO_TEMPLATES, "")],
)
def test_which_of_two_policies_decides_is_never_guessed(
    platform: str, text: str, winner: str
) -> None:
    for other, doubtful in (("GROUP", True), ("OWN", False)):
        found = DIALECTS[platform].parse(text.replace("GROUP", other))
        one = found.sessions[SessionKey("", "10.0.0.1")].attachments[4, Direction.IMPORT]
        assert one.route_map == "OWN"
        assert bool(one.overrides) is doubtful
        judged = session_accepts(
            found, found.sessions[SessionKey("", "10.0.0.1")], 4, Direction.IMPORT
        )
        if doubtful:
            assert judged.may == PrefixSet.everything(4)
    inside = text.replace(f"{winner} route-map OWN in\n", "router-id 10.0.0.9\n") if winner else ""
    if inside:
        found = DIALECTS[platform].parse(inside)
        one = found.sessions[SessionKey("", "10.0.0.1")].attachments[4, Direction.IMPORT]
        assert (one.route_map, one.inherited_from, one.overrides) == ("GROUP", "G", ())
