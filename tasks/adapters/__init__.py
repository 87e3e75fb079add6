"""One adapter per platform, between ringfence's steps and the platform's NAPALM driver.

:data:`ADAPTERS` is the table; adding a platform adds a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.adapters.frr import FrrAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.adapters.base import Adapter

ADAPTERS: Mapping[str, Adapter] = {"frr": FrrAdapter()}
