"""A family that a guarded session does not carry any more: what is lost with it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabrics import make_device
from installing import EXPORT, IMPORT, after, family, fence, guard, parse

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS
from policies.drift import Drift, Effect, Kind, drift
from policies.filters import Direction, Running, SessionKey
from policies.references import AttachmentRef, StanzaRef

BOTH = fence("orange", "10.65.0.0/16", "fd00:65::/48")
PEERS = ("10.0.0.1", "10.0.0.2")
ONE = SessionKey("", "10.0.0.1")
TEXTS = {
    "frr": """\
frr version 8.4.4
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv6 unicast
  neighbor 10.0.0.1 route-map SIX in
 exit-address-family
exit
end
""",
    "ios": """\
version 17.9
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv6
  no neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map SIX in
 exit-address-family
end
""",
    "eos": """\
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
router bgp 65000
   neighbor 10.0.0.1 remote-as 65001
   address-family ipv6
      neighbor 10.0.0.1 route-map SIX in
!
end
""",
}


@pytest.mark.parametrize("platform", TEXTS)
def test_what_stands_in_a_family_that_is_not_carried(platform: str) -> None:
    session = DIALECTS[platform].parse(TEXTS[platform]).sessions[ONE]
    assert session.idle == {(6, IMPORT): "SIX"}
    assert session.versions == (4,)
    carried = TEXTS[platform].replace("no neighbor 10.0.0.1 activate", "!")
    carried = carried.replace("neighbor 10.0.0.1 route-map", "neighbor 10.0.0.1 activate\n{}{}", 1)
    pad = {"eos": "      "}.get(platform, "  ")
    carried = carried.format(pad, "neighbor 10.0.0.1 route-map")
    session = DIALECTS[platform].parse(carried).sessions[ONE]
    assert (session.idle, session.versions) == ({}, (4, 6))


def guarded(*, own: bool = False, profile: str = "traditional") -> Running:
    """Return two neighbors of both families, guarded; ``own`` is the policy that they have."""
    maps = [f"neighbor {one} route-map SIX in" for one in PEERS] if own else []
    lines = [
        *(f"neighbor {one} remote-as 65001" for one in PEERS),
        *family(*(f"neighbor {one} activate" for one in PEERS), *maps, version=6),
    ]
    running = parse(*lines, maps="route-map SIX permit 10\nexit", profile=profile)
    return after(running, *(guard(one, fence=BOTH) for one in PEERS))


def without(running: Running, *names: str) -> Running:
    """Return the device once IPv6 is off for some neighbors, whose lines there stay."""
    sessions = dict(running.sessions)
    for name in names:
        one = sessions[SessionKey("", name)]
        sessions[one.key] = replace(
            one,
            attachments={at: said for at, said in one.attachments.items() if at[0] != 6},
            idle={
                at: said.route_map
                for at, said in one.attachments.items()
                if at[0] == 6 and said.route_map is not None
            },
        )
    return replace(running, sessions=sessions)


def found(running: Running, *, narrower: bool = False, way: Direction = IMPORT) -> list[Drift]:
    sessions = tuple(Session(neighbor=one, role=Role.EXTERNAL, narrower=narrower) for one in PEERS)
    device = replace(make_device("tor1", Role.TOR), sessions=sessions)
    told = drift(device, running, [guard(one, way, fence=BOTH) for one in PEERS])
    return [one for one in told if one.kind is not Kind.NARROWED or one.version == 6]


def test_a_map_of_ours_tells_that_it_was_carried() -> None:
    running = guarded(profile="datacenter")
    assert found(running) == []
    (one,) = found(without(running, "10.0.0.1"))
    name = running.sessions[ONE].attachments[6, IMPORT].route_map
    assert (one.kind, one.effect, one.object) == (
        Kind.NARROWED,
        Effect.NARROWED,
        "neighbor 10.0.0.1 ipv6 import",
    )
    assert one.dropped == BOTH.allowed[6]
    assert one.text == (
        "neighbor 10.0.0.1 does not carry IPv6 any more, and a guard of it stands in route-map "
        f"{name}: it drops fd00:65::/48"
    )
    assert one.references == (
        AttachmentRef(ONE, 6, IMPORT),
        StanzaRef(str(name), 2),
    )
    assert found(without(running, "10.0.0.1"), narrower=True) == []


def test_of_an_operators_map_the_guard_that_nobody_else_needs_tells_it() -> None:
    running = guarded(own=True)
    # The other one still needs it, and may be the only one that ever did.
    assert found(without(running, "10.0.0.1")) == []
    told = found(without(running, *PEERS))
    assert [(one.kind, one.object) for one in told] == [
        (Kind.NARROWED, f"neighbor {one} ipv6 import") for one in PEERS
    ]
    left = found(without(running, *PEERS), narrower=True)
    assert [one.kind for one in left] == [Kind.LEFTOVER]


def test_what_is_not_guarded_that_way_is_not_told() -> None:
    kinds = [one.kind for one in found(without(guarded(own=True), *PEERS), way=EXPORT)]
    assert Kind.NARROWED not in kinds
