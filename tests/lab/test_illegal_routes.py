"""Illegal routes in the tables, and who announces them, on every platform where attackers peer.

Four fabrics put each platform, with each of its drivers, at a rack and at the border. What is
expected is what the attackers announce, at the addresses that the lab's topology gives them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from site_fixture import make_site, ringfence

from inventory.site import load_site
from lab.attacks import ATTACKS
from lab.topology import SWITCHES, sessions_of
from policies.accepts import Judge
from policies.filters import Direction, SessionKey
from policies.guards import wanted_guards
from policies.install import install
from tasks.fleet import Fleet
from tasks.origins import find_origins, told_by_tables
from tasks.snapshot import take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from inventory.fields import Network
    from lab.api import Lab
    from tasks.origins import IllegalRoute
    from tasks.snapshot import Snapshot

pytestmark = pytest.mark.lab

FABRICS = {
    "mixed": "mixed",
    "turned": "turned",
    "others": "frr,tor1=junos,tor2=iosxr_netconf,border1=eos,border2=nxos",
    "drivers": "frr,tor1=nxos_ssh,tor2=iosxr,border1=iosxr,border2=nxos_ssh",
}
#: Attacker -> the switches that it peers with.
AT = {"rogue": ("tor1",), "node21": ("tor2",), "outside": ("border1", "border2")}
#: The session of tor1's guard, by family; everybody else's is named after the neighbor.
GROUPS = {4: "NODES", 6: "NODES6"}
NODE = SessionKey("", "172.20.2.11")


@dataclass(frozen=True, slots=True)
class Place:
    """A lab in which everybody attacks at once, and its site."""

    lab: Lab
    site: Path

    def look(self) -> tuple[dict[str, Snapshot], dict[str, tuple[IllegalRoute, ...]]]:
        """Return what every switch is now, and the illegal routes in its table."""
        site = load_site(self.site)
        guards = wanted_guards(site)
        with Fleet(site, site.devices) as fleet:
            first = fleet.each(
                take_snapshot,
                arguments={name: (site.devices[name], guards[name]) for name in fleet.names},
            )
            snapshots = {name: one.get() for name, one in first.items()}
            asked = {
                name: (
                    site.devices[name],
                    one.running,
                    one.tables,
                    install(name, one.running, guards[name]).fenced,
                )
                for name, one in snapshots.items()
            }
            found = {
                name: one.get() for name, one in fleet.each(find_origins, arguments=asked).items()
            }
        for name, told in asked.items():
            by_tables = told_by_tables(*told)
            assert [(one.session, one.prefix, one.neighbors) for one in by_tables] == [
                (one.session, one.prefix, one.neighbors) for one in found[name]
            ]
        return snapshots, found


@pytest.fixture(scope="module", params=FABRICS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("illegal")
    lab = start_somewhere(folder, FABRICS[request.param])
    for attacker in AT:
        lab.announce(attacker, tuple(one.prefix for one in ATTACKS if one.attacker == attacker))
    site = make_site(lab, folder)
    try:
        yield Place(lab, site)
    finally:
        lab.stop()


def expected(switch: str) -> set[tuple[str, Network, tuple[str, ...], tuple[str, ...]]]:
    """Return (session, prefix, neighbors, next hops) of what attackers announce to a switch."""
    found: set[tuple[str, Network, tuple[str, ...], tuple[str, ...]]] = set()
    for attack in ATTACKS:
        if switch not in AT[attack.attacker]:
            continue
        version = attack.prefix.version
        for session in sessions_of(switch):
            if attack.attacker not in {session.upper, session.lower}:
                continue
            if session.version == version:
                address = str(session.address_of(attack.attacker))
                name = GROUPS[version] if switch == "tor1" else address
                found.add((name, attack.prefix, (address,), (address,)))
    return found


def told(
    routes: tuple[IllegalRoute, ...], faces: Callable[[str], bool]
) -> set[tuple[str, Network, tuple[str, ...], tuple[str, ...]]]:
    return {
        (one.session.name, one.prefix, one.neighbors, one.next_hops)
        for one in routes
        if faces(one.session.name)
    }


def audited(site: str) -> set[tuple[str, ...]]:
    """Return what an audit says of illegal routes, as (device, session, prefix, origin)."""
    report = ringfence("audit", "--site", site, "--json")
    assert report.code == 2, report.err
    return {
        (one["device"], one["session"], one["witness"], one["origin"])
        for one in report.document["findings"]
        if one["kind"] == "illegal-route"
    }


def in_words(found: Mapping[str, tuple[IllegalRoute, ...]]) -> set[tuple[str, ...]]:
    return {
        (switch, str(one.session), str(one.prefix), one.origin)
        for switch, routes in found.items()
        for one in routes
    }


def from_attackers(switch: str) -> Callable[[str], bool]:
    names = {session for session, *_ in expected(switch)}
    return lambda name: name in names


def until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 40
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def in_the_labs_own_words(place: Place, switch: str) -> set[tuple[str, Network, str]]:
    """Return (session, prefix, neighbor) of what is illegal between switches, by the daemons."""
    site = load_site(place.site)
    addresses = {
        (session.peer_of(switch), version): str(session.address_of(session.peer_of(switch)))
        for session in sessions_of(switch)
        for version in session.families
    }
    allowed = {
        guard.session.name: guard.fence.allowed
        for guard in wanted_guards(site)[switch]
        if guard.direction is Direction.IMPORT
    }
    return {
        (address, prefix, address)
        for version in (4, 6)
        for prefix, paths in place.lab.routes(switch, version).items()
        for path in paths
        if (address := addresses.get((path.peer, version))) in allowed
        and path.peer in SWITCHES
        and prefix not in allowed[address][version]
    }


def between_switches(
    found: Mapping[str, tuple[IllegalRoute, ...]], switch: str
) -> set[tuple[str, Network, str]]:
    from_them = from_attackers(switch)
    return {
        (one.session.name, one.prefix, neighbor)
        for one in found[switch]
        for neighbor in one.neighbors
        if not from_them(one.session.name)
    }


@pytest.mark.parametrize("place", ["mixed"], indirect=True)
def test_a_route_that_its_policy_denies_and_no_soft_clear_threw_out_is_illegal_still(
    place: Place,
) -> None:
    """A human closes the session by hand, and IOS-XE leaves in the table what is there."""
    hijacks = {
        one.prefix for one in ATTACKS if one.attacker == "node21" and one.prefix.version == 4
    }

    def look() -> tuple[Snapshot, set[Network]]:
        snapshots, found = place.look()
        return snapshots["tor2"], {one.prefix for one in found["tor2"] if one.session == NODE}

    assert until(lambda: look()[1] == hijacks)
    route_map = look()[0].running.sessions[NODE].attachments[4, Direction.IMPORT].route_map
    deny = [f"route-map {route_map} deny 1", " match ip address prefix-list BY-HAND"]
    place.lab.control(
        "tor2", "edit", lines=["ip prefix-list BY-HAND seq 5 permit 0.0.0.0/0 le 32", *deny]
    )
    try:
        snapshot, found = look()
        judge = Judge(snapshot.running)
        may = judge.session(snapshot.running.sessions[NODE], 4, Direction.IMPORT).may
        assert not any(one in may for one in hijacks)
        assert found == hijacks
    finally:
        place.lab.control("tor2", "edit", lines=[f"no {deny[0]}", "no ip prefix-list BY-HAND"])


def test_what_attackers_announce_is_found_with_who_announces_it_until_a_deploy(
    place: Place,
) -> None:
    attacked = {switch for switches in AT.values() for switch in switches}
    seen: dict[str, tuple[IllegalRoute, ...]] = {}

    def settled() -> bool:
        seen.update(place.look()[1])
        return all(
            told(seen[switch], from_attackers(switch)) == expected(switch) for switch in attacked
        ) and all(
            between_switches(seen, switch) == in_the_labs_own_words(place, switch)
            for switch in SWITCHES
        )

    until(settled)
    for switch in sorted(attacked):
        assert told(seen[switch], from_attackers(switch)) == expected(switch), switch
        assert len(expected(switch)) == len({one for one in ATTACKS if switch in AT[one.attacker]})
    for switch in SWITCHES:
        assert between_switches(seen, switch) == in_the_labs_own_words(place, switch), switch
    names = {
        (switch, one.names[neighbor])
        for switch, routes in seen.items()
        for one in routes
        for neighbor in one.neighbors
        if neighbor in one.names
    }
    # What rogue and node21 announce goes through every switch that is between them and the outside.
    assert {("spine1", "tor1"), ("spine2", "tor2"), ("border1", "spine1")} <= names
    outside = {one.as_path for route in seen["border1"] for one in route.origins if not route.names}
    assert outside == {"64500"}

    site = str(place.site)
    assert until(lambda: audited(site) == in_words(place.look()[1]))
    done = ringfence("deploy", "--site", site, "--yes", "--accept", "drops-routes")
    assert done.code == 0, done.err
    _, after = place.look()
    assert after == dict.fromkeys(SWITCHES, ())
