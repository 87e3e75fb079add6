"""IOS-XR's adapter with NAPALM's unmodified ``iosxr_netconf`` driver, on a virtual router."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import pytest
from iosxr_box import CHANGE, WAY_BACK, box, driver_of
from napalm.base.exceptions import MergeConfigException
from undoing import undo

from inventory.errors import DeviceError
from lab.switch.base import Neighbor, Route
from policies.filters import SessionKey
from policies.redact import redact
from tasks.adapters.iosxr import IosXrNetconfAdapter
from tasks.errors import ConnectError, LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosXrNetconfAdapter()
DESCRIBED = """\
router bgp 65201
 neighbor 10.255.11.0
  description <spine1> & "friends"
 !
!
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchBox]:
    # ncclient looks ten times a second whether it has something to say.
    monkeypatch.setattr("ncclient.transport.session.TICK", 0.005)
    with box(tmp_path) as switch:
        yield switch


@pytest.fixture
def driver(there: SwitchBox) -> Iterator[Driver]:
    with driver_of(there, ADAPTER) as one:
        yield one


def _content(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("!!")]


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _commit(driver: Driver, candidate: str = CHANGE, revert_in: int = 60) -> None:
    diff, _ = ADAPTER.dry_run(driver, candidate)
    ADAPTER.commit(driver, candidate, diff, revert_in)


def test_the_running_configuration_is_what_the_router_prints(
    there: SwitchBox, driver: Driver
) -> None:
    assert ADAPTER.running(driver) == there.control("running")
    assert "remark jump hosts & monitoring, <ops@example.net>" in ADAPTER.running(driver)
    assert ADAPTER.lacks(driver, ADAPTER.running(driver)) == ()


def test_a_dry_run_shows_the_diff_and_leaves_no_trace(there: SwitchBox, driver: Driver) -> None:
    before = there.control("running")
    diff, would_hold = ADAPTER.dry_run(driver, CHANGE)
    assert would_hold is None
    added = [line[3:].strip() for line in diff.splitlines() if line.startswith("+")]
    assert added == [
        *(line.strip() for line in CHANGE.splitlines()[:11] if line != "!"),
        "route-policy RF-FROM-SPINE in",
    ]
    assert "-     route-policy FROM-SPINE in\n" in diff
    assert (driver.locked, driver.pending_changes) == (False, False)
    assert there.control("running") == before
    assert there.control("commits") == []
    assert len(there.daemon.applied) == 1
    with driver_of(there, ADAPTER) as other:  # nobody holds a lock
        assert ADAPTER.dry_run(other, CHANGE) == (diff, None)


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ("no route-policy FROM-SPINE\n", "FROM-SPINE is in use"),
        (CHANGE.replace("in RF-SOME", "in RF-OTHER"), "prefix-set RF-OTHER is not defined"),
        (CHANGE.replace("  drop", "  frob"), "'frob' is no statement"),
        ("frobnicate\n", "frobnicate"),
    ],
)
def test_a_refused_candidate_says_why_and_leaves_no_trace(
    there: SwitchBox, driver: Driver, candidate: str, says: str
) -> None:
    before = there.control("running")
    with pytest.raises(RejectedError, match=says):
        ADAPTER.dry_run(driver, candidate)
    with pytest.raises(RejectedError, match=says):
        ADAPTER.commit(driver, candidate, _shown(driver, candidate), 60)
    assert there.control("running") == before
    assert not ADAPTER.pending(driver)
    with driver_of(there, ADAPTER) as other:
        assert ADAPTER.dry_run(other, CHANGE)[0]


def _shown(driver: Driver, candidate: str) -> str:
    """Return the diff that the router shows, also of what it will refuse to commit."""
    try:
        driver.load_merge_candidate(config=escape(candidate))
        return redact(driver.compare_config())
    except MergeConfigException:
        return ""
    finally:
        driver.discard_config()


def test_a_commit_that_is_confirmed_stays(there: SwitchBox, driver: Driver) -> None:
    _commit(driver)
    assert ADAPTER.pending(driver)
    assert 50 < there.control("pending") <= 60
    assert "RF-SOME" in ADAPTER.running(driver)
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert there.control("pending") is None
    assert there.control("startup") == there.control("running")
    assert (driver.locked, driver.pending_changes) == (False, False)


def test_a_commit_that_is_pending_is_taken_back(there: SwitchBox, driver: Driver) -> None:
    before = ADAPTER.running(driver)
    _commit(driver)
    ADAPTER.revert(driver, WAY_BACK)
    assert _content(ADAPTER.running(driver)) == _content(before)
    assert there.control("pending") is None
    assert not ADAPTER.pending(driver)
    assert there.daemon.applied[-1] == there.daemon.applied[0]
    _commit(driver)  # and the session still works
    ADAPTER.confirm(driver)


def test_the_router_takes_back_what_is_never_confirmed(there: SwitchBox, driver: Driver) -> None:
    before = ADAPTER.running(driver)
    _commit(driver, revert_in=1)
    _until(lambda: there.control("pending") is None)
    _until(lambda: not ADAPTER.pending(driver))
    assert _content(ADAPTER.running(driver)) == _content(before)


def test_the_router_takes_back_what_a_dead_session_committed(
    there: SwitchBox, driver: Driver
) -> None:
    before = ADAPTER.running(driver)
    with driver_of(there, ADAPTER) as dying:
        _commit(dying)
        dying.device._session.transport.close()
        _until(lambda: there.control("pending") is None)
    assert _content(ADAPTER.running(driver)) == _content(before)
    assert not ADAPTER.pending(driver)


def test_a_session_that_is_lost_while_pending_comes_back_with_the_old_state(
    there: SwitchBox, driver: Driver
) -> None:
    before = ADAPTER.running(driver)
    _commit(driver)
    driver.device._session.transport.close()
    ADAPTER.revert(driver, WAY_BACK)
    assert _content(ADAPTER.running(driver)) == _content(before)
    assert there.control("commits") == [1000000001, 1000000002]


def test_an_earlier_commit_is_taken_back_by_its_way_back_alone(
    there: SwitchBox, driver: Driver
) -> None:
    before = ADAPTER.running(driver)
    _commit(driver)
    ADAPTER.confirm(driver)
    there.control("edit", lines=["hostname somebody-else"])
    # The driver's rollback would undo the hostname, and leave the filters.
    undo(ADAPTER, driver, WAY_BACK)
    expected = [one.replace("hostname tor1", "hostname somebody-else") for one in _content(before)]
    assert _content(ADAPTER.running(driver)) == expected
    assert there.control("pending") is None


def test_nothing_is_reverted_that_was_never_committed(there: SwitchBox, driver: Driver) -> None:
    there.control("edit", lines=["hostname somebody-else"])
    ADAPTER.revert(driver, "")
    assert there.control("commits") == [1000000001]


def test_a_way_back_waits_for_the_end_of_a_session_that_just_died(
    there: SwitchBox, driver: Driver
) -> None:
    there.control("fault", name="slow-death", on=True)
    with driver_of(there, ADAPTER) as dying:
        _commit(dying)
        dying.device._session.transport.close()
        ADAPTER.revert(driver, WAY_BACK)
    assert "RF-SOME" not in ADAPTER.running(driver)
    assert there.control("pending") is None


def test_a_diff_that_is_not_the_planned_one_stops_the_commit(
    there: SwitchBox, driver: Driver
) -> None:
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    there.control("edit", lines=CHANGE.replace("191.51.100.0", "191.51.101.0").splitlines())
    with pytest.raises(DeviceError, match="make a new plan"):
        ADAPTER.commit(driver, CHANGE, diff, 60)
    assert there.control("pending") is None
    assert there.control("commits") == [1000000001]
    assert not driver.locked


def test_a_lock_of_somebody_else_is_said_as_such(there: SwitchBox, driver: Driver) -> None:
    with driver_of(there, ADAPTER) as other:
        other.device.lock()
        for refused in (
            lambda: ADAPTER.dry_run(driver, CHANGE),
            lambda: ADAPTER.commit(driver, CHANGE, "", 60),
        ):
            with pytest.raises(LockedError, match="locked by another agent"):
                refused()
        other.device.unlock()
    assert ADAPTER.dry_run(driver, CHANGE)[0]


def test_the_text_is_escaped_which_the_driver_does_not(there: SwitchBox, driver: Driver) -> None:
    _commit(driver, DESCRIBED)
    ADAPTER.confirm(driver)
    assert '  description <spine1> & "friends"\n' in there.control("running")


def test_text_can_not_break_out_of_its_element(there: SwitchBox, driver: Driver) -> None:
    evil = DESCRIBED.replace("<spine1>", "</cli><cli>hostname taken")
    _commit(driver, evil)
    ADAPTER.confirm(driver)
    assert "\nhostname tor1\n" in there.control("running")


def test_a_refused_commit_leaves_nothing_pending(there: SwitchBox, driver: Driver) -> None:
    before = there.control("running")
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    there.control("fault", name="refuse-commit", on=True)
    with pytest.raises(RejectedError, match="CfgMgr"):
        ADAPTER.commit(driver, CHANGE, diff, 60)
    assert not ADAPTER.pending(driver)
    assert not driver.locked
    assert there.control("running") == before


def test_a_commit_whose_answer_never_comes_counts_as_pending(
    there: SwitchBox, driver: Driver
) -> None:
    before = ADAPTER.running(driver)
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    there.control("fault", name="drop-after-commit", on=True)
    with pytest.raises(Exception, match=r"."):
        ADAPTER.commit(driver, CHANGE, diff, 60)
    assert ADAPTER.pending(driver)
    there.control("fault", name="drop-after-commit", on=False)
    # As a deploy does it: the state first, and then only what is needed.
    assert _content(ADAPTER.running(driver)) == _content(before)
    assert not ADAPTER.pending(driver)
    assert ADAPTER.dry_run(driver, CHANGE)[0] == diff


def test_a_router_that_hangs_is_waited_for_once(there: SwitchBox, driver: Driver) -> None:
    driver.device.timeout = 0.2
    there.control("fault", name="hang", on=True)
    with pytest.raises(ConnectError, match="timed out"):
        ADAPTER.dry_run(driver, CHANGE)
    assert not driver.device.connected
    there.control("fault", name="hang", on=False)
    assert ADAPTER.dry_run(driver, CHANGE)[0]  # on a session of its own, and nobody holds a lock


def test_a_commit_that_does_nothing_shows_in_the_running_configuration(
    there: SwitchBox, driver: Driver
) -> None:
    there.control("fault", name="silent-commit", on=True)
    _commit(driver)
    assert "RF-SOME" not in ADAPTER.running(driver)
    ADAPTER.revert(driver, WAY_BACK)
    assert there.control("commits") == []


V4, V6 = ip_address("10.255.11.0"), ip_address("2001:db8:ff:11::1")
NODE, OWN = ip_address("172.20.1.11"), ip_address("172.20.1.77")


def test_the_tables_tell_sessions_and_accepted_routes_of_both_families(
    there: SwitchBox, driver: Driver
) -> None:
    there.control(
        "edit",
        lines=["router bgp 65201", " neighbor 172.20.1.77", "  remote-as 65201", " !", "!"],
    )
    asns = {V4: 65000, V6: 65000, NODE: 65201, OWN: 65201}
    there.daemon.set_neighbors(
        *(
            Neighbor(
                address=address,
                remote_asn=asn,
                state="Established",
                uptime_s=10,
                group="NODES" if address == NODE else None,
                accepted={4: 2, 6: 1} if address == V4 else {address.version: 1},
                advertised={},
            )
            for address, asn in asns.items()
        )
    )
    routes = {
        (V4, 4): ["10.66.0.0/26", "0.0.0.0/0"],
        (V4, 6): ["2001:db8:1::/48"],
        (V6, 6): ["::/0"],
        (NODE, 4): ["10.65.0.0/26"],
        (OWN, 4): ["10.65.9.0/26"],
    }
    for (address, version), prefixes in routes.items():
        there.daemon.set_routes(
            address,
            version,
            *(
                Route(prefix=ip_network(one), next_hop="::", as_path="1", is_best=True)
                for one in prefixes
            ),
        )
    asked = [
        (SessionKey("", str(V4)), 4),
        (SessionKey("", str(V4)), 6),
        (SessionKey("", str(V6)), 6),
        (SessionKey("", "NODES"), 4),
        (SessionKey("", "172.20.1.0/24"), 4),
        (SessionKey("", "10.255.21.0"), 4),
        (SessionKey("CUSTOMER-A", "198.51.100.2"), 4),
    ]
    tables = ADAPTER.tables(driver, asked)
    assert tables.up == {("", str(address)) for address in asns}
    assert [{str(one) for one in tables.accepted[slot]} for slot in asked] == [
        {"10.66.0.0/26", "0.0.0.0/0"},
        {"2001:db8:1::/48"},
        {"::/0"},
        {"10.65.0.0/26"},
        {"10.65.0.0/26"},
        set(),
        set(),
    ]
    # What the driver's own getters say of the same neighbor: one family, and no route.
    details = driver.get_bgp_neighbors_detail()["global"][65000]
    assert {one["import_policy"] for one in details} == {"FROM-SPINE"}
    peer = driver.get_bgp_neighbors()["global"]["peers"][str(V4)]
    assert list(peer["address_family"]) == ["ipv4"]


def test_without_sessions_nothing_is_up(driver: Driver) -> None:
    tables = ADAPTER.tables(driver, [(SessionKey("", "NODES"), 4)])
    assert tables.up == frozenset()
    assert tables.accepted == {(SessionKey("", "NODES"), 4): frozenset()}
