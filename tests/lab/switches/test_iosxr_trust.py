"""Whom IOS-XR's adapter trusts, what it takes for options, and what it lets nobody read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import asyncssh
import pytest
from iosxr_box import CHANGE, box, close, driver_of, new_driver, trust
from napalm.base.exceptions import ConnectionException

from tasks.adapters.iosxr import IosXrNetconfAdapter
from tasks.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchbox import SwitchBox

ADAPTER = IosXrNetconfAdapter()
PASSWORD = """\
router bgp 65201
 neighbor 10.255.11.0
  password clear s3cret
 !
!
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchBox]:
    # ncclient looks ten times a second whether it has something to say.
    monkeypatch.setattr("ncclient.transport.session.TICK", 0.005)
    with box(tmp_path) as switch:
        yield switch


@pytest.mark.parametrize("known", ["another key", "no key at all", "no file"])
def test_a_router_whose_key_is_not_known_is_not_spoken_to(there: SwitchBox, known: str) -> None:
    port = there.ports["netconf"]
    if known == "another key":
        other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        there.known_hosts.write_text(f"[{there.address}]:{port} {other}")
        driver = new_driver(there, ADAPTER)
        with pytest.raises(ConnectionException, match=r"(?i)host key"):
            driver.open()
        driver.device = None
        return
    if known == "no file":
        there.known_hosts.unlink()
    else:
        there.known_hosts.write_text("")
    with pytest.raises(ConnectError):
        new_driver(there, ADAPTER)


def test_the_users_own_known_hosts_count_if_the_site_has_none(
    there: SwitchBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    own = tmp_path / "home" / ".ssh" / "known_hosts"
    for text, is_known in ((there.known_hosts.read_text(), True), ("", False)):
        own.write_text(text)
        driver = new_driver(there, ADAPTER, own_known_hosts=True)
        if is_known:
            driver.open()
            close(driver)
        else:
            with pytest.raises(ConnectionException, match=r"(?i)host key"):
                driver.open()
            driver.device = None


def test_a_site_can_say_that_it_trusts_whoever_answers(there: SwitchBox) -> None:
    options = ADAPTER.options({}, trust(there, check_host_keys=False))
    assert options["hostkey_verify"] is False


def test_a_missing_ssh_config_is_no_obstacle(there: SwitchBox, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with driver_of(there, ADAPTER, ssh_config_file=missing) as driver:
        assert ADAPTER.running(driver)


def test_options_are_not_shared_between_the_hosts_of_a_group(there: SwitchBox) -> None:
    given = {"port": 1, "key_file": "x"}
    options = ADAPTER.options(given, trust(there))
    options.pop("port")
    assert given == {"port": 1, "key_file": "x"}


def test_no_configuration_is_logged(there: SwitchBox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logging.getLogger("ncclient").setLevel(logging.NOTSET)
    with driver_of(there, ADAPTER) as driver:
        diff, _ = ADAPTER.dry_run(driver, CHANGE)
        ADAPTER.commit(driver, CHANGE, diff, 60)
        ADAPTER.confirm(driver)
    assert "RF-SOME" not in caplog.text


def test_secrets_are_hidden_in_the_diff(there: SwitchBox) -> None:
    with driver_of(there, ADAPTER) as driver:
        diff, _ = ADAPTER.dry_run(driver, PASSWORD)
    assert "s3cret" not in diff
    assert "password clear <hidden>" in diff
