"""A small Junos device with guards on it, for tests of what is written and of what is tampered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from installing import fence, guard
from junos_device import JunosDevice

from policies.change import steps
from policies.dialects.junos import JunosDialect
from policies.install import install
from policies.managed import Managed, managed

if TYPE_CHECKING:
    from policies.filters import Running
    from policies.guards import WantedGuard

JUNOS = JunosDialect()
POOL = fence("orange", "10.65.0.0/16", "fd00:65::/48")
STATEMENT = "set policy-options policy-statement"
PLAIN = """\
set version 21.4R3.15
set policy-options policy-statement FROM-SPINE then accept
set routing-options autonomous-system 65001
set protocols bgp group SPINES type external
set protocols bgp group SPINES import FROM-SPINE
set protocols bgp group SPINES family inet unicast
set protocols bgp group SPINES family inet6 unicast
set protocols bgp group SPINES neighbor 10.255.0.0
set protocols bgp group SPINES neighbor 10.255.1.0 import FROM-SPINE
set protocols bgp group SPINES neighbor 10.255.1.0 import LAST
set protocols bgp group "THE NODES" family inet unicast
set protocols bgp group "THE NODES" allow 10.3.0.0/24
set routing-instances BLUE protocols bgp group CE type external
set routing-instances BLUE protocols bgp group CE neighbor 198.51.100.1 peer-as 65010
"""
LAST = "set policy-options policy-statement LAST then reject\n"
PLAIN = PLAIN.replace("set routing-options", LAST + "set routing-options", 1)


def installed(running: Running, *guards: WantedGuard) -> Managed:
    found = install("tor1", running, guards)
    assert found.violations == []
    return found.managed


def guarded(text: str, *guards: WantedGuard) -> JunosDevice:
    """Return a device with ``text`` that took the guards."""
    device = JunosDevice(text)
    running = JUNOS.parse(device.text())
    device.take(JUNOS.render(steps(managed(running), installed(running, *guards)), running))
    return device


def ours() -> tuple[str, str]:
    """Return a guarded device's text and the name of its IPv4 list."""
    text = guarded(PLAIN, guard("SPINES", fence=POOL, group=True)).text()
    return text, POOL.lists[4].name
