"""What a plan tells its reviewer of the limits that it was held to: :func:`checked_limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.limits import LIMITS
from policies.shrinkage import at_most
from runbooks.plan_file import CheckedLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.site import Site
    from policies.limits import Limit
    from runbooks.device_plan import DevicePart


def checked_limits(site: Site, parts: Sequence[DevicePart]) -> tuple[CheckedLimit, ...]:
    """Return every limit, in the order of the table, with its value and what was found.

    Meant for a plan that is not refused: what is beyond a limit was accepted.
    """
    return tuple(_checked(site, one, parts) for one in LIMITS.values())


def _checked(site: Site, limit: Limit, parts: Sequence[DevicePart]) -> CheckedLimit:
    broken = [one for part in parts for one in part.violations if one.limit == limit.name]
    found = [f"{one.where}: {one.evidence}" for one in broken]
    allows = limit.allows
    if limit.name == "shrink":
        most = site.settings.limits.max_shrink
        allows = at_most(most)
        found += [
            f"{part.plan.device}: {one}"
            for part in parts
            for one in part.shrinks
            if one.closed <= most
        ]
    return CheckedLimit(
        name=limit.name,
        allows=allows,
        setting=limit.setting,
        state="accepted" if broken else "kept",
        flag=limit.flag if broken else None,
        found=tuple(found),
    )


def not_needed(parts: Sequence[DevicePart], accept: Sequence[str]) -> tuple[str, ...]:
    """Return a note for each limit that was accepted and that nothing breaks."""
    broken = {one.limit for part in parts for one in part.violations}
    return tuple(
        f"--accept {name} was not needed: the plan keeps that limit"
        for name in sorted(set(accept) - broken)
    )
