"""Whose policy decides what comes in: a group's, or that of a member with one of its own."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from installing import EXPORT, IMPORT, ORANGE, clean, guard

from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import SessionKey
from policies.importing import import_accepts, import_slots
from policies.managed import managed
from runbooks.differences import dropped_in_words, dropped_routes
from runbooks.plan_file import DroppedRoute
from tasks.adapters.base import Tables
from tasks.snapshot import Snapshot, guarded_imports

if TYPE_CHECKING:
    from policies.filters import Running

TEXT = """\
frr version 8.4.4
frr defaults traditional
router bgp 65000
 neighbor NODES peer-group
 neighbor NODES remote-as 65001
 bgp listen range 172.20.1.0/24 peer-group NODES
 neighbor 10.0.0.1 peer-group NODES
 neighbor 10.0.0.2 peer-group NODES
 neighbor 10.0.0.3 peer-group NODES
 neighbor 10.0.0.9 remote-as 65001
 address-family ipv4 unicast
  neighbor NODES route-map FROM-NODE in
  neighbor 10.0.0.2 route-map SPECIAL in
  neighbor 10.0.0.3 route-map ALSO out
  neighbor 10.0.0.9 route-map SPECIAL in
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.0.0.3 activate
  neighbor 10.0.0.3 route-map FROM-NODE6 in
 exit-address-family
exit
router bgp 65000 vrf BLUE
 neighbor NODES peer-group
 neighbor NODES remote-as 65001
 neighbor 10.0.0.4 peer-group NODES
 address-family ipv4 unicast
  neighbor NODES route-map FROM-BLUE in
  neighbor 10.0.0.4 route-map BLUE-4 in
 exit-address-family
exit
ip prefix-list RACK seq 10 permit 172.20.0.0/16 le 32
ip prefix-list RACK seq 20 permit 10.65.0.0/16
route-map FROM-NODE permit 10
 match ip address prefix-list RACK
exit
route-map FROM-NODE6 permit 10
exit
route-map FROM-BLUE permit 10
exit
route-map SPECIAL permit 10
exit
route-map BLUE-4 permit 10
exit
route-map ALSO permit 10
exit
end
"""
RUNNING = DIALECTS["frr"].parse(TEXT)
NODES = SessionKey("", "NODES")


def slots(*names: str) -> list[str]:
    found = import_slots(RUNNING, [SessionKey("", name) for name in names])
    return [f"{key} v{version}" for key, version in found]


def test_members_with_another_policy_or_family_are_asked_beside_their_group() -> None:
    assert slots("NODES") == ["10.0.0.2 v4", "10.0.0.3 v6", "NODES v4"]
    assert slots("10.0.0.9", "NODES") == ["10.0.0.2 v4", "10.0.0.3 v6", "10.0.0.9 v4", "NODES v4"]
    assert slots("10.0.0.2", "NODES", "NODES") == slots("NODES")
    assert slots("10.0.0.1", "10.0.0.77") == ["10.0.0.1 v4"]
    blue = import_slots(RUNNING, [SessionKey("BLUE", "NODES")])
    assert [str(key) for key, _ in blue] == ["10.0.0.4 (vrf BLUE)", "NODES (vrf BLUE)"]


def test_only_guards_of_what_comes_in_have_routes_to_drop() -> None:
    guards = [guard("10.0.0.9"), guard("10.0.0.1", EXPORT), guard("NODES", EXPORT, group=True)]
    assert guarded_imports(RUNNING, guards) == ((SessionKey("", "10.0.0.9"), 4),)


def routes(*some: str) -> frozenset[object]:
    return frozenset(ip_network(one) for one in some)


def drops(running: Running, after: Running, **accepted: str) -> list[str]:
    tables = {
        (SessionKey("", name.replace("_", ".").lstrip("n.")), 6 if ":" in text else 4): {
            "192.0.2.1": routes(*text.split())
        }
        for name, text in accepted.items()
    }
    snapshot = Snapshot("", running, Tables(up=frozenset(), routes=tables))  # type: ignore[arg-type]
    return [f"{one.prefix} from {one.session}" for one in dropped_routes(snapshot, after)]


def fenced() -> Running:
    wanted = clean(RUNNING, guard("NODES", IMPORT, ORANGE, group=True), guard("10.0.0.9"))
    return apply(RUNNING, steps(managed(RUNNING), wanted.managed))


def test_a_members_routes_are_judged_by_its_own_policy() -> None:
    after = fenced()
    # SPECIAL lets the pool in, FROM-NODE does not: what stands in the table is the member's.
    assert drops(RUNNING, RUNNING, NODES="10.65.0.0/16 9.9.9.0/24", n10_0_0_2="9.9.9.0/24") == []
    assert drops(RUNNING, after, NODES="10.65.0.0/16", n10_0_0_2="10.65.0.0/16") == []
    assert drops(RUNNING, after, NODES="172.20.1.0/24 9.9.9.0/24", n10_0_0_2="9.9.9.0/24") == [
        "9.9.9.0/24 from 10.0.0.2",
        "9.9.9.0/24 from NODES",
        "172.20.1.0/24 from NODES",
    ]
    assert drops(RUNNING, after, n10_0_0_3="fd00:1::/64") == ["fd00:1::/64 from 10.0.0.3"]
    assert drops(RUNNING, after, n10_0_0_9="10.65.0.0/16 10.66.0.0/16") == [
        "10.66.0.0/16 from 10.0.0.9"
    ]


def test_what_a_group_must_let_in_is_what_all_of_its_members_do() -> None:
    judge = Judge(RUNNING)
    group, special = (import_accepts(judge, SessionKey("", n), 4) for n in ("NODES", "10.0.0.2"))
    pool, foreign, rack = map(ip_network, ("10.65.0.0/16", "9.9.9.0/24", "172.20.1.0/24"))
    assert [one in group.may for one in (pool, foreign, rack)] == [True, True, True]
    assert [one in group.must for one in (pool, foreign, rack)] == [True, False, True]
    assert [one in special.must for one in (pool, foreign, rack)] == [True, True, True]
    member = import_accepts(judge, SessionKey("", "10.0.0.1"), 4)
    assert [one in member.may for one in (pool, foreign, rack)] == [True, False, True]


@pytest.mark.parametrize(
    ("drops", "said"),
    [
        ([("9.9.9.0/24", "NODES")], "1 from NODES: 9.9.9.0/24"),
        (
            [(f"9.9.{n}.0/24", "NODES") for n in range(7)] + [("fd00::/64", "eth0 (vrf BLUE)")],
            (
                "7 from NODES: 9.9.0.0/24, 9.9.1.0/24, 9.9.2.0/24, 9.9.3.0/24, 9.9.4.0/24 "
                "and 2 more; 1 from eth0 (vrf BLUE): fd00::/64"
            ),
        ),
    ],
)
def test_dropped_routes_are_counted_by_session(drops: list[tuple[str, str]], said: str) -> None:
    assert dropped_in_words([DroppedRoute(prefix=a, session=b) for a, b in drops]) == said
