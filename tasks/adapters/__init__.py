"""One adapter per platform, between ringfence's steps and the platform's NAPALM driver.

:data:`ADAPTERS` is the table; adding a platform adds a row to it and to :data:`TIMERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.adapters.frr import FrrAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.adapters.base import Adapter

ADAPTERS: Mapping[str, Adapter] = {"frr": FrrAdapter()}

_SECONDS = range(10, 7201)
_MINUTES = range(60, 7201, 60)

#: The revert timers that a platform takes, in seconds.
TIMERS: Mapping[str, range] = {"frr": _SECONDS}
