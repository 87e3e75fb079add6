"""A virtual IOS-XR for tests, with its startup configuration, and what to connect to it with."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napalm import get_network_driver
from switchbox import SwitchBox

from inventory.reach import Ssh, Tls
from lab.render import _TEMPLATES
from lab.switch.iosxr import IosXrSwitch
from lab.topology import NODES, rack_of, sessions_of
from tasks.adapters.base import Trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tasks.adapters.base import Adapter, Driver

ADDRESS = "127.45.0.1"

CHANGE = """\
prefix-set RF-SOME
  10.65.0.0/16 ge 26 le 26,
  191.51.100.0/24
end-set
!
route-policy RF-FROM-SPINE
  if not destination in RF-SOME then
    drop
  endif
  apply FROM-SPINE
end-policy
!
router bgp 65201
 neighbor 10.255.11.0
  address-family ipv4 unicast
   route-policy RF-FROM-SPINE in
  !
 !
!
"""
WAY_BACK = """\
no route-policy RF-FROM-SPINE
no prefix-set RF-SOME
router bgp 65201
 neighbor 10.255.11.0
  address-family ipv4 unicast
   route-policy FROM-SPINE in
  !
 !
!
"""


def startup(name: str = "tor1") -> str:
    """Return the configuration that a switch of the lab boots with as an IOS-XR router."""
    return _TEMPLATES.get_template("iosxr/startup.j2").render(
        node=NODES[name], nodes=NODES, sessions=sessions_of(name), rack=rack_of(name)
    )


def box(folder: Path, name: str = "tor1", switch: type[IosXrSwitch] = IosXrSwitch) -> SwitchBox:
    """Return a box that is to be entered."""
    return SwitchBox(switch, startup(name), folder, name=name, address=ADDRESS)


def trust(there: SwitchBox, **ssh: object) -> Trust:
    """Return a site's trust that fits the box."""
    settings: dict[str, object] = {
        "key_file": str(there.key_file),
        "known_hosts": str(there.known_hosts),
    }
    return Trust(ssh=Ssh.model_validate(settings | ssh), tls=Tls(), folder=there.files)


@contextmanager
def driver_of(
    there: SwitchBox, adapter: Adapter, platform: str = "iosxr_netconf", **given: object
) -> Iterator[Driver]:
    """Open the unmodified driver as ringfence opens it."""
    driver = new_driver(there, adapter, platform, given=given)
    driver.open()
    try:
        yield driver
    finally:
        close(driver)


def new_driver(
    there: SwitchBox,
    adapter: Adapter,
    platform: str = "iosxr_netconf",
    *,
    own_known_hosts: bool = False,
    given: Mapping[str, object] | None = None,
) -> Driver:
    """Return a driver that is all but open."""
    whom = trust(there, known_hosts=None) if own_known_hosts else trust(there)
    protocol = "netconf" if platform == "iosxr_netconf" else "ssh"
    options = adapter.options({"port": there.ports[protocol], **(given or {})}, whom)
    driver = get_network_driver(platform)(
        hostname=there.address,
        username=there.username,
        password=there.password,
        timeout=15,
        optional_args=options,
    )
    adapter.before_open(driver, whom)
    return driver


def close(driver: Driver) -> None:
    """Close a driver whatever state its session is in."""
    try:
        driver.close()
    except Exception:  # noqa: BLE001 - the driver lets everything through when the session is gone
        driver.device = None
