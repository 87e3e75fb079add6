"""Where things stand in a device's own text: altering that line alters them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_printer import print_config
from filter_sets import devices
from frr_configs import configurations
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from junos_configs import devices as junos_devices
from junos_printer import print_junos
from locating import assert_located, references
from rpl_programs import Program, print_program, programs
from xr_device import as_sets, print_xr

from policies.dialects import DIALECTS
from policies.prefix_list import Action
from policies.references import StanzaRef
from tasks.drivers.frr.config_tree import render

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
