"""What one attacker may reach, past how many devices: :func:`measured`.

The graph is folded but for the attacker itself, and searched twice for each IP version: with the
filters as they are, and as the best guards would make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from inventory.fields import Role
from policies.depth.quotient import Quotient, set_apart
from policies.depth.search import BestWays, Ways, spread
from policies.depth.values import Hijack
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.depth.fabric import Vertex
    from policies.depth.network import Network
    from policies.depth.quotient import Colours
    from policies.depth.search import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One attacker's weakest way to victims that are alike; ``way`` ends at the first of them.

    ``attacker`` and ``victims`` are vertices, ``way`` the hops as `search.BestWays` has them;
    ``prefix`` is one atom of ``version``. ``among`` is how many attackers were looked at together,
    this way being the weakest of any of them.
    """

    attacker: int
    victims: tuple[int, ...]
    hijack: Hijack
    depth: int
    possible: int
    version: int
    prefix: int
    way: tuple[Step, ...]
    among: int = 1


class _Candidate(NamedTuple):
    """A prefix that comes past ``depth`` devices; the first of several is the weakest."""

    depth: int
    possible: int
    version: int
    prefix: int


def measured(network: Network, colours: Colours, attacker: int) -> Iterator[Found]:
    """Yield what ``attacker`` may reach: for each hijack and class of victims the weakest way.

    If that is as deep as it can be, and another prefix of the hijack is not as deep as the site
    demands and could be, that one follows. Where nothing could be dropped, nothing is told.
    """
    fabric, demanded = network.fabric, network.site.settings.min_depth
    own = fabric.vertices[attacker]
    alone = set_apart(fabric, colours, attacker)
    folded = Quotient.of(fabric, alone)
    start = alone[attacker]
    searches = {version: _Search(network, folded, start, version, own) for version in VERSIONS}
    for members in sorted(folded.members):
        goal = alone[members[0]]
        victim = fabric.vertices[members[0]]
        met = [searches[version] for version in VERSIONS if not is_spared(own, victim, version)]
        for hijack in Hijack:
            weak = min(
                (one for search in met for one in search.weakest(goal, hijack)), default=None
            )
            short = min(
                (one for search in met for one in search.short(goal, hijack, demanded)),
                default=None,
            )
            # Both may be the same; a weak one that could be no deeper hides none that could.
            told = [one for one in (weak, short) if one is not None]
            if short is not None and weak is not None and short.depth == weak.depth:
                told = [short]
            for one in told:
                if one.possible:
                    folded_way = searches[one.version].way(goal, one.prefix)
                    way = folded.unfold(fabric, start, folded_way, members[0])
                    yield Found(
                        attacker=attacker,
                        victims=tuple(members),
                        hijack=hijack,
                        way=tuple(way),
                        **one._asdict(),
                    )


def is_spared(attacker: Vertex, victim: Vertex, version: int) -> bool:
    """Return whether there is no question: of itself, or of what it holds in its hand anyway."""
    if attacker == victim:
        return version not in victim.crowded
    if victim.kind is Role.EXTERNAL:
        return attacker.kind is Role.BORDER
    return attacker.kind is Role.TOR and attacker.device == victim.device


class _Search:
    """What one attacker's prefixes of one IP version get past."""

    def __init__(
        self, network: Network, folded: Quotient, start: int, version: int, attacker: Vertex
    ) -> None:
        self.version = version
        self.start = start
        self.classes: Mapping[Hijack, int] = network.prefixes(attacker, version)
        # The classes are disjoint, and no prefix meddles with another: one search is for all.
        prefixes = sum(self.classes.values())
        self.ways = Ways(folded.out, network.actual[version], folded.is_end, folded.is_node)
        could = Ways(folded.out, network.could[version], folded.is_end, folded.is_node)
        self.actual = spread(self.ways, [(start, prefixes)])
        self.could = spread(could, [(start, prefixes)])
        self.pick = network.atoms[version].atom
        self._best = cache(lambda prefix: BestWays(self.ways, [start], prefix))

    def way(self, goal: int, prefix: int) -> tuple[Step, ...]:
        """Return the best way of one prefix to the class ``goal``."""
        return self._best(prefix).to(goal)[1]

    def weakest(self, goal: int, hijack: Hijack) -> Iterator[_Candidate]:
        """Yield a prefix that comes to ``goal`` past the fewest devices, if one comes at all."""
        prefixes = self.classes.get(hijack, 0)
        for depth, held in enumerate(self.actual):
            if held[goal] & prefixes:
                yield self._candidate(goal, depth, held[goal] & prefixes)
                return

    def short(self, goal: int, hijack: Hijack, demanded: int) -> Iterator[_Candidate]:
        """Yield a prefix that fewer devices drop than are demanded and could, if there is one."""
        prefixes = self.classes.get(hijack, 0)
        for depth, held in enumerate(self.actual[:demanded]):
            could = self.could[min(depth, len(self.could) - 1)]
            if improvable := held[goal] & prefixes & ~could[goal]:
                yield self._candidate(goal, depth, improvable)
                return

    def _candidate(self, goal: int, depth: int, prefixes: int) -> _Candidate:
        prefix = self.pick(prefixes)
        possible = next(at for at, held in enumerate(self.could) if held[goal] & prefix)
        return _Candidate(depth, max(depth, possible), self.version, prefix)
