"""What a neighbor has from its templates and its group: :class:`Inheritance`.

Law: where it is not known which of two goes first, both are given, in one rank.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.dialects.peers import Peer, Said
    from policies.filters import Direction

    #: Policies by kind, each group with the name of where it comes from; nearest first.
    Levels = list[list[tuple[str, dict[str, Said]]]]

#: Deeper chains of templates than any platform takes; beyond it they run in a circle.
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """Says from where the peers of one BGP instance have what they have.

    ``outside`` is the family that lines outside of any family are about; None says all of
    them, the family's own lines going first.
    """

    peers: dict[str, Peer]
    templates: dict[str, Peer] = field(default_factory=dict)
    outside: int | None = 4

    def chain(self, peer: Peer, version: int | None) -> list[list[tuple[str, Peer]]]:
        """Return whom ``peer`` has things from: itself, its templates, its group, and theirs.

        Those in one list have one rank: which of several templates goes first is a number
        whose meaning differs by platform.
        """
        chain = self._with_templates("", peer, version, 0)
        group = self._group(peer)
        return chain + (self._with_templates(peer.group or "", group, version, 0) if group else [])

    def _with_templates(
        self, name: str, peer: Peer, version: int | None, depth: int
    ) -> list[list[tuple[str, Peer]]]:
        chain = [[(name, peer)]]
        names = [one for _, one in peer.templates.get(version, ())]
        # The lines of a template of policies are of whichever family it is inherited in.
        names += [one for _, one in peer.templates.get(None, ()) if version is not None]
        below = [
            self._with_templates(one, self.templates[one], version, depth + 1)
            for one in names
            if one in self.templates and depth < _MAX_DEPTH
        ]
        depths = range(max((len(one) for one in below), default=0))
        chain += [[pair for one in below if at < len(one) for pair in one[at]] for at in depths]
        return chain

    def _group(self, peer: Peer) -> Peer | None:
        return self.peers.get(peer.group) if peer.group else None

    def first(self, peer: Peer, attribute: str) -> str | None:
        """Return the nearest value of a session's attribute; None if nobody has one."""
        for level in self.chain(peer, None):
            for _, one in level:
                if (value := getattr(one, attribute)) is not None:
                    return str(value)
        return None

    def unjudged(self, peer: Peer) -> set[str]:
        """Return the families without judgement that ``peer`` or what it inherits is active in."""
        return {
            name for level in self.chain(peer, None) for _, one in level for name in one.unjudged
        }

    def vpns(self, peer: Peer) -> set[str]:
        """Return the VPN families that ``peer`` or what it inherits is active in."""
        return {name for level in self.chain(peer, None) for _, one in level for name in one.vpns}

    def undefined(self, peer: Peer, version: int) -> list[str]:
        """Return what ``peer`` inherits from that is nowhere defined: it may say anything."""
        missing = peer.group is not None and peer.group not in self.peers
        named = {
            name
            for level in self.chain(peer, version)
            for _, one in level
            for place in (version, None)
            for _, name in one.templates.get(place, ())
        }
        lost = [f"template {name}" for name in sorted(named - set(self.templates))]
        return [f"peer group {peer.group}", *lost] if missing else lost

    def levels(self, peer: Peer, version: int, direction: Direction) -> Levels:
        """Return the policies that may decide, by rank, each with where it comes from."""
        chain = self.chain(peer, version)
        here = [[(n, one.policies.get((version, direction), {})) for n, one in c] for c in chain]
        away = [[(n, one.policies.get((None, direction), {})) for n, one in c] for c in chain]
        if self.outside == version:
            both = zip(here, away, strict=True)
            return [[(n, {**d, **c}) for (n, c), (_, d) in zip(a, b, strict=True)] for a, b in both]
        if self.outside is not None:
            # Only a template of policies says nothing of a family, as it is of any.
            named = self.templates
            return [
                a + [(n, d) for n, d in b if n in named and d]
                for a, b in zip(here, away, strict=True)
            ]
        # A session's own lines outside of a family, or those of its group inside it: not known.
        shifted = [[], *away]
        return [b + a for a, b in zip([*here, []], shifted, strict=True)]

    def default_lines(self, peer: Peer, version: int) -> tuple[int, ...]:
        """Return the numbers of the lines that make up a default route for the session."""
        return tuple(
            at
            for level in self.chain(peer, version)
            for name, one in level
            for place, at in one.originates_default.items()
            if place == version
            or (place is None and (self.outside in (None, version) or name in self.templates))
        )
