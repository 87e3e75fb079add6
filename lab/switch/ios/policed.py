"""Which policies of an IOS-XE switch are in force: :class:`Policed`.

IOS-XE goes by its configured policies for what it hears from then on, and by the old ones for what
it has: a soft clear takes it all anew. An FRR daemon knows one policy at a time, so here a session
keeps the one of the last soft clear (or of the moment the session was made) until the next.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.meaning import Family, Program, Router

#: A session's policy: the neighbor's address or the group's name, the family, whether inbound.
_Place = tuple[str, int, bool]


class Policed:
    """The policies in force, by session: those of the last soft clear."""

    def __init__(self) -> None:
        self._in_force: dict[_Place, Program | None] = {}

    def forget(self) -> None:
        """Take the configured policies from now on, as after a reboot."""
        self._in_force.clear()

    def cleared(self, name: str, version: int, *, inbound: bool) -> None:
        """Take the configured policy of a session from now on."""
        self._in_force.pop((name, version, inbound), None)

    def applied(self, configured: Router) -> Router:
        """Return ``configured`` with the policies in force; a new session's are its own."""
        known: dict[_Place, Program | None] = {}

        def families(name: str, given: Mapping[int, Family]) -> dict[int, Family]:
            found = {}
            for version, family in given.items():
                ways = ((True, family.import_policy), (False, family.export_policy))
                for inbound, policy in ways:
                    place = (name, version, inbound)
                    known[place] = self._in_force.get(place, policy)
                found[version] = replace(
                    family,
                    import_policy=known[name, version, True],
                    export_policy=known[name, version, False],
                )
            return found

        router = replace(
            configured,
            peers=tuple(
                replace(one, families=families(str(one.address), one.families))
                for one in configured.peers
            ),
            dynamic=tuple(
                replace(one, families=families(one.name, one.families))
                for one in configured.dynamic
            ),
        )
        self._in_force = known
        return router
