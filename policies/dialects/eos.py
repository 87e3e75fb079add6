"""Arista EOS: reads ``show running-config``, writes for a configuration session.

What a broken reference does, and on whose word:

- No policy, or an undefined route-map, lets everything through (Arista's note on missing
  policies), unless ``bgp missing-policy`` says deny. That closes an eBGP session without a
  policy; of iBGP, of VRFs and of undefined maps it is not known, which counts as either.
- A match on an undefined prefix-list is nowhere written down: either.
- An undefined prefix-list on a session is ignored (Batfish's model of the vendor).
- A route-map outside of an address family holds where the family has none. Which goes first,
  a neighbor's own outside of the family or its group's inside, is not known: either.

A session takes all lines of a candidate at once, so no moment lies between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.closing import Knob, deny_all
from policies.dialects.eos_parse import EosReader
from policies.dialects.foreign import foreign
from policies.dialects.free_text import eos_opener, free_text
from policies.dialects.ios_like import IN_OUT, change_lines
from policies.dialects.line_ends import ended_lines
from policies.dialects.prefix_lines import FAMILY_WORD, entry_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import PrefixList, Running
    from policies.managed import Slot
    from policies.references import Place, Reference

_INDENT = "   "

_KNOB = "bgp missing-policy"


class EosDialect:
    """Reads and writes EOS; a candidate has no blank line, which eAPI would take for a command."""

    indent = _INDENT
    #: A second match on a prefix-list takes the place of the first.
    appends = False
    line_by_line = False

    #: Arista's note on missing policies.
    knob: Knob | None = Knob(_KNOB, "unless a line of its own says permit")

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return EosReader().parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return EosReader().index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return self.index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as lines for a session, in their order."""
        return "".join(f"{line}\n" for line in change_lines(steps, running, self))

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that set the knob for one direction; of VRFs it is not known."""
        key, version, direction = slot
        held = running.sessions[key].attachments[version, direction].closed_when_empty
        if key.vrf or held is None:
            return ()
        way = IN_OUT[direction]
        text = f"{_INDENT}{_KNOB} direction {way} action deny"
        return f"router bgp {running.routers[key.vrf]}", text

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""
        return deny_all(slot, running, self)

    def foreign(self, text: str) -> str:
        """Return ``text`` without our lines, and without the separators between blocks."""
        lines = ended_lines(text)
        return foreign(lines, free_text(lines, eos_opener))

    def list_lines(self, one: PrefixList) -> Iterator[str]:
        """Yield a prefix-list as a block."""
        yield f"{FAMILY_WORD[one.version]} prefix-list {one.name}"
        for text in (*(entry_text(entry) for entry in one.entries), *one.unknown):
            yield f"{_INDENT}{text}"

    def attach(self, slot: Slot, name: str, running: Running) -> Iterator[str]:
        """Yield the lines that attach ``name``, always inside the address family."""
        way = IN_OUT[slot[2]]
        yield from _family(slot, running, f"neighbor {slot[0].name} route-map {name} {way}")

    def detach(self, slot: Slot, name: str, running: Running) -> Iterator[str]:
        """Yield the lines that take the route-map off, which EOS does whatever its name."""
        del name
        way = IN_OUT[slot[2]]
        yield from _family(slot, running, f"no neighbor {slot[0].name} route-map {way}")


def _family(slot: Slot, running: Running, text: str) -> Iterator[str]:
    key, version, _ = slot
    yield f"router bgp {running.routers[key.vrf]}"
    depth = 1
    if key.vrf:
        yield f"{_INDENT}vrf {key.vrf}"
        depth = 2
    yield f"{_INDENT * depth}address-family ipv{version}"
    yield f"{_INDENT * (depth + 1)}{text}"
