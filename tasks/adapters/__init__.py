"""One adapter per platform, between ringfence's steps and the platform's NAPALM driver.

:data:`ADAPTERS` is the table; adding a platform adds a row to it, and to :data:`TIMERS` and
:data:`LATENESS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.adapters.eos import EosAdapter
from tasks.adapters.frr import FrrAdapter
from tasks.adapters.ios import IosAdapter
from tasks.adapters.iosxr import IosXrNetconfAdapter
from tasks.adapters.iosxr_xml import IosXrAdapter
from tasks.adapters.junos import JunosAdapter
from tasks.adapters.nxos import NxosAdapter, NxosSshAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.adapters.base import Adapter

ADAPTERS: Mapping[str, Adapter] = {
    "eos": EosAdapter(),
    "frr": FrrAdapter(),
    "ios": IosAdapter(),
    "iosxr": IosXrAdapter(),
    "iosxr_netconf": IosXrNetconfAdapter(),
    "junos": JunosAdapter(),
    "nxos": NxosAdapter(),
    "nxos_ssh": NxosSshAdapter(),
}

_SECONDS = range(10, 7201)
_MINUTES = range(60, 7201, 60)
#: What IOS-XR's command line takes; that of NETCONF has no limit of its own (RFC 6241, 8.4).
_XR = range(30, 301)

#: The revert timers that a platform takes, in seconds.
TIMERS: Mapping[str, range] = {
    "eos": range(60, 7201),
    "frr": _SECONDS,
    "ios": _MINUTES,
    "iosxr": _XR,
    "iosxr_netconf": _XR,
    "junos": _MINUTES,
    "nxos": _MINUTES,
    "nxos_ssh": _MINUTES,
}

#: By how many seconds a platform's revert timer may be late, the time to go back included: NX-OS'
#: scheduler counts whole minutes (see :mod:`tasks.adapters.nxos_dead_man`), and Junos is told of
#: with up to 45 s (see :mod:`tasks.adapters.junos_commits`).
LATENESS: Mapping[str, int] = {
    "eos": 15,
    "frr": 15,
    "ios": 15,
    "iosxr": 15,
    "iosxr_netconf": 15,
    "junos": 60,
    "nxos": 135,
    "nxos_ssh": 135,
}
