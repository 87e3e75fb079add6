"""Where the parts of a filter set stand in the text that they were read from: :class:`LineIndex`.

The readers of the platforms fill one while they read, so that there is no second parser that
could be of another opinion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.redact import redact
from policies.references import AttachmentRef, EntryRef, ImportRef, Part, Place, StanzaRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policies.filters import SessionKey
    from policies.managed import Slot
    from policies.references import Reference

#: Numbers of lines, counted from 1.
Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a platform calls things, and how they end.

    ``list_end`` and ``map_end`` are what becomes of a route that gets there.
    """

    prefix_list: str = "prefix-list"
    route_map: str = "route-map"
    list_end: str = "which denies"
    map_end: str = "which denies"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineIndex:
    """The numbers of the lines of one text, by what stands there.

    ``lines`` is the text, line by line. ``entries`` has the numbers of a list's entries and then
    of what is unknown of it, one each; None for an entry that is no line. ``parts`` are the lines
    that attach something to a session, ``sessions`` the first line about each, and ``imports``
    the lines that bring routes of one table into another. ``said`` is what stands for a stanza or
    an end that is no line of the text.
    """

    lines: tuple[str, ...]
    terms: Terms = field(default_factory=Terms)
    entries: Mapping[tuple[int, str], tuple[int | None, ...]]
    stanzas: Mapping[tuple[str, int | None], Numbers]
    parts: Mapping[Slot, Mapping[Part, Numbers]]
    sessions: Mapping[SessionKey, int]
    imports: Mapping[ImportRef, Numbers] = field(default_factory=dict)
    said: Mapping[tuple[str, int | None], str] = field(default_factory=dict)

    def places(self, reference: Reference) -> tuple[Place, ...]:
        """Return the lines where ``reference`` stands, in the order of the text; never none.

        Secrets are hidden. What is no line of the text is one place without a number.
        """
        match reference:
            case EntryRef():
                return self._entry(reference)
            case StanzaRef():
                return self._stanza(reference)
            case AttachmentRef():
                return self._attachment(reference)
            case ImportRef():
                return self._numbered(self.imports.get(reference, ()), reference.said)

    def evidence(self, trace: Iterable[Reference]) -> tuple[Place, ...]:
        """Return the places of a whole trace, each once, the deciding one last."""
        found = dict.fromkeys(
            place for one in reversed(tuple(trace)) for place in self.places(one)[::-1]
        )
        return tuple(reversed(found))

    def _entry(self, reference: EntryRef) -> tuple[Place, ...]:
        name = f"{self.terms.prefix_list} {reference.prefix_list}"
        numbers = self.entries.get((reference.version, reference.prefix_list))
        if numbers is None:
            return (Place(None, f"{name}, which is not defined"),)
        if not numbers:
            return (Place(None, f"{name}, which is empty"),)
        if reference.index is None:
            return (Place(None, f"the end of {name}, {self.terms.list_end}"),)
        number = numbers[reference.index] if reference.index < len(numbers) else None
        return self._numbered(() if number is None else (number,), name)

    def _stanza(self, reference: StanzaRef) -> tuple[Place, ...]:
        name = f"{self.terms.route_map} {reference.route_map}"
        key = (reference.route_map, reference.seq)
        if key in self.stanzas:
            return self._numbered(self.stanzas[key], name)
        if key in self.said:
            return (Place(None, self.said[key]),)
        if any(held == reference.route_map for held, _ in self.stanzas):
            if reference.seq is None:
                return (Place(None, f"the end of {name}, {self.terms.map_end}"),)
            return (Place(None, f"{name} {reference.seq}, which is not there"),)
        return (Place(None, f"{name}, which is not defined"),)

    def _attachment(self, reference: AttachmentRef) -> tuple[Place, ...]:
        where = (reference.session, reference.version, reference.direction)
        found = self.parts.get(where, {})
        numbers = [
            number
            for part, some in found.items()
            if reference.part in (None, part)
            for number in some
        ]
        if not numbers and reference.session in self.sessions:
            # Nothing is attached, or it is not known what: the session itself is the place.
            numbers = [self.sessions[reference.session]]
        return self._numbered(numbers, f"session {reference.session}")

    def _numbered(self, numbers: Iterable[int], name: str) -> tuple[Place, ...]:
        found = tuple(
            Place(number, redact(self.lines[number - 1])) for number in sorted(set(numbers))
        )
        return found or (Place(None, f"{name}, which is no line of its own"),)
