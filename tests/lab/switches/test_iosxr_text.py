"""Configurations of the virtual IOS-XR as text: read, printed, merged, compared, understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iosxr_box import startup
from program_runner import Sample, run

from lab.switch.iosxr.edits import changes, difference, merged
from lab.switch.iosxr.tree import SyntaxFaultError, parse, show
from lab.switch.iosxr.verify import verified
from lab.switch.meaning import NOTHING_PASSES
from lab.topology import SWITCHES

TOR1 = parse(startup("tor1"))


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_printed_reads_back_as_it_was(name: str) -> None:
    tree = parse(startup(name))
    printed = show(tree)
    assert show(parse(printed)) == printed
    assert len(printed.splitlines()) > 450
    assert verified((), tree)[0] == ()


def test_inheritance_is_resolved_level_by_level() -> None:
    text = """
route-policy A
  pass
end-policy
route-policy B
  set med 2
end-policy
router bgp 1
 bgp router-id 10.0.0.1
 address-family ipv4 unicast
 !
 af-group AF address-family ipv4 unicast
  route-policy B out
 !
 session-group S
  remote-as 7
 !
 neighbor-group BASE
  remote-as 8
  address-family ipv4 unicast
   route-policy A in
   use af-group AF
  !
 !
 neighbor-group TOP
  use neighbor-group BASE
 !
 neighbor 10.0.0.2
  use neighbor-group TOP
 !
 neighbor 10.0.0.3
  use session-group S
  use neighbor-group TOP
  address-family ipv4 unicast
   route-policy B in
  !
 !
 neighbor 10.0.0.4
  remote-as 1
  address-family ipv4 unicast
  !
 !
 neighbor 10.0.0.5
  remote-as 9
  address-family ipv4 unicast
  !
 !
!
"""
    faults, router = verified((), parse(text))
    assert faults == ()
    assert router is not None
    said = {}
    for peer in router.peers:
        family = peer.families[4]
        policies = (family.import_policy, family.export_policy)
        verdicts = [one and run(one, Sample("10.0.0.0/8")) for one in policies]
        said[str(peer.address)] = (peer.remote_asn, *verdicts)
    plain, med = (True, ()), (True, ("metric 2",))
    assert said == {
        "10.0.0.2": (8, plain, med),
        "10.0.0.3": (7, med, med),
        "10.0.0.4": (1, None, None),
        "10.0.0.5": (9, (False, ()), (False, ())),
    }
    assert router.peers[3].families[4].import_policy == NOTHING_PASSES


@given(st.sets(st.integers(0, len(TOR1) - 1)), st.sets(st.integers(0, len(TOR1) - 1)))
def test_entering_the_changes_makes_one_configuration_of_another(
    left: set[int], right: set[int]
) -> None:
    old = tuple(TOR1[i] for i in sorted(left))
    new = tuple(TOR1[i] for i in sorted(right))
    assert show(merged(old, parse(show(changes(old, new))))) == show(new)
    assert (difference(old, new) == "") == (left == right)


def test_lines_typed_flush_left_belong_where_the_device_takes_them() -> None:
    typed = "router bgp 65201\nneighbor 10.255.11.0\naddress-family ipv4 unicast\n"
    typed += "route-policy MAINTENANCE in\nexit\nneighbor 10.255.21.0\nshutdown\nhostname x\n"
    after = show(merged(TOR1, parse(typed)))
    expected = show(TOR1).replace("hostname tor1", "hostname x")
    first, second = "  description spine1\n", " neighbor 10.255.21.0\n  remote-as 65000\n"
    at = expected.index(first)
    expected = expected[:at] + expected[at:].replace("FROM-SPINE in", "MAINTENANCE in", 1)
    assert after == expected.replace(second, f"{second}  shutdown\n")


@pytest.mark.parametrize(
    "line",
    ["frobnicate", "router bgp 65201\n neighbor 10.0.0.300\n", "router bgp 65201\n ip nonsense\n"],
)
def test_lines_that_are_no_commands_are_refused(line: str) -> None:
    with pytest.raises(SyntaxFaultError):
        parse(line)
