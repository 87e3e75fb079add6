"""One dialect per platform: a running configuration into a filter set, and steps into text.

:data:`DIALECTS` is the table; adding a platform adds a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.frr import FrrDialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.dialects.base import Dialect

DIALECTS: Mapping[str, Dialect] = {"frr": FrrDialect()}
