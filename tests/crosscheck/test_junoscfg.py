"""What is written for Junos, through `junoscfg`, which nobody here wrote: nothing may be lost.

It knows by Juniper's schema what holds several values, what has a name and what a family may be
called; a word that the schema does not have it passes through. Kept out of the way of its version
0.5.10: it moves ``deactivate`` lines, makes an interface of one that a routing instance names,
keeps one match type of each prefix in a term, and misreads parts of ``system`` and ``snmp``.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, assume, given, settings
from installing import fence
from junos_box import startup
from junos_configs import Setup, devices
from junos_device import JunosDevice
from junoscfg.convert import pipeline
from junoscfg.convert.field_validator import FieldValidationError

from policies.change import steps
from policies.dialects.junos import JunosDialect
from policies.dialects.junos_braces import is_braces, set_form
from policies.filters import Direction
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import managed

if TYPE_CHECKING:
    from policies.filters import Running

JUNOS = JunosDialect()
ORANGE = fence("orange", "10.65.0.0/16", "191.51.100.0/24", "fd00:65::/48")
PARTS = ("version", "policy-options", "protocols bgp", "routing-options")
SWITCHES = ("border1", "border2", "spine1", "spine2", "tor1", "tor2")
formats = pytest.mark.parametrize("form", ["structured", "json"])


def part(text: str) -> str:
    """Return the lines that the dialect reads, of the main instance."""
    heads = tuple(f"set {one} " for one in PARTS)
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith(heads))


def through(text: str, form: str) -> str:
    """Return what is left of ``text`` on its way into another form and back, values checked."""
    there = pipeline(text, from_format="set", to_format=form, strict=True)
    return pipeline(there, from_format=form, to_format="set", strict=True)


def said(text: str) -> list[list[str]]:
    """Return the words of every line, however they are quoted."""
    return [shlex.split(line) for line in text.splitlines()]


def everywhere(running: Running) -> list[WantedGuard]:
    return [
        WantedGuard(session=key, is_group=one.is_group, direction=way, fence=ORANGE, may_open=False)
        for key, one in running.sessions.items()
        for way in Direction
    ]


def guarded(text: str) -> tuple[str, str]:
    """Return a candidate that guards every session, and the device once it took it."""
    running = JUNOS.parse(text)
    wanted = install("switch", running, everywhere(running))
    assert wanted.violations == []
    candidate = JUNOS.render(steps(managed(running), wanted.managed), running)
    device = JunosDevice(text)
    device.take(candidate)
    return candidate, device.text()


@formats
@pytest.mark.parametrize("name", SWITCHES)
def test_a_guarded_switch_of_the_lab_comes_back_line_by_line(name: str, form: str) -> None:
    candidate, after = guarded(part(startup(name)))
    assert said(through(after, form)) == said(after)
    assert JUNOS.parse(through(after, form)) == JUNOS.parse(after)
    written = "".join(f"{line}\n" for line in candidate.splitlines() if line.startswith("set "))
    assert "route-filter" in written
    assert sorted(said(through(written, form))) == sorted(said(written))


@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(devices())
def test_so_do_made_up_devices(setup: Setup) -> None:
    terms = [one for some in setup.policies.values() for one in some]
    assume(all(len({prefix for prefix, _ in one.filters}) == len(one.filters) for one in terms))
    text = part(JunosDevice(setup.text()).text())
    assert said(through(text, "structured")) == said(text)


SMALL = """\
set version 21.4R3.15
set policy-options policy-statement FROM-SPINE then accept
set protocols bgp group SPINES import FROM-SPINE
"""
CURLY = """\
    policy-statement RF-import-out-orange {
        term v4 {
            from {
                family inet;
                policy NAME;
            }
            then reject;
        }
"""


def test_what_it_makes_of_a_guard_is_what_is_meant() -> None:
    candidate, _ = guarded(SMALL)
    text = pipeline(candidate, from_format="set", to_format="structured", strict=True)
    assert CURLY.replace("NAME", ORANGE.lists[4].name) in text
    assert "            import [ RF-import-out-orange FROM-SPINE ];\n" in text
    assert "                route-filter 191.51.100.0/24 exact;\n" in text


def test_a_family_that_there_is_not_is_told() -> None:
    line = "set policy-options policy-statement RF-a term v4 from family {}\n"
    assert through(line.format("inet"), "structured") == line.format("inet")
    with pytest.raises(FieldValidationError, match="ipv4"):
        through(line.format("ipv4"), "structured")


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_written_in_braces_by_it_is_read_as_in_set_form(name: str) -> None:
    text = part(startup(name))
    braces = pipeline(text, from_format="set", to_format="structured", strict=True)
    assert is_braces(braces)
    made, numbers = set_form(braces)
    # It gathers what stands together; so does what it makes of its own braces.
    assert said(made) == said(pipeline(braces, from_format="structured", to_format="set"))
    assert sorted(said(made)) == sorted(said(text))
    assert len(numbers) == len(made.splitlines())
