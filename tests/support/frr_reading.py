"""What an FRR configuration means, read for tests: :func:`meaning`.

Law: written from FRR's manual; it shares nothing with `policies.dialects`. Route-maps and lists are
read by the code of the lab's switches. A line that it does not know is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import (
    NOTHING_PASSES,
    Branch,
    DynamicPeers,
    Family,
    InPrefixes,
    Jump,
    Peer,
    Program,
    Range,
    Router,
    Verdict,
)
from lab.switch.route_maps import Habits, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.route_maps import Policies

_HABITS = Habits(
    undefined_list_matches=False,
    empty_list_matches=False,
    undefined_map_permits=False,
    undefined_attached_list_permits=False,
)
_NEIGHBOR = re.compile(r"(?P<no>no )?neighbor (?P<name>\S+) (?P<rest>.+)")
_RANGE = re.compile(r"bgp listen range (?P<range>\S+) peer-group (?P<name>\S+)")


@dataclass
class _Said:
    remote: str | None = None
    group: str | None = None
    is_group: bool = False
    active: dict[int, bool] = field(default_factory=dict)
    maps: dict[tuple[int, str], str] = field(default_factory=dict)
    default: set[int] = field(default_factory=set)


@dataclass
class _Bgp:
    asn: int
    requires: bool
    said: dict[str, _Said] = field(default_factory=dict)
    ranges: dict[str, list[str]] = field(default_factory=dict)


def meaning(text: str) -> Router | None:
    """Return the BGP of the default VRF; None where there is none."""
    blocks = list(_blocks(text))
    policies = read_policies(
        [(head, below) for head, below in blocks if not head.startswith("router")], _HABITS
    )
    requires = "frr defaults datacenter" not in text
    for head, below in blocks:
        if found := re.fullmatch(r"router bgp (\d+)", head):
            bgp = _Bgp(int(found[1]), requires)
            _read(bgp, below)
            return _router(bgp, policies)
    return None


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    head, below = "", list[str]()
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line in ("!", "exit", "end"):
            continue
        if raw[0] != " " and line != "exit-address-family":
            if head:
                yield head, below
            head, below = line, []
        else:
            below.append(line)
    yield head, below


def _read(bgp: _Bgp, lines: list[str]) -> None:
    version = 0
    for line in lines:
        if found := re.fullmatch(r"address-family ipv([46]) unicast", line):
            version = int(found[1])
        elif line == "exit-address-family":
            version = 0
        elif line.endswith("bgp ebgp-requires-policy"):
            bgp.requires = not line.startswith("no ")
        elif found := _RANGE.fullmatch(line):
            bgp.ranges.setdefault(found["name"], []).append(found["range"])
        elif found := _NEIGHBOR.fullmatch(line):
            one = bgp.said.setdefault(found["name"], _Said())
            _neighbor(one, found["rest"].split(), version, no=bool(found["no"]))


def _neighbor(one: _Said, words: list[str], version: int, *, no: bool) -> None:
    match words:
        case ["peer-group"]:
            one.is_group = True
        case ["peer-group", group]:
            one.group = group
        case ["remote-as", number]:
            one.remote = number
        case ["activate"]:
            one.active[version] = not no
        case ["route-map", name, way]:
            one.maps[version or 4, way] = name
        case ["default-originate"]:
            one.default.add(version)


def _or_default(program: Program, version: int) -> Program:
    """Return a program that lets a default route through, and else does as ``program``."""
    prefix = ip_network("0.0.0.0/0" if version == 4 else "::/0")
    is_default = InPrefixes(version, ((True, Range(prefix, 0, 0)),))
    moved = [
        replace(one, then=one.then + 2, otherwise=one.otherwise + 2)
        if isinstance(one, Branch)
        else replace(one, to=one.to + 2)
        if isinstance(one, Jump)
        else one
        for one in program.instructions
    ]
    return Program((Branch(is_default, 1, 2), Verdict(accept=True), *moved))


def _router(bgp: _Bgp, policies: Policies) -> Router:
    def families(name: str) -> dict[int, Family]:
        one = bgp.said[name]
        above = bgp.said.get(one.group or "", _Said())
        external = int(one.remote or above.remote or 0) != bgp.asn

        def policy(version: int, way: str) -> Program | None:
            chosen = one.maps.get((version, way)) or above.maps.get((version, way))
            program = policies.program(chosen) if chosen is not None else None
            if program is None and external and bgp.requires:
                program = NOTHING_PASSES
            made_up = way == "out" and version in one.default
            return _or_default(program, version) if made_up and program else program

        return {
            version: Family(
                import_policy=policy(version, "in"), export_policy=policy(version, "out")
            )
            for version in (4, 6)
            if one.active.get(version, above.active.get(version, version == 4))
        }

    peers = [
        Peer(address=ip_address(name), remote_asn=0, families=families(name))
        for name, one in bgp.said.items()
        if not one.is_group
    ]
    dynamic = [
        DynamicPeers(
            name=name,
            ranges=tuple(map(ip_network, ranges)),
            remote_asn=0,
            families=families(name),
        )
        for name, ranges in bgp.ranges.items()
    ]
    return Router(asn=bgp.asn, router_id=IPv4Address(0), peers=tuple(peers), dynamic=tuple(dynamic))
