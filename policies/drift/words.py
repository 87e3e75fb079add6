"""How a finding is said: the objects as people call them, and who feels it.

Platforms with another shape of guard have other nouns, :data:`NOUNS`; start with :class:`Nouns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.filters import Ahead, Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policies.filters import Running, SessionKey
    from policies.managed import Slot
    from policies.prefix_set import PrefixSet

#: Examples of a set, and names of sessions, that one sentence holds.
_SOME = 3


@dataclass(frozen=True, slots=True)
class Nouns:
    """What a platform calls a prefix-list, a route-map and one stanza of it."""

    prefix_list: str = "prefix-list"
    route_map: str = "route-map"
    stanza: str = "stanza"

    def a_list(self, version: int, name: str) -> str:
        """Return the name of a prefix-list, as plans have it too."""
        return f"{self.prefix_list} {name} (ipv{version})"

    def a_map(self, name: str) -> str:
        """Return the name of a route-map."""
        return f"{self.route_map} {name}"

    def a_stanza(self, name: str, seq: int) -> str:
        """Return the name of a stanza."""
        return f"{self.route_map} {name} {self.stanza} {seq}"


#: By where a guard goes; None is inside the session's own route-map.
NOUNS: Mapping[Ahead | None, Nouns] = {
    None: Nouns(),
    Ahead.WRAP: Nouns("prefix-set", "route-policy", "statement"),
    Ahead.CHAIN: Nouns("policy-statement", "policy chain", "term"),
}


def session_name(running: Running, key: SessionKey) -> str:
    """Return a session as people call it."""
    found = running.sessions.get(key)
    return f"{'peer group' if found is not None and found.is_group else 'neighbor'} {key}"


def slot_name(running: Running, slot: Slot) -> str:
    """Return a session with its family and direction."""
    return f"{session_name(running, slot[0])} ipv{slot[1]} {slot[2]}"


def who(running: Running, slots: Iterable[Slot]) -> str:
    """Return the sessions of ``slots``, all by name if they are few."""
    keys = sorted({slot[0] for slot in slots})
    if len(keys) == 1:
        return session_name(running, keys[0])
    named = ", ".join(str(key) for key in keys[:_SOME])
    more = f" and {len(keys) - _SOME} more" if len(keys) > _SOME else ""
    return f"{len(keys)} sessions ({named}{more})"


def verb(slots: Sequence[Slot], *, drops: bool = False) -> str:
    """Return what the sessions do with prefixes, for one or for many of them."""
    ways = {slot[2] for slot in slots}
    ending = "s" if len({slot[0] for slot in slots}) == 1 else ""
    if drops:
        return f"drop{ending}"
    words = {Direction.IMPORT: "accept", Direction.EXPORT: "announce"}
    word = words[ways.pop()] if len(ways) == 1 else "let"
    return f"{word}{ending}" + (" through" if word == "let" else "")


def examples(some: PrefixSet) -> str:
    """Return a few members, and whether there are more."""
    found = some.witnesses(_SOME + 1)
    said = ", ".join(str(one) for one in found[:_SOME])
    return said + (" and more" if len(found) > _SOME else "")


def effect_of(
    running: Running,
    slots: Sequence[Slot],
    fences: str,
    leaked: PrefixSet | None,
    dropped: PrefixSet | None,
) -> str:
    """Return what ``slots`` do for it, as the second half of a sentence."""
    subject, said = who(running, slots), []
    if leaked:
        said.append(f"{verb(slots)} {examples(leaked)}, which `{fences}` does not allow")
    if dropped:
        allowed = "the pools allow" if fences.startswith("only") else "is to pass"
        said.append(f"{verb(slots, drops=True)} {examples(dropped)}, which {allowed}")
    if not said:
        return f"nothing illegal passes {subject} for it, and nothing is lost"
    return f"{subject} " + " and ".join(said)
