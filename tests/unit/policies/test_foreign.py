"""What of an IOS-like configuration is the operator's: also what is named as ours is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies.dialects.eos import EosDialect
from policies.dialects.frr import FrrDialect
from policies.dialects.ios import IosDialect
from policies.dialects.nxos import NxosDialect

if TYPE_CHECKING:
    from policies.dialects.base import Dialect

DIALECTS: dict[str, Dialect] = {
    "eos": EosDialect(),
    "frr": FrrDialect(),
    "ios": IosDialect(),
    "nxos": NxosDialect(),
}
dialects = pytest.mark.parametrize("name", DIALECTS)

THEIRS = [
    "hostname RF-n9k",
    "vrf definition RF-GUEST",
    "vlan 10\n name RF-cameras",
    "vlan 10\n name prefix-list RF-cameras",
    "interface Vlan10\n vrf forwarding RF-GUEST",
    "interface Vlan10\n ip policy route-map RF-PBR",
    "interface Vlan10\n route-map RF-PBR in",
    "router bgp 65000\n neighbor RF-NODES maximum-prefix 10",
    "router bgp 65000\n neighbor RF-NODES peer-group",
    "router bgp 65000\n neighbor 10.0.0.1 peer-group RF-NODES",
    "router bgp 65000\n neighbor RF-NODES route-map THEIRS in",
    "router bgp 65000\n neighbor 10.0.0.1 prefix-list RF-OWN in",
    "router bgp 65000\n redistribute static route-map RF-STATICS",
    "router bgp 65000\n neighbor 10.0.0.1 description route-map RF-gone in",
    "route-map THEIRS permit 10\n match community RF-COMM",
    "route-map THEIRS permit 10\n match ip address RF-ACL",
    "route-map THEIRS permit 10\n call RF-map",
    "route-map THEIRS permit 10\n description match ip address prefix-list RF-gone",
    "ip access-list RF-ACL\n permit ip any any",
    "ip community-list standard RF-COMM permit 65000:1",
    "ip prefix-list THEIRS description RF-notes",
]
OURS = [
    "route-map RF-import permit 10",
    "route-map RF-import deny 1\n match community OTHER\nexit",
    "ip prefix-list RF-in-v4-0a0b0c0d seq 5 permit 10.65.0.0/16 le 32",
    "ip prefix-list RF-in-v4-0a0b0c0d\n   seq 5 permit 10.65.0.0/16 le 32",
    "ipv6 prefix-list RF-in-v6-0a0b0c0d seq 5 permit FD00:65::/48 le 128",
    "route-map THEIRS deny 1\n match ip address prefix-list RF-in-v4-0a0b0c0d",
    "route-map THEIRS deny 1\n match ip address prefix-list OTHER RF-in-v4-0a0b0c0d",
    "route-map THEIRS deny 1\n match ipv6 address prefix-list RF-in-v6-0a0b0c0d ",
]


@dialects
@pytest.mark.parametrize("theirs", THEIRS)
def test_what_the_operator_calls_by_a_name_like_ours_is_foreign(name: str, theirs: str) -> None:
    text = f"version 9.3(8)\n{theirs}\nline vty\n"
    assert DIALECTS[name].foreign(text) == text


@dialects
@pytest.mark.parametrize("ours", OURS)
def test_our_lists_maps_and_stanzas_are_not_foreign(name: str, ours: str) -> None:
    text = f"version 9.3(8)\n{ours}\nline vty\n"
    assert DIALECTS[name].foreign(text) == "version 9.3(8)\nline vty\n"


@dialects
@pytest.mark.parametrize("way", ["in", "out"])
@pytest.mark.parametrize("line", [" neighbor 10.0.0.1 route-map RF-m", "   route-map RF-m"])
def test_the_line_that_attaches_one_of_ours_is_not_foreign(name: str, line: str, way: str) -> None:
    head, tail = "router bgp 65000\n neighbor 10.0.0.1\n  weight 3\n", "  timers 1 3\n"
    assert DIALECTS[name].foreign(f"{head}{line} {way}\n{tail}") == head + tail


NXOS = """\
version 9.3(8)
router bgp 65000
  address-family ipv4 unicast
  template peer SPINE
    address-family ipv4 unicast
      send-community
  template peer-session TIMERS
    timers 1 3
  neighbor 10.0.0.1
{neighbor}    remote-as 65001
  vrf RED
    address-family ipv6 unicast
    neighbor 10.0.0.2
{in_vrf}      remote-as 65001
"""
INHERITS, FAMILY = "    inherit peer SPINE\n", "    address-family ipv4 unicast\n"
STAYS = {
    "by itself": FAMILY,
    "not in the template": INHERITS + FAMILY.replace("ipv4", "ipv6"),
    "not that family": INHERITS + FAMILY.replace("unicast", "labeled-unicast"),
    "of an unknown template": INHERITS.replace("SPINE", "GONE") + FAMILY,
    "of a session template": INHERITS.replace("peer SPINE", "peer-session TIMERS") + FAMILY,
    "with lines": f"{INHERITS}{FAMILY}      weight 3\n",
}


def on_nxos(neighbor: str = "", in_vrf: str = "") -> str:
    deeper = "".join(f"  {line}" for line in in_vrf.splitlines(keepends=True))
    return NXOS.format(neighbor=neighbor, in_vrf=deeper)


@pytest.mark.parametrize("case", STAYS)
def test_an_empty_family_activates_on_nxos(case: str) -> None:
    for text in (on_nxos(STAYS[case]), on_nxos("", STAYS[case])):
        assert DIALECTS["nxos"].foreign(text) == text


@pytest.mark.parametrize("guard", ["", "      route-map RF-import in\n"])
def test_an_empty_family_that_is_inherited_says_nothing_on_nxos(guard: str) -> None:
    told = DIALECTS["nxos"].foreign(on_nxos(INHERITS + FAMILY + guard))
    assert told == on_nxos(INHERITS)
    told = DIALECTS["nxos"].foreign(
        on_nxos("", FAMILY + (f"  {guard}" if guard else "") + INHERITS)
    )
    assert told == on_nxos("", INHERITS)


@pytest.mark.parametrize("name", ["eos", "frr", "ios"])
def test_an_empty_family_says_nothing_elsewhere(name: str) -> None:
    head = "router bgp 65000\n neighbor 10.0.0.1 weight 3\n"
    family = " address-family ipv4\n  neighbor 10.0.0.1 route-map RF-m in\n"
    assert DIALECTS[name].foreign(f"{head}{family} exit-address-family\n!\n") == head
