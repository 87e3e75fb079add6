"""Cisco NX-OS: reads ``show running-config``, writes candidates that are taken line by line.

What a broken reference does, and on whose word:

- No policy lets everything through (the unicast routing guide).
- An undefined route-map denies everything (Batfish's model of the vendor).
- A match on an undefined or empty prefix-list matches everything: documented, and seen for a
  permit. For a deny that is inferred, so it counts as either.
- An undefined prefix-list on a session permits everything (Batfish). What one does beside a
  route-map is not known, so it is not counted on.

A candidate is taken line by line, and every line is safe by itself, as for IOS-XE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.closing import deny_all
from policies.dialects.foreign import foreign
from policies.dialects.free_text import free_text, nxos_opener
from policies.dialects.ios_like import IN_OUT, change_lines
from policies.dialects.line_ends import ended_lines
from policies.dialects.nxos_families import inherited_families
from policies.dialects.nxos_parse import NxosReader
from policies.dialects.nxos_scheduler import scheduler_lines
from policies.dialects.prefix_lines import list_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.change import Step
    from policies.dialects.closing import Knob
    from policies.dialects.line_index import LineIndex
    from policies.filters import PrefixList, Running
    from policies.managed import Slot
    from policies.references import Place, Reference

_INDENT = "  "


class NxosDialect:
    """Reads and writes NX-OS."""

    indent = _INDENT
    #: A second match on a prefix-list joins the first, as an alternative.
    appends = True
    line_by_line = True

    #: There is none: the unicast routing guide knows of no policy that is asked for.
    knob: Knob | None = None

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return NxosReader().parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return NxosReader().index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return self.index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as lines for a merge candidate, in their order."""
        return "".join(f"{line}\n" for line in change_lines(steps, running, self))

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return nothing, for there is no such setting."""
        del slot, running
        return ()

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""
        return deny_all(slot, running, self)

    def foreign(self, text: str) -> str:
        """Return ``text`` without our lines, and without the separators between blocks.

        The jobs and schedules that a commit's revert timer is made of are ours too. An empty
        family stays, as it activates the family, unless the neighbor inherits that anyway.
        """
        lines = ended_lines(text)
        literal = free_text(lines, nxos_opener)
        hollow = inherited_families(lines, literal)
        rows = zip(lines, literal, hollow, strict=True)
        left = zip(rows, scheduler_lines(lines, literal), strict=True)
        kept = [row for row, mine in left if not mine]
        return foreign(
            [line for line, _, _ in kept],
            [free for _, free, _ in kept],
            [empty_says_nothing for _, _, empty_says_nothing in kept],
        )

    def list_lines(self, one: PrefixList) -> list[str]:
        """Return a prefix-list."""
        return list_lines(one)

    def attach(self, slot: Slot, name: str, running: Running) -> Iterator[str]:
        """Yield the lines that attach ``name``."""
        yield from _attachment(slot, name, running, "")

    def detach(self, slot: Slot, name: str, running: Running) -> Iterator[str]:
        """Yield the lines that take ``name`` off."""
        yield from _attachment(slot, name, running, "no ")


def _attachment(slot: Slot, name: str, running: Running, no: str) -> Iterator[str]:
    key, version, direction = slot
    session = running.sessions[key]
    template = session.is_group and not session.listens
    where = [f"router bgp {running.routers[key.vrf]}"]
    where += [f"vrf {key.vrf}"] if key.vrf else []
    where += [f"{'template peer' if template else 'neighbor'} {key.name}"]
    where += [f"address-family ipv{version} unicast"]
    for depth, line in enumerate((*where, f"{no}route-map {name} {IN_OUT[direction]}")):
        yield f"{_INDENT * depth}{line}"
