"""What IOS-XR gets to read, what of it is ours, and what becomes of what somebody changed."""

from __future__ import annotations

import re

import pytest
from installing import fence
from xr_device import XrDevice
from xr_guarding import (
    BLUE,
    BROWNFIELD,
    EXPORT,
    IMPORT,
    POLICIES,
    XR,
    change,
    conf,
    fenced,
    guard,
    neighbor,
    text_of,
    unfenced,
)

from policies.accepts import session_accepts
from policies.change import apply, steps
from policies.errors import ParseError
from policies.filters import SessionKey
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks


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
    # One of the drivers takes this line away.
    shorn = "".join(BROWNFIELD.splitlines(keepends=True)[1:])
    assert (XR.foreign(shorn), XR.parse(shorn)) == (XR.foreign(BROWNFIELD), XR.parse(BROWNFIELD))
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
