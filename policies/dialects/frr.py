"""FRRouting: the dialect of Cumulus, SONiC and white-box switches. Facts seen on FRR 8.4.4.

What a broken reference does (bgpd/bgp_routemap.c, lib/plist.c): a match on an undefined or
empty list matches nothing, an undefined map or attached list denies everything, a call of
an undefined map permits (lib/routemap.c), and an eBGP session without any policy is closed
under ``frr defaults traditional``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.change import AddList, Attach, Detach, Relist, RemoveList, RemoveStanza, SetStanza
from policies.dialects.frr_parse import FAMILY_WORD, Parser
from policies.filters import Direction, Semantics, Stanza
from policies.ownership import PREFIX
from policies.prefix_list import canonical_ge_le

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.change import Step
    from policies.filters import PrefixList, Running
    from policies.managed import Slot

SEMANTICS = Semantics(
    undefined_list_matches=False,
    undefined_map_permits=False,
    undefined_call_permits=True,
    undefined_attached_list_permits=False,
)
_SEPARATORS = ("", "!", "end")
_FAMILY = " address-family "
_IN_OUT = {Direction.IMPORT: "in", Direction.EXPORT: "out"}


class FrrDialect:
    """Reads ``show running-config`` and writes candidates for ``vtysh -f``."""

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return Parser(SEMANTICS).parse(text)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as lines for a merge candidate, in their order."""
        return "".join(f"{line}\n" for step in steps for line in _render(step, running))

    def foreign(self, text: str) -> str:
        """Return ``text`` without our lines, and without the separators between blocks.

        A stanza goes with all of its lines. FRR prints a ``!`` behind blocks wherever they end,
        and an address family only while it has lines, so neither says anything by itself.
        """
        lines = [line for line in text.splitlines(keepends=True) if line.strip() not in _SEPARATORS]
        kept: list[str] = []
        for block in _blocks(lines):
            ours = [line for line in block if _is_ours(line)]
            if ours and block[0].startswith("route-map "):
                continue
            for line in block:
                if line.strip() == "exit-address-family" and kept and kept[-1].startswith(_FAMILY):
                    kept.pop()
                elif line not in ours:
                    kept.append(line)
        return "".join(kept)


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield each line that is not indented with those that are below it, and its ``exit``."""
    block: list[str] = []
    for line in lines:
        if block and not line.startswith(" ") and line.rstrip() != "exit":
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_ours(line: str) -> bool:
    """Return whether a line defines, matches or attaches something of ours."""
    words = line.split()
    return any(word.startswith(PREFIX) for word in words) and "description" not in words


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
            yield from _stanza_lines(name, stanza, before)
        case RemoveStanza(name, stanza):
            yield f"no route-map {name} {stanza.action} {stanza.seq}"
        case Attach(slot, name):
            yield from _attachment(slot, name, running, "")
        case Detach(slot, name):
            yield from _attachment(slot, name, running, "no ")
        case RemoveList(one):
            yield f"no {FAMILY_WORD[one.version]} prefix-list {one.name}"


def list_lines(one: PrefixList) -> Iterator[str]:
    """Yield a prefix-list as FRR prints it."""
    for entry in one.entries:
        ge, le = canonical_ge_le(entry)
        length = (f" ge {ge}" if ge is not None else "") + (f" le {le}" if le is not None else "")
        yield (
            f"{FAMILY_WORD[one.version]} prefix-list {one.name} seq {entry.seq} "
            f"{entry.action} {entry.prefix}{length}"
        )


def _stanza_lines(name: str, stanza: Stanza, before: Stanza | None) -> Iterator[str]:
    """Yield a stanza; ``match`` on another list overwrites in place, so nothing is taken first.

    Guards have nothing but a match. What else somebody put into a stanza of ours is written
    too, for the way back to it.
    """
    yield f"route-map {name} {stanza.action} {stanza.seq}"
    families = {version for version, _ in stanza.lists}
    for version, list_name in stanza.lists:
        yield f" match {FAMILY_WORD[version]} address prefix-list {list_name}"
    for version, list_name in before.lists if before else ():
        if version not in families:
            yield f" no match {FAMILY_WORD[version]} address prefix-list {list_name}"
    yield from (f" {line}" for line in (*stanza.unknown, *stanza.sets))
    if stanza.call is not None:
        yield f" call {stanza.call}"
    yield "exit"


def _attachment(slot: Slot, name: str, running: Running, no: str) -> Iterator[str]:
    key, version, direction = slot
    vrf = f" vrf {key.vrf}" if key.vrf else ""
    yield f"router bgp {running.routers[key.vrf]}{vrf}"
    yield f" address-family ipv{version} unicast"
    yield f"  {no}neighbor {key.name} route-map {name} {_IN_OUT[direction]}"
    yield " exit-address-family"
    yield "exit"
