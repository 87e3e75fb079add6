"""The lines of a change that IOS-XE, NX-OS and EOS write alike: :func:`change_lines`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from policies.change import AddList, Attach, Detach, Relist, RemoveList, RemoveStanza, SetStanza
from policies.dialects.prefix_lines import FAMILY_WORD
from policies.dialects.stand_in import with_stand_ins
from policies.dialects.stanza_lines import stanza_lines
from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policies.change import Step
    from policies.filters import PrefixList, Running
    from policies.managed import Slot

IN_OUT = {Direction.IMPORT: "in", Direction.EXPORT: "out"}


class Writer(Protocol):
    """How a platform writes what differs."""

    indent: str
    appends: bool
    #: Whether every line counts by itself, as it is taken.
    line_by_line: bool

    def list_lines(self, one: PrefixList) -> Iterable[str]:
        """Return the lines that make a prefix-list."""

    def attach(self, slot: Slot, name: str, running: Running) -> Iterable[str]:
        """Return the lines that put a route-map on a session, in the place of any other."""

    def detach(self, slot: Slot, name: str, running: Running) -> Iterable[str]:
        """Return the lines that take a route-map off a session."""


def change_lines(steps: Sequence[Step], running: Running, writer: Writer) -> list[str]:
    """Return the lines of ``steps``, in their order."""
    todo = with_stand_ins(steps, running) if writer.line_by_line else steps
    return [line for step in todo for line in _lines(step, running, writer)]


def _lines(step: Step, running: Running, writer: Writer) -> Iterator[str]:
    match step:
        case AddList(one):
            yield from writer.list_lines(one)
        case Relist():
            # Lists are printed by name, whenever they were made; and taking one away that is
            # referred to would let its stanza match anything for a moment.
            pass
        case SetStanza(name, stanza, before):
            yield from stanza_lines(
                name, stanza, before, indent=writer.indent, appends=writer.appends
            )
        case RemoveStanza(name, stanza):
            yield f"no route-map {name} {stanza.action} {stanza.seq}"
        case Attach(slot, name):
            yield from writer.attach(slot, name, running)
        case Detach(slot, name):
            yield from writer.detach(slot, name, running)
        case RemoveList(one):
            yield f"no {FAMILY_WORD[one.version]} prefix-list {one.name}"
