"""The virtual IOS-XE switch in front of a real daemon: a wrong filter lets a real route through."""

from __future__ import annotations

import time
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from ios_box import opened_at
from lab_fixture import start_somewhere

from lab.prefixes import ORIGINS
from lab.topology import sessions_of
from policies.dialects.ios import IosDialect
from policies.filters import Direction, SessionKey
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inventory.fields import Network
    from lab.api import Lab
    from tasks.adapters.base import Driver

pytestmark = pytest.mark.lab

ADAPTER = IosAdapter()
HIJACK = ip_network("10.65.1.0/27")
NODES = SessionKey("", "NODES")
CANDIDATE = """\
ip prefix-list RF-IN-1 seq 5 permit 10.65.1.0/26 ge 27
route-map FROM-NODE deny 5
 match ip address prefix-list RF-IN-1
end
"""
WAY_BACK = "no route-map FROM-NODE deny 5\nno ip prefix-list RF-IN-1\nend\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """IOS-XE in every role, in peace."""
    fabric = dict.fromkeys(("border1", "spine1", "tor1", "tor2"), "ios")
    running = start_somewhere(tmp_path_factory.mktemp("ios"), fabric=fabric)
    yield running
    running.stop()


@pytest.fixture
def driver(lab: Lab) -> Iterator[Driver]:
    with opened_at(
        lab.address("tor1"),
        lab.ssh_port,
        username=lab.ssh_user,
        known_hosts=lab.known_hosts,
        key_file=lab.ssh_key,
    ) as made:
        yield made


def accepted(driver: Driver) -> frozenset[Network]:
    return ADAPTER.tables(driver, [(NODES, 4)]).accepted[NODES, 4]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_tables_are_what_the_daemon_has(lab: Lab, driver: Driver) -> None:
    six, spine = SessionKey("", "NODES6"), SessionKey("", "2001:db8:ff:11::1")
    tables = ADAPTER.tables(driver, [(NODES, 4), (six, 6), (spine, 6)])
    links = {str(one.address_of(one.peer_of("tor1"))) for one in sessions_of("tor1")}
    assert tables.up == {("", address) for address in links}
    blocks = {one for node in ("node11", "node12", "rogue") for one in ORIGINS[node]}
    for key, version in ((NODES, 4), (six, 6)):
        assert tables.accepted[key, version] == {one for one in blocks if one.version == version}
    from_spine = {
        prefix
        for prefix, paths in lab.routes("tor1", 6).items()
        if any(path.peer == "spine1" for path in paths)
    }
    assert tables.accepted[spine, 6] == from_spine != set()


def test_a_filter_drops_a_hijack_from_the_soft_clear_on(lab: Lab, driver: Driver) -> None:
    before = ADAPTER.running(driver)
    slot = (IosDialect().parse(before).sessions[NODES], 4, Direction.IMPORT)
    legitimate = accepted(driver)
    lab.announce("rogue", (HIJACK,))
    wait_until(lambda: accepted(driver) == legitimate | {HIJACK})
    wait_until(lambda: HIJACK in lab.routes("node12", 4))

    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, 60)
    assert accepted(driver) == legitimate | {HIJACK}
    ADAPTER.refresh(driver, [slot])
    wait_until(lambda: accepted(driver) == legitimate)
    wait_until(lambda: HIJACK not in lab.routes("node12", 4))
    assert lab.missing_routes() == []

    ADAPTER.revert(driver, WAY_BACK)
    assert ADAPTER.running(driver) == before
    assert accepted(driver) == legitimate
    ADAPTER.refresh(driver, [slot])
    wait_until(lambda: accepted(driver) == legitimate | {HIJACK})
    lab.withdraw("rogue")
    wait_until(lambda: accepted(driver) == legitimate)
    lab.await_peace()


def test_the_timer_brings_back_the_text_and_a_soft_clear_the_routes(
    lab: Lab, driver: Driver
) -> None:
    before = ADAPTER.running(driver)
    slot = (IosDialect().parse(before).sessions[NODES], 4, Direction.IMPORT)
    legitimate = accepted(driver)
    candidate = CANDIDATE.replace("10.65.1.0/26 ge 27", "10.65.1.0/26")
    (lost,) = [one for one in legitimate if str(one) == "10.65.1.0/26"]
    diff, _ = ADAPTER.dry_run(driver, candidate)
    ADAPTER.commit(driver, candidate, diff, 60)
    ADAPTER.refresh(driver, [slot])
    wait_until(lambda: accepted(driver) == legitimate - {lost})
    lab.control("tor1", "lapse", seconds=60)
    assert not ADAPTER.pending(driver)
    assert ADAPTER.running(driver) == before
    assert accepted(driver) == legitimate - {lost}
    ADAPTER.refresh(driver, [slot])
    wait_until(lambda: accepted(driver) == legitimate)
    lab.await_peace()


def times_established(lab: Lab) -> dict[str, int]:
    found = lab.network.bgpd_json("tor1", "show bgp neighbors json")
    return {address: one["connectionsEstablished"] for address, one in found.items()}


def test_sessions_outlive_a_change(lab: Lab, driver: Driver) -> None:
    before = times_established(lab)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, 60)
    session = IosDialect().parse(ADAPTER.running(driver)).sessions[NODES]
    ADAPTER.refresh(driver, [(session, 4, way) for way in Direction])
    ADAPTER.revert(driver, WAY_BACK)
    ADAPTER.refresh(driver, [(session, 4, way) for way in Direction])
    lab.await_peace()
    assert times_established(lab) == before
