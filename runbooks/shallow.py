"""What a plan says of depth: :func:`shallow`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.depth import depths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.site import Site
    from policies.filters import Running


def shallow(site: Site, after: Mapping[str, Running]) -> tuple[str, ...]:
    """Return a sentence for each hijack that fewer devices drop, after the plan, than demanded.

    ``after`` is what the devices of the plan would be. Where it is not of the whole site, nothing
    is known of the other devices, and one sentence says just that.
    """
    left = site.devices.keys() - after.keys()
    if left:
        part = f"{len(after)} of {len(site.devices)} devices"
        return (f"depth was not measured: hijacks go by all devices, and the plan is of {part}",)
    return tuple(f"too shallow after this plan: {one}" for one in depths(site, after) if one.short)
