"""A real switch for the driver's tests: `switch` for a module, `frr` a driver on it for a test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import mini_frr
import pytest

from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mini_frr import MiniFrr


@pytest.fixture(scope="module")
def switch() -> Iterator[MiniFrr]:
    """A switch with a BGP neighbor, its routes in."""
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    running = mini_frr.MiniFrr()
    try:
        running.wait_for_routes()
        running.vtysh("write memory")
        yield running
    finally:
        running.stop()


@pytest.fixture
def connect(switch: MiniFrr) -> Iterator[Callable[[], FRRDriver]]:
    """Open drivers on the switch; afterwards its configuration must be as it was."""
    before = switch.running()
    opened: list[FRRDriver] = []

    def make() -> FRRDriver:
        driver = FRRDriver(**switch.args)
        driver.open()
        opened.append(driver)
        return driver

    yield make
    for driver in opened:
        driver.close()
    after = switch.running()
    assert after == before, "the test did not leave the switch as it found it"


@pytest.fixture
def frr(connect: Callable[[], FRRDriver]) -> FRRDriver:
    """A driver with an open connection."""
    return connect()
