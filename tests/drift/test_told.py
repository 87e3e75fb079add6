"""How drift is told: once per cause, with who feels it, what mends it, and what is in the way."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from builders import edited, make_site, write_site
from drift_seeds import said
from fabrics import make_device
from installing import BLUE, ORANGE, after, family, fence, guard, one_map, parse

from inventory.fields import Role
from inventory.sessions import Session
from inventory.site import load_site
from policies.drift import Effect, Kind, drift, site_drift
from policies.filters import Direction, SessionKey
from policies.guards import Fence, deny_list
from policies.install import install
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef, EntryRef, Part, StanzaRef

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.hosts import Device
    from policies.drift import Drift
    from policies.filters import Running
    from policies.guards import WantedGuard

PEERS = tuple(f"10.0.0.{n}" for n in range(1, 21))
RACK = [
    *(f"neighbor {peer} remote-as 65001" for peer in PEERS),
    *family(*(f"neighbor {peer} route-map RM in" for peer in PEERS)),
]
PERMIT = one_map("permit 10")


def known(*names: str, narrower: bool = False, ignored: tuple[str, ...] = ()) -> Device:
    sessions = tuple(
        Session(neighbor=name, role=Role.EXTERNAL, narrower=narrower) for name in names
    )
    return replace(make_device("tor1", Role.TOR), sessions=sessions, ignore_neighbors=ignored)


def found(running: Running, *guards: WantedGuard, narrower: bool = False) -> tuple[Drift, ...]:
    names = {one.session.name for one in guards}
    return drift(known(*sorted(names), narrower=narrower), running, guards)


def the_one(some: tuple[Drift, ...]) -> Drift:
    (one,) = some
    return one


def test_one_cause_is_told_once_whoever_feels_it() -> None:
    guards = [guard(peer) for peer in PEERS]
    one = the_one(found(parse(*RACK, maps=PERMIT), *guards))
    assert (one.kind, one.effect) == (Kind.MISSING, Effect.WEAKENED)
    assert (one.session, one.version, one.direction) == (None, 4, Direction.IMPORT)
    assert one.object == "route-map RM (ipv4)"
    assert one.text == (
        "route-map RM has no guard of IPv4: 20 sessions (10.0.0.1, 10.0.0.10, 10.0.0.11 and 17 "
        "more) accept 0.0.0.0/0, 0.0.0.0/16, 10.66.0.0/16, which `only orange` does not allow"
    )
    assert one.remedy == "a deploy installs it"
    assert one.leaked == ~ORANGE.allowed[4]
    assert one.dropped is None


def test_pools_that_changed_make_a_whole_guard_outdated() -> None:
    guards = [guard(peer) for peer in PEERS]
    clean = after(parse(*RACK, maps=PERMIT), *guards)
    wider = fence("orange", "10.64.0.0/16")
    one = the_one(found(clean, *(replace(each, fence=wider) for each in guards)))
    name = ORANGE.lists[4].name
    assert (one.kind, one.effect, one.object) == (
        Kind.OUTDATED,
        Effect.BOTH,
        f"prefix-list {name} (ipv4)",
    )
    assert one.leaked == ORANGE.allowed[4]
    assert one.dropped == wider.allowed[4]
    assert EntryRef(4, name, None) in one.references


def test_the_way_of_the_witness_is_told() -> None:
    running = parse(*RACK, maps=PERMIT)
    one = the_one(found(running, *(guard(peer) for peer in PEERS)))
    key = SessionKey("", "10.0.0.1")
    attached = AttachmentRef(key, 4, Direction.IMPORT, Part.ROUTE_MAP)
    assert one.references == (attached, StanzaRef("RM", 10))


def test_what_is_in_the_way_of_a_deploy_is_said_where_it_is() -> None:
    shared = parse(
        *RACK[:2],
        *family("neighbor 10.0.0.1 route-map RM in", "neighbor 10.0.0.2 route-map RM in"),
        maps=PERMIT,
    )
    one = the_one(found(shared, guard("10.0.0.1"), guard("10.0.0.2", fence=BLUE)))
    assert one.kind is Kind.MISSING
    assert one.remedy.startswith("no deploy can mend it yet: route-map RM is shared by sessions")
    assert one.remedy.endswith("copy RM under a second name and attach that to one of them")


def test_what_is_in_the_way_alone_is_an_obstacle() -> None:
    running = parse("neighbor 10.0.0.1 remote-as 65001", "no bgp default ipv4-unicast")
    one = the_one(found(running, guard("10.0.0.1")))
    assert (one.kind, one.effect, one.leaked) == (Kind.OBSTACLE, Effect.NONE, None)
    assert "carries neither IPv4 nor IPv6" in one.text
    assert one.remedy


def test_a_closed_session_drops_all_unless_it_may_be_narrower() -> None:
    closed = parse("neighbor 10.0.0.1 remote-as 65001")
    one = the_one(found(closed, guard("10.0.0.1")))
    assert (one.kind, one.effect) == (Kind.NARROWED, Effect.NARROWED)
    assert one.object == "neighbor 10.0.0.1 ipv4 import"
    assert one.dropped == ORANGE.allowed[4]
    assert "no policy, and the platform lets nothing through then" in one.text
    assert found(closed, guard("10.0.0.1"), narrower=True) == ()


def test_single_addresses_that_the_pools_allow_are_legitimate_too() -> None:
    hosts = "ip prefix-list HOSTS seq 5 permit 0.0.0.0/0 ge 32\n"
    hosts += one_map("deny 5\n match ip address prefix-list HOSTS", "permit 10")
    allowed = {4: PrefixSet.of(ip_network("10.65.0.0/16"), 26, 32), 6: PrefixSet.empty(6)}
    lists = {version: deny_list("out", "any", version, ~one) for version, one in allowed.items()}
    wants = guard("10.0.0.1", fence=Fence("out", "any", allowed, lists))
    lines = ["neighbor 10.0.0.1 remote-as 65001", *family("neighbor 10.0.0.1 route-map RM in")]
    running = after(parse(*lines, maps=hosts), wants)
    one = the_one(found(running, wants))
    assert (one.kind, one.object) == (Kind.NARROWED, "route-map RM stanza 5")
    assert one.dropped == PrefixSet.of(ip_network("10.65.0.0/16"), 32, 32)
    assert found(running, wants, narrower=True) == ()


def test_a_guard_that_nobody_wants_any_more_is_left_over() -> None:
    clean = after(parse(*RACK, maps=PERMIT), *(guard(peer) for peer in PEERS))
    told = drift(known(*PEERS), clean, ())
    assert said(told) == [("leftover", "narrowed", "route-map RM stanza 1", 4)]
    assert "drop 0.0.0.0/0, 0.0.0.0/16, 10.66.0.0/16, which is to pass" in told[0].text
    assert told[0].dropped == ~ORANGE.allowed[4]


def test_members_are_told_with_their_group() -> None:
    running = parse(
        "neighbor NODES peer-group",
        "neighbor NODES remote-as 65000",
        *(f"neighbor {peer} peer-group NODES" for peer in PEERS[:4]),
        *family("neighbor NODES activate"),
    )
    device = replace(
        make_device("tor1", Role.TOR),
        sessions=(Session(peer_group="NODES", role=Role.NODE, clusters=("orange",)),),
    )
    one = the_one(drift(device, running, [guard("NODES", group=True)]))
    assert one.session == SessionKey("", "NODES")
    assert one.object == "peer group NODES ipv4 import"
    assert "5 sessions" in one.text


def test_a_group_of_strangers_is_told_by_its_members() -> None:
    lines = [
        *RACK[:1],
        "neighbor LEASED peer-group",
        "neighbor LEASED remote-as 65009",
        *(f"neighbor 192.0.2.{n} peer-group LEASED" for n in (1, 2)),
        *family("neighbor 10.0.0.1 route-map RM in", "neighbor LEASED route-map RM in"),
    ]
    running = after(parse(*lines, maps=PERMIT), guard("10.0.0.1"), guard("LEASED", group=True))
    told = drift(known("10.0.0.1"), running, [guard("10.0.0.1")])
    strangers = [one.object for one in told if one.kind is Kind.UNKNOWN_NEIGHBOR]
    assert strangers == ["neighbor 192.0.2.1", "neighbor 192.0.2.2"]


def test_what_is_known_already_is_not_worked_out_again() -> None:
    running = parse(*RACK, maps=PERMIT)
    guards = [guard(peer) for peer in PEERS]
    wanted = install("tor1", running, guards)
    assert drift(known(*PEERS), running, guards, wanted) == found(running, *guards)


def test_a_pool_outside_its_delegation_is_the_sites_own(tmp_path: Path) -> None:
    assert site_drift(make_site(tmp_path / "right")) == ()
    files = edited("pools.yaml", "- {cidr: 10.66.0.0/16,", "- {cidr: 10.66.0.0/15,")
    one = the_one(site_drift(load_site(write_site(tmp_path / "wrong", files))))
    assert (one.kind, one.effect, one.version) == (Kind.OUTSIDE_DELEGATION, Effect.NONE, 4)
    assert one.object == "pool 10.66.0.0/15 of cluster blue"
    assert one.text.endswith("is not inside what is delegated to it; what is outside stays closed")
