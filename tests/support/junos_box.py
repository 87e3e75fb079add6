"""The virtual Junos switch for tests, and ringfence's own connection to it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import ncclient.transport.session
from napalm import get_network_driver
from switchbox import SwitchBox

from inventory.reach import Ssh, Tls
from lab.render import node_files
from lab.switch.base import Neighbor, Route
from lab.switch.junos import JunosSwitch
from lab.switch.junos.reading import load_set
from lab.switch.junos.tree import Node
from tasks.adapters.base import Trust
from tasks.adapters.junos import JunosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How often the client looks whether there is something to send; every RPC waits for it.
ncclient.transport.session.TICK = 0.002

ADDRESS = "127.46.0.1"
#: What the deploy of a guard looks like: a list, a guard that asks it, and the guard in front.
GUARD = """\
set policy-options policy-statement RF-out-pools-v4-0a1b2c3d term 10 from family inet
set policy-options policy-statement RF-out-pools-v4-0a1b2c3d term 10 from route-filter 10.1.0.0/16 \
orlonger
set policy-options policy-statement RF-out-pools-v4-0a1b2c3d term 10 then accept
set policy-options policy-statement RF-out-pools-v4-0a1b2c3d term rest then reject
set policy-options policy-statement RF-import-pools term v4 from family inet
set policy-options policy-statement RF-import-pools term v4 from policy RF-out-pools-v4-0a1b2c3d
set policy-options policy-statement RF-import-pools term v4 then reject
delete protocols bgp group SPINES import
set protocols bgp group SPINES import RF-import-pools
set protocols bgp group SPINES import FROM-SPINE
"""
WAY_BACK = """\
delete protocols bgp group SPINES import
set protocols bgp group SPINES import FROM-SPINE
delete policy-options policy-statement RF-import-pools
delete policy-options policy-statement RF-out-pools-v4-0a1b2c3d
"""


def startup(name: str) -> str:
    """Return the configuration that a switch of the lab boots with."""
    return node_files(name, "junos")["startup"]


def box_of(folder: Path, name: str = "tor1") -> SwitchBox:
    return SwitchBox(JunosSwitch, startup(name), folder, name=name, address=ADDRESS)


class Ringfence:
    """One process of ringfence: an adapter and the drivers that it opened."""

    def __init__(self, box: SwitchBox) -> None:
        self.box = box
        self.adapter = JunosAdapter()

    def trust(self, **ssh: Any) -> Trust:  # noqa: ANN401 - fields of the model
        known = {"key_file": str(self.box.key_file), "known_hosts": str(self.box.known_hosts)}
        return Trust(ssh=Ssh(**{**known, **ssh}), tls=Tls(), folder=self.box.files)

    @contextmanager
    def connected(self, trust: Trust | None = None, **given: Any) -> Iterator[Any]:  # noqa: ANN401
        """Yield an open driver, made as Nornir's connection makes it."""
        trust = trust or self.trust()
        optional = {"port": self.box.ports["netconf"], **given}
        driver = get_network_driver("junos")(
            hostname=self.box.address,
            username=self.box.username,
            password=None,
            timeout=20,
            optional_args=self.adapter.options(optional, trust),
        )
        self.adapter.before_open(driver, trust)
        driver.open()
        try:
            yield driver
        finally:
            driver.close()


def neighbor(
    address: str, *, state: str = "Established", group: str | None = None, asn: int = 65000
) -> Neighbor:
    version = ip_address(address).version
    return Neighbor(
        address=ip_address(address),
        remote_asn=asn,
        state=state,
        uptime_s=60,
        group=group,
        accepted={version: 2},
        advertised={version: 1},
    )


def route(prefix: str) -> Route:
    return Route(
        prefix=ip_network(prefix), next_hop="192.0.2.1", as_path="65000 64500", is_best=True
    )


def wait_for(box: SwitchBox, text: str) -> None:
    """Return once the switch runs ``text``."""
    deadline = time.monotonic() + 60
    while box.switch.running() != text:
        assert time.monotonic() < deadline, "the timer never fired"
        time.sleep(0.05)


def tree_of(text: str) -> Node:
    tree = Node()
    assert load_set(tree, text) == []
    return tree
