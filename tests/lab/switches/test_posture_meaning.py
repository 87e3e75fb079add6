"""The closing lines of open sessions, as the virtual switches understand them by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from junos_box import tree_of

from lab.switch.eos.bgp import router as eos_router
from lab.switch.eos.reading import read as eos_read
from lab.switch.ios.bgp import meaning as ios_router
from lab.switch.ios.config import read as ios_read
from lab.switch.iosxr.bgp import meaning_of
from lab.switch.iosxr.edits import merged
from lab.switch.iosxr.policies import Library
from lab.switch.iosxr.tree import parse as xr_parse
from lab.switch.junos.bgp import router as junos_router
from lab.switch.meaning import Family, Router, Verdict
from lab.switch.nxos.bgp import read_router
from lab.switch.nxos.device import parse as nxos_parse
from policies.dialects import DIALECTS
from policies.filters import Direction
from policies.posture import posture

if TYPE_CHECKING:
    from collections.abc import Callable


def xr_router(text: str) -> Router | None:
    """Return what a text means to IOS-XR, once ``router bgp`` is entered a second time."""
    first, again, rest = text.partition("route-policy DENY-ALL\n")
    tree = merged(xr_parse(first), xr_parse(again + rest))
    return meaning_of(tree, Library.of(tree))


READ: dict[str, Callable[[str], Router | None]] = {
    "eos": lambda text: eos_router(eos_read(text)),
    "ios": lambda text: ios_router(ios_read(text)),
    "iosxr": xr_router,
    "junos": lambda text: junos_router(tree_of(text)),
    "nxos": lambda text: read_router(nxos_parse(text)),
}
#: A switch with one session without a policy: what makes it a configuration, and what is read.
HEADS = {
    "eos": "! device: leaf1 (vEOS-lab, EOS-4.32.2F)\n",
    "ios": "version 17.9\n",
    "iosxr": "!! IOS XR Configuration 7.3.2\n",
    "junos": "set version 22.4R1\n",
    "nxos": "version 10.3(4a) Bios:version\n",
}
BODIES = {
    "eos": "router bgp 65000\n   neighbor 192.0.2.1 remote-as {asn}\n",
    "ios": "router bgp 65000\n neighbor 192.0.2.1 remote-as {asn}\n"
    " address-family ipv4\n  neighbor 192.0.2.1 activate\n exit-address-family\n",
    "iosxr": "router bgp 65000\n address-family ipv4 unicast\n !\n neighbor 192.0.2.1\n"
    "  remote-as {asn}\n  address-family ipv4 unicast\n  !\n !\n!\n",
    "junos": "set routing-options router-id 192.0.2.9\n"
    "set routing-options autonomous-system 65000\n"
    "set protocols bgp group A type {kind}\n"
    "set protocols bgp group A neighbor 192.0.2.1 peer-as {asn}\n",
    "nxos": "feature bgp\nrouter bgp 65000\n  neighbor 192.0.2.1\n    remote-as {asn}\n"
    "    address-family ipv4 unicast\n",
}
ENDS = {"nxos": "", "junos": ""}
CASES = [
    ("eos", 65001),
    ("eos", 65000),
    ("ios", 65001),
    ("ios", 65000),
    ("iosxr", 65000),
    ("junos", 65000),
    ("nxos", 65001),
    ("nxos", 65000),
]


def family(platform: str, text: str) -> Family:
    found = READ[platform](text)
    assert found is not None
    return found.peers[0].families[4]


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("platform", "asn"), CASES)
def test_a_virtual_switch_is_closed_by_them(platform: str, asn: int, direction: Direction) -> None:
    body = BODIES[platform].format(asn=asn, kind="internal" if asn == 65000 else "external")
    dialect = DIALECTS[platform]
    running = dialect.parse(HEADS[platform] + body + ENDS.get(platform, "end\n"))
    (session,) = (one for one in running.sessions.values() if one.key.name == "192.0.2.1")
    found = posture(dialect, running, session, 4, direction)
    assert found is not None
    assert found.open is True
    which = "import_policy" if direction is Direction.IMPORT else "export_policy"
    # On Junos an export without a policy still asks where a route comes from.
    before = getattr(family(platform, body), which)
    assert before is None or before.instructions[0] != Verdict(accept=False)
    after = getattr(family(platform, body + "".join(f"{line}\n" for line in found.closing)), which)
    assert after is not None
    assert after.instructions[0] == Verdict(accept=False)
