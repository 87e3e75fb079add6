"""VRFs of one device that share route targets (RFC 4364): :func:`shared_targets`.

What one exports with a target that another imports gets into the table of that one, without any
session between them. ``auto`` is a target of the VRF's own, which it shares with none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.dialects.hierarchy import walk_tables
from policies.dialects.table_imports import FAMILY, Found
from policies.filters import TableImport
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policies.dialects.hierarchy import Block

#: A target, or a way, with the kind of VPN that it is for.
Target = tuple[str, str]

_BOTH = {"import": ("import",), "export": ("export",), "both": ("import", "export")}
_TARGET = re.compile(r"\d[\d.]*:\d+")
_MAP = re.compile(r"(?P<way>import|export) (?:map|route-policy) (?P<map>\S.*)")


@dataclass(frozen=True, slots=True)
class Targets:
    """How a platform writes the route targets of VRFs; all are patterns of whole lines.

    ``top`` is of the blocks that do, ``vrfs`` of what names the VRF inside of one, ``lines`` of
    what gives targets, ``below`` of targets in lines of their own, ``maps`` of the route-maps that
    hold for them, and ``on`` of what it takes besides. Their groups are ``vrf``, ``way``
    (``import``, ``export`` or ``both``), ``version``, ``kind`` of VPN, ``targets`` and ``map``.
    """

    top: re.Pattern[str]
    lines: re.Pattern[str]
    vrfs: re.Pattern[str] | None = None
    below: re.Pattern[str] | None = None
    maps: re.Pattern[str] = _MAP
    on: re.Pattern[str] | None = None


#: doc/user/bgp.rst, "L3VPN VRFs".
FRR = Targets(
    top=re.compile(r"router bgp \S+(?: vrf (?P<vrf>\S+))?(?: as-notation \S+)?"),
    lines=re.compile(r"rt vpn (?P<way>import|export|both) (?P<targets>.+)"),
    maps=re.compile(r"route-map vpn (?P<way>import|export) (?P<map>\S+)"),
    on=re.compile(r"(?P<way>import|export) vpn"),
)
#: IOS-XE and NX-OS. An ``export map`` gives routes targets of its own: what it denies is exported
#: all the same where ``route-target export`` says so, seen on IOS; not known of NX-OS.
CISCO = Targets(
    top=re.compile(r"(?:ip vrf|vrf definition|vrf context) (?P<vrf>\S+)"),
    lines=re.compile(r"route-target (?P<way>import|export|both) (?P<targets>\S+)(?P<kind> \S+)?"),
    maps=re.compile(r"(?P<way>import) map (?P<map>\S+)"),
)
EOS = Targets(
    top=re.compile(r"router bgp \S+"),
    vrfs=re.compile(r"vrf (?P<vrf>\S+)"),
    lines=re.compile(
        r"route-target (?P<way>import|export|both) "
        r"(?P<kind>evpn |vpn-ipv(?P<version>[46]) )?(?P<targets>[0-9]\S*)"
    ),
    maps=re.compile(
        r"route-target (?P<way>import|export) (?P<kind>evpn|vpn-ipv[46]) route-map (?P<map>\S+)"
    ),
)
XR = Targets(
    top=re.compile(r"vrf (?P<vrf>\S+)"),
    lines=re.compile(r"(?P<way>import|export) route-target(?: (?P<targets>.+))?"),
    below=re.compile(r"(?P<targets>\d\S*)(?: stitching)?"),
)


@dataclass(slots=True)
class _Table:
    """What one VRF says of one family: targets with their lines, route-maps, and what is on."""

    targets: dict[str, dict[Target, Block]] = field(default_factory=lambda: defaultdict(dict))
    maps: dict[Target, str] = field(default_factory=dict)
    on: set[str] = field(default_factory=set)

    def map(self, way: str, kind: str) -> str | None:
        """Return the route-map for a kind of VPN; one that names none is for all."""
        return self.maps.get((way, kind), self.maps.get((way, "")))


def shared_targets(tops: Iterable[Block], grammar: Targets) -> Iterator[Found]:
    """Yield what gets from one VRF into another, once for each two of them and each family."""
    tables: dict[tuple[str, int], _Table] = defaultdict(_Table)
    for top in tops:
        if head := grammar.top.fullmatch(top.text):
            _read(top, head.groupdict().get("vrf") or "", grammar, tables)
    for (vrf, version), here in tables.items():
        for (source, family), there in tables.items():
            if source == vrf or family != version:
                continue
            if grammar.on and not ("import" in here.on and "export" in there.on):
                continue
            shared = [one for one in here.targets["import"] if one in there.targets["export"]]
            # Where the same route-maps hold, one target brings as much as another.
            ways = {
                (here.map("import", kind), there.map("export", kind)): (name, kind)
                for name, kind in reversed(shared)
            }
            for maps, target in reversed(ways.items()):
                line = here.targets["import"][target]
                alone = not grammar.lines.fullmatch(line.text)
                said = f"import route-target {target[0]}" if alone else line.text
                one = TableImport(
                    vrf=vrf,
                    version=version,
                    source=source,
                    said=said,
                    route_maps=tuple(one for one in maps if one),
                )
                yield Found(one, line.number)


def _read(top: Block, vrf: str, grammar: Targets, tables: dict[tuple[str, int], _Table]) -> None:
    versions: tuple[int, ...] = VERSIONS
    way = ""
    for line in walk_tables(top, grammar.vrfs):
        if named := grammar.vrfs and grammar.vrfs.fullmatch(line.text):
            vrf, versions = "" if named["vrf"] == "default" else named["vrf"], VERSIONS
        elif family := FAMILY.fullmatch(line.text):
            versions = (int(family["version"]),) if family["version"] else ()
        elif found := grammar.lines.fullmatch(line.text):
            way = found["way"]
            said = found.groupdict().get("version")
            own = (int(said),) if said else versions
            _targets(line, found, way, [tables[vrf, one] for one in own])
        elif more := grammar.below and grammar.below.fullmatch(line.text):
            _targets(line, more, way, [tables[vrf, one] for one in versions])
        elif policy := grammar.maps.fullmatch(line.text):
            for one in versions:
                kind = policy.groupdict().get("kind") or ""
                tables[vrf, one].maps[policy["way"], kind] = policy["map"]
        elif switched := grammar.on and grammar.on.fullmatch(line.text):
            for one in versions:
                tables[vrf, one].on.add(switched["way"])


def _targets(line: Block, found: re.Match[str], way: str, tables: Iterable[_Table]) -> None:
    kind = (found.groupdict().get("kind") or "").strip()
    for target in _TARGET.findall(found["targets"] or ""):
        for one in _BOTH.get(way, ()):
            for table in tables:
                table.targets[one].setdefault((target, kind), line)
