"""Junos's adapter under every fault of the switch, at every step."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from adapter_faults import CASES, NAMES, Bench, go_there_and_back, judge
from junos_box import GUARD, WAY_BACK, Ringfence, box_of, neighbor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with box_of(tmp_path) as box:
        box.daemon.set_neighbors(neighbor("10.255.11.0"))
        ringfence = Ringfence(box)

        @contextmanager
        def connect() -> Iterator[Driver]:
            with ringfence.connected() as driver:
                yield driver

        yield Bench(
            box=box,
            adapter=ringfence.adapter,
            connect=connect,
            platform="junos",
            change=GUARD,
            way_back=WAY_BACK,
            hasten=_hasten,
        )


def _hasten(driver: Driver) -> None:
    driver.device.timeout = 3


def test_a_confirmed_change_goes_back_as_it_came(bench: Bench) -> None:
    go_there_and_back(bench)


@pytest.mark.parametrize(("fault", "step", "waits"), CASES, ids=NAMES)
def test_old_or_new_whatever_goes_wrong(bench: Bench, fault: str, step: str, waits: bool) -> None:
    judge(bench, fault, step, waits=waits)
