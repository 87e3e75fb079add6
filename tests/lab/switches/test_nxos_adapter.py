"""The adapters of NX-OS with NAPALM's own drivers, against the virtual switch, both transports."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from napalm import get_network_driver
from napalm.base.exceptions import ConnectionException
from napalm.nxapi_plumbing import Device as NXOSDevice
from nxos_box import (
    CHANGE,
    LATER,
    LIST,
    TRANSPORTS,
    WAY_BACK,
    Place,
    box,
    connected,
    fill,
    tidied,
)
from undoing import undo

from inventory.errors import DeviceError
from inventory.reach import Ssh, Tls
from lab.switch import credentials
from lab.switch.base import Neighbor, Route
from policies.dialects.nxos import NxosDialect
from policies.filters import Direction, SessionKey
from tasks.adapters.base import Trust
from tasks.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

SPINE, SPINE6 = "10.255.11.0", "2001:db8:ff:11::1"


@pytest.fixture(scope="module", params=TRANSPORTS)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SwitchBox, Driver, str]]:
    platform = request.param
    with box(tmp_path_factory.mktemp(platform)) as there, connected(there, platform) as driver:
        yield there, driver, platform


@pytest.fixture
def place(opened: tuple[SwitchBox, Driver, str]) -> Iterator[Place]:
    with tidied(*opened) as there:
        yield there


# Connection and reading -------------------------------------------------------------------------


def test_the_running_configuration_is_read_whole_and_without_the_time(place: Place) -> None:
    assert place.before == place.box.control("running")
    assert "last done at: " in place.driver.get_config(retrieve="running")["running"]


@pytest.mark.parametrize("platform", TRANSPORTS)
def test_a_stranger_gets_no_password(platform: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(
        credentials.Authority.new().pem
        if platform == "nxos"
        else f"[127.43.0.1]:1 {credentials.new_ssh_key().public}\n",
        encoding="ascii",
    )
    trusted = {"nxos": "ca_file", "nxos_ssh": "known_hosts"}[platform]
    with (
        box(tmp_path) as there,
        pytest.raises((ConnectionException, Exception), match=r"Cannot connect|not found in known"),
        connected(there, platform, **{trusted: str(other)}),
    ):
        pass


def test_what_is_missing_for_a_commit_is_named(place: Place) -> None:
    assert place.adapter.lacks(place.driver, place.before) == ()
    without = place.before.replace("feature scheduler\n", "").replace("feature bgp\n", "")
    without = without.replace("scheduler aaa-authentication password 7 fewhg7qwert\n", "")
    named = place.adapter.lacks(place.driver, without)
    assert [one.split("`")[1] for one in named] == [
        "feature bgp",
        "feature scheduler",
        "scheduler aaa-authentication ...",
    ]
    without = without.replace("aaa authentication login default group MGMT-TACACS\n", "")
    assert len(place.adapter.lacks(place.driver, without)) == 2


def test_only_the_api_needs_the_feature_of_the_api(place: Place) -> None:
    named = place.adapter.lacks(place.driver, "feature bgp\nfeature scheduler\n")
    needed = {"nxos": ["feature nxapi"], "nxos_ssh": []}[place.platform]
    assert [one.split("`")[1] for one in named] == needed


def test_checkpoints_of_others_that_leave_no_room_are_named(place: Place) -> None:
    fill(place.box)
    (named,) = place.adapter.lacks(place.driver, place.before)
    assert "it keeps 10 checkpoints" in named
    assert "`no checkpoint theirs-0`" in named


def test_an_address_of_ipv6_makes_a_url() -> None:
    driver = get_network_driver("nxos")("2001:db8::5", "user", "a word")
    believes = Trust(ssh=Ssh(), tls=Tls(), folder=Path())
    TRANSPORTS["nxos"][0].before_open(driver, believes)
    url = NXOSDevice(driver.hostname, "user", "a word", "https", port=8443).api.url
    assert url == "https://[2001:db8::5]:8443/ins"


def neighbor(address: str, state: str, *, group: str | None = None, asn: int = 65000) -> Neighbor:
    up = state == "Established"
    version = ip_address(address).version
    return Neighbor(
        address=ip_address(address),
        remote_asn=asn,
        state=state,
        uptime_s=100,
        group=group,
        accepted={version: 1} if up else {},
        advertised={version: 1} if up else {},
    )


def route(prefix: str) -> Route:
    return Route(
        prefix=ip_network(prefix), next_hop="10.255.11.0", as_path="65000 65001", is_best=True
    )


def populate(there: SwitchBox) -> None:
    there.daemon.set_neighbors(
        neighbor(SPINE, "Established"),
        neighbor("10.255.21.0", "OpenConfirm"),
        neighbor(SPINE6, "Established"),
        neighbor("2001:db8:ff:21::1", "Connect"),
        neighbor("172.20.1.11", "Established", group="NODES", asn=65201),
        neighbor("172.20.1.12", "Established", group="NODES", asn=65201),
        neighbor("172.20.1.66", "Idle", group="NODES", asn=65201),
        neighbor("2001:db8:20:1::11", "Established", group="NODES6", asn=65201),
    )
    there.daemon.set_routes(ip_address(SPINE), 4, route("0.0.0.0/0"), route("172.20.2.0/24"))
    there.daemon.set_routes(ip_address(SPINE6), 6, route("fd00:66::a/128"), route("::/0"))
    there.daemon.set_routes(ip_address("172.20.1.11"), 4, route("10.65.1.0/26"))
    there.daemon.set_routes(ip_address("172.20.1.12"), 4, route("10.65.1.64/26"))
    there.daemon.set_routes(ip_address("2001:db8:20:1::11"), 6, route("fd00:65::/122"))


def test_tables_have_who_is_up_and_what_is_accepted_in_every_state(place: Place) -> None:
    populate(place.box)
    slots = [
        (SessionKey("", SPINE), 4),
        (SessionKey("", "10.255.21.0"), 4),
        (SessionKey("", SPINE6), 6),
        (SessionKey("", "NODES"), 4),
        (SessionKey("", "NODES6"), 6),
        (SessionKey("", "172.20.1.0/24"), 4),
        (SessionKey("TENANT", "10.77.2.2"), 4),
    ]
    tables = place.adapter.tables(place.driver, slots)
    up = (SPINE, SPINE6, "172.20.1.11", "172.20.1.12", "2001:db8:20:1::11")
    assert tables.up == frozenset(("", one) for one in up)
    nodes = {"10.65.1.0/26", "10.65.1.64/26"}
    assert {
        str(key): {str(one) for one in found} for (key, _), found in tables.accepted.items()
    } == {
        SPINE: {"0.0.0.0/0", "172.20.2.0/24"},
        "10.255.21.0": set(),
        SPINE6: {"fd00:66::a/128", "::/0"},
        "NODES": nodes,
        "NODES6": {"fd00:65::/122"},
        "172.20.1.0/24": nodes,
        "10.77.2.2 (vrf TENANT)": set(),
    }


def test_the_getters_are_what_they_are_said_to_be(place: Place) -> None:
    populate(place.box)
    if place.platform == "nxos":
        with pytest.raises(KeyError):
            place.driver.get_bgp_neighbors()
    else:
        peers = place.driver.get_bgp_neighbors()["global"]["peers"]
        assert peers
        assert all(":" in address for address in peers), "IPv4 is forgotten where IPv6 is"


def test_a_refresh_reaches_every_member_that_is_up(place: Place) -> None:
    populate(place.box)
    sessions = NxosDialect().parse(place.before).sessions
    place.adapter.refresh(
        place.driver,
        [
            (sessions[SessionKey("", SPINE)], 4, Direction.EXPORT),
            (sessions[SessionKey("", "NODES")], 4, Direction.IMPORT),
        ],
    )
    assert place.box.daemon.refreshed == [
        (ip_address(SPINE), 4, False),
        (ip_address("172.20.1.11"), 4, True),
        (ip_address("172.20.1.12"), 4, True),
    ]


# Dry-run ----------------------------------------------------------------------------------------


def test_a_dry_run_leaves_no_trace_and_says_the_same_again(place: Place) -> None:
    traces = place.traces
    first = place.adapter.dry_run(place.driver, CHANGE)
    assert first == (CHANGE.rstrip("\n"), None)
    assert place.adapter.dry_run(place.driver, CHANGE) == first
    assert place.traces == traces


def test_a_diff_shows_no_secret(place: Place) -> None:
    diff, _ = place.adapter.dry_run(place.driver, "snmp-server community s3cret group some\n")
    assert diff == "snmp-server community <hidden> group some"


def test_a_commit_of_another_diff_than_the_planned_one_does_not_begin(place: Place) -> None:
    traces = place.traces
    with pytest.raises(DeviceError, match="make a new plan"):
        place.adapter.commit(place.driver, CHANGE, "something else", 120)
    assert place.traces == traces


# Commit, confirm, take back -----------------------------------------------------------------------


def test_an_unconfirmed_change_runs_and_is_not_saved(place: Place) -> None:
    saved = place.startup
    place.commit()
    assert f"match ip address prefix-list {LIST}" in place.running
    assert place.startup == saved
    assert place.adapter.pending(place.driver)
    dialect = NxosDialect()
    assert dialect.foreign(place.running) == dialect.foreign(place.before)


@pytest.mark.parametrize("revert_in", [60, 120, 7200])
def test_the_timer_goes_off_never_early_and_at_most_two_minutes_late(
    place: Place, revert_in: int
) -> None:
    place.commit(revert_in=revert_in)
    left = place.box.control("pending")
    assert revert_in - 30 < left <= revert_in + 120


def test_a_confirmed_change_is_saved_and_leaves_nothing_else(place: Place) -> None:
    place.commit()
    place.adapter.confirm(place.driver)
    assert not place.adapter.pending(place.driver)
    running = place.running
    assert place.traces == (running, running, None, [], [])
    assert WAY_BACK not in running
    assert LIST in running
    place.box.control("advance", seconds=LATER)
    assert place.running == running


def test_a_pending_change_is_taken_back_byte_for_byte(place: Place) -> None:
    traces = place.traces
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.traces == traces


def test_what_somebody_else_changed_meanwhile_stays_when_a_change_is_taken_back(
    place: Place,
) -> None:
    saved = place.startup
    place.commit()
    place.box.control("edit", lines=["ntp server 192.0.2.13 use-vrf management"])
    theirs = "ntp server 192.0.2.13 use-vrf management\n"
    place.adapter.revert(place.driver, WAY_BACK)
    assert place.running.replace(theirs, "") == place.before
    assert theirs in place.running
    assert place.startup == saved
    assert place.traces[2:] == (None, [], [])


def test_a_way_back_that_is_refused_gives_way_to_the_checkpoint(place: Place) -> None:
    place.commit()
    place.box.control("edit", lines=["ntp server 192.0.2.13 use-vrf management"])
    place.fault("refuse no ip prefix-list")
    place.adapter.revert(place.driver, WAY_BACK)
    assert place.running == place.before


def test_a_confirmed_change_is_taken_back_by_its_own_lines_for_good(place: Place) -> None:
    place.commit()
    place.adapter.confirm(place.driver)
    place.box.control("edit", lines=["ntp server 192.0.2.13 use-vrf management"])
    undo(place.adapter, place.driver, WAY_BACK)
    assert LIST not in place.running
    assert "ntp server 192.0.2.13" in place.running, "somebody else's line is gone"
    assert place.startup == place.running


def test_with_nothing_to_take_back_nothing_is_touched(place: Place) -> None:
    traces = place.traces
    place.adapter.revert(place.driver, "")
    assert place.traces == traces


def test_an_unconfirmed_change_takes_itself_back(place: Place) -> None:
    saved = place.startup
    place.commit()
    place.driver.close()
    place.box.control("advance", seconds=LATER)
    place.driver.open()
    assert place.running == place.before
    assert place.startup == saved
    assert not place.adapter.pending(place.driver)
    with pytest.raises(DeviceError, match="the timer was faster"):
        place.adapter.confirm(place.driver)
    assert place.startup == saved
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.box.control("checkpoints") == []


def test_a_pending_change_outlives_its_connection_and_is_confirmed_from_another(
    place: Place,
) -> None:
    place.commit()
    place.driver.close()
    with connected(place.box, place.platform) as driver:
        assert place.adapter.pending(driver)
        place.adapter.confirm(driver)
    place.driver.open()
    assert LIST in place.startup


def test_a_reboot_takes_an_unconfirmed_change_with_it(place: Place) -> None:
    place.commit()
    place.driver.close()
    place.box.control("reboot")
    place.driver.open()
    assert place.running == place.before
    assert not place.adapter.pending(place.driver)
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.traces == (place.before, place.before, None, [], [])


def test_a_timer_that_was_saved_and_is_overdue_after_a_reboot_is_none(place: Place) -> None:
    place.commit()
    place.box.control("edit", lines=["copy running-config startup-config"])
    place.driver.close()
    # Time passes while the switch is down.
    place.box.switch.device.clock.advance(LATER)  # type: ignore[attr-defined]
    place.box.control("reboot")
    place.driver.open()
    assert LIST in place.running
    assert not place.adapter.pending(place.driver)
    undo(place.adapter, place.driver, WAY_BACK)
    assert place.traces == (place.before, place.before, None, [], [])


def test_a_timer_that_was_saved_goes_off_after_a_reboot_that_is_quick(place: Place) -> None:
    place.commit()
    place.box.control("edit", lines=["copy running-config startup-config"])
    place.driver.close()
    place.box.control("reboot")
    place.driver.open()
    assert place.adapter.pending(place.driver)
    place.box.control("advance", seconds=LATER)
    assert place.running == place.before


def test_a_commit_waits_for_nobody_else_s_timer(place: Place) -> None:
    place.commit()
    now = place.traces
    with pytest.raises(LockedError, match="waits for its confirmation already"):
        place.commit("ip prefix-list RF-x seq 5 permit 10.0.0.0/8\n")
    place.adapter.revert(place.driver, WAY_BACK)
    assert place.traces[:2] == now[:2], "what waits there is not ours to take back"
    assert place.adapter.pending(place.driver)
    place.box.control("advance", seconds=LATER)
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.running == place.before
