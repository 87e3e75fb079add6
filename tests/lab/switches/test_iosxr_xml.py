"""NAPALM's older ``iosxr`` and its adapter, on a virtual router's XML agent."""

from __future__ import annotations

import logging
import time
from functools import partialmethod
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import asyncssh
import pytest
from iosxr_box import CHANGE, WAY_BACK, box, driver_of, new_driver
from napalm.base.exceptions import ConnectionException
from napalm.pyIOSXR.exceptions import UnlockError, XMLCLIError
from netmiko import BaseConnection
from undoing import undo

from inventory.errors import DeviceError
from lab.switch.base import Neighbor, Route
from lab.switch.iosxr import IosXrCliSwitch
from policies.filters import SessionKey
from tasks.adapters import iosxr_xml
from tasks.adapters.iosxr_xml import IosXrAdapter
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosXrAdapter()


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchBox]:
    # pyIOSXR takes two seconds of silence for the end of what the router says.
    monkeypatch.setattr(
        BaseConnection,
        "send_command_timing",
        partialmethod(BaseConnection.send_command_timing, last_read=0.2),
    )
    with box(tmp_path, switch=IosXrCliSwitch) as switch:
        yield switch


@pytest.fixture
def driver(there: SwitchBox) -> Iterator[Driver]:
    with driver_of(there, ADAPTER, "iosxr") as one:
        yield one


def _content(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("!!")]


def _commit(driver: Driver, candidate: str = CHANGE) -> None:
    diff, _ = ADAPTER.dry_run(driver, candidate)
    ADAPTER.commit(driver, candidate, diff, 60)


def test_a_change_goes_in_and_stays(there: SwitchBox, driver: Driver) -> None:
    before = ADAPTER.running(driver)
    assert _content(before) == _content(there.control("running"))
    assert ADAPTER.lacks(driver, before) == ()
    diff, would_hold = ADAPTER.dry_run(driver, CHANGE)
    assert "+  10.65.0.0/16 ge 26 le 26,\n" in diff
    assert _content(there.control("running")) == _content(before)
    assert there.control("commits") == []
    ADAPTER.commit(driver, CHANGE, diff, 60)
    assert ADAPTER.pending(driver)
    assert 50 < there.control("pending") <= 60
    assert would_hold is not None
    assert _content(ADAPTER.running(driver)) == _content(would_hold)
    ADAPTER.confirm(driver)
    assert there.control("pending") is None
    assert not ADAPTER.pending(driver)
    assert _content(there.control("startup")) == _content(would_hold)
    there.control("edit", lines=["hostname somebody-else"])  # nobody holds the lock
    undo(ADAPTER, driver, WAY_BACK)
    expected = [one.replace("hostname tor1", "hostname somebody-else") for one in _content(before)]
    assert _content(ADAPTER.running(driver)) == expected


def test_a_pending_change_is_taken_back(there: SwitchBox, driver: Driver) -> None:
    before = ADAPTER.running(driver)
    _commit(driver)
    ADAPTER.revert(driver, "")
    assert _content(ADAPTER.running(driver)) == _content(before)
    assert there.control("pending") is None
    assert not ADAPTER.pending(driver)
    assert there.control("commits") == [1000000001, 1000000002]
    there.control("edit", lines=["hostname x"])  # nobody holds the lock


def test_refusals_say_why_and_leave_no_trace(
    there: SwitchBox, driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    before = there.control("running")
    with pytest.raises(RejectedError, match="'frob' is no statement"):
        ADAPTER.dry_run(driver, CHANGE.replace("  drop", "  frob"))
    undefined = CHANGE.replace("in RF-SOME", "in RF-OTHER")
    diff, _ = ADAPTER.dry_run(driver, undefined)
    with pytest.raises(RejectedError, match="prefix-set RF-OTHER is not defined") as caught:
        ADAPTER.commit(driver, undefined, diff, 60)
    assert "Original call" not in str(caught.value)
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    with pytest.raises(RejectedError, match="30 to 300"):
        ADAPTER.commit(driver, CHANGE, diff, 600)
    assert not ADAPTER.pending(driver)
    assert there.control("running") == before
    there.control("edit", lines=["hostname x"])  # nobody holds the lock
    logged = "".join(one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR)
    assert "Original call" not in logged
    assert "191.51.100.0" not in logged


def test_commits_of_others_meanwhile_are_noticed(
    there: SwitchBox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.control("fault", name="advisory-lock", on=True)
    compare = iosxr_xml._compared
    names = iter(["one", "two"])

    def compare_late(driver: Driver) -> tuple[str, str]:
        found = compare(driver)
        there.control("edit", lines=[f"hostname {next(names)}"])
        return found

    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    monkeypatch.setattr(iosxr_xml, "_compared", compare_late)
    with pytest.raises(LockedError, match="commits have occurred"):
        ADAPTER.commit(driver, CHANGE, diff, 60)
    assert not ADAPTER.pending(driver)
    assert "RF-SOME" not in there.control("running")
    # The driver would have committed all the same, for good.
    driver.load_merge_candidate(config=CHANGE)
    driver.compare_config()
    there.control("edit", lines=["hostname three"])
    with pytest.raises(UnlockError):
        driver.commit_config()
    assert "RF-SOME" in there.control("running")
    assert there.control("pending") is None


def test_commits_of_others_before_do_not_keep_a_session_from_its_own(
    there: SwitchBox, driver: Driver
) -> None:
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    there.control("edit", lines=["hostname somebody-else"])
    ADAPTER.commit(driver, CHANGE, diff, 60)
    ADAPTER.confirm(driver)
    assert "RF-SOME" in there.control("startup")
    assert "hostname somebody-else" in there.control("startup")


def test_somebody_elses_lock_is_said_as_such(there: SwitchBox, driver: Driver) -> None:
    with driver_of(there, ADAPTER, "iosxr") as other:
        other.device.lock()
        with pytest.raises(LockedError):
            ADAPTER.dry_run(driver, CHANGE)
        with pytest.raises(LockedError):
            ADAPTER.commit(driver, CHANGE, "", 60)
    assert not ADAPTER.pending(driver)


def test_a_session_that_dies_takes_its_commit_with_it(there: SwitchBox) -> None:
    before = there.control("running")
    with driver_of(there, ADAPTER, "iosxr") as dying:
        _commit(dying)
        dying.device.device.remote_conn.transport.close()
        deadline = time.monotonic() + 60
        while there.control("pending") is not None and time.monotonic() < deadline:
            time.sleep(0.02)
    assert _content(there.control("running")) == _content(before)


def test_a_terminal_that_is_closed_is_opened_anew(there: SwitchBox) -> None:
    """pyIOSXR looks at the connection alone, which may be on its way to its end."""
    with driver_of(there, ADAPTER, "iosxr") as closed:
        before = ADAPTER.running(closed)
        closed.device.device.remote_conn.close()
        assert closed.device.is_alive()
        assert ADAPTER.running(closed) == before


def test_the_tables_tell_sessions_and_accepted_routes(there: SwitchBox, driver: Driver) -> None:
    up = {ip_address(one): 65000 for one in ("10.255.11.0", "2001:db8:ff:11::1", "172.20.1.11")}
    down = ip_address("10.255.21.0")
    there.daemon.set_neighbors(
        *(
            Neighbor(
                address=address,
                remote_asn=65000,
                state="Active" if address == down else "Established",
                uptime_s=10,
                group=None,
                accepted={address.version: 1},
                advertised={},
            )
            for address in (*up, down)
        )
    )
    long_one = "2001:db8:1111:2222:3333:4444:5555:6600/122"
    routes = {("10.255.11.0", 4): ["0.0.0.0/0"], ("172.20.1.11", 4): ["10.65.0.0/26"]}
    routes |= {("2001:db8:ff:11::1", 6): [long_one, "::/0"]}
    for (address, version), prefixes in routes.items():
        there.daemon.set_routes(
            ip_address(address),
            version,
            *(
                Route(prefix=ip_network(one), next_hop=address, as_path="1", is_best=one != "::/0")
                for one in prefixes
            ),
        )
    asked = [
        (SessionKey("", "10.255.11.0"), 4),
        (SessionKey("", "2001:db8:ff:11::1"), 6),
        (SessionKey("", "NODES"), 4),
        (SessionKey("", str(down)), 4),
    ]
    tables = ADAPTER.tables(driver, asked)
    assert tables.up == {("", str(address)) for address in up}
    assert [{str(one) for one in tables.accepted[slot]} for slot in asked] == [
        {"0.0.0.0/0"},
        {long_one, "::/0"},
        {"10.65.0.0/26"},
        set(),
    ]


def test_the_drivers_getter_fails_where_there_are_vrfs_and_the_adapter_does_not_ask_it(
    there: SwitchBox, driver: Driver
) -> None:
    with pytest.raises(XMLCLIError, match="lacks 'VRFName'"):
        driver.get_bgp_neighbors()
    assert ADAPTER.tables(driver, ()).up == frozenset()
    there.control("edit", lines=["router bgp 65201", " no vrf CUSTOMER-A", " no vrf CUSTOMER-B"])
    assert set(driver.get_bgp_neighbors()["global"]["peers"]) == {
        "10.255.11.0",
        "2001:db8:ff:11::1",
        "10.255.21.0",
        "2001:db8:ff:21::1",
    }


def test_commits_are_listed_with_who_made_them(there: SwitchBox, driver: Driver) -> None:
    there.control("edit", lines=["hostname x"])
    undo(ADAPTER, driver, CHANGE)
    rows = [line.split() for line in driver.device.show_configuration_commit_list().splitlines()]
    assert [(row[1], row[2], row[4]) for row in rows[2:]] == [
        ("1000000002", "ringfence", "XML"),
        ("1000000001", "operator", "CLI"),
    ]


def test_a_router_whose_key_is_not_known_is_not_spoken_to(there: SwitchBox) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    there.known_hosts.write_text(f"[{there.address}]:{there.ports['ssh']} {other}")
    driver = new_driver(there, ADAPTER, "iosxr")
    with pytest.raises(Exception, match=r"(?i)host key"):
        driver.open()
    driver.device = None


def test_a_router_without_the_agent_says_so(there: SwitchBox) -> None:
    there.control("edit", lines=["no xml agent tty"])
    driver = new_driver(there, ADAPTER, "iosxr")
    with pytest.raises(ConnectionException, match="xml agent tty"):
        driver.open()
    driver.device.device.paramiko_cleanup()


def test_a_long_answer_in_parts_is_never_taken_for_the_whole(
    there: SwitchBox, driver: Driver
) -> None:
    there.control("edit", lines=["xml agent tty", " no iteration off"])
    with pytest.raises(DeviceError, match="iteration off"):
        ADAPTER.running(driver)


def test_long_answers_need_iteration_off() -> None:
    assert ADAPTER.lacks(None, "hostname x\nxml agent tty\n iteration off\n!\nend\n") == ()
    assert ADAPTER.lacks(None, "hostname x\nxml agent tty\n!\nend\n") == (
        "the XML agent cuts long answers: `xml agent tty iteration off`",
    )
