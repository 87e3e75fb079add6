"""Revert timers outlast what has to happen before the confirmation, as far as they may."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import RefusedError
from inventory.settings import Timers
from runbooks.timing import Timing
from tasks.adapters import TIMERS

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORMS = sorted(TIMERS)


def site(platforms: Mapping[str, str], **timers: int) -> Any:  # noqa: ANN401 - stands for a Site
    devices = {name: SimpleNamespace(platform=one) for name, one in platforms.items()}
    return SimpleNamespace(devices=devices, settings=SimpleNamespace(timers=Timers(**timers)))


def test_quick_devices_get_the_sites_timer() -> None:
    timing = Timing(site({"a": "eos"}, confirm=120, settle=30), [["a"]], {"a": 1.0})
    assert timing.timer_s("a", 0) == 120
    assert timing.late_s(120) == 90
    timing.ensure_possible()


def test_slow_devices_get_a_longer_one_in_the_platforms_steps() -> None:
    # Two waves of 2 x 20 s, 20 s for the routes: 100 s, which are three quarters of 134 s.
    waves = [["a"], ["b"]]
    timing = Timing(
        site({"a": "eos", "b": "junos"}, confirm=60, settle=20), waves, {"a": 20.0, "b": 20.0}
    )
    assert timing.timer_s("a", 0) in {140, 141}
    assert timing.timer_s("b", 0) == 180
    assert timing.timer_s("b", 1) == 120


def test_it_is_never_longer_than_the_site_or_the_platform_allows() -> None:
    took = {"a": 500.0, "b": 500.0}
    timing = Timing(
        site({"a": "eos", "b": "iosxr"}, confirm=60, settle=20, longest=900), [["a", "b"]], took
    )
    assert (timing.timer_s("a", 0), timing.timer_s("b", 0)) == (900, 300)
    with pytest.raises(RefusedError, match=r"a took 500 s .* revert timer of b, 300 s; set a"):
        timing.ensure_possible()


def test_a_wave_that_does_not_fit_any_more_waits_for_a_confirmation() -> None:
    timing = Timing(site({"a": "eos"}, confirm=60, settle=20), [["a"]], {"a": 5.0})
    assert timing.fits(0, 30.0)
    assert not timing.fits(0, 29.9)
    assert timing.fits(0, float("inf"))
    # What a wave took has the time in it that routes took to follow.
    timing.learn(25.0)
    assert timing.fits(0, 30.0)
    timing.learn(40.0)
    assert not timing.fits(0, 39.9)


def test_more_devices_than_are_worked_on_at_once_take_longer() -> None:
    names = [f"d{number}" for number in range(200)]
    waves = [names[first : first + 50] for first in range(0, 200, 50)]
    many = Timing(site(dict.fromkeys(names, "frr")), waves, dict.fromkeys(names, 10.0))
    few = Timing(site(dict.fromkeys(names, "frr")), waves[:1], dict.fromkeys(names, 10.0))
    assert (few.confirm_s(), many.confirm_s()) == (20.0, 80.0)


@given(
    platform=st.sampled_from(PLATFORMS),
    took=st.floats(0, 60),
    waves=st.integers(1, 12),
    settle=st.integers(1, 120),
    confirm=st.sampled_from([60, 120, 240]),
)
def test_what_was_found_possible_fits(
    platform: str, took: float, waves: int, settle: int, confirm: int
) -> None:
    names = [f"n{number}" for number in range(waves)]
    timing = Timing(
        site(dict.fromkeys(names, platform), settle=settle, confirm=confirm),
        [[name] for name in names],
        dict.fromkeys(names, took),
    )
    for number, name in enumerate(names):
        timer = timing.timer_s(name, number)
        assert timer in TIMERS[platform]
        assert timer <= max(600, confirm)
        # Whatever the timer is, what is left after "late" does for the confirmations.
        assert timing.late_s(timer) <= max(0.0, timer - timing.confirm_s())
        if timer < min(600, TIMERS[platform][-1]):
            # Not cut: everything to come fits, and so the run needs no confirmation in parts.
            assert timing.needed_s(number) <= timing.late_s(timer) + 1e-9
    try:
        timing.ensure_possible()
    except RefusedError:
        return
    for number in range(waves):
        assert timing.fits(number, timing.late_s(timing.timer_s(names[number], number)))
