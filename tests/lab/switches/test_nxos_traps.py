"""What NX-OS and its drivers get wrong, and the adapters unharmed by it, both transports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
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
    trust,
)
from undoing import undo

from inventory.errors import DeviceError
from policies.dialects.nxos import NxosDialect
from tasks.errors import ConnectError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

BUSY = "ERROR: Operation failed: resource is busy, try again later"


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


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("route-map FROM-NODE allow 7", "% Invalid command at '^' marker."),
        ("ip prefix-list RF-x seq 5 permit 10.0.0.0/8 ge 4", "ERROR: Invalid prefix length range"),
        ("ip prefix-list RF-x seq 5 permit 2001:db8::/32", "% Invalid ip address/mask format"),
        ("route-map FROM-NODE deny 3", BUSY),
    ],
)
def test_a_refused_line_ends_the_change_with_the_device_s_words(
    place: Place, line: str, words: str
) -> None:
    place.fault("refuse route-map FROM-NODE deny 3")
    traces = place.traces
    with pytest.raises(RejectedError) as caught:
        place.commit(f"{CHANGE}{line}\n  match ip address prefix-list {LIST}\n")
    assert str(caught.value) == f"the device refuses `{line}`: {words}"
    assert place.traces == traces


def test_the_driver_over_ssh_takes_a_refusal_for_success(place: Place) -> None:
    place.fault("refuse route-map FROM-NODE")
    if place.platform == "nxos_ssh":
        assert BUSY in place.driver._send_config("route-map FROM-NODE deny 3")
    else:
        with pytest.raises(Exception, match="resource is busy"):
            place.driver._send_config("route-map FROM-NODE deny 3")


def test_a_line_that_is_dropped_in_silence_is_seen_in_the_configuration(place: Place) -> None:
    place.fault(f"ignore ip prefix-list {LIST} seq 5")
    place.commit()
    assert f"ip prefix-list {LIST} seq 5" not in place.running
    assert f"ip prefix-list {LIST} seq 10" in place.running
    assert place.adapter.pending(place.driver)


@pytest.mark.parametrize("fault", ["deaf scheduler", "no checkpoint"])
def test_nothing_is_changed_before_the_timer_is_armed(place: Place, fault: str) -> None:
    place.box.control("edit", lines=["no scheduler schedule name NIGHTLY"])
    traces, applied = place.traces, len(place.box.daemon.applied)
    place.fault(fault)
    with pytest.raises(DeviceError, match="the revert timer can't be armed, nothing was changed"):
        place.commit()
    assert place.traces == traces
    assert len(place.box.daemon.applied) == applied


def test_all_checkpoints_in_use_are_no_reason_to_commit_without_one(place: Place) -> None:
    fill(place.box)
    traces = place.traces
    with pytest.raises(DeviceError, match="Maximum number of user checkpoints"):
        place.commit()
    assert place.traces == traces


def test_a_rollback_that_fails_leaves_the_timer_to_try_again(place: Place) -> None:
    place.fault("refuse route-map FROM-NODE")
    place.fault("no rollback")
    with pytest.raises(DeviceError, match=r"resource is busy.*; then .*the timer stays armed"):
        place.commit()
    assert LIST in place.running
    assert place.adapter.pending(place.driver)
    place.fault("no rollback", on=False)
    place.box.control("advance", seconds=LATER)
    assert place.running == place.before


def test_a_revert_that_fails_is_an_error_and_leaves_the_timer(place: Place) -> None:
    place.commit()
    place.fault("no rollback")
    with pytest.raises(DeviceError, match="the rollback did not end well"):
        place.adapter.revert(place.driver, WAY_BACK)
    assert place.adapter.pending(place.driver)


def test_a_job_that_can_t_be_removed_while_it_runs_is_swept_away_later(place: Place) -> None:
    place.fault("busy job")
    place.commit()
    place.box.control("advance", seconds=LATER)
    dialect = NxosDialect()
    assert place.running != place.before
    assert dialect.foreign(place.running) == dialect.foreign(place.before)
    assert LIST not in place.running
    assert not place.adapter.pending(place.driver)
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.running == place.before


def test_a_scheduler_that_somebody_switches_off_stops_all_until_it_is_back(place: Place) -> None:
    place.commit()
    place.box.control("edit", lines=["no feature scheduler"])
    assert not place.adapter.pending(place.driver)
    with pytest.raises(DeviceError, match="the timer was faster"):
        place.adapter.confirm(place.driver)
    place.adapter.revert(place.driver, WAY_BACK)
    with pytest.raises(
        DeviceError, match=r"can't be armed, nothing was changed: .*Invalid command"
    ):
        undo(place.adapter, place.driver, WAY_BACK)
    assert LIST in place.running
    place.box.control("edit", lines=["feature scheduler"])
    undo(place.adapter, place.driver, WAY_BACK)
    assert LIST not in place.running


def test_what_the_device_does_not_save_is_no_confirmation(place: Place) -> None:
    saved = place.startup
    place.commit()
    place.fault("no copy")
    with pytest.raises(DeviceError, match=r"did not save: .*Copy failed"):
        place.adapter.confirm(place.driver)
    assert place.startup == saved


def test_no_rollback_file_of_anybody_is_written_or_used(place: Place) -> None:
    place.commit()
    place.adapter.revert(place.driver, "")
    assert place.box.control("files") == []


def test_options_of_the_inventory_stay_as_they_are(place: Place) -> None:
    given = {"dest_file_system": "bootflash:", "ssl_verify": False, "ssh_strict": False}
    made = place.adapter.options(given, trust(place.box))
    assert given == {"dest_file_system": "bootflash:", "ssl_verify": False, "ssh_strict": False}
    assert made["ssl_verify" if place.platform == "nxos" else "ssh_strict"] in {
        True,
        str(place.box.ca_file),
    }


def test_a_connection_that_is_cut_in_the_middle_is_left_to_the_timer(tmp_path: Path) -> None:
    adapter = TRANSPORTS["nxos"][0]
    with box(tmp_path) as there, connected(there, "nxos") as driver:
        before = adapter.running(driver)
        diff, _ = adapter.dry_run(driver, CHANGE)
        cut = f"cut ip prefix-list {LIST} seq 10"
        there.control("fault", name=cut, on=True)
        with pytest.raises(ConnectError, match="NX-API did not answer") as caught:
            adapter.commit(driver, CHANGE, diff, 120)
        assert there.password not in str(caught.value)
        there.control("fault", name=cut, on=False)
        assert adapter.pending(driver)
        assert LIST in adapter.running(driver)
        there.control("advance", seconds=LATER)
        assert adapter.running(driver) == before


def test_an_answer_that_never_comes_is_an_error_of_the_connection(tmp_path: Path) -> None:
    adapter = TRANSPORTS["nxos"][0]
    with box(tmp_path) as there, connected(there, "nxos") as driver:
        driver.device.api.timeout = 0.2
        there.control("fault", name="hang", on=True)
        with pytest.raises(ConnectError, match=r"NX-API did not answer: .*timed out"):
            adapter.running(driver)
