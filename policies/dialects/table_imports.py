"""Routes of one VRF, or of a VPN, in the table of another: :func:`table_imports`, by lines.

Such routes never meet the policies of the sessions of the table that they get into. What a
platform calls that is in :mod:`policies.dialects.import_grammars`. Of route targets only that a
table imports any is read here, not which: whoever announces a VPN route chooses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.dialects.hierarchy import walk_tables
from policies.filters import TableImport
from policies.pools import VERSIONS
from policies.references import ImportRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policies.dialects.hierarchy import Block
    from policies.dialects.import_grammars import Grammar

#: What the platforms call the table that is no VRF's.
_DEFAULT = ("default", "global", "")
#: What begins a family, of which ``version`` is none where it is not unicast.
FAMILY = re.compile(
    r"address-family (?:ipv(?P<version>[46])(?: unicast)?|(?!ipv[46](?: unicast)?$).+)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """An import, and the number of the line that does it."""

    one: TableImport
    line: int


def table_imports(tops: Iterable[Block], grammars: Sequence[Grammar]) -> tuple[Found, ...]:
    """Return what brings routes into a table besides its sessions, in the order of ``tops``.

    Of the lines that say the same of VPN routes only the first is given.
    """
    found = [
        one
        for top in tops
        for grammar in grammars
        if (head := grammar.top.fullmatch(top.text))
        for one in _block(top, _said(head), grammar)
    ]
    kept = {
        (one.one.vrf, one.one.version, one.one.family or (one.one.source, one.one.said)): one
        for one in reversed(found)
    }
    return (*reversed(kept.values()), *_onward(found, [one.onward for one in grammars]))


def places(found: Iterable[Found]) -> Mapping[ImportRef, tuple[int, ...]]:
    """Return the lines of ``found``, as an index of lines has them."""
    return {ImportRef(a.one.vrf, a.one.version, a.one.source, a.one.said): (a.line,) for a in found}


def _onward(
    found: Iterable[Found], patterns: Iterable[re.Pattern[str] | None]
) -> tuple[Found, ...]:
    """Return what of a VPN gets into a table by way of another, each line and family once."""
    vpns = [one.one for one in found if one.one.family]
    onward = [
        one
        for one in found
        if any(pattern and pattern.fullmatch(one.one.said) for pattern in patterns)
    ]
    made = {
        (one.one.vrf, one.one.said, vpn.version, vpn.family): replace(
            one,
            one=replace(
                one.one,
                source="",
                family=vpn.family,
                route_maps=(*vpn.route_maps, *one.one.route_maps),
            ),
        )
        for one in onward
        for vpn in reversed(vpns)
        if (vpn.vrf, vpn.version) == (one.one.source, one.one.version)
    }
    return tuple(made.values())


def _block(top: Block, head: Mapping[str, str | None], grammar: Grammar) -> Iterator[Found]:
    at: dict[str, str | None] = dict(head)
    made: list[Found] = []
    policies: dict[tuple[str, int], tuple[str, ...]] = {}
    for line in walk_tables(top, grammar.vrfs):
        if vrf := grammar.vrfs and grammar.vrfs.fullmatch(line.text):
            at = {**head, "vrf": vrf["vrf"]}
        elif family := FAMILY.fullmatch(line.text):
            at["version"] = family["version"]
        elif one := grammar.lines.fullmatch(line.text):
            made += _made(line, {**at, **_said(one)}, grammar.family)
        elif policy := grammar.policies and grammar.policies.fullmatch(line.text):
            for version in _versions({**at, **_said(policy)}):
                policies[_table(at.get("vrf")), version] = (policy["map"],)
    for found in made:
        named = policies.get((found.one.vrf, found.one.version), ())
        route_maps = (*found.one.route_maps, *named)
        yield replace(found, one=replace(found.one, route_maps=route_maps))


def _made(line: Block, said: Mapping[str, str | None], family: str | None) -> Iterator[Found]:
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
            family=f"vpnv{version}" if family == "vpn" else family,
            route_maps=(named,) if named else (),
        )
        yield Found(made, line.number)


def _said(found: re.Match[str]) -> dict[str, str | None]:
    return {key: text for key, text in found.groupdict().items() if text is not None}


def _versions(said: Mapping[str, str | None]) -> tuple[int, ...]:
    if "version" not in said:
        return VERSIONS
    return (int(said["version"]),) if said["version"] else ()


def _table(name: str | None) -> str:
    return "" if (name or "") in _DEFAULT else name or ""
