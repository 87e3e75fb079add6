"""What ``iosxr_netconf`` and ncclient get wrong on a router, each beside the adapter unharmed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh
import pytest
from iosxr_box import CHANGE, WAY_BACK, box, close, driver_of, new_driver
from napalm.base.exceptions import ConnectionException, MergeConfigException
from ncclient.devices import iosxr
from undoing import undo

from tasks.adapters.iosxr import IosXrNetconfAdapter
from tasks.adapters.iosxr_trust import insist_on_host_keys
from tasks.errors import ConnectError, LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosXrNetconfAdapter()


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


@pytest.fixture
def other(there: SwitchBox) -> Iterator[Driver]:
    with driver_of(there, ADAPTER) as one:
        yield one


def test_a_refused_candidate_leaves_the_drivers_lock_behind(driver: Driver, other: Driver) -> None:
    with pytest.raises(RejectedError):
        ADAPTER.dry_run(driver, "frobnicate\n")
    assert ADAPTER.dry_run(other, CHANGE)[0]
    with pytest.raises(MergeConfigException):
        driver.load_merge_candidate(config="frobnicate\n")
    with pytest.raises(LockedError):
        ADAPTER.dry_run(other, CHANGE)


def test_a_timer_that_the_driver_has_not_leaves_its_candidate_behind(
    there: SwitchBox, driver: Driver, other: Driver
) -> None:
    driver.load_merge_candidate(config=CHANGE)
    with pytest.raises(NotImplementedError):
        driver.commit_config(revert_in=60)
    with pytest.raises(LockedError):
        ADAPTER.dry_run(other, CHANGE)
    driver.discard_config()
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    ADAPTER.commit(driver, CHANGE, diff, 60)
    assert there.control("pending") is not None
    ADAPTER.revert(driver, "")


def test_the_drivers_rollback_undoes_the_commit_of_somebody_else(
    there: SwitchBox, driver: Driver
) -> None:
    diff, _ = ADAPTER.dry_run(driver, CHANGE)
    ADAPTER.commit(driver, CHANGE, diff, 60)
    ADAPTER.confirm(driver)
    there.control("edit", lines=["hostname somebody-else"])
    driver.rollback()
    assert "hostname tor1" in there.control("running")
    assert "RF-SOME" in there.control("running")
    there.control("edit", lines=["hostname somebody-else"])
    undo(ADAPTER, driver, WAY_BACK)
    assert "hostname somebody-else" in there.control("running")
    assert "RF-SOME" not in there.control("running")


def test_text_reaches_the_drivers_xml_as_it_is(there: SwitchBox, driver: Driver) -> None:
    evil = "hostname <b> & c\n"
    with pytest.raises(MergeConfigException):
        driver.load_merge_candidate(config=evil)
    driver.discard_config()
    diff, _ = ADAPTER.dry_run(driver, evil)
    assert diff == "-  hostname tor1\n+  hostname <b> & c"
    assert "hostname tor1" in there.control("running")


def test_a_command_returns_a_class_instead_of_an_answer(driver: Driver) -> None:
    assert driver.cli(["show version"]) is NotImplementedError


def test_ncclient_takes_any_host_key_for_a_routers(
    there: SwitchBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    port = there.ports["netconf"]
    there.known_hosts.write_text(f"[{there.address}]:{port} {stranger}")
    driver = new_driver(there, ADAPTER)
    with pytest.raises(ConnectionException, match=r"(?i)host key"):
        driver.open()
    # The handler as ncclient ships it: checked, pinned to another key, and open all the same.
    monkeypatch.setattr(iosxr, "iosxr_unknown_host_cb", lambda _host, _fingerprint: True)
    assert driver.optional_args["hostkey_verify"] is True
    driver.open()
    assert driver.is_alive() == {"is_alive": True}
    close(driver)


def test_a_later_ncclient_that_asks_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        iosxr.IosxrDeviceHandler,
        "add_additional_ssh_connect_params",
        lambda _self, options: options.update(unknown_host_cb=lambda *_: True),
    )
    with pytest.raises(ConnectError, match="any host key"):
        insist_on_host_keys()
