"""Nornir's inventory as ringfence uses it: what hosts of one group must not share."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from builders import make_site
from napalm.eos import EOSDriver
from napalm.nxos import NXOSDriver

from tasks.fleet import Fleet, Host

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = """\
tor:
  platform: {platform}
  connection_options:
    napalm: {{extras: {{timeout: 7, optional_args: {{{options}}}}}}}
"""
HOSTS = """\
tor1: {hostname: 192.0.2.1, port: 4431, groups: [tor], data: {asn: 65201, rack: r1, sessions: []}}
tor2: {hostname: 192.0.2.2, port: 4432, groups: [tor], data: {asn: 65202, rack: r2, sessions: []}}
"""


@pytest.mark.parametrize(
    ("platform", "driver", "options", "attribute"),
    [
        ("eos", EOSDriver, "enable_password: x", "enablepwd"),
        ("nxos", NXOSDriver, "dest_file_system: 'bootflash:'", "_dest_file_system"),
    ],
)
def test_hosts_of_a_group_share_no_options(  # noqa: PLR0917 - the cases' and pytest's
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    driver: type,
    options: str,
    attribute: str,
) -> None:
    """A driver takes what it knows out of the dict that it is given, and Nornir hands out one."""
    opened: dict[str, tuple[object, ...]] = {}

    def remember(self: object) -> None:
        port = getattr(self, "port", None) or self.eapi_kwargs["port"]  # type: ignore[attr-defined]
        opened[self.hostname] = (getattr(self, attribute), port, self.timeout)  # type: ignore[attr-defined]

    monkeypatch.setattr(driver, "open", remember)
    monkeypatch.setattr(driver, "close", lambda _self: None)
    groups = GROUPS.format(platform=platform, options=options)
    site = make_site(tmp_path, groups=groups, hosts=HOSTS)
    with Fleet(site, site.devices) as fleet:
        outcomes = fleet.each(lambda host: host.driver.hostname)
    assert {name: one.get() for name, one in outcomes.items()} == {
        "tor1": "192.0.2.1",
        "tor2": "192.0.2.2",
    }
    first, second = opened["192.0.2.1"], opened["192.0.2.2"]
    assert (first[1], second[1]) == (4431, 4432)
    assert first[0] == second[0]
    assert first[0] not in {None, False}
    assert first[2] == second[2] == 7


def test_a_switch_without_an_address_is_reached_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EOSDriver, "open", lambda _self: None)
    monkeypatch.setattr(EOSDriver, "close", lambda _self: None)
    groups = "tor: {platform: eos, hostname: 192.0.2.9}\nbare: {platform: eos}\n"
    hosts = """\
tor1.example: {groups: [bare], data: {asn: 65201, role: tor, sessions: []}}
tor2.example: {groups: [tor], data: {asn: 65202, sessions: []}}
"""
    site = make_site(tmp_path, groups=groups, hosts=hosts)
    with Fleet(site, site.devices) as fleet:
        outcomes = fleet.each(lambda host: host.driver.hostname)
    reached = {name: one.get() for name, one in outcomes.items()}
    assert reached == {"tor1.example": "tor1.example", "tor2.example": "192.0.2.9"}
    assert reached == {name: one.hostname for name, one in site.devices.items()}


class Mute(Exception):  # noqa: N818 - the name is what the outcome must say
    """What can't even be turned into a sentence."""

    def __str__(self) -> str:
        raise KeyError("s3cret")


def test_what_the_listener_raises_is_no_outcome(tmp_path: Path) -> None:
    def done(_: object) -> None:
        raise OSError(5, "Input/output error")

    site = make_site(tmp_path)
    with Fleet(site, site.devices) as fleet:
        outcomes = fleet.each(lambda host: host.name, done=done)
    assert {name: one.get() for name, one in outcomes.items()} == {
        name: name for name in site.devices
    }


def test_an_error_that_has_no_words_is_an_outcome_all_the_same(tmp_path: Path) -> None:
    def work(host: Host) -> str:
        if host.name == "tor1":
            raise Mute
        return host.name

    site = make_site(tmp_path)
    with Fleet(site, site.devices) as fleet:
        outcomes = fleet.each(work)
    assert [name for name, one in outcomes.items() if one.failed] == ["tor1"]
    assert str(outcomes["tor1"].error) == "tor1: failed: KeyError"


def test_connections_are_dropped_side_by_side_and_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)
    said: list[str] = []

    def close(self: EOSDriver) -> None:
        # Nobody gets past this before the other one is here as well.
        both.wait()
        said.append(f"close {self.hostname}")
        raise OSError("dead already")

    monkeypatch.setattr(EOSDriver, "open", lambda self: said.append(f"open {self.hostname}"))
    monkeypatch.setattr(EOSDriver, "close", close)
    groups = GROUPS.format(platform="eos", options="")
    site = make_site(tmp_path, groups=groups, hosts=HOSTS)
    fleet = Fleet(site, site.devices)
    fleet.each(lambda host: host.driver)
    fleet.forget(["tor1", "tor2"])
    fleet.each(lambda host: host.driver, ["tor2"])
    assert sorted(said[:4]) == sorted(
        f"{what} 192.0.2.{n}" for what in ("open", "close") for n in (1, 2)
    )
    assert said[4:] == ["open 192.0.2.2"]
    assert set(fleet.took_s) == {"tor1", "tor2"}
