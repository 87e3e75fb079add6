"""An IOS-XE switch of the lab, and NAPALM's own driver on it: :func:`startup`, :func:`opened`."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napalm import get_network_driver
from switchbox import SwitchBox

from inventory.reach import Ssh, Tls
from lab.render import node_files
from lab.switch.ios.switch import IosSwitch
from tasks.adapters.base import Trust
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: A change of the filters of tor1, its way back, and what the switch shows of it.
CANDIDATE = """\
ip prefix-list RF-P-1 seq 5 permit 10.65.0.0/16 ge 26 le 26
ip prefix-list RF-P-1 seq 10 deny 0.0.0.0/0 le 32
route-map FROM-NODE deny 5
 match ip address prefix-list RF-P-1
end
"""
WAY_BACK = """\
no route-map FROM-NODE deny 5
no ip prefix-list RF-P-1
end
"""
DIFF = "\n".join(f"+{line}" for line in CANDIDATE.splitlines()[:-1])


def startup(name: str) -> str:
    """Return what one of the lab's switches boots with."""
    return node_files(name, "ios")["startup"]


def tor1(folder: Path) -> SwitchBox:
    """Return the switch tor1, which boots in a ``with``."""
    return SwitchBox(IosSwitch, startup("tor1"), folder, address="127.42.0.1")


@contextmanager
def tidied(box: SwitchBox) -> Iterator[str]:
    """Give the running configuration; at the end the switch is as it booted."""
    yield str(box.control("running"))
    switch = box.switch
    assert isinstance(switch, IosSwitch)
    device = switch.device
    for name in tuple(device.faults.names):
        box.control("fault", name=name, on=False)
    device.refusals.clear()
    device.startup = startup("tor1")
    device.minute_s = 60.0
    device.skew_s = 0.0
    for name in device.flash.names:
        device.flash.delete(f"flash:{name}")
    box.do(device.boot())


def wait_for_timer(box: SwitchBox) -> None:
    """Wait until no revert timer runs any more."""
    deadline = time.monotonic() + 60
    while box.control("pending") is not None and time.monotonic() < deadline:
        time.sleep(0.05)


@contextmanager
def opened(box: SwitchBox, **options: Any) -> Iterator[Driver]:  # noqa: ANN401 - the driver's
    """Open the unmodified driver on a switch, with the adapter's options and ``options``."""
    with opened_at(
        box.address,
        box.ports["ssh"],
        username=box.username,
        known_hosts=box.known_hosts,
        key_file=box.key_file,
        **options,
    ) as driver:
        yield driver


@contextmanager
def opened_at(
    address: str,
    port: int,
    *,
    username: str,
    known_hosts: Path,
    key_file: Path,
    **options: Any,  # noqa: ANN401 - the driver's
) -> Iterator[Driver]:
    """Open the unmodified driver as the program does, host key checked."""
    adapter = IosAdapter()
    trust = Trust(
        ssh=Ssh(known_hosts=str(known_hosts), key_file=str(key_file)),
        tls=Tls(),
        folder=Path("/"),
    )
    driver = get_network_driver("ios")(
        hostname=address,
        username=username,
        password="",
        optional_args={"port": port, **adapter.options({}, trust), **options},
    )
    adapter.before_open(driver, trust)
    driver.open()
    try:
        yield driver
    finally:
        driver.close()
