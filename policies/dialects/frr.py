"""FRRouting: the dialect of Cumulus, SONiC and white-box switches. Facts seen on FRR 8.4.4.

What a broken reference does (bgpd/bgp_routemap.c, lib/plist.c): a match on an undefined
list matches nothing, an undefined map or attached list denies everything, an attached list
without an entry permits everything, a call of an undefined map permits (lib/routemap.c), and an
eBGP session without any policy is closed under ``frr defaults traditional``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.change import AddList, Attach, Detach, Relist, RemoveList, RemoveStanza, SetStanza
from policies.dialects.closing import Knob, deny_all
from policies.dialects.foreign import foreign
from policies.dialects.frr_parse import FrrReader
from policies.dialects.line_ends import ended_lines
from policies.dialects.prefix_lines import FAMILY_WORD, list_lines
from policies.dialects.stanza_lines import stanza_lines
from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import Running
    from policies.managed import Slot
    from policies.references import Place, Reference

_IN_OUT = {Direction.IMPORT: "in", Direction.EXPORT: "out"}

_KNOB = "bgp ebgp-requires-policy"


class FrrDialect:
    """Reads ``show running-config`` and writes candidates for ``vtysh -f``."""

    #: doc/user/bgp.rst, "Require policy on EBGP".
    knob: Knob | None = Knob(_KNOB, "as soon as the sessions are cleared")

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return FrrReader().parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return FrrReader().index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return self.index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as lines for a merge candidate, in their order."""
        return "".join(f"{line}\n" for step in steps for line in _render(step, running))

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that set the knob for the session's router."""
        vrf = f" vrf {slot[0].vrf}" if slot[0].vrf else ""
        router = f"router bgp {running.routers[slot[0].vrf]}{vrf}"
        return router, f" {_KNOB}", "exit"

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""
        return deny_all(slot, running, self)

    def foreign(self, text: str) -> str:
        """Return ``text`` without our lines, and without the separators between blocks."""
        lines = ended_lines(text)
        return foreign(lines, [False] * len(lines))


def _render(step: Step, running: Running) -> Iterator[str]:
    match step:
        case AddList(one):
            yield from list_lines(one)
        case Relist(one):
            # One northbound transaction: bgpd is told nothing, the text alone changes
            # (seen with `debug northbound callbacks configuration` on 8.4.4).
            yield f"no {FAMILY_WORD[one.version]} prefix-list {one.name}"
            yield from list_lines(one)
        case SetStanza(name, stanza, before):
            yield from stanza_lines(name, stanza, before, indent=" ", appends=False)
            yield "exit"
        case RemoveStanza(name, stanza):
            yield f"no route-map {name} {stanza.action} {stanza.seq}"
        case Attach(slot, name):
            yield from _attachment(slot, name, running, "")
        case Detach(slot, name):
            yield from _attachment(slot, name, running, "no ")
        case RemoveList(one):
            yield f"no {FAMILY_WORD[one.version]} prefix-list {one.name}"


def _attachment(slot: Slot, name: str, running: Running, no: str) -> Iterator[str]:
    key, version, direction = slot
    vrf = f" vrf {key.vrf}" if key.vrf else ""
    yield f"router bgp {running.routers[key.vrf]}{vrf}"
    yield f" address-family ipv{version} unicast"
    yield f"  {no}neighbor {key.name} route-map {name} {_IN_OUT[direction]}"
    yield " exit-address-family"
    yield "exit"
