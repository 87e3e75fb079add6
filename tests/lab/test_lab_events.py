"""The monitor sees every route come and go; the flapper leaves nothing behind."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from lab.api import Lab
from lab.errors import LabError
from lab.events import Change, Event
from lab.prefixes import networks
from lab.topology import VERSIONS, Network

pytestmark = pytest.mark.lab

NEW = networks("10.65.77.0/26", "fd00:65:0:77::/122")


def eventually(happened: Callable[[], bool]) -> None:
    """Return once it has happened; a network that never does it fails the test after 20 s."""
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def told(events: list[Event]) -> list[tuple[str, str, str]]:
    """Return the events without their times."""
    return sorted((event.change.value, event.peer, str(event.prefix)) for event in events)


def is_known(lab: Lab, node: str, peers: int) -> bool:
    return all(len(lab.routes(node, prefix.version).get(prefix, ())) == peers for prefix in NEW)


def is_unknown(lab: Lab, node: str) -> bool:
    return not any(prefix in lab.routes(node, prefix.version) for prefix in NEW)


def test_the_monitor_sees_a_route_come_and_go_on_every_way(lab: Lab) -> None:
    monitor = lab.monitor()
    began = datetime.now(tz=UTC)
    lab.announce("node12", NEW)
    try:
        eventually(lambda: is_known(lab, "outside", 2) and is_known(lab, "node11", 1))
    finally:
        lab.withdraw("node12")
    eventually(lambda: is_unknown(lab, "outside") and is_unknown(lab, "node11"))
    ended = datetime.now(tz=UTC)
    texts = [str(prefix) for prefix in NEW]
    assert told(monitor.events("node11")) == sorted(
        (change.value, "tor1", text)
        for text in texts
        for change in (Change.ANNOUNCED, Change.WITHDRAWN)
    )
    # On its way out a route may be told anew, by another spine: so much is BGP's own doing.
    seen = monitor.events("outside")
    assert set(told(seen)) == {
        (change.value, border, text)
        for text in texts
        for border in ("border1", "border2")
        for change in (Change.ANNOUNCED, Change.WITHDRAWN)
    }
    assert all(began <= event.at <= ended for event in seen)
    assert lab.events("outside", since=began) == seen


def test_a_quiet_network_has_no_events(lab: Lab) -> None:
    monitor = lab.monitor()
    lab.announce("node12", ())
    assert monitor.events("outside") == []


def test_the_monitor_sees_a_session_lost(lab: Lab) -> None:
    monitor = lab.monitor()
    lab.network.bird("node22", "restart tor2_v6")
    eventually(lambda: Change.SESSION_LOST in {e.change for e in monitor.events("node22")})
    lab.await_peace()
    lost = {e.peer for e in monitor.events("node22") if e.change is Change.SESSION_LOST}
    assert lost == {"tor2"}
    legitimate = {e.prefix for e in monitor.events("outside") if e.change is Change.WITHDRAWN}
    assert legitimate == set(networks("fd00:65:0:3::/122"))


def test_the_flapper_keeps_on_and_leaves_nothing(lab: Lab) -> None:
    before = {v: set(lab.routes("outside", v)) for v in VERSIONS}
    monitor = lab.monitor()
    with lab.flapping("rogue", NEW, every_s=0.2) as flapper:
        eventually(lambda: flapper.rounds >= 5)
    announced = [
        event
        for event in monitor.events("node11")
        if event.change is Change.ANNOUNCED and event.prefix == NEW[0]
    ]
    # Each round is a window that is probed; BGP may merge two that follow too closely.
    assert 3 <= len(announced) <= flapper.rounds
    assert {v: set(lab.routes("outside", v)) for v in VERSIONS} == before
    assert lab.missing_routes() == []


def test_a_failing_flapper_says_so(lab: Lab) -> None:
    class Broken:
        version = 4

        def __str__(self) -> str:
            return "not a prefix"

    broken: Network = Broken()  # type: ignore[assignment]
    flapper = lab.flapping("rogue", (broken,), every_s=0.05)
    with pytest.raises(LabError, match="BIRD refused: configure"), flapper:
        eventually(lambda: not flapper.is_running)
    assert lab.missing_routes() == []
