"""One adapter per platform, between ringfence's steps and the platform's NAPALM driver.

:data:`ADAPTERS` is the table; adding a platform adds a row to it, and to :data:`TIMERS` and
:data:`LATENESS`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.adapters.base import Adapter


class Adapters(Mapping[str, "Adapter"]):
    """The adapters by platform, each made when it is first asked for, once for all threads.

    The libraries of all platforms take longer to import than most commands take without them.
    """

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._classes = classes
        self._made: dict[str, Adapter] = {}
        self._making = threading.Lock()

    def __getitem__(self, platform: str) -> Adapter:
        with self._making:
            if platform not in self._made:
                module, _, name = self._classes[platform].partition(":")
                adapter: Adapter = getattr(import_module(f"tasks.adapters.{module}"), name)()
                self._made[platform] = adapter
            return self._made[platform]

    def __contains__(self, platform: object) -> bool:
        return platform in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


ADAPTERS = Adapters(
    {
        "eos": "eos:EosAdapter",
        "frr": "frr:FrrAdapter",
        "ios": "ios:IosAdapter",
        "iosxr": "iosxr_xml:IosXrAdapter",
        "iosxr_netconf": "iosxr:IosXrNetconfAdapter",
        "junos": "junos:JunosAdapter",
        "nxos": "nxos:NxosAdapter",
        "nxos_ssh": "nxos:NxosSshAdapter",
    }
)

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
