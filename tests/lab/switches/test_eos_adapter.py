"""The EOS adapter with NAPALM's own driver, on a virtual switch."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from eos_box import ADAPTER, ADDED, CANDIDATE, TIMER_S, WAY_BACK, opened, startup_of, state
from switchbox import SwitchBox
from undoing import undo

from inventory.errors import DeviceError
from lab.switch.base import Neighbor, Route
from lab.switch.eos.switch import EosSwitch
from policies.filters import SessionKey
from tasks.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with SwitchBox(EosSwitch, startup_of("tor1"), tmp_path, address="127.41.0.1") as box:
        yield box


@pytest.fixture
def driver(box: SwitchBox) -> Iterator[Driver]:
    driver = opened(box)
    yield driver
    box.control("fault", name="hang", on=False)
    driver.close()


def test_running_is_what_the_switch_prints(box: SwitchBox, driver: Driver) -> None:
    assert ADAPTER.running(driver) == box.control("running")
    assert ADAPTER.lacks(driver, "") == ()


def test_dry_run_shows_and_leaves_nothing(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, would_hold = ADAPTER.dry_run(driver, CANDIDATE)
    assert ADDED in diff
    assert "+route-map FROM-NODE deny 1" in diff
    assert state(box) == before
    assert len(box.daemon.applied) == 1
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert would_hold is not None
    assert would_hold.splitlines()[1:] == ADAPTER.running(driver).splitlines()[1:]


def test_commit_and_confirm(box: SwitchBox, driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    startup = box.control("startup")
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert ADAPTER.pending(driver)
    assert 0 < box.control("pending") <= TIMER_S
    assert box.control("startup") == startup
    assert len(box.daemon.applied) == 2
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert box.control("pending") is None
    assert box.control("startup") == box.control("running")
    assert ADDED.replace("+", "") in box.control("running")


def test_commit_and_revert(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    meaning = box.daemon.router
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert box.daemon.router != meaning
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before
    assert box.daemon.router == meaning


def test_the_timer_takes_it_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, 60)
    assert box.control("running") != before
    box.control("lapse", seconds=60)
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    with pytest.raises(DeviceError, match="the timer was faster"):
        ADAPTER.confirm(driver)


def test_a_confirmed_change_is_taken_back_by_its_way_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    ADAPTER.confirm(driver)
    box.control("edit", lines=["ip prefix-list NEW seq 5 permit 192.0.2.0/24"])
    undo(ADAPTER, driver, WAY_BACK)
    # What came meanwhile stays, although the driver's own rollback file knows nothing of it.
    assert box.control("running") == before.replace(
        "ip prefix-list STORAGE", "ip prefix-list NEW\n   seq 5 permit 192.0.2.0/24\n!\n"
        "ip prefix-list STORAGE", 1
    )  # fmt: skip
    assert box.control("startup") == box.control("running")


@pytest.mark.parametrize("line", ["frobnicate 7", "ip prefix-list X seq 5 permit 10.0.0.0/8 le 7"])
def test_a_refused_line_leaves_nothing(box: SwitchBox, driver: Driver, line: str) -> None:
    before = state(box)
    words = "Invalid input .at token 0: 'frobnicate'" if "frob" in line else "Invalid prefix length"
    with pytest.raises(RejectedError, match=words):
        ADAPTER.dry_run(driver, f"{CANDIDATE}{line}\n")
    with pytest.raises(RejectedError, match=words):
        ADAPTER.commit(driver, f"{CANDIDATE}{line}\n", "", TIMER_S)
    assert state(box) == before


def test_another_diff_than_the_planned_one_stops_it(box: SwitchBox, driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("edit", lines=["ip prefix-list RF-ONLY seq 20 permit 10.66.0.0/16"])
    before = state(box)
    with pytest.raises(DeviceError, match="make a new plan"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert state(box) == before


# Tables -------------------------------------------------------------------------------------


def neighbor(address: str, group: str | None, *, state: str = "Established") -> Neighbor:
    accepted: dict[int, int] = {ip_address(address).version: 1} if state == "Established" else {}
    return Neighbor(
        address=ip_address(address),
        remote_asn=65000,
        state=state,
        uptime_s=60,
        group=group,
        accepted=accepted,
        advertised=accepted,
    )


def route(prefix: str) -> Route:
    return Route(prefix=ip_network(prefix), next_hop="192.0.2.1", as_path="65000", is_best=True)


def test_tables(box: SwitchBox, driver: Driver) -> None:
    box.daemon.set_neighbors(
        neighbor("10.255.11.0", None),
        neighbor("10.255.21.0", None, state="Active"),
        neighbor("172.20.1.11", "NODES"),
        neighbor("172.20.1.12", "NODES"),
        neighbor("2001:db8:20:1::11", "NODES6"),
    )
    box.daemon.set_routes(ip_address("10.255.11.0"), 4, route("0.0.0.0/0"))
    box.daemon.set_routes(
        ip_address("172.20.1.11"), 4, route("10.65.0.0/26"), route("10.66.0.0/26")
    )
    box.daemon.set_routes(ip_address("172.20.1.12"), 4, route("10.65.0.0/26"))
    box.daemon.set_routes(ip_address("2001:db8:20:1::11"), 6, route("fd00:65::/122"))
    nodes, nodes6 = SessionKey("", "NODES"), SessionKey("", "NODES6")
    spine, down = SessionKey("", "10.255.11.0"), SessionKey("", "10.255.21.0")
    asked = [(nodes, 4), (nodes6, 6), (spine, 4), (down, 4)]
    tables = ADAPTER.tables(driver, asked)
    assert tables.up == {
        ("", "10.255.11.0"),
        ("", "172.20.1.11"),
        ("", "172.20.1.12"),
        ("", "2001:db8:20:1::11"),
    }
    assert tables.accepted == {
        (nodes, 4): {ip_network("10.65.0.0/26"), ip_network("10.66.0.0/26")},
        (nodes6, 6): {ip_network("fd00:65::/122")},
        (spine, 4): {ip_network("0.0.0.0/0")},
        (down, 4): frozenset(),
    }
