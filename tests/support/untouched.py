"""Brownfield devices of every platform with guards on them: :func:`deployments`, :func:`deployed`.

What an operator may have is made up, printed as the platform prints it, read, and guarded by the
program's own candidate, which a device in the platform's manner takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from config_printer import print_config, print_lists, print_maps
from fabrics import make_device
from filter_sets import Wish, devices, fence_books, guards_of, wishes, without_lone_lists
from hypothesis import strategies as st
from junos_device import JunosDevice
from junos_printer import print_junos
from line_device import LineDevice
from switch_texts import typed
from xr_device import XrDevice, as_sets, print_xr

from inventory.fields import Role
from inventory.sessions import Session
from policies.change import steps
from policies.dialects import DIALECTS
from policies.install import install
from policies.managed import managed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.hosts import Device
    from policies.filters import Running
    from policies.guards import Fence, WantedGuard

PLATFORMS = ("frr", "eos", "ios", "nxos", "iosxr", "junos")
_WAY = {"import": "in", "export": "out"}


@dataclass(frozen=True, slots=True)
class Deployment:
    """A device as the operator left it, and what a site wants of it."""

    platform: str
    text: str
    running: Running
    wished: tuple[Wish, ...]
    books: tuple[Mapping[str, Fence], Mapping[str, Fence]]

    def guards(self, generation: int = 0) -> list[WantedGuard]:
        """Return the guards of one generation of pools."""
        return guards_of(self.wished, self.books[generation])

    def device(self, *, narrower: bool = True) -> Device:
        """Return the device as a site has it that knows all of its sessions."""
        sessions = tuple(
            Session.model_construct(
                neighbor=None if one.is_group else key.name,
                peer_group=key.name if one.is_group else None,
                vrf=key.vrf or None,
                narrower=narrower,
            )
            for key, one in self.running.sessions.items()
        )
        return replace(make_device("leaf1", Role.TOR), sessions=sessions)


@st.composite
def deployments(draw: st.DrawFn, platform: str) -> Deployment:
    """A device of ``platform`` whose every guard finds a place, as far as that can be told."""
    made_up = draw(devices(shared=False))
    # Not every platform takes a guard beside a list that stands alone: see test_install.
    sessions = {key: without_lone_lists(one) for key, one in made_up.sessions.items()}
    made_up = replace(made_up, sessions=sessions)
    text = printed(platform, made_up)
    running = DIALECTS[platform].parse(text)
    books = (draw(fence_books()), draw(fence_books()))
    return Deployment(platform, text, running, draw(wishes(running)), books)


def printed(platform: str, made_up: Running) -> str:
    """Return what is made up as the platform prints it."""
    if platform == "frr":
        return "\n".join(_frr(made_up))
    if platform == "iosxr":
        return XrDevice(print_xr(as_sets(made_up))).text()
    if platform == "junos":
        return JunosDevice(print_junos(made_up)).text()
    return LineDevice(platform, print_config(platform, made_up)).text()


def taken(platform: str, text: str, candidate: str) -> str:
    """Return what the device prints once it took ``candidate``."""
    if platform == "frr":
        return typed(platform, text, candidate)
    device: XrDevice | JunosDevice | LineDevice
    if platform == "iosxr":
        device = XrDevice(text)
    elif platform == "junos":
        device = JunosDevice(text)
    else:
        device = LineDevice(platform, text)
    device.take(candidate)
    return device.text()


def deployed(one: Deployment, text: str, generation: int = 0) -> str | None:
    """Return the text once the guards stand; None where something is in the way of one."""
    dialect = DIALECTS[one.platform]
    running = dialect.parse(text)
    wanted = install("leaf1", running, one.guards(generation))
    if wanted.violations:
        return None
    todo = steps(managed(running), wanted.managed)
    return taken(one.platform, text, dialect.render(todo, running)) if todo else text


def _frr(running: Running) -> Iterator[str]:
    """Yield a configuration as FRR prints it; interfaces as neighbors are left out."""
    yield from ("frr version 8.4.4", "frr defaults traditional", *print_lists("ios", running))
    yield from ("exit" if line == "!" else line for line in print_maps("ios", running))
    for vrf in sorted({key.vrf for key in running.sessions}):
        here = [
            one
            for one in running.sessions.values()
            if one.key.vrf == vrf and not one.key.name.startswith("swp")
        ]
        yield "router bgp 65001" + (f" vrf {vrf}" if vrf else "")
        for one in sorted(here, key=lambda one: not one.is_group):
            name = f" neighbor {one.key.name}"
            if one.is_group:
                yield f"{name} peer-group"
            remote = f"remote-as {65099 if one.is_external else 65001}"
            yield f"{name} peer-group {one.group}" if one.group else f"{name} {remote}"
            if one.listens:
                yield f" bgp listen range 10.99.0.0/24 peer-group {one.key.name}"
        for version in (4, 6):
            yield f" address-family ipv{version} unicast"
            for one in here:
                active = "" if version in one.versions else "no "
                yield f"  {active}neighbor {one.key.name} activate"
                for (family, way), at in one.attachments.items():
                    if family == version and at.route_map and at.inherited_from is None:
                        yield f"  neighbor {one.key.name} route-map {at.route_map} {_WAY[way]}"
            yield " exit-address-family"
        yield "exit"
    yield from ("end", "")
