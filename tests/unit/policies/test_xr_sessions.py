"""Where the policies of IOS-XR sessions come from, and where a guard of theirs is put."""

from __future__ import annotations

import pytest
from xr_device import XrDevice
from xr_guarding import (
    BROWNFIELD,
    EXPORT,
    POLICIES,
    XR,
    attached,
    change,
    conf,
    fenced,
    guard,
    neighbor,
    text_of,
    unfenced,
)

from policies.accepts import session_accepts
from policies.change import steps
from policies.filters import SessionKey
from policies.install import install
from policies.managed import Managed, managed

GROUP = [
    "neighbor-group SPINES",
    " remote-as 65009",
    " address-family ipv4 unicast",
    "  route-policy FROM-SPINE in",
    " !",
    "!",
]
MEMBER = ["neighbor 10.0.0.1", " use neighbor-group SPINES", "!"]


def test_a_member_gets_a_line_of_its_own_and_loses_it_again() -> None:
    before = XrDevice(conf(*GROUP, *MEMBER)).text()
    assert attached(XR.parse(before), "10.0.0.1") == ["FROM-SPINE from SPINES", "None"]
    device = fenced(before, guard("10.0.0.1"))
    running = XR.parse(device.text())
    assert attached(running, "SPINES") == ["FROM-SPINE", "None"]
    assert attached(running, "10.0.0.1") == ["RF-import-out-orange--FROM-SPINE", "None"]
    after = unfenced(device)
    # The family stays behind, which says nothing: the group has the neighbor carry it.
    assert XR.foreign(after) == XR.foreign(before)
    assert XR.parse(after) == XR.parse(before)
    assert "no route-policy RF-import-out-orange--FROM-SPINE in" in XR.render(
        steps(managed(running), Managed()), running
    )


def test_a_group_is_guarded_for_its_members() -> None:
    device = fenced(conf(*GROUP, *MEMBER), guard("SPINES", group=True))
    name = "RF-import-out-orange--FROM-SPINE"
    assert attached(XR.parse(device.text()), "10.0.0.1") == [f"{name} from SPINES", "None"]
    assert attached(XR.parse(unfenced(device)), "10.0.0.1") == ["FROM-SPINE from SPINES", "None"]


def test_a_line_that_says_what_is_inherited_anyway_is_read_as_none() -> None:
    own = [*MEMBER[:2], " address-family ipv4 unicast", "  route-policy FROM-SPINE in", " !", "!"]
    before = XrDevice(conf(*GROUP, *own)).text()
    assert XR.foreign(before) == XR.foreign(XrDevice(conf(*GROUP, *MEMBER)).text())
    device = fenced(before, guard("10.0.0.1"))
    assert XR.foreign(unfenced(device)) == XR.foreign(before)


AF_GROUP = [
    "af-group EDGE address-family ipv4 unicast",
    " use af-group BASE",
    "!",
    "af-group BASE address-family ipv4 unicast",
    " route-policy FROM-SPINE in",
    "!",
]


def test_what_an_af_group_gives_comes_before_what_a_neighbor_group_gives() -> None:
    used = ["neighbor 10.0.0.1", " use neighbor-group SPINES"]
    used += [" address-family ipv4 unicast", "  use af-group EDGE", " !", "!"]
    group = [line.replace("FROM-SPINE", "TO-SPINE(1)") for line in GROUP]
    before = XrDevice(conf(*AF_GROUP, *group, *used)).text()
    assert attached(XR.parse(before), "10.0.0.1") == ["FROM-SPINE", "None"]
    device = fenced(before, guard("10.0.0.1"))
    assert attached(XR.parse(device.text()), "10.0.0.1")[0] == "RF-import-out-orange--FROM-SPINE"
    after = unfenced(device)
    assert XR.parse(after) == XR.parse(before)
    assert XR.foreign(after) == XR.foreign(before)


def test_groups_pass_on_what_groups_give_them() -> None:
    chain = ["neighbor-group TOP", " use neighbor-group SPINES", "!"]
    member = ["neighbor 10.0.0.1", " use neighbor-group TOP", "!"]
    running = XR.parse(conf(*GROUP, *chain, *member))
    assert attached(running, "10.0.0.1") == ["FROM-SPINE from TOP", "None"]
    assert attached(running, "TOP") == ["FROM-SPINE", "None"]
    # A guard there would reach members of two groups at once.
    assert SessionKey("", "SPINES") not in running.sessions


def test_a_group_that_a_vrf_uses_is_no_place_for_a_guard() -> None:
    vrf = ["vrf RED", " rd auto", *(f" {line}" for line in MEMBER), "!"]
    running = XR.parse(conf(*GROUP, *vrf))
    assert set(running.sessions) == {SessionKey("RED", "10.0.0.1")}
    assert attached(running, "10.0.0.1", vrf="RED") == ["FROM-SPINE", "None"]
    device = fenced(conf(*GROUP, *vrf), guard("10.0.0.1", vrf="RED"))
    lines = device.text().splitlines()
    at = lines.index("    route-policy RF-import-out-orange--FROM-SPINE in")
    assert [line.strip() for line in lines[at - 3 : at]] == [
        "neighbor 10.0.0.1",
        "use neighbor-group SPINES",
        "address-family ipv4 unicast",
    ]


CLOSED = {
    "ebgp": (neighbor("10.0.0.1"), True),
    "ibgp": (neighbor("10.0.0.1", remote=65001), False),
    "ebgp, unsafe": (["bgp unsafe-ebgp-policy", *neighbor("10.0.0.1")], False),
    "confederation": (
        ["bgp confederation peers", " 65009", "!", *neighbor("10.0.0.1")],
        None,
    ),
    "nobody": (["neighbor 10.0.0.1", " address-family ipv4 unicast", " !", "!"], None),
    "asdot": (
        ["neighbor 10.0.0.1", " remote-as 1.10", *neighbor("x")[2:]],
        True,
    ),
}


@pytest.mark.parametrize("case", CLOSED)
def test_who_is_closed_without_a_policy(case: str) -> None:
    lines, closed = CLOSED[case]
    running = XR.parse(conf(*lines))
    session = running.sessions[SessionKey("", "10.0.0.1")]
    said = session_accepts(running, session, 4, EXPORT)
    assert (bool(said.may), bool(said.must)) == (closed is not True, closed is False)


def test_a_closed_session_is_left_so_unless_it_may_open() -> None:
    text = conf(*neighbor("10.0.0.1"))
    assert change(text, guard("10.0.0.1")) == ""
    device = fenced(text, guard("10.0.0.1", may_open=True))
    assert "  pass\nend-policy" in device.text()
    assert text_of(unfenced(device)) == text_of(XrDevice(text).text())


def test_dynamic_neighbors_are_guarded_where_they_are() -> None:
    device = fenced(
        conf(*neighbor("10.9.0.0/24", "route-policy FROM-SPINE in")),
        guard("10.9.0.0/24", group=True),
    )
    assert " neighbor 10.9.0.0/24" in device.text().splitlines()


def test_a_second_instance_of_bgp_is_seen_and_not_guarded() -> None:
    second = "router bgp 65002 instance EDGE\n neighbor 10.0.0.9\n  remote-as 65003\n"
    second += "  address-family ipv4 unicast\n  !\n !\n!\nend\n"
    running = XR.parse(BROWNFIELD.replace("end\n", "", 1).removesuffix("end\n") + second)
    assert running.routers == {"": 65001}
    refused = install("leaf1", running, [guard("10.0.0.9")]).violations
    assert [one.limit for one in refused] == ["unjudged-family"]


APPLIED = "apply-group EBGP-DEFAULTS"
CONFIG_GROUP = """\
group EBGP-DEFAULTS
 router bgp '65001'
  neighbor '.*'
   address-family ipv4 unicast
    route-policy FROM-SPINE in
   !
  !
 !
end-group
"""
PLACES = {
    "the top": ([*neighbor("10.0.0.1")], f"{APPLIED}\n"),
    "router bgp": ([APPLIED, *neighbor("10.0.0.1")], ""),
    "another neighbor": ([*neighbor("10.0.0.1"), "neighbor 10.0.0.2", f" {APPLIED}", "!"], ""),
    "a family": ([*neighbor("10.0.0.1", APPLIED)], ""),
    "a vrf": ([*neighbor("10.0.0.1"), "vrf RED", f" {APPLIED}", "!"], ""),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_configuration_group_gives_a_session_is_not_judged(place: str) -> None:
    lines, top = PLACES[place]
    running = XR.parse(conf(*lines, policies=POLICIES + CONFIG_GROUP + top))
    refused = install("leaf1", running, [guard("10.0.0.1")]).violations
    assert [(one.limit, APPLIED in one.evidence) for one in refused] == [("unjudged-family", True)]


def test_a_configuration_group_that_is_not_applied_gives_nothing() -> None:
    name, *below = neighbor("10.0.0.1")
    lines = [name, f" description {APPLIED}", *below]
    running = XR.parse(conf(*lines, policies=POLICIES + CONFIG_GROUP))
    assert install("leaf1", running, [guard("10.0.0.1")]).violations == []
