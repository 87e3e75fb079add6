"""Cisco IOS-XE: reads ``show running-config``, writes candidates that are merged line by line.

What a broken reference does, and on whose word:

- No policy lets everything through (the BGP guide), unless ``bgp safe-ebgp-policy`` closes eBGP.
- An undefined route-map denies everything (Batfish's model of the vendor).
- A match on an undefined or empty prefix-list: the manual has it match everything, Batfish
  nothing. So it counts as either, which never calls an open session closed.
- An undefined prefix-list on a session is ignored (Batfish).

A candidate is taken line by line, and every line leaves a state between the old and the new
one. The first line of a stanza that is new in a map in use would not: until the ``match`` behind
it is taken, it denies everything to UPDATEs that arrive. So a copy stands in for the map
meanwhile (:mod:`policies.dialects.stand_in`).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from policies.dialects.closing import Knob, deny_all
from policies.dialects.foreign import foreign
from policies.dialects.free_text import free_text, ios_opener
from policies.dialects.ios_like import IN_OUT, change_lines
from policies.dialects.ios_parse import IosReader
from policies.dialects.line_ends import ended_lines
from policies.dialects.prefix_lines import list_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import PrefixList, Running
    from policies.managed import Slot
    from policies.references import Place, Reference

_KNOB = "bgp safe-ebgp-policy"


class IosDialect:
    """Reads and writes IOS-XE; a candidate ends in ``end``."""

    indent = " "
    #: A second match on a prefix-list joins the first, as an alternative.
    appends = True
    line_by_line = True

    #: IOS-XE 17.2.1 and later.
    knob: Knob | None = Knob(_KNOB, "from IOS-XE 17.2.1 on")

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return IosReader().parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return IosReader().index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return self.index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as lines for a merge candidate, in their order."""
        lines = change_lines(steps, running, self)
        return "".join(f"{line}\n" for line in (*lines, "end")) if lines else ""

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that set the knob, which is one for all VRFs."""
        return f"router bgp {running.routers[slot[0].vrf]}", f" {_KNOB}"

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""
        return deny_all(slot, running, self)

    def foreign(self, text: str) -> str:
        """Return ``text`` without our lines, and without the separators between blocks."""
        lines = ended_lines(text)
        return foreign(lines, free_text(lines, ios_opener))

    def list_lines(self, one: PrefixList) -> list[str]:
        """Return a prefix-list; IPv6 in upper case, as it is printed."""
        return list_lines(one, upper=one.version == 6)  # noqa: PLR2004 - the version itself

    def attach(self, slot: Slot, name: str, running: Running) -> list[str]:
        """Return the lines that attach ``name``."""
        return _attachment(slot, name, running, "")

    def detach(self, slot: Slot, name: str, running: Running) -> list[str]:
        """Return the lines that take ``name`` off."""
        return _attachment(slot, name, running, "no ")


def _attachment(slot: Slot, name: str, running: Running, no: str) -> list[str]:
    key, version, direction = slot
    vrf = f" vrf {key.vrf}" if key.vrf else ""
    return [
        f"router bgp {running.routers[key.vrf]}",
        f" address-family ipv{version}{vrf}",
        f"  {no}neighbor {_printed(key.name)} route-map {name} {IN_OUT[direction]}",
        " exit-address-family",
    ]


def _printed(name: str) -> str:
    """Return a neighbor as IOS-XE prints it: IPv6 in upper case, names as they are."""
    try:
        return str(ip_address(name)).upper()
    except ValueError:
        return name
