"""Every limit that a plan is held to, in words: :data:`LIMITS`.

Law: whatever refuses a plan stands here, with what is allowed, where a site says so, and the flag
that goes beyond it or why none does. Who finds a limit broken adds the evidence
(:class:`policies.errors.Violation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS: Final = "always so"
_POOLS: Final = "the pools' file"
_HOSTS: Final = "sessions in hosts.yaml"
_UNKNOWN: Final = "a guard that is not known to hold is none"
_ONE_MAP: Final = "whoever else the policy serves would be fenced too, or the session not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit: ``allows`` is its value in words, ``setting`` where that comes from.

    ``no_flag`` says why no flag goes beyond it; None where ``--accept NAME`` does.
    """

    name: str
    allows: str
    setting: str = _ALWAYS
    no_flag: str | None

    @property
    def flag(self) -> str | None:
        """The flag that accepts what is beyond the limit, or None."""
        return f"--accept {self.name}" if self.no_flag is None else None


_TABLE: Final = (
    Limit(
        name="no-pools",
        allows="at least one pool inside what is delegated to its cluster",
        setting=_POOLS,
        no_flag="an empty source must never close a network",
    ),
    Limit(
        name="default-route",
        allows="no pool and no delegation is a default route",
        setting=_POOLS,
        no_flag="every address would be one cluster's",
    ),
    Limit(
        name="overlap",
        allows="an address is one cluster's alone",
        setting=_POOLS,
        no_flag="one cluster could take the other's traffic",
    ),
    Limit(
        name="covers-infrastructure",
        allows="no pool covers a management or infrastructure address",
        setting=f"management in site.yaml, infrastructure in {_POOLS}",
        no_flag="a cluster could take the traffic of the switches themselves",
    ),
    Limit(
        name="unknown-neighbors",
        allows="no neighbor or peer group of a guarded device but those that the site names",
        setting="sessions and ignore_neighbors in hosts.yaml",
        no_flag=None,
    ),
    Limit(
        name="missing-session",
        allows="every session of the site is on its device",
        setting=_HOSTS,
        no_flag="there is nothing to put the guard on",
    ),
    Limit(
        name="nothing-to-guard",
        allows="a guarded session carries IPv4 or IPv6",
        setting=_HOSTS,
        no_flag=_UNKNOWN,
    ),
    Limit(
        name="unjudged-family",
        allows="a guarded session carries no family but IPv4 and IPv6 unicast",
        setting=_HOSTS,
        no_flag="routes would pass in a family that nothing guards",
    ),
    Limit(
        name="two-guards",
        allows="one guard for each session, direction and family",
        setting=_HOSTS,
        no_flag="one of the two would not hold",
    ),
    Limit(
        name="lost-policy",
        allows="a policy of ringfence's says which policy of the session it stands ahead of",
        no_flag="the session's own policy would be lost",
    ),
    Limit(
        name="inherited-text",
        allows="a guarded session's policy is written on it or its group",
        no_flag=_UNKNOWN,
    ),
    Limit(
        name="lone-prefix-list",
        allows="no prefix-list without a route-map on a guarded session",
        no_flag="the list might not hold any more",
    ),
    Limit(
        name="mixed-group",
        allows="a group's members are all closed for want of a policy, or none",
        no_flag="a closed session would be opened",
    ),
    Limit(
        name="outbound-of-a-member",
        allows="a group's member has its group's outbound route-map",
        no_flag="the platform takes no other",
    ),
    Limit(
        name="undefined-route-map",
        allows="a guarded session's route-map is defined",
        no_flag=_UNKNOWN,
    ),
    Limit(
        name="shared-route-map",
        allows="a route-map serves sessions of one guard",
        no_flag=_ONE_MAP,
    ),
    Limit(
        name="no-room",
        allows="numbers are free ahead of what lets routes through",
        no_flag="a guard behind it would hold nothing back",
    ),
    Limit(
        name="precondition",
        allows="a device takes a commit back by itself",
        no_flag="a switch that is cut off would stay half changed",
    ),
    Limit(
        name="not-fenced",
        allows="nothing passes a guarded session but what its guard allows",
        no_flag="it is what the plan is for",
    ),
    Limit(
        name="not-hitless",
        allows="at every moment of the change what passes lies between old and new",
        no_flag="routes that stay legitimate would be dropped",
    ),
    Limit(
        name="shrink",
        allows="a plan closes a part of a cluster's addresses on a session",
        setting="limits.max_shrink in site.yaml",
        no_flag=None,
    ),
    Limit(
        name="drops-routes",
        allows="no route that is accepted right now is dropped",
        no_flag=None,
    ),
)

#: By name, in the order in which they are checked.
LIMITS: Final[Mapping[str, Limit]] = {one.name: one for one in _TABLE}

#: The limits that ``--accept`` can go beyond.
ACCEPTABLE: Final = tuple(sorted(one.name for one in _TABLE if one.no_flag is None))
