"""One dialect per platform: a running configuration into a filter set, and steps into text.

:data:`DIALECTS` is the table; adding a platform adds a row. The names are those that NAPALM has
for its drivers: two drivers of one platform have one dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.eos import EosDialect
from policies.dialects.frr import FrrDialect
from policies.dialects.ios import IosDialect
from policies.dialects.junos import JunosDialect
from policies.dialects.nxos import NxosDialect
from policies.dialects.xr import XrDialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.dialects.base import Dialect

_NXOS, _XR = NxosDialect(), XrDialect()

DIALECTS: Mapping[str, Dialect] = {
    "eos": EosDialect(),
    "frr": FrrDialect(),
    "ios": IosDialect(),
    "iosxr": _XR,
    "iosxr_netconf": _XR,
    "junos": JunosDialect(),
    "nxos": _NXOS,
    "nxos_ssh": _NXOS,
}
