"""What is in a table and must not be: whose fence decides, and that each route is told once."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installing import BLUE, EXPORT, IMPORT, ORANGE, clean, fence, guard, parse

from policies.dialects import DIALECTS
from policies.filters import SessionKey
from policies.guards import Fence, deny_list
from policies.illegal import TOLD, illegal_routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.fields import Network
    from policies.filters import Running
    from policies.guards import WantedGuard
    from policies.managed import Slot

Tables = dict[tuple[SessionKey, int], dict[str, frozenset["Network"]]]

GROUP = [
    "neighbor G peer-group",
    "neighbor G remote-as 65000",
    "neighbor 10.0.0.1 peer-group G",
    "neighbor 10.0.0.2 peer-group G",
    "neighbor 10.0.0.9 remote-as 65009",
]
RUNNING = parse(*GROUP)
G, ONE, NINE = (SessionKey("", name) for name in ("G", "10.0.0.1", "10.0.0.9"))


def nets(text: str) -> frozenset[Network]:
    return frozenset(map(ip_network, text.split()))


def never(label: str, *pools: str) -> Fence:
    only = fence(label, *pools)
    allowed = {version: ~one for version, one in only.allowed.items()}
    lists = {version: deny_list("in", label, version, one) for version, one in only.allowed.items()}
    return Fence("in", label, allowed, lists)


def table(key: SessionKey = G, version: int = 4, **by_neighbor: str) -> Tables:
    found = {name.replace("_", ".").lstrip("n"): nets(some) for name, some in by_neighbor.items()}
    return {(key, version): found}


def fenced(*guards: WantedGuard, running: Running = RUNNING) -> Mapping[Slot, Fence]:
    return clean(running, *guards).fenced


def told(tables: Tables, slots: Mapping[Slot, Fence], running: Running = RUNNING) -> list[str]:
    return [
        f"{one.session} {one.prefix} from {' '.join(one.neighbors)}"
        for one in illegal_routes(running, tables, slots)
    ]


NODES = fenced(guard("G", group=True))


def test_what_the_fence_does_not_allow_is_told_with_everybody_who_announces_it() -> None:
    tables = table(
        n10_0_0_2="10.65.0.0/16 9.9.9.0/24", n10_0_0_1="9.9.9.0/24 10.65.1.0/26 0.0.0.0/0"
    )
    assert told(tables, NODES) == [
        "G 0.0.0.0/0 from 10.0.0.1",
        "G 9.9.9.0/24 from 10.0.0.1 10.0.0.2",
        "G 10.65.1.0/26 from 10.0.0.1",
    ]
    assert told(table(n10_0_0_1="10.65.0.0/16"), NODES) == []
    assert told(table(), NODES) == []


def test_never_guards_are_judged_the_other_way_round() -> None:
    slots = fenced(guard("10.0.0.9", fence=never("all", "10.65.0.0/16")))
    tables = table(NINE, n10_0_0_9="10.65.0.0/16 10.66.0.0/16 0.0.0.0/0")
    assert told(tables, slots) == ["10.0.0.9 10.65.0.0/16 from 10.0.0.9"]


def test_without_an_import_guard_nothing_is_illegal() -> None:
    tables = table(NINE, n10_0_0_9="9.9.9.0/24")
    assert told(tables, NODES) == []
    assert told(tables, fenced(guard("10.0.0.9", EXPORT))) == []
    assert told(tables, {}) == []


def test_a_member_that_is_asked_for_beside_its_group_is_told_once() -> None:
    tables = {
        **table(n10_0_0_1="9.9.9.0/24", n10_0_0_2="8.8.8.0/24"),
        **table(ONE, n10_0_0_1="9.9.9.0/24"),
    }
    assert told(tables, NODES) == [
        "10.0.0.1 9.9.9.0/24 from 10.0.0.1",
        "G 8.8.8.0/24 from 10.0.0.2",
    ]


@pytest.mark.parametrize("asked", [True, False])
def test_a_members_own_fence_goes_before_its_groups(asked: bool) -> None:
    slots = {**NODES, (ONE, 4, IMPORT): BLUE}
    both = "10.65.0.0/16 10.66.0.0/16"
    tables = table(n10_0_0_1=both, n10_0_0_2=both)
    tables |= table(ONE, n10_0_0_1=both) if asked else {}
    whom = "10.0.0.1" if asked else "G"
    assert told(tables, slots) == sorted(
        [f"{whom} 10.65.0.0/16 from 10.0.0.1", "G 10.66.0.0/16 from 10.0.0.2"]
    )


def test_families_and_vrfs_are_kept_apart() -> None:
    both = fence("both", "10.65.0.0/16", "fd00:65::/48")
    slots = {(G, 4, IMPORT): both, (G, 6, IMPORT): both, (SessionKey("RED", "G"), 4, IMPORT): BLUE}
    slots[ONE, 4, IMPORT] = both  # of the same address in another VRF
    tables = {
        **table(n10_0_0_1="10.65.0.0/16"),
        **table(version=6, n10_0_0_1="fd00:65::/48 fd00:66::/48 ::/0"),
        **table(SessionKey("RED", "G"), n10_0_0_1="10.65.0.0/16 10.66.0.0/16"),
    }
    assert told(tables, slots) == [
        "G ::/0 from 10.0.0.1",
        "G fd00:66::/48 from 10.0.0.1",
        "G (vrf RED) 10.65.0.0/16 from 10.0.0.1",
    ]


def test_groups_of_groups_are_seen_through() -> None:
    """On Junos a neighbor belongs to a group, and that to all of BGP."""
    running = DIALECTS["junos"].parse(
        "set version 21.4R3.15\n"
        "set routing-options autonomous-system 65000\n"
        "set protocols bgp import ANY\n"
        "set protocols bgp group G type external\n"
        "set protocols bgp group G peer-as 65001\n"
        "set protocols bgp group G import OWN\n"
        "set protocols bgp group G neighbor 10.0.0.1 import MINE\n"
        "set policy-options policy-statement ANY then accept\n"
        "set policy-options policy-statement OWN then accept\n"
        "set policy-options policy-statement MINE then accept\n"
    )
    everybody = SessionKey("", "protocols bgp")
    assert {everybody, G, ONE} <= set(running.sessions)
    tables = {
        **table(everybody, n10_0_0_1="9.9.9.0/24", n10_0_0_8="9.9.9.0/24"),
        **table(ONE, n10_0_0_1="9.9.9.0/24"),
    }
    slots = {(everybody, 4, IMPORT): ORANGE, (ONE, 4, IMPORT): ORANGE}
    assert told(tables, slots, running) == [
        "10.0.0.1 9.9.9.0/24 from 10.0.0.1",
        "protocols bgp 9.9.9.0/24 from 10.0.0.8",
    ]


@given(
    st.dictionaries(
        st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.7"]),
        st.frozensets(
            st.builds(
                lambda number, length: IPv4Network((number << 16, length), strict=False),
                st.integers(0x0A40, 0x0A44),
                st.integers(10, 17),
            )
        ),
    )
)
def test_every_route_of_every_neighbor_is_told_if_and_only_if_the_fence_drops_it(
    by_neighbor: dict[str, frozenset[Network]],
) -> None:
    found = illegal_routes(RUNNING, {(G, 4): by_neighbor}, NODES)
    assert [(one.session, one.version) for one in found] == [(G, 4)] * len(found)
    assert {(who, one.prefix) for one in found for who in one.neighbors} == {
        (who, prefix)
        for who, prefixes in by_neighbor.items()
        for prefix in prefixes
        if str(prefix) != "10.65.0.0/16"
    }
    order = [(int(one.prefix.network_address), one.prefix.prefixlen) for one in found]
    assert order == sorted(set(order))


def test_of_a_whole_table_the_first_are_told_and_the_others_counted() -> None:
    leaked = [f"9.{number // 250}.{number % 250}.0/24" for number in range(TOLD + 23)]
    six = " ".join(f"fd00:{number:x}::/32" for number in range(1, TOLD + 1))
    both = fence("both", "10.65.0.0/16", "fd00:65::/48")
    found = illegal_routes(
        RUNNING,
        {**table(n10_0_0_1=" ".join(leaked)), **table(version=6, n10_0_0_1=six)},
        {(G, 4, IMPORT): both, (G, 6, IMPORT): both},
    )
    assert [str(one.prefix) for one in found[:TOLD]] == leaked[:TOLD]
    assert [one.version for one in found] == [4] * TOLD + [6] * TOLD
    assert [one.more for one in found] == [0] * (TOLD - 1) + [23] + [0] * TOLD


def test_of_a_whole_table_each_neighbors_first_are_told() -> None:
    leaked = [f"9.{number // 250}.{number % 250}.0/24" for number in range(TOLD)]
    both = "0.0.0.0/0"
    tables = table(
        n10_0_0_1=f"{' '.join(leaked)} {both}", n10_0_0_2=f"200.0.0.0/24 {both}", n10_0_0_7=""
    )
    found = illegal_routes(RUNNING, tables, NODES)
    assert [(str(one.prefix), one.neighbors) for one in found] == [
        ("0.0.0.0/0", ("10.0.0.1", "10.0.0.2")),
        *((prefix, ("10.0.0.1",)) for prefix in leaked[: TOLD // 2 - 1]),
        ("200.0.0.0/24", ("10.0.0.2",)),
    ]
    assert [one.more for one in found] == [0] * (TOLD // 2) + [TOLD // 2 + 1]
