"""A virtual EOS for tests, its startup configuration, and NAPALM's driver opened on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napalm import get_network_driver

from inventory.reach import Ssh, Tls
from lab.render import node_files
from tasks.adapters.base import Trust
from tasks.adapters.eos import EosAdapter

if TYPE_CHECKING:
    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

CANDIDATE = """\
ip prefix-list RF-ONLY
   seq 10 permit 10.65.0.0/16 ge 26 le 26
route-map FROM-NODE deny 1
   match ip address prefix-list RF-ONLY
"""
WAY_BACK = """\
no route-map FROM-NODE deny 1
no ip prefix-list RF-ONLY
"""
ADDED = """\
+ip prefix-list RF-ONLY
+   seq 10 permit 10.65.0.0/16 ge 26 le 26
+!
"""
ADAPTER = EosAdapter()
TIMER_S = 600


def trust(box: SwitchBox, *, check: bool = True, ca: bool = True) -> Trust:
    tls = Tls(ca_file=str(box.ca_file) if ca else None, check_certificates=check)
    return Trust(ssh=Ssh(), tls=tls, folder=box.files)


def opened(box: SwitchBox, given: Trust | None = None, **optional: object) -> Driver:
    given = given or trust(box)
    driver = get_network_driver("eos")(
        hostname=box.address,
        username=box.username,
        password=box.password,
        timeout=30,
        optional_args=ADAPTER.options({"port": box.ports["https"], **optional}, given),
    )
    ADAPTER.before_open(driver, given)
    driver.open()
    return driver


def state(box: SwitchBox) -> tuple[str, str, int | None, int]:
    """Return all of the switch that a change could leave traces in."""
    store = box.switch._store  # type: ignore[attr-defined]
    pending = box.control("pending")
    return box.control("running"), box.control("startup"), pending, len(store.sessions)


def startup_of(name: str) -> str:
    """Return what the switch ``name`` of the lab would boot from if it were an EOS."""
    return node_files(name, "eos")["startup"]
