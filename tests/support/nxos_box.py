"""A virtual NX-OS for tests, with its startup configuration, and what to connect to it with."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napalm import get_network_driver
from switchbox import SwitchBox

from inventory.reach import Ssh, Tls
from lab.render import _TEMPLATES
from lab.switch.nxos import NxosSwitch
from lab.topology import NODES, rack_of, sessions_of
from tasks.adapters.base import Trust
from tasks.adapters.nxos import NxosAdapter, NxosSshAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tasks.adapters.base import Adapter, Driver

ADDRESS = "127.43.0.1"
#: By the driver's name: the adapter, and the protocol that the switch serves it on.
TRANSPORTS: Mapping[str, tuple[Adapter, str]] = {
    "nxos": (NxosAdapter(), "https"),
    "nxos_ssh": (NxosSshAdapter(), "ssh"),
}

LIST = "RF-out-orange-v4-0a0b0c0d"
CHANGE = f"""\
ip prefix-list {LIST} seq 5 deny 10.65.0.0/16 ge 26 le 26
ip prefix-list {LIST} seq 10 permit 0.0.0.0/0 le 32
route-map FROM-NODE deny 1
  match ip address prefix-list {LIST}
"""
WAY_BACK = f"""\
no route-map FROM-NODE deny 1
no ip prefix-list {LIST}
"""


def startup(name: str = "tor1") -> str:
    """Return the configuration that a switch of the lab boots with as a Nexus."""
    return _TEMPLATES.get_template("nxos/startup.j2").render(
        node=NODES[name], nodes=NODES, sessions=sessions_of(name), rack=rack_of(name)
    )


def box(folder: Path, name: str = "tor1") -> SwitchBox:
    """Return a box that is to be entered."""
    return SwitchBox(NxosSwitch, startup(name), folder, name=name, address=ADDRESS)


def trust(there: SwitchBox, **ca_or_hosts: str) -> Trust:
    """Return a site's trust that fits the box, but for ``ca_file`` and ``known_hosts`` if given."""
    known_hosts = ca_or_hosts.get("known_hosts", str(there.known_hosts))
    return Trust(
        ssh=Ssh.model_validate({"key_file": str(there.key_file), "known_hosts": known_hosts}),
        tls=Tls.model_validate({"ca_file": ca_or_hosts.get("ca_file", str(there.ca_file))}),
        folder=there.files,
    )


@contextmanager
def connected(there: SwitchBox, platform: str, **ca_or_hosts: str) -> Iterator[Driver]:
    """Open NAPALM's own driver as ringfence does, and close it."""
    adapter, protocol = TRANSPORTS[platform]
    believes = trust(there, **ca_or_hosts)
    driver = get_network_driver(platform)(
        hostname=there.address,
        username=there.username,
        password=there.password,
        optional_args={**adapter.options({}, believes), "port": there.ports[protocol]},
    )
    adapter.before_open(driver, believes)
    driver.open()
    try:
        yield driver
    finally:
        driver.close()


#: Longer than any revert timer of the tests, the scheduler's whole minutes included.
LATER = 400


@dataclass
class Place:
    """A box, its adapter and an open driver."""

    box: SwitchBox
    adapter: Adapter
    driver: Driver
    platform: str
    before: str

    def commit(self, candidate: str = CHANGE, revert_in: int = 120) -> None:
        """Commit as a deploy does."""
        diff, _ = self.adapter.dry_run(self.driver, candidate)
        self.adapter.commit(self.driver, candidate, diff, revert_in)

    def fault(self, name: str, *, on: bool = True) -> None:
        """Switch a fault of the switch on or off."""
        self.box.control("fault", name=name, on=on)

    @property
    def running(self) -> str:
        return self.adapter.running(self.driver)

    @property
    def startup(self) -> str:
        return str(self.box.control("startup"))

    @property
    def traces(self) -> tuple[object, ...]:
        """What could be left behind: configurations, timers, checkpoints, files."""
        asked = ("running", "startup", "pending", "checkpoints", "files")
        return tuple(self.box.control(one) for one in asked)


@contextmanager
def tidied(there: SwitchBox, driver: Driver, platform: str) -> Iterator[Place]:
    """Yield a place whose switch is afterwards what it was, whatever was done to it."""
    adapter = TRANSPORTS[platform][0]
    saved = there.control("startup")
    yield Place(there, adapter, driver, platform, adapter.running(driver))
    device = there.switch.device  # type: ignore[attr-defined]
    device.faults.names.clear()
    device.checkpoints.clear()
    device.files.clear()
    device.boot(saved)
    there.daemon.set_neighbors()
    there.daemon.refreshed.clear()


def fill(there: SwitchBox) -> None:
    """Let somebody have taken as many checkpoints as there may be."""
    for number in range(10):
        there.switch.device.checkpoint(f"theirs-{number}")  # type: ignore[attr-defined]
