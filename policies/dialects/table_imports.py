"""Routes of one VRF in the table of another, on platforms of lines: :func:`table_imports`.

Such routes never meet the policies of the sessions of the table that they get into. What a
platform calls that is its row, :class:`Grammar`; only statements that name the other table are
read, not what route targets bring together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.dialects.hierarchy import walk
from policies.filters import TableImport
from policies.pools import VERSIONS
from policies.references import ImportRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.dialects.hierarchy import Block

#: What the platforms call the table that is no VRF's.
_DEFAULT = ("default", "global", "")


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where a platform says that routes get from one table into another.

    All are patterns of whole lines: ``top`` of the blocks that say it, ``places`` of the lines
    that say, for what follows, which VRF and family it is about, ``lines`` of what does it, and
    ``policies`` of what names a route-map for all that does it there. Their groups are ``vrf``,
    ``version``, ``source``, ``map``, and ``way``, which is ``export`` for routes that leave.
    """

    top: re.Pattern[str]
    lines: re.Pattern[str]
    places: re.Pattern[str] = re.compile(
        r"address-family (?:ipv(?P<version>[46])(?: unicast)?|(?!ipv[46](?: unicast)?$).+)"
    )
    policies: re.Pattern[str] | None = None


#: doc/user/bgp.rst, "VRF Route Leaking". Both lines with a route-map set the same one.
FRR = Grammar(
    top=re.compile(r"router bgp \S+(?: vrf (?P<vrf>\S+))?(?: as-notation \S+)?"),
    lines=re.compile(r"import vrf (?!route-map )(?P<source>\S+)"),
    policies=re.compile(r"(?:import vrf route-map|route-map vpn import) (?P<map>\S+)"),
)
#: IOS-XE: "IP Prefix Import from (Export to) a VRF Table"; "Easy Virtual Network", route
#: replication, where only what comes from BGP is looked at.
IOS = Grammar(
    top=re.compile(
        r"(?:ip vrf|vrf definition) (?P<vrf>\S+)|global-address-family ipv(?P<version>[46]).*"
    ),
    lines=re.compile(
        r"(?P<way>import|export) ipv(?P<version>[46]) unicast(?: \d+)? map (?P<map>\S+).*"
        r"|route-replicate(?: recursive)? from vrf (?P<source>\S+) unicast (?:all|bgp \S+)"
        r"(?: route-map (?P<replicated>\S+))?"
    ),
)
#: NX-OS unicast routing guide, "Configuring Layer 3 Virtualization".
NXOS = Grammar(
    top=re.compile(r"vrf context (?P<vrf>\S+)"),
    lines=re.compile(r"(?P<way>import|export) vrf default(?: \d+)? map (?P<map>\S+).*"),
)
#: EOS: the VrfLeak agent, which does the same for both families.
EOS = Grammar(
    top=re.compile(r"router general"),
    places=re.compile(r"vrf (?P<vrf>\S+)"),
    lines=re.compile(
        r"leak routes source-vrf (?P<source>\S+)(?: subscribe-policy (?P<map>\S+)| .+)?"
    ),
)
#: IOS-XR: `vrf`, import and export of the default VRF.
XR = Grammar(
    top=re.compile(r"vrf (?P<vrf>\S+)"),
    lines=re.compile(
        r"(?P<way>import|export) (?:from|to) default-vrf route-policy "
        r"(?P<map>\S.*?)(?: advertise-as-vpn| allow-imported-vpn)?"
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """An import, and the number of the line that does it."""

    one: TableImport
    line: int


def table_imports(tops: Iterable[Block], grammar: Grammar) -> tuple[Found, ...]:
    """Return what brings routes from one table into another, in the order of ``tops``."""
    return tuple(
        found
        for top in tops
        if (head := grammar.top.fullmatch(top.text))
        for found in _block(top, head.groupdict(), grammar)
    )


def places(found: Iterable[Found]) -> Mapping[ImportRef, tuple[int, ...]]:
    """Return the lines of ``found``, as an index of lines has them."""
    return {ImportRef(a.one.vrf, a.one.version, a.one.source, a.one.said): (a.line,) for a in found}


def _block(top: Block, head: Mapping[str, str | None], grammar: Grammar) -> Iterator[Found]:
    at: dict[str, str | None] = dict(head)
    made: list[Found] = []
    policies: dict[tuple[str, int], tuple[str, ...]] = {}
    for line in list(walk(top))[1:]:
        if place := grammar.places.fullmatch(line.text):
            at.update(place.groupdict())
        elif one := grammar.lines.fullmatch(line.text):
            said = {key: text for key, text in one.groupdict().items() if text is not None}
            made += _made(line, {**at, **said})
        elif policy := grammar.policies and grammar.policies.fullmatch(line.text):
            for version in _versions(at):
                policies[_table(at.get("vrf")), version] = (policy["map"],)
    for found in made:
        named = policies.get((found.one.vrf, found.one.version), ())
        route_maps = (*found.one.route_maps, *named)
        yield replace(found, one=replace(found.one, route_maps=route_maps))


def _made(line: Block, said: Mapping[str, str | None]) -> Iterator[Found]:
    here, there = _table(said.get("vrf")), _table(said.get("source"))
    if said.get("way") == "export":
        here, there = there, here
    named = said.get("map") or said.get("replicated")
    for version in _versions(said):
        made = TableImport(
            vrf=here,
            version=version,
            source=there,
            said=line.text,
            route_maps=(named,) if named else (),
        )
        yield Found(made, line.number)


def _versions(said: Mapping[str, str | None]) -> tuple[int, ...]:
    if "version" not in said:
        return VERSIONS
    return (int(said["version"]),) if said["version"] else ()


def _table(name: str | None) -> str:
    return "" if (name or "") in _DEFAULT else name or ""
