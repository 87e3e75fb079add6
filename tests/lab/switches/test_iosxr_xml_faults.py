"""IOS-XR's adapter for the XML agent under every fault of the router, at every step."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partialmethod
from typing import TYPE_CHECKING

import pytest
from adapter_faults import CASES, Bench, go_there_and_back, judge
from iosxr_box import CHANGE, WAY_BACK, box, driver_of
from netmiko import BaseConnection

from lab.switch.iosxr import IosXrCliSwitch
from tasks.adapters import iosxr_trial
from tasks.adapters.iosxr_xml import IosXrAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver

#: The agent is slow to be reached: what it shares with NETCONF is tried there.
_FAULTS = {"babble", "auth-lost", "locked", "refuse-commit", "reboot"}
_STEPS = {"dry_run", "commit", "confirm", "revert"}
_CASES = [
    *(one for one in CASES if one[0] in _FAULTS and one[1] in _STEPS),
    ("babble", "tables", True),
    ("cut", "running", False),
    ("lapse", "confirm", True),
]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # pyIOSXR takes two seconds of silence for the end of what the router says.
    monkeypatch.setattr(
        BaseConnection,
        "send_command_timing",
        partialmethod(BaseConnection.send_command_timing, last_read=0.1),
    )
    monkeypatch.setattr(iosxr_trial, "_PATIENCE_S", 1.0)
    with box(tmp_path, switch=IosXrCliSwitch) as there:
        adapter = IosXrAdapter()

        @contextmanager
        def connect() -> Iterator[Driver]:
            with driver_of(there, adapter, "iosxr") as driver:
                yield driver

        yield Bench(
            box=there,
            adapter=adapter,
            connect=connect,
            platform="iosxr",
            change=CHANGE,
            way_back=WAY_BACK,
            hasten=_hasten,
        )


def _hasten(driver: Driver) -> None:
    # netmiko learns of a connection's end only by this.
    driver.device.timeout = 3


def test_a_confirmed_change_goes_back_as_it_came(bench: Bench) -> None:
    go_there_and_back(bench)


@pytest.mark.parametrize(("fault", "step", "waits"), _CASES)
def test_old_or_new_whatever_goes_wrong(bench: Bench, fault: str, step: str, waits: bool) -> None:
    judge(bench, fault, step, waits=waits)
