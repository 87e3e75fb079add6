"""All platforms but FRR: what is written reads back, and every line on the way is safe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from config_printer import print_config
from filter_sets import Wish, devices, fence_books, guards_of, wishes, without_lone_lists
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from junos_device import JunosDevice
from junos_printer import print_junos
from line_device import LineDevice
from xr_device import XrDevice, as_sets, print_xr

from policies.accepts import Judge
from policies.change import apply, steps
from policies.dialects.eos import EosDialect
from policies.dialects.ios import IosDialect
from policies.dialects.junos import JunosDialect
from policies.dialects.nxos import NxosDialect
from policies.dialects.xr import XrDialect
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.dialects.base import Dialect
    from policies.filters import Direction, Running, SessionKey
    from policies.guards import Fence
    from policies.prefix_set import PrefixSet

DIALECTS: Mapping[str, Dialect] = {
    "eos": EosDialect(),
    "ios": IosDialect(),
    "nxos": NxosDialect(),
    "xr": XrDialect(),
    "junos": JunosDialect(),
}
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
platforms = pytest.mark.parametrize("platform", DIALECTS)
line_by_line = pytest.mark.parametrize("platform", ["ios", "nxos"])

Case = tuple["Running", "Mapping[str, Fence]", "Mapping[str, Fence]", st.DataObject]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Running, Mapping[str, Fence], Mapping[str, Fence]]:
    drawn = draw(devices(shared=False))
    # Not every platform takes a guard beside a list that stands alone: see test_install.
    sessions = {key: without_lone_lists(one) for key, one in drawn.sessions.items()}
    return replace(drawn, sessions=sessions), draw(fence_books()), draw(fence_books())


Device = LineDevice | XrDevice | JunosDevice


def make_device(platform: str, made_up: Running) -> Device:
    """Return a device that holds what is made up."""
    if platform == "junos":
        return JunosDevice(print_junos(made_up))
    if platform == "xr":
        return XrDevice(print_xr(made_up))
    return LineDevice(platform, print_config(platform, made_up))


def carry_out(dialect: Dialect, device: Device, wanted: Managed) -> Running:
    """Take the device to ``wanted``; assert the law of dialects."""
    before = dialect.parse(device.text())
    todo = steps(managed(before), wanted)
    candidate = dialect.render(todo, before)
    assert bool(candidate) == bool(todo)
    if candidate:
        device.take(candidate)
    after = dialect.parse(device.text())
    assert after == apply(before, todo)
    assert managed(after) == wanted
    return after


@platforms
@settings(max_examples=60, deadline=None, phases=PHASES)
@given(cases(), st.data())
def test_what_is_written_reads_back(
    platform: str,
    case: tuple[Running, Mapping[str, Fence], Mapping[str, Fence]],
    data: st.DataObject,
) -> None:
    made_up, first, second = case
    dialect = DIALECTS[platform]
    made_up = as_sets(made_up) if platform == "xr" else made_up
    device = make_device(platform, made_up)
    plain = device.text()
    running = dialect.parse(plain)
    if platform != "junos":  # Its chains and conditions are other objects: see its own suite.
        assert {(v, n): one.entries for (v, n), one in running.lists.items()} == {
            key: one.entries for key, one in made_up.lists.items()
        }
        assert list(running.route_maps) == sorted(made_up.route_maps)
    wished: tuple[Wish, ...] = data.draw(wishes(running))
    for book in (first, second):
        wanted = install("tor1", dialect.parse(device.text()), guards_of(wished, book))
        assume(not wanted.violations)
        event("installed" if wanted.managed != Managed() else "nothing to do")
        after = carry_out(dialect, device, wanted.managed)
        if not any(
            one.overrides for s in after.sessions.values() for one in s.attachments.values()
        ):
            assert leaks(after, wanted.fenced) == ()
        assert dialect.foreign(device.text()) == dialect.foreign(plain)
    assert carry_out(dialect, device, Managed()) == running
    assert dialect.parse(device.text()) == dialect.parse(plain)


Moments = dict[tuple["SessionKey", int, "Direction"], "PrefixSet"]


def moments(running: Running) -> Moments:
    judge = Judge(running)
    return {
        (key, version, direction): judge.session(session, version, direction).may
        for key, session in running.sessions.items()
        for version, direction in session.attachments
    }


@line_by_line
@settings(max_examples=25, deadline=None, phases=PHASES)
@given(cases(), st.data())
def test_every_line_is_hitless(
    platform: str,
    case: tuple[Running, Mapping[str, Fence], Mapping[str, Fence]],
    data: st.DataObject,
) -> None:
    made_up, first, second = case
    dialect = DIALECTS[platform]
    device = LineDevice(platform, print_config(platform, made_up))
    wished: tuple[Wish, ...] = data.draw(wishes(dialect.parse(device.text())))
    for book in (first, second, None):
        running = dialect.parse(device.text())
        wanted = install("tor1", running, guards_of(wished, book) if book else ())
        assume(not wanted.violations)
        todo = steps(managed(running), wanted.managed)
        old, new = moments(running), moments(apply(running, todo))
        for line in dialect.render(todo, running).splitlines():
            device.feed(line)
            for slot, now in moments(dialect.parse(device.text())).items():
                assert now <= old[slot] | new[slot], f"{slot} leaks after `{line}`"
                assert old[slot] & new[slot] <= now, f"{slot} loses after `{line}`"
