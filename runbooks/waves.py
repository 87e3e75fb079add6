"""Which devices are changed together: :func:`waves`.

A canary of each role goes first. No wave holds two devices of one rack, nor every device of
a role that has more than one: whatever goes wrong, half of each failure domain is untouched.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inventory.site import Device, Site


def waves(site: Site, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the devices ``names`` in portions, in the order they are changed."""
    settings = site.settings.waves
    left = [site.devices[name] for name in names]
    totals = Counter(device.role for device in site.devices.values())
    out: list[tuple[str, ...]] = []
    while left:
        first = settings.canary and not out
        wave: list[Device] = []
        for device in left:
            same_role = sum(one.role is device.role for one in wave)
            room = 1 if first else max(1, totals[device.role] - 1)
            same_rack = device.rack is not None and device.rack in {one.rack for one in wave}
            if same_role < room and not same_rack and len(wave) < settings.size:
                wave.append(device)
        left = [device for device in left if device not in wave]
        out.append(tuple(device.name for device in wave))
    return tuple(out)
