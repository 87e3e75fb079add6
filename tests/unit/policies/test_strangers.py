"""Neighbors that the site does not know: every way to write one, on every platform."""

from __future__ import annotations

import pytest
from bgp_texts import TEXTS
from installing import guard
from pydantic import ValidationError

from inventory.models import HostData
from policies.dialects import DIALECTS
from policies.filters import Running, SessionKey
from policies.strangers import unknown_neighbors

COMMON = ["10.0.0.1", "10.0.0.1 (vrf BLUE)", "2001:db8::5"]
NEIGHBORS = {
    "frr": [*COMMON, "NODES", "eth0", "fe80::1"],
    "eos": [*COMMON, "NODES", "fe80::1%Et1"],
    "ios": [*COMMON, "NODES", "fe80::1%Vlan10"],
    "nxos": [*COMMON, "10.3.0.0/24", "Ethernet1/1", "fe80::1"],
    "iosxr": [*COMMON, "10.3.0.0/24", "fe80::1"],
    "junos": [*COMMON, "NODES", "fe80::1"],
}
#: On Junos every neighbor is in a group, which is known where all of its neighbors are.
GROUPS = {"junos": ["A", "A (vrf BLUE)"]}
GROUP_OF = {("junos", one): ["A"] for one in ("10.0.0.1", "2001:db8::5", "fe80::1")} | {
    ("junos", "10.0.0.1 (vrf BLUE)"): ["A (vrf BLUE)"]
}
EACH = [(platform, name) for platform, names in NEIGHBORS.items() for name in names]


def key(name: str) -> SessionKey:
    plain, _, vrf = name.partition(" (vrf ")
    return SessionKey(vrf.rstrip(")"), plain)


def strangers(running: Running, known: list[str], ignored: tuple[str, ...] = ()) -> list[str]:
    found = unknown_neighbors(running, [guard("10.0.0.1")], [key(one) for one in known], ignored)
    return sorted(str(one) for one in found)


@pytest.mark.parametrize("platform", TEXTS)
def test_without_sessions_in_the_site_every_neighbor_is_unknown(platform: str) -> None:
    running = DIALECTS[platform].parse(TEXTS[platform])
    assert strangers(running, []) == sorted([*NEIGHBORS[platform], *GROUPS.get(platform, [])])
    assert unknown_neighbors(running, [], [], ()) == ()


@pytest.mark.parametrize(("platform", "name"), EACH)
def test_one_that_is_not_known_is_named_and_no_other(platform: str, name: str) -> None:
    running = DIALECTS[platform].parse(TEXTS[platform])
    known = [one for one in NEIGHBORS[platform] if one != name]
    group = GROUP_OF.get((platform, name), [])
    assert strangers(running, known) == sorted([name, *group])
    assert strangers(running, NEIGHBORS[platform]) == []


@pytest.mark.parametrize(("platform", "name"), EACH)
def test_a_site_can_ignore_it_by_the_name_that_the_device_has(platform: str, name: str) -> None:
    running = DIALECTS[platform].parse(TEXTS[platform])
    plain = key(name).name
    host = HostData.model_validate({"asn": 1, "sessions": [], "ignore_neighbors": [plain]})
    known = [one for one in NEIGHBORS[platform] if one != name] + GROUPS.get(platform, [])
    assert strangers(running, known, host.ignore_neighbors) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2001:DB8:0:0::5", "2001:db8::5"),
        ("FE80::1%Et1", "fe80::1%Et1"),
        ("10.3.0.0/24", "10.3.0.0/24"),
        ("2001:DB8:3:0::/64", "2001:db8:3::/64"),
        ("Ethernet1/1", "Ethernet1/1"),
        ("NODES", "NODES"),
        ("2001:DB8::5 (vrf BLUE)", "2001:db8::5 (vrf BLUE)"),
        ("10.3.0.0/24 (vrf BLUE)", "10.3.0.0/24 (vrf BLUE)"),
        ("NODES (vrf default)", "NODES (vrf default)"),
        ("2001:DB8::5 (vrf logical-systems L)", "2001:db8::5 (vrf logical-systems L)"),
        ("A (vrf tenants T BLUE)", "A (vrf tenants T BLUE)"),
    ],
)
def test_a_name_to_ignore_is_read_as_devices_print_it(typed: str, meant: str) -> None:
    host = HostData.model_validate({"asn": 1, "sessions": [], "ignore_neighbors": [typed]})
    assert host.ignore_neighbors == (meant,)


@pytest.mark.parametrize(
    "typed",
    [
        *("10.3.0.1/24", "fe80::1%", "fe80::1% Et1", "Et1%x", "10.0.0.300", "a b", "%x", ""),
        *("a (vrf)", "a (vrf b c)", "(vrf b)", "a (vrf b", "a(vrf b)", "10.3.0.1/24 (vrf b)"),
    ],
)
def test_what_is_no_neighbor_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        HostData.model_validate({"asn": 1, "sessions": [], "ignore_neighbors": [typed]})


@pytest.mark.parametrize("platform", TEXTS)
def test_one_to_ignore_is_that_of_one_vrf(platform: str) -> None:
    running = DIALECTS[platform].parse(TEXTS[platform])
    others = [one for one in NEIGHBORS[platform] if not one.startswith("10.0.0.1")]
    inside, outside = "10.0.0.1 (vrf BLUE)", "10.0.0.1"

    def left(*ignored: str, known: tuple[str, ...] = ()) -> list[str]:
        found = strangers(running, [*others, *known], ignored)
        return [one for one in found if one.startswith("10.")]

    # Of one name in several VRFs the default one is meant, unless another is said.
    assert left(outside) == [inside]
    assert left(f"{outside} (vrf default)") == [inside]
    assert left(inside) == [outside]
    assert left(inside, outside) == []
    assert left("10.0.0.1 (vrf RED)") == [outside, inside]
    # Whoever is named needs not to be ignored.
    assert left(outside, known=(outside,)) == []
    assert left(f"{outside} (vrf default)", known=(outside,)) == [inside]


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        ("SPINES", []),
        ("SPINES (vrf BLUE)", []),
        (
            "SPINES (vrf default)",
            ["10.0.0.1 (vrf BLUE)", "10.0.0.2 (vrf BLUE)", "SPINES (vrf BLUE)"],
        ),
        ("SPINES (vrf RED)", ["10.0.0.1 (vrf BLUE)", "10.0.0.2 (vrf BLUE)", "SPINES (vrf BLUE)"]),
    ],
)
def test_a_name_that_only_a_vrf_has_needs_no_word_of_it(ignored: str, expected: list[str]) -> None:
    running = DIALECTS["frr"].parse(MEMBERS.replace("bgp 65000", "bgp 65000 vrf BLUE"))
    assert strangers(running, [], (ignored,)) == expected


MEMBERS = """\
frr version 8.4.4
router bgp 65000
 neighbor SPINES peer-group
 neighbor SPINES remote-as 65001
 neighbor 10.0.0.1 peer-group SPINES
 neighbor 10.0.0.2 peer-group SPINES
 address-family ipv4 unicast
  neighbor SPINES route-map A in
  neighbor 10.0.0.2 route-map B in
 exit-address-family
exit
end
"""


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        # A known group has its guard on every member, also on one with a policy of its own.
        (["SPINES"], []),
        (["10.0.0.1", "10.0.0.2"], []),
        (["10.0.0.1"], ["10.0.0.2", "SPINES"]),
        (["SPINES (vrf BLUE)"], ["10.0.0.1", "10.0.0.2", "SPINES"]),
    ],
)
def test_members_are_known_by_their_group_and_it_by_all_of_them(
    known: list[str], expected: list[str]
) -> None:
    assert strangers(DIALECTS["frr"].parse(MEMBERS), known) == expected


def test_a_group_that_takes_dynamic_neighbors_is_not_known_by_its_members() -> None:
    text = MEMBERS.replace(
        "exit\nend", " bgp listen range 10.3.0.0/24 peer-group SPINES\nexit\nend"
    )
    assert strangers(DIALECTS["frr"].parse(text), ["10.0.0.1", "10.0.0.2"]) == ["SPINES"]
