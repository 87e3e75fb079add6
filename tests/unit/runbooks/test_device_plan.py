"""One device's part of a plan: what changes in prefixes, and the limits that it may break."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from builders import HOSTS, POOLS, SITE, make_site
from paper_fleet import TEXTS

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import PrefixList, Running, SessionKey
from policies.guards import wanted_guards
from policies.install import install
from policies.managed import digest, managed
from runbooks.device_plan import DevicePart, compute
from runbooks.differences import all_slots, dropped_routes, session_changes
from runbooks.plan_file import DroppedRoute
from tasks.adapters.base import Tables
from tasks.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site
    from policies.guards import WantedGuard
    from policies.prefix_set import Network

FRR = DIALECTS["frr"]
TOR = TEXTS["tor1"]
NODES = (SessionKey("", "NODES"), 4)


def snapshot(running: Running, *routes: str) -> Snapshot:
    tables: dict[tuple[SessionKey, int], dict[str, frozenset[Network]]] = {}
    if routes:
        tables[NODES] = {"172.20.1.11": frozenset(map(ip_network, routes))}
    return Snapshot("", running, Tables(up=frozenset(), routes=tables))


def part(site: Site, running: Running, *routes: str) -> DevicePart:
    return compute(site, site.devices["tor1"], snapshot(running, *routes), guards(site))


def guards(site: Site) -> tuple[WantedGuard, ...]:
    return wanted_guards(site)["tor1"]


def fenced(site: Site, running: Running) -> Running:
    """Return ``running`` with the site's guards."""
    wanted = install("tor1", running, guards(site))
    assert wanted.violations == []
    return apply(running, steps(managed(running), wanted.managed))


def limits(found: DevicePart) -> list[str]:
    return [one.limit for one in found.violations]


def test_a_first_plan_says_what_every_session_stops_to_let_through(tmp_path: Path) -> None:
    site, running = make_site(tmp_path), FRR.parse(TOR)
    found = part(site, running)
    assert found.violations == ()
    plan = found.plan
    changes = [(one.session, one.direction, one.family, one.fence) for one in plan.changes]
    assert changes == [
        ("10.255.11.0", "export", 4, "only orange.infra"),
        ("NODES", "import", 4, "only orange"),
    ]
    assert all(one.stops and not one.starts for one in plan.changes)
    assert all(one.stop_examples[0] == "0.0.0.0/0" for one in plan.changes)
    assert plan.steps == ("AddList",) * 2 + ("SetStanza",) * 2
    after = fenced(site, running)
    assert (plan.digest, plan.digest_after) == (digest(running), digest(after))
    assert plan.way_back == FRR.render(
        steps(managed(after), managed(running), in_order=True), after
    )
    assert part(site, after).plan.is_empty


def test_a_pool_change_says_what_starts_and_what_stops(tmp_path: Path) -> None:
    site = make_site(tmp_path / "a")
    before = fenced(site, FRR.parse(TOR))
    text = POOLS.replace("block_size: 26", "block_size: 27")
    found = part(make_site(tmp_path / "b", pools=text), before)
    assert found.violations == ()
    assert {(one.stop_examples[0], one.start_examples[0]) for one in found.plan.changes} == {
        ("10.65.0.0/26", "10.65.0.0/27")
    }


def test_a_route_that_would_be_dropped_is_named_and_refused(tmp_path: Path) -> None:
    routes = ("10.65.0.0/26", "198.51.100.0/24", "0.0.0.0/0")
    found = part(make_site(tmp_path), FRR.parse(TOR), *routes)
    assert found.plan.drops == (
        DroppedRoute(prefix="0.0.0.0/0", session="NODES"),
        DroppedRoute(prefix="198.51.100.0/24", session="NODES"),
    )
    (refusal,) = found.violations
    assert (refusal.limit, refusal.where, refusal.acceptable) == ("drops-routes", "tor1", True)
    assert refusal.evidence.endswith(": 2 from NODES: 0.0.0.0/0, 198.51.100.0/24")


def test_many_dropped_routes_are_counted(tmp_path: Path) -> None:
    routes = [f"198.51.{n}.0/24" for n in range(9)]
    (refusal,) = part(make_site(tmp_path), FRR.parse(TOR), *routes).violations
    assert refusal.evidence == (
        "routes accepted right now would be dropped: 9 from NODES: 198.51.0.0/24, 198.51.1.0/24, "
        "198.51.2.0/24, 198.51.3.0/24, 198.51.4.0/24 and 4 more"
    )


def test_an_unknown_neighbor_of_a_guarded_device_is_refused(tmp_path: Path) -> None:
    text = TOR.replace(" bgp listen", " neighbor 192.0.2.66 remote-as 65066\n bgp listen")
    found = part(make_site(tmp_path / "a"), FRR.parse(text))
    (refusal,) = found.violations
    assert (refusal.limit, refusal.acceptable) == ("unknown-neighbors", True)
    assert "192.0.2.66" in refusal.evidence
    hosts = HOSTS.replace("rack: rack1", "rack: rack1\n    ignore_neighbors: [192.0.2.66]")
    assert part(make_site(tmp_path / "b", hosts=hosts), FRR.parse(text)).violations == ()


def test_an_obstacle_leaves_the_device_as_it_is(tmp_path: Path) -> None:
    running = FRR.parse(TOR.replace("FROM-NODE permit 10", "FROM-NODE permit 1"))
    found = part(make_site(tmp_path), running)
    assert limits(found) == ["no-room"]
    assert found.plan.is_empty
    assert found.plan.digest == found.plan.digest_after


def test_what_goes_past_the_guard_is_refused(tmp_path: Path) -> None:
    line = "  neighbor 10.255.11.0 default-originate\n exit-address-family"
    found = part(make_site(tmp_path), FRR.parse(TOR.replace(" exit-address-family", line)))
    assert limits(found) == ["not-fenced"]
    assert "10.255.11.0 announces 0.0.0.0/0" in found.violations[0].evidence
    assert not found.violations[0].acceptable


@pytest.mark.parametrize(
    ("pools", "closed"),
    [
        (POOLS, ()),
        (POOLS.replace("{cidr: 10.65.0.0/16", "{cidr: 10.65.0.0/17"), ("49.6%", "49.8%")),
        (POOLS.replace("{cidr: 191.51.100.0/24", "{cidr: 191.51.100.0/25"), ()),
        # All is covered still, though in another length.
        (POOLS.replace("block_size: 26", "block_size: 24"), ()),
    ],
)
def test_more_closed_than_max_shrink_is_refused(
    pools: str, closed: tuple[str, ...], tmp_path: Path
) -> None:
    before = fenced(make_site(tmp_path / "a"), FRR.parse(TOR))
    found = part(make_site(tmp_path / "b", pools=pools), before)
    assert [(one.limit, one.evidence) for one in found.violations] == [
        ("shrink", f"{where} closes {closes} of cluster orange")
        for where, closes in zip(
            ("10.255.11.0 ipv4 export", "NODES ipv4 import"), closed, strict=False
        )
    ]
    assert all(
        "allowed: 25% of a cluster's addresses on a session (limits.max_shrink in site.yaml)"
        in str(one)
        for one in found.violations
    )
    generous = SITE + "limits: {max_shrink: 0.6}\n"
    assert limits(part(make_site(tmp_path / "c", pools=pools, site=generous), before)) == []


def test_a_guard_that_is_new_or_mended_shrinks_nothing(tmp_path: Path) -> None:
    site, running = make_site(tmp_path), FRR.parse(TOR)
    after = fenced(site, running)
    assert part(site, running).shrinks == ()
    opened = {
        key: PrefixList(*key, FRR.parse(DENY_ALL).lists[4, "X"].entries) if key[0] == 4 else one
        for key, one in after.lists.items()
    }
    tampered = replace(after, lists=opened)
    found = part(site, tampered)
    assert found.violations == ()
    assert not found.plan.is_empty
    assert all(one.stops for one in found.plan.changes)


DENY_ALL = "frr version 8.4.4\nip prefix-list X seq 10 deny any\nend\n"


def test_a_session_that_closes_altogether_shrinks_to_nothing(tmp_path: Path) -> None:
    hosts = HOSTS.replace("device: spine1, clusters: [orange]", "device: spine1, open: true")
    text = TOR.replace("  neighbor 10.255.11.0 route-map TO-SPINE out\n", "")
    before = fenced(make_site(tmp_path / "a", hosts=hosts), FRR.parse(text))
    found = part(
        make_site(tmp_path / "b", hosts=hosts.replace("open: true", "open: false")), before
    )
    assert all(one.limit == "shrink" and one.acceptable for one in found.violations)
    where = "10.255.11.0 ipv4 export"
    assert [one.evidence for one in found.violations] == [
        f"{where} closes 100% of cluster blue",
        f"{where} closes 100% of cluster orange",
    ]
    assert found.plan.closed == (
        "10.255.11.0 ipv4 export: no policy, and the platform lets nothing through then",
    )


def test_changes_of_every_slot_are_told_for_a_rollback(tmp_path: Path) -> None:
    running = FRR.parse(TOR)
    after = fenced(make_site(tmp_path), running)
    slots = all_slots(after)
    assert len(slots) == 4
    changes = session_changes(after, running, slots)
    assert [(one.session, one.fence, one.starts, one.stops) for one in changes] == [
        ("10.255.11.0", "no guard", True, False),
        ("NODES", "no guard", True, False),
    ]
    assert session_changes(after, after, slots) == ()
    assert dropped_routes(snapshot(after, "8.8.8.0/24"), running) == ()
