"""What depth of defence is measured in: :class:`Hijack` and :class:`Depth`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.prefix_set import Network


class Hijack(StrEnum):
    """Classes of hijack, by what is announced.

    Those of an attacker inside the fabric are disjoint and, with what it may announce, are all
    prefixes. ``TOO_LONG`` are prefixes of its own pools longer than their blocks, or single
    addresses where those are not lent; ``TOO_SHORT`` those between a pool and its blocks, and what
    holds a whole pool of any cluster; ``INFRASTRUCTURE`` racks' own subnets, and parts of them;
    ``FOREIGN`` is all that is nobody's here. The outside, and a border, have just one class:
    ``POOL_FROM_OUTSIDE``, any part of any pool.
    """

    DEFAULT_ROUTE = "default-route"
    FOREIGN = "foreign-specific"
    OTHER_CLUSTER = "other-cluster"
    TOO_LONG = "too-long"
    TOO_SHORT = "too-short"
    INFRASTRUCTURE = "infrastructure"
    POOL_FROM_OUTSIDE = "pool-from-outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """On how many devices one class of hijack is dropped, on its weakest way to a victim.

    ``attacker`` and ``victim`` are examples of those for which this holds, ``attackers`` and
    ``victims`` how many there are, ``tiers`` where they are. ``depth`` counts devices; 0 is: it
    arrives. ``possible`` is the depth for ``witness`` if every guard of the matrix stood where it
    can stand, and ``wanted`` what the site demands, at most what is possible. ``path`` has the
    devices on the way, in order, without a subverted one; ``drops`` those that drop the witness;
    ``unknown`` those of which nothing is known, so that they are not counted.
    """

    attacker: str
    attackers: int
    hijack: Hijack
    victim: str
    victims: int
    tiers: str
    depth: int
    possible: int
    wanted: int
    witness: Network
    path: tuple[str, ...]
    drops: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    @property
    def short(self) -> bool:
        """Whether the depth is less than the site demands."""
        return self.depth < self.wanted

    @property
    def key(self) -> str:
        """What tells this row from the others, whichever devices are its examples."""
        known = " unknown" if self.unknown else ""
        return f"{self.hijack} {self.tiers} {self.depth}/{self.possible}{known}"

    def __str__(self) -> str:
        way = " and ".join(one for one in (", ".join(self.path[:-1]), self.path[-1]) if one)
        drop = "drop" if self.depth > 1 else "drops"
        count = f"only {' and '.join(self.drops)} {drop}" if self.drops else "no device drops"
        unknown = f" (nothing is known of {', '.join(self.unknown)})" if self.unknown else ""
        return (
            f"{self.hijack} from {self.attacker} to {self.victim}: {count} {self.witness} on the "
            f"way over {way}{unknown}; {self.wanted} of {self.possible} are demanded"
        )
