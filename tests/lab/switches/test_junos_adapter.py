"""Junos, as ringfence drives it: NAPALM's own driver and PyEZ against the virtual switch."""

from __future__ import annotations

import gc
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from jnpr.junos import exception as pyez
from junos_box import GUARD, WAY_BACK, Ringfence, box_of, neighbor, route, wait_for
from undoing import undo

from inventory.errors import DeviceError
from policies.filters import SessionKey
from tasks.errors import ConnectError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver
    from tasks.adapters.junos import JunosAdapter

OPERATORS = "set system login user carol uid 2020"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with box_of(tmp_path) as made:
        yield made


@pytest.fixture
def ringfence(box: SwitchBox) -> Ringfence:
    return Ringfence(box)


@pytest.fixture
def adapter(ringfence: Ringfence) -> JunosAdapter:
    return ringfence.adapter


@pytest.fixture
def driver(ringfence: Ringfence) -> Iterator[Driver]:
    with ringfence.connected() as made:
        yield made


def committed(adapter: JunosAdapter, driver: Driver, revert_in: int = 120) -> str:
    """Commit the guard until confirmed; return what ran before."""
    before = adapter.running(driver)
    diff, _ = adapter.dry_run(driver, GUARD)
    adapter.commit(driver, GUARD, diff, revert_in)
    return before


def test_running_is_the_committed_configuration_as_commands(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.control("uncommitted", lines=[OPERATORS])

    assert adapter.running(driver) == box.switch.running()
    assert adapter.lacks(driver, adapter.running(driver)) == ()


def test_a_dry_run_shows_the_devices_own_diff_and_leaves_no_trace(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    before = box.switch.running()
    commits = box.control("history")

    diff, would_hold = adapter.dry_run(driver, GUARD)

    assert diff.splitlines()[-3:] == [
        "[edit protocols bgp group SPINES]",
        "-   import FROM-SPINE;",
        "+   import [ RF-import-pools FROM-SPINE ];",
    ]
    assert box.switch.running() == before
    assert box.control("history") == commits
    assert adapter.dry_run(driver, GUARD) == (diff, would_hold)
    adapter.commit(driver, GUARD, diff, 60)
    assert adapter.running(driver) == would_hold


def test_secrets_in_a_diff_are_hidden(adapter: JunosAdapter, driver: Driver) -> None:
    candidate = 'set system login user carol authentication encrypted-password "$6$sEcrEt$0"\n'

    diff, _ = adapter.dry_run(driver, candidate)

    assert "encrypted-password <hidden>" in diff
    assert "sEcrEt" not in diff


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        ("set protocols bgp group SPINES imprt X\n", "syntax error"),
        ("delete protocols bgp group NOBODY\n", "statement not found"),
        (
            "set protocols bgp group SPINES import NOBODY\n",
            (
                "[edit protocols bgp group SPINES] Policy error: Policy NOBODY referenced but not "
                "defined (import NOBODY); [edit protocols bgp group SPINES] BGP: import list not "
                "applied; configuration check-out failed"
            ),
        ),
    ],
)
def test_what_the_device_refuses_is_told_in_its_own_words(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver, candidate: str, words: str
) -> None:
    before = box.switch.running()

    with pytest.raises(RejectedError, match="refuses the candidate") as caught:
        adapter.dry_run(driver, candidate)

    assert words in str(caught.value)
    assert box.switch.running() == before
    diff = "[edit protocols bgp group SPINES]\n-   import FROM-SPINE;\n"
    with pytest.raises(RejectedError):
        adapter.commit(driver, candidate, f"{diff}+   import [ FROM-SPINE NOBODY ];", 60)
    assert box.switch.running() == before
    adapter.dry_run(driver, GUARD)


def test_a_commit_waits_and_is_confirmed(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    committed(adapter, driver)

    assert adapter.pending(driver)
    assert 100 < box.control("pending") <= 120
    after = adapter.running(driver)
    adapter.confirm(driver)

    assert not adapter.pending(driver)
    assert box.control("pending") is None
    assert adapter.running(driver) == after
    assert "RF-import-pools" in after


def test_a_pending_commit_is_taken_back_to_the_letter(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    before = committed(adapter, driver)

    adapter.revert(driver, "")

    assert box.switch.running() == before
    assert box.control("pending") is None


def test_a_pending_commit_is_taken_back_by_another_process(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    before = committed(adapter, driver)
    driver.close()
    assert box.control("pending") is not None

    second = Ringfence(box)
    with second.connected() as another:
        assert second.adapter.pending(another)
        second.adapter.revert(another, "")

    assert box.switch.running() == before


def test_a_confirmed_change_goes_by_its_way_back_and_others_commits_stay(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    before = committed(adapter, driver)
    adapter.confirm(driver)
    box.control("edit", lines=[OPERATORS])

    undo(adapter, driver, WAY_BACK)

    gone = [line for line in before.splitlines() if line not in box.switch.running().splitlines()]
    assert gone == []
    assert OPERATORS in box.switch.running()
    assert "RF-" not in box.switch.running()
    assert box.control("pending") is None


def test_the_timer_takes_back_what_nobody_confirms(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    before = committed(adapter, driver, 60)

    box.control("lapse", seconds=60)
    wait_for(box, before)

    assert not adapter.pending(driver)
    with pytest.raises(VerifyError, match="no commit waits"):
        adapter.confirm(driver)
    assert box.switch.running() == before


@pytest.mark.parametrize("revert_in", [0, 1, 30, 59, 90, -60])
def test_a_timer_that_junos_has_not_is_refused_before_anything_is_loaded(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver, revert_in: int
) -> None:
    diff, _ = adapter.dry_run(driver, GUARD)
    before = box.switch.running()

    with pytest.raises(DeviceError, match="whole minutes"):
        adapter.commit(driver, GUARD, diff, revert_in)

    assert box.switch.running() == before
    assert len(box.control("history")) == 1


def test_a_diff_that_is_not_the_planned_one_is_not_committed(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    diff, _ = adapter.dry_run(driver, GUARD)
    box.control("edit", lines=["set protocols bgp group SPINES import TO-SPINE"])
    before = box.switch.running()

    with pytest.raises(DeviceError, match="not the planned one"):
        adapter.commit(driver, GUARD, diff, 60)

    assert box.switch.running() == before
    assert box.control("pending") is None


def test_a_pending_commit_survives_the_end_of_the_session(
    box: SwitchBox, ringfence: Ringfence, adapter: JunosAdapter
) -> None:
    with ringfence.connected() as driver:
        committed(adapter, driver)

    with ringfence.connected() as driver:
        assert adapter.pending(driver)
        adapter.confirm(driver)

    assert "RF-import-pools" in box.switch.running()
    assert box.control("pending") is None


def test_tables_name_who_is_up_and_what_was_accepted_from_whom(
    box: SwitchBox, adapter: JunosAdapter, driver: Driver
) -> None:
    box.daemon.set_neighbors(
        neighbor("10.255.11.0"),
        neighbor("10.255.21.0", state="Active"),
        neighbor("172.20.1.11", group="NODES", asn=65201),
        neighbor("172.20.1.12", group="NODES", asn=65201),
        neighbor("2001:db8:ff:11::1"),
    )
    box.daemon.set_routes(ip_address("10.255.11.0"), 4, route("10.1.0.0/26"), route("0.0.0.0/0"))
    box.daemon.set_routes(ip_address("172.20.1.11"), 4, route("10.1.1.0/26"))
    box.daemon.set_routes(ip_address("172.20.1.12"), 4, route("10.1.2.0/26"))
    box.daemon.set_routes(ip_address("2001:db8:ff:11::1"), 6, route("2001:db8:1::/64"))
    asked = [
        (SessionKey("", name), version)
        for name, version in [
            ("10.255.11.0", 4),
            ("10.255.21.0", 4),
            ("NODES", 4),
            ("SPINES", 6),
            ("protocols bgp", 4),
        ]
    ]

    tables = adapter.tables(driver, asked)

    assert tables.up == {
        ("", "10.255.11.0"),
        ("", "172.20.1.11"),
        ("", "172.20.1.12"),
        ("", "2001:db8:ff:11::1"),
    }
    servers = {ip_network("10.1.1.0/26"), ip_network("10.1.2.0/26")}
    spine = {ip_network("10.1.0.0/26"), ip_network("0.0.0.0/0")}
    assert [tables.accepted[one] for one in asked] == [
        spine,
        set(),
        servers,
        {ip_network("2001:db8:1::/64")},
        servers | spine,
    ]


def test_a_host_key_that_is_not_known_is_refused(ringfence: Ringfence, tmp_path: Path) -> None:
    other = tmp_path / "others"
    key = ringfence.box.known_hosts.read_text().replace(ringfence.box.address, "127.46.0.99")
    other.write_text(key)

    with (
        pytest.raises(pyez.ConnectError),
        ringfence.connected(ringfence.trust(known_hosts=str(other))),
    ):
        pass

    with ringfence.connected(
        ringfence.trust(known_hosts=str(other), check_host_keys=False)
    ) as driver:
        assert driver.is_alive()["is_alive"]


def test_the_users_own_ssh_configuration_still_counts_but_not_for_host_keys(
    ringfence: Ringfence, tmp_path: Path
) -> None:
    users = tmp_path / "ssh_config"
    users.write_text("Host *\n  UserKnownHostsFile /dev/null\n  User nobody\n")

    with ringfence.connected(ssh_config_file=str(users)) as driver:
        text = Path(driver.device._ssh_config).read_text()

    assert text.splitlines()[1] == f'UserKnownHostsFile "{ringfence.box.known_hosts}"'
    assert text.endswith(users.read_text())


def test_options_that_would_commit_without_a_lock_or_a_timer_are_overruled(
    ringfence: Ringfence,
) -> None:
    given = {"config_private": True, "lock_disable": True, "ignore_warning": True, "keepalive": 9}

    options = ringfence.adapter.options(given, ringfence.trust())

    assert options == {
        "config_private": False,
        "config_lock": False,
        "lock_disable": False,
        "ignore_warning": False,
        "keepalive": 9,
        "key_file": str(ringfence.box.key_file),
    }


def test_what_was_written_for_a_connection_goes_with_its_driver(ringfence: Ringfence) -> None:
    with ringfence.connected() as driver:
        written = Path(driver.device._ssh_config)
        assert written.is_file()
        assert written.parent.stat().st_mode & 0o077 == 0

    del driver
    gc.collect()

    assert not written.parent.exists()


def test_a_pyez_that_can_not_be_told_to_check_keys_is_not_used(ringfence: Ringfence) -> None:
    with pytest.raises(ConnectError, match="can't be told to check host keys"):
        ringfence.adapter.before_open(SimpleNamespace(device=object()), ringfence.trust())
