"""Where things stand in a device's own text: altering that line alters them, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from config_printer import print_config
from filter_sets import devices, fence_books, guards_of, wishes, without_lone_lists
from frr_configs import configurations
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from junos_configs import devices as junos_devices
from junos_device import JunosDevice
from junos_printer import print_junos
from line_device import LineDevice
from locating import assert_located, references
from rpl_programs import Program, print_program, programs
from xr_device import XrDevice, as_sets, print_xr

from policies.change import steps
from policies.dialects import DIALECTS
from policies.install import install
from policies.managed import managed
from policies.prefix_list import Action
from policies.references import EntryRef, StanzaRef
from tasks.drivers.frr.config_tree import render

if TYPE_CHECKING:
    from policies.filters import Running
    from policies.guards import Fence

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
NAMES = {"xr": "iosxr"}
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
FILES = sorted(GOLDEN.glob("*/*.conf"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_everything_in_a_real_configuration_is_found(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    dialect = DIALECTS[NAMES.get(path.parent.name, path.parent.name)]
    index = dialect.index(text)
    for one in references(dialect.parse(text)):
        numbers = [place.number for place in index.places(one)]
        assert numbers, one
    assert assert_located(dialect, text)


@st.composite
def texts(draw: st.DrawFn, platform: str) -> str:
    if platform == "frr":
        return render(draw(configurations())) + "end\n"
    if platform == "junos":
        if draw(st.booleans()):
            return draw(junos_devices()).text()
        return print_junos(draw(devices()))
    if platform == "iosxr":
        return print_xr(as_sets(draw(devices())))
    return print_config(platform, draw(devices()))


@pytest.mark.parametrize("platform", ["eos", "frr", "ios", "iosxr", "junos", "nxos"])
@settings(max_examples=15, deadline=None, phases=PHASES)
@given(data=st.data())
def test_altering_the_line_alters_the_object_alone(platform: str, data: st.DataObject) -> None:
    text = data.draw(texts(platform))
    event("found" if assert_located(DIALECTS[platform], text) else "nothing in it")


@settings(max_examples=30, deadline=None, phases=PHASES)
@given(programs(unknown=True))
def test_a_path_of_rpl_is_where_its_route_is_passed_or_dropped(program: Program) -> None:
    text = print_program(program)
    running, index = DIALECTS["iosxr"].parse(text), DIALECTS["iosxr"].index(text)
    for name, found in running.route_maps.items():
        for stanza in found.stanzas:
            (place,) = index.places(StanzaRef(name, stanza.seq))
            word = place.text.partition("#")[0].split()
            if stanza.action is Action.DENY:
                assert {"drop", "end-policy"} & set(word), place
            else:
                assert not {"drop", "end-policy"} & set(word), place


def device_of(platform: str, made_up: Running) -> LineDevice | XrDevice | JunosDevice:
    if platform == "junos":
        return JunosDevice(print_junos(made_up))
    if platform == "iosxr":
        return XrDevice(print_xr(as_sets(made_up)))
    return LineDevice(platform, print_config(platform, made_up))


@pytest.mark.parametrize("platform", ["eos", "ios", "iosxr", "junos", "nxos"])
@settings(max_examples=10, deadline=None, phases=PHASES)
@given(made_up=devices(shared=False), book=fence_books(), data=st.data())
def test_what_ringfence_installs_is_found_as_well(
    platform: str, made_up: Running, book: dict[str, Fence], data: st.DataObject
) -> None:
    sessions = {key: without_lone_lists(one) for key, one in made_up.sessions.items()}
    device = device_of(platform, replace(made_up, sessions=sessions))
    dialect = DIALECTS[platform]
    running = dialect.parse(device.text())
    wanted = install("tor1", running, guards_of(data.draw(wishes(running)), book))
    assume(not wanted.violations)
    todo = steps(managed(running), wanted.managed)
    if todo:
        device.take(dialect.render(todo, running))
    event("guarded" if todo else "nothing to do")
    text = device.text()
    index = dialect.index(text)
    ours = managed(dialect.parse(text))
    for version, name in ours.lists:
        for place in index.places(EntryRef(version, name, 0)):
            assert place.number is not None
    assert_located(dialect, text)
