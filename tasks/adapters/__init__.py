"""One adapter per platform, between ringfence's steps and the platform's NAPALM driver.

:data:`ADAPTERS` is the table; adding a platform adds a row to it and to :data:`TIMERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.adapters.eos import EosAdapter
from tasks.adapters.frr import FrrAdapter
from tasks.adapters.ios import IosAdapter
from tasks.adapters.iosxr import IosXrNetconfAdapter
from tasks.adapters.junos import JunosAdapter
from tasks.adapters.nxos import NxosAdapter, NxosSshAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.adapters.base import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    "eos": EosAdapter(),
    "frr": FrrAdapter(),
    "ios": IosAdapter(),
    "iosxr_netconf": IosXrNetconfAdapter(),
    "junos": JunosAdapter(),
    "nxos": NxosAdapter(),
    "nxos_ssh": NxosSshAdapter(),
}

_SECONDS = range(10, 7201)
_MINUTES = range(60, 7201, 60)

#: The revert timers that a platform takes, in seconds.
TIMERS: Mapping[str, range] = {
    "eos": range(60, 7201),
    "frr": _SECONDS,
    "ios": _MINUTES,
    # RFC 6241 has no limit, IOS-XR's command line has 30 to 300.
    "iosxr_netconf": range(30, 301),
    "junos": _MINUTES,
    "nxos": _MINUTES,
    "nxos_ssh": _MINUTES,
}
