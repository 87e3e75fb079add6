"""Switches as text alone: what a hand types into one, and what its text then means.

The lab's virtual switches take the lines and read the text by their own code, which shares nothing
with `policies`: a second reading of every platform's configuration. FRR's is `frr_reading`. Start
with :func:`startup`, :func:`typed` and :func:`passes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import frr_reading
from junos_run import Way, run

from lab.render import node_files
from lab.switch.eos import bgp as eos_bgp
from lab.switch.eos import reading as eos_reading
from lab.switch.ios import bgp as ios_bgp
from lab.switch.ios import config as ios_config
from lab.switch.iosxr import edits as xr_edits
from lab.switch.iosxr import tree as xr_tree
from lab.switch.iosxr.verify import verified
from lab.switch.junos import bgp as junos_bgp
from lab.switch.junos.printing import set_form
from lab.switch.junos.reading import load_set
from lab.switch.junos.tree import Node
from lab.switch.lines import Cursor
from lab.switch.nxos import bgp as nxos_bgp
from lab.switch.nxos import device as nxos_device
from policies.filters import Direction
from tasks.drivers.frr.config_tree import parse as frr_tree
from tasks.drivers.frr.config_tree import render as frr_text
from tasks.drivers.frr.merge import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.switch.meaning import Family, Network, Program, Router


def _eos(text: str, lines: str) -> str:
    configuration = eos_reading.read(text)
    cursor = Cursor(configuration)
    for line in lines.splitlines():
        eos_reading.typed(cursor, line)
    return eos_reading.printed(
        configuration, command="show running-config", name="leaf1", release="4.32.2F"
    )


def _ios(text: str, lines: str) -> str:
    terminal = ios_config.Terminal(ios_config.read(text))
    for line in lines.splitlines():
        said = terminal.enter(line)
        assert said is None, f"{line}: {said}"
    return ios_config.printed(terminal.configuration)


def _nxos(text: str, lines: str) -> str:
    configuration = nxos_device.parse(text)
    Cursor(configuration).type_all(lines.splitlines())
    return f"\n!Command: show running-config\n\n{configuration.text()}"


def _xr(text: str, lines: str) -> str:
    tree = xr_edits.merged(xr_tree.parse(text), xr_tree.parse(lines))
    return f"!! IOS XR Configuration 7.3.2\n!\n{xr_tree.show(tree)}end\n"


def _junos_tree(text: str) -> Node:
    tree = Node()
    complaints = load_set(tree, text)
    assert complaints == [], complaints[0]
    return tree


def _junos(text: str, lines: str) -> str:
    return "".join(f"{line}\n" for line in set_form(_junos_tree(f"{text}\n{lines}")))


def _frr(text: str, lines: str) -> str:
    body = frr_text(merge(frr_tree(text), lines))
    return body if body.rstrip().endswith("end") else f"{body}end\n"


def _xr_meaning(text: str) -> Router | None:
    faults, router = verified((), xr_tree.parse(text))
    assert faults == (), faults
    return router


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a platform's text is edited, and read."""

    typed: Callable[[str, str], str]
    meaning: Callable[[str], Router | None]


KINDS: Mapping[str, _Kind] = {
    "frr": _Kind(_frr, frr_reading.meaning),
    "eos": _Kind(_eos, lambda text: eos_bgp.router(eos_reading.read(text))),
    "ios": _Kind(_ios, lambda text: ios_bgp.meaning(ios_config.read(text))),
    "nxos": _Kind(_nxos, lambda text: nxos_bgp.read_router(nxos_device.parse(text))),
    "iosxr_netconf": _Kind(_xr, _xr_meaning),
    "junos": _Kind(_junos, lambda text: junos_bgp.router(_junos_tree(text))),
}


@cache
def startup(platform: str, name: str) -> str:
    """Return the configuration that the lab's switch ``name`` has before ringfence comes."""
    files = node_files(name, platform)
    if platform == "frr":
        return f"frr version 8.4.4\n{files['frr.conf']}\nend\n"
    return typed(platform, files["startup"], "")


def typed(platform: str, text: str, lines: str) -> str:
    """Return what the switch prints after somebody typed ``lines``, none of which it refuses."""
    return KINDS[platform].typed(text, lines)


@cache
def meaning(platform: str, text: str) -> Router:
    """Return what the text means to the platform's own switch."""
    found = KINDS[platform].meaning(text)
    assert found is not None
    return found


def families_of(platform: str, text: str, session: str) -> Mapping[int, Family]:
    """Return the families of a neighbor, a dynamic group or its range."""
    router = meaning(platform, text)
    families = {str(one.address): one.families for one in router.peers}
    families |= {one.name: one.families for one in router.dynamic}
    families |= {str(net): one.families for one in router.dynamic for net in one.ranges}
    return families[session]


def policy(platform: str, text: str, session: str, version: int, way: Direction) -> Program | None:
    """Return the policy of a session that carries the family; None if all passes."""
    family = families_of(platform, text, session)[version]
    return family.import_policy if way is Direction.IMPORT else family.export_policy


def passes(
    platform: str, text: str, session: str, way: Direction, prefix: Network
) -> frozenset[bool]:
    """Return what may become of a route with ``prefix``: one answer for each kind of route.

    Routes differ by their communities and AS path, of which the lab's policies ask.
    """
    if prefix.version not in families_of(platform, text, session):
        return frozenset({False})
    program = policy(platform, text, session, prefix.version, way)
    routes = [
        Way(prefix=prefix, communities=frozenset(tags), as_path=path)
        for tags in ((), ("65000:666",), ("65000:200",), ("65001:500",))
        for path in ("65000", "64496 65000")
    ]
    return frozenset(program is None or run(program, one)[0] for one in routes)
