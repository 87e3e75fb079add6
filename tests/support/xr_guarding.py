"""Guards on made-up IOS-XR routers: what a test of its dialect says them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installing import fence
from xr_device import XrDevice

from policies.change import apply, steps
from policies.dialects.xr import XrDialect
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.proof import leaks

if TYPE_CHECKING:
    from policies.filters import Running
    from policies.guards import Fence

XR = XrDialect()
IMPORT, EXPORT = Direction
ORANGE = fence("orange", "10.65.0.0/16", "fd00:65::/48")
BLUE = fence("blue", "10.66.0.0/16")
POLICIES = """\
route-policy FROM-SPINE
  set local-preference 200
end-policy
!
route-policy TO-SPINE($med)
  set med $med
end-policy
!
"""


def conf(*router: str, policies: str = POLICIES) -> str:
    lines = "".join(f" {line}\n" for line in router)
    about = "!! IOS XR Configuration 7.3.2\n!! Last configuration change at noon\n!\n"
    return f"{about}{policies}router bgp 65001\n{lines}!\nend\n"


def neighbor(name: str, *policies: str, remote: int = 65009, version: int = 4) -> list[str]:
    inside = [f"  {line}" for line in policies]
    return [
        f"neighbor {name}",
        f" remote-as {remote}",
        f" address-family ipv{version} unicast",
        *inside,
        " !",
        "!",
    ]


def guard(
    name: str,
    way: Direction = IMPORT,
    of: Fence = ORANGE,
    *,
    group: bool = False,
    vrf: str = "",
    may_open: bool = False,
) -> WantedGuard:
    return WantedGuard(
        session=SessionKey(vrf, name), is_group=group, direction=way, fence=of, may_open=may_open
    )


def change(text: str, *guards: WantedGuard) -> str:
    """Return the candidate that puts the guards on a device."""
    running = XR.parse(text)
    wanted = install("leaf1", running, guards)
    assert wanted.violations == []
    todo = steps(managed(running), wanted.managed)
    assert leaks(apply(running, todo), wanted.fenced) == ()
    return XR.render(todo, running)


def fenced(text: str, *guards: WantedGuard) -> XrDevice:
    """Return a device that took the guards, proven and with nothing else moved."""
    device = XrDevice(text)
    plain = device.text()
    device.take(change(plain, *guards))
    assert XR.foreign(device.text()) == XR.foreign(plain)
    return device


def unfenced(device: XrDevice) -> str:
    """Return the configuration once the guards are gone."""
    running = XR.parse(device.text())
    device.take(XR.render(steps(managed(running), Managed()), running))
    return device.text()


def attached(running: Running, name: str, version: int = 4, vrf: str = "") -> list[str]:
    session = running.sessions[SessionKey(vrf, name)]
    found = [session.attachments[version, way] for way in Direction]
    return [
        f"{one.route_map}{f' from {one.inherited_from}' * bool(one.inherited_from)}"
        for one in found
    ]


def text_of(text: str) -> str:
    """Return a configuration without what changes with every commit."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("!!"))


BROWNFIELD = conf(
    *neighbor("10.0.0.1", "route-policy FROM-SPINE in", "route-policy TO-SPINE(5) out")
)
