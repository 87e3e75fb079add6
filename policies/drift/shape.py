"""What of one route-map is ringfence's, for one family, and whether it is as we make it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.filters import Stanza
from policies.managed import is_our_stanza
from policies.own_maps import knows_its_inner
from policies.ownership import is_owned
from policies.placement import LAST_SEQ, family_of
from policies.prefix_list import Action

if TYPE_CHECKING:
    from policies.filters import RouteMap, Running

#: The number in the name of a list that stands beside one that was edited.
_BESIDE = re.compile(r"(?<=-[0-9a-f]{8})\.\d+$")
_HASH = re.compile(r"[0-9a-f]{8}$")


def stem(name: str) -> str:
    """Return the name of a list of ours without the number that it may have got."""
    return _BESIDE.sub("", name)


def label_of(name: str) -> str:
    """Return the name of a list of ours without its hash: the kind of guard and the clusters."""
    return _HASH.sub("", stem(name))


@dataclass(frozen=True, slots=True)
class Shape:
    """Our stanzas in ``found`` that are about ``version``.

    ``guard`` is the first that is whole, ``odd`` the first that is not; ``end`` the last stanza
    of a map of ours, which is no guard.
    """

    found: RouteMap
    version: int
    ours: tuple[Stanza, ...]
    end: Stanza | None

    @classmethod
    def of(cls, found: RouteMap, version: int) -> Shape:
        """Return the shape of a route-map."""
        front, end = found.stanzas, None
        if is_owned(found.name) and front and family_of(front[-1]) is None:
            front, end = front[:-1], front[-1]
        ours = tuple(
            one
            for one in front
            if is_our_stanza(found.name, one)
            and (version in {family for family, _ in one.referred} or not one.referred)
        )
        return cls(found, version, ours, end)

    @property
    def guard(self) -> Stanza | None:
        """The guard of the family, whole."""
        return next((one for one in self.ours if family_of(one) == self.version), None)

    @property
    def odd(self) -> Stanza | None:
        """What is among our guards and is none."""
        return next((one for one in self.ours if family_of(one) is None), None)


def is_end(running: Running, found: RouteMap) -> bool:
    """Return whether a map of ours ends as we make it: in a permit, or the operator's policy."""
    ahead = running.semantics.ahead
    if ahead is not None:
        return knows_its_inner(found.name, found, ahead)
    return found.stanzas[-1] == Stanza(seq=LAST_SEQ, action=Action.PERMIT)
