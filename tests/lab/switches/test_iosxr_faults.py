"""IOS-XR's adapter for NETCONF under every fault of the router, at every step."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from adapter_faults import CASES, NAMES, Bench, go_there_and_back, judge
from iosxr_box import CHANGE, WAY_BACK, box, driver_of

from tasks.adapters.iosxr import IosXrNetconfAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # ncclient looks ten times a second whether it has something to say.
    monkeypatch.setattr("ncclient.transport.session.TICK", 0.005)
    with box(tmp_path) as there:
        adapter = IosXrNetconfAdapter()

        @contextmanager
        def connect() -> Iterator[Driver]:
            with driver_of(there, adapter) as driver:
                yield driver

        yield Bench(
            box=there,
            adapter=adapter,
            connect=connect,
            platform="iosxr_netconf",
            change=CHANGE,
            way_back=WAY_BACK,
        )


def test_a_confirmed_change_goes_back_as_it_came(bench: Bench) -> None:
    go_there_and_back(bench)


@pytest.mark.parametrize(("fault", "step", "waits"), CASES, ids=NAMES)
def test_old_or_new_whatever_goes_wrong(bench: Bench, fault: str, step: str, waits: bool) -> None:
    judge(bench, fault, step, waits=waits)
