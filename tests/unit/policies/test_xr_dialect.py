"""What IOS-XR gets to read, where its policies come from, and what of it is not ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from installing import fence
from xr_device import XrDevice

from policies.accepts import session_accepts
from policies.change import apply, steps
from policies.dialects.xr import XrDialect
from policies.errors import ParseError
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from policies.filters import Running
    from policies.guards import Fence

XR = XrDialect()
IMPORT, EXPORT = Direction
ORANGE = fence("orange", "10.65.0.0/16", "fd00:65::/48")
BLUE = fence("blue", "10.66.0.0/16")
POLICIES = """\
route-policy FROM-SPINE
  set local-preference 200
end-policy
!
route-policy TO-SPINE($med)
  set med $med
end-policy
!
"""


def conf(*router: str, policies: str = POLICIES) -> str:
    lines = "".join(f" {line}\n" for line in router)
    about = "!! IOS XR Configuration 7.3.2\n!! Last configuration change at noon\n!\n"
    return f"{about}{policies}router bgp 65001\n{lines}!\nend\n"


def neighbor(name: str, *policies: str, remote: int = 65009, version: int = 4) -> list[str]:
    inside = [f"  {line}" for line in policies]
    return [
        f"neighbor {name}",
        f" remote-as {remote}",
        f" address-family ipv{version} unicast",
        *inside,
        " !",
        "!",
    ]


def guard(
    name: str,
    way: Direction = IMPORT,
    of: Fence = ORANGE,
    *,
    group: bool = False,
    vrf: str = "",
    may_open: bool = False,
) -> WantedGuard:
    return WantedGuard(
        session=SessionKey(vrf, name), is_group=group, direction=way, fence=of, may_open=may_open
    )


def change(text: str, *guards: WantedGuard) -> str:
    """Return the candidate that puts the guards on a device."""
    running = XR.parse(text)
    wanted = install("leaf1", running, guards)
    assert wanted.violations == []
    todo = steps(managed(running), wanted.managed)
    assert leaks(apply(running, todo), wanted.fenced) == ()
    return XR.render(todo, running)


def fenced(text: str, *guards: WantedGuard) -> XrDevice:
    """Return a device that took the guards, proven and with nothing else moved."""
    device = XrDevice(text)
    plain = device.text()
    device.take(change(plain, *guards))
    assert XR.foreign(device.text()) == XR.foreign(plain)
    return device


def unfenced(device: XrDevice) -> str:
    """Return the configuration once the guards are gone."""
    running = XR.parse(device.text())
    device.take(XR.render(steps(managed(running), Managed()), running))
    return device.text()


def attached(running: Running, name: str, version: int = 4, vrf: str = "") -> list[str]:
    session = running.sessions[SessionKey(vrf, name)]
    found = [session.attachments[version, way] for way in Direction]
    return [
        f"{one.route_map}{f' from {one.inherited_from}' * bool(one.inherited_from)}"
        for one in found
    ]


def text_of(text: str) -> str:
    """Return a configuration without what changes with every commit."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("!!"))


BROWNFIELD = conf(
    *neighbor("10.0.0.1", "route-policy FROM-SPINE in", "route-policy TO-SPINE(5) out")
)


def test_a_guard_stands_ahead_of_the_policy_that_it_applies() -> None:
    text = change(BROWNFIELD, guard("10.0.0.1"), guard("10.0.0.1", EXPORT, BLUE))
    said = re.sub(r"-[0-9a-f]{8}\b", "-HASH", text)
    expected = """\
prefix-set RF-in-blue-v6-HASH
  ::/0 le 128
end-set
!
prefix-set RF-only-blue-v4-HASH
  10.66.0.0/16
end-set
!
prefix-set RF-only-orange-v4-HASH
  10.65.0.0/16
end-set
!
prefix-set RF-only-orange-v6-HASH
  fd00:65::/48
end-set
!
route-policy RF-export-out-blue--HASH
  if destination in (0.0.0.0/0 le 32) and not destination in RF-only-blue-v4-HASH then
    drop
  endif
  if destination in RF-in-blue-v6-HASH then
    drop
  endif
  apply TO-SPINE(5)
end-policy
!
route-policy RF-import-out-orange--FROM-SPINE
  if destination in (0.0.0.0/0 le 32) and not destination in RF-only-orange-v4-HASH then
    drop
  endif
  if destination in (::/0 le 128) and not destination in RF-only-orange-v6-HASH then
    drop
  endif
  apply FROM-SPINE
end-policy
!
router bgp 65001
 neighbor 10.0.0.1
  address-family ipv4 unicast
   route-policy RF-export-out-blue--HASH out
   route-policy RF-import-out-orange--FROM-SPINE in
  !
 !
!
"""
    assert said == expected


def test_arguments_read_alike_however_they_are_spaced() -> None:
    policies = POLICIES.replace("($med)", "($med, $unused)")
    said = conf(*neighbor("10.0.0.1", "route-policy TO-SPINE(5,6) out"), policies=policies)
    device = fenced(said, guard("10.0.0.1", EXPORT))
    assert "apply TO-SPINE(5, 6)" in device.text()
    assert XR.foreign(unfenced(device)) == XR.foreign(said)


def test_removal_names_whole_objects_before_anything_opens_a_mode() -> None:
    device = fenced(BROWNFIELD, guard("10.0.0.1"))
    running = XR.parse(device.text())
    lines = XR.render(steps(managed(running), Managed()), running).splitlines()
    assert [line.rpartition("-")[0] if "-set" in line else line for line in lines] == [
        "no route-policy RF-import-out-orange--FROM-SPINE",
        "no prefix-set RF-only-orange-v6",
        "no prefix-set RF-only-orange-v4",
        "router bgp 65001",
        " neighbor 10.0.0.1",
        "  address-family ipv4 unicast",
        "   route-policy FROM-SPINE in",
        "  !",
        " !",
        "!",
    ]
    assert text_of(unfenced(device)) == text_of(XrDevice(BROWNFIELD).text())


def test_nothing_to_do_is_no_text() -> None:
    assert XR.render((), XR.parse(BROWNFIELD)) == ""
    assert change(fenced(BROWNFIELD, guard("10.0.0.1")).text(), guard("10.0.0.1")) == ""


def test_changed_pools_change_the_wrapper_and_no_attachment() -> None:
    device = fenced(BROWNFIELD, guard("10.0.0.1"))
    more = fence("orange", "10.65.0.0/16", "10.75.0.0/16", "fd00:65::/48")
    said = change(device.text(), guard("10.0.0.1", of=more))
    assert "router bgp" not in said
    assert said.count("route-policy RF-import-out-orange--FROM-SPINE\n") == 1
    assert said.splitlines()[0].startswith("no prefix-set RF-only-orange-v4-")


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


TAMPERED = {
    "a statement more": (r"\n  if", "\n  done\n  if", "FROM-SPINE", True),
    "a guard less": (r"  if destination in \(0.*?endif\n", "", "FROM-SPINE", True),
    "another policy": ("  apply FROM-SPINE", "  apply OTHER", "OTHER", False),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_wrapper_that_somebody_changed_is_replaced_and_can_come_back(case: str) -> None:
    old, new, inner, opens = TAMPERED[case]
    other = f"{POLICIES}route-policy OTHER\n  pass\nend-policy\n!\n"
    before = conf(*neighbor("10.0.0.1", "route-policy FROM-SPINE in"), policies=other)
    head, _, wrapper = fenced(before, guard("10.0.0.1")).text().partition("route-policy RF-")
    text = f"{head}route-policy RF-{re.sub(old, new, wrapper, count=1, flags=re.DOTALL)}"
    running = XR.parse(text)
    mended = install("leaf1", running, [guard("10.0.0.1")])
    assert bool(leaks(running, mended.fenced)) == opens
    assert {stanza.call for stanza in mended.managed.stanzas.values()} == {None, inner}
    device = XrDevice(text)
    todo = steps(managed(running), mended.managed)
    device.take(XR.render(todo, running))
    after = XR.parse(device.text())
    assert after == apply(running, todo)
    assert leaks(after, mended.fenced) == ()
    # And back again, as a rollback does.
    device.take(XR.render(steps(managed(after), managed(running)), after))
    assert XR.parse(device.text()) == running


def test_a_set_of_both_families_is_one_object() -> None:
    policies = (
        f"prefix-set RF-x\n  10.0.0.0/8,\n  what is this,\n  fd00::/8\nend-set\n!\n{POLICIES}"
    )
    running = XR.parse(conf(*neighbor("10.0.0.1"), policies=policies))
    assert [(v, len(one.entries), one.unknown) for (v, _), one in running.lists.items()] == [
        (4, 1, ("what is this",)),
        (6, 1, ("what is this",)),
    ]
    assert XR.render(steps(managed(running), Managed()), running) == "no prefix-set RF-x\n"
    bare = apply(running, steps(managed(running), Managed()))
    assert XR.render(steps(Managed(), managed(running)), bare).splitlines() == [
        "prefix-set RF-x",
        "  10.0.0.0/8,",
        "  what is this,",
        "  fd00::/8",
        "end-set",
        "!",
    ]


def test_what_changes_with_every_commit_is_not_foreign() -> None:
    again = f"Mon Nov 23 06:12:42.123 UTC\nBuilding configuration...\n{BROWNFIELD}"
    assert XR.foreign(again.replace("noon", "midnight")) == XR.foreign(BROWNFIELD)
    assert XR.foreign(BROWNFIELD.replace("set med", "set  med")) != XR.foreign(BROWNFIELD)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("end\n", "", "cut short"),
        ("end-policy\n!\nrouter", "router", "end-policy"),
        ("!! ", "! ", "no IOS-XR running configuration"),
        (
            "router bgp",
            "prefix-set X\n  10.0.0.0/8 ),\nend-set\nrouter bgp",
            "prefix-set X",
        ),
    ],
)
def test_what_is_no_whole_configuration_is_refused(old: str, new: str, says: str) -> None:
    text = BROWNFIELD.replace(old, new) if old == "!! " else new.join(BROWNFIELD.rsplit(old, 1))
    with pytest.raises(ParseError, match=says):
        XR.parse(text)


UNREADABLE = {
    "no endif": "  if destination in X then\n    drop",
    "not RPL": "  if (destination in X then drop endif",
    "an unknown policy": "  apply NOBODY",
    "a circle": "  apply FROM-SPINE",
    "too deep": "  if " + "not " * 90 + "med eq 5 then drop endif",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_policy_that_is_not_understood_may_accept_anything(case: str) -> None:
    bad = f"route-policy FROM-SPINE\n{UNREADABLE[case]}\nend-policy\n!\n"
    running = XR.parse(conf(*neighbor("10.0.0.1", "route-policy FROM-SPINE in"), policies=bad))
    said = session_accepts(running, running.sessions[SessionKey("", "10.0.0.1")], 4, IMPORT)
    assert (~said.may, said.must) == (said.must, ~said.may)
    assert not said.must
