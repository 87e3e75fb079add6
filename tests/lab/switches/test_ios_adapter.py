"""IOS-XE's adapter, with NAPALM's own driver, against the virtual switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ios_box import opened, startup
from switchbox import SwitchBox

from lab.switch.ios.switch import IosSwitch
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver

ADAPTER = IosAdapter()
CANDIDATE = """\
ip prefix-list RF-P-1 seq 5 permit 10.65.0.0/16 ge 26 le 26
ip prefix-list RF-P-1 seq 10 deny 0.0.0.0/0 le 32
route-map FROM-NODE deny 5
 match ip address prefix-list RF-P-1
end
"""
WAY_BACK = """\
no route-map FROM-NODE deny 5
no ip prefix-list RF-P-1
end
"""
DIFF = "\n".join(f"+{line}" for line in CANDIDATE.splitlines()[:-1])


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    folder: Path = tmp_path_factory.mktemp("ios")
    with SwitchBox(IosSwitch, startup("tor1"), folder, address="127.42.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def driver(box: SwitchBox) -> Iterator[Driver]:
    with opened(box) as made:
        yield made


@pytest.fixture
def before(box: SwitchBox) -> Iterator[str]:
    """The configuration; whatever the test does, the next one has it again."""
    text = box.control("running")
    saved = box.control("startup")
    yield str(text)
    device = box.switch.device  # type: ignore[attr-defined]
    device.faults.names.clear()
    device.refusals.clear()
    device.startup = saved
    device.minute_s = 60.0
    box.do(device.boot())


def test_the_running_configuration_is_whole(box: SwitchBox, driver: Driver) -> None:
    assert ADAPTER.running(driver) == box.control("running")


def test_a_dry_run_shows_the_diff_and_leaves_nothing(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    assert ADAPTER.dry_run(driver, CANDIDATE) == (DIFF, None)
    assert box.control("running") == before
    assert box.control("files") == []


def test_commit_and_confirm(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 90)
    assert 60 < box.control("pending") <= 120
    assert ADAPTER.pending(driver)
    assert "route-map FROM-NODE deny 5 \n match ip address" in ADAPTER.running(driver)
    assert box.control("startup") == startup("tor1")
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert box.control("startup") == box.control("running") != before


def test_commit_and_revert(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    ADAPTER.revert(driver, WAY_BACK)
    assert box.control("pending") is None
    assert box.control("running") == before
    assert box.control("startup") == startup("tor1")
