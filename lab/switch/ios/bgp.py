"""What the configuration of an IOS-XE switch means for its BGP: :func:`meaning`.

Which of its policies are in force is another matter: :mod:`lab.switch.ios.policed`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import (
    NOTHING_PASSES,
    Branch,
    DynamicPeers,
    Family,
    Jump,
    Peer,
    Program,
    Router,
    Verdict,
)
from lab.switch.route_maps import Habits, Policies, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lab.switch.lines import Configuration, Node
    from lab.switch.meaning import Instruction, Network

#: The manual has an empty list match everything; an undefined route-map lets nothing through.
HABITS = Habits(
    undefined_list_matches=True,
    empty_list_matches=True,
    undefined_map_permits=False,
    undefined_attached_list_permits=True,
)
_VERSIONS = {"ipv4": 4, "ipv6": 6}


@dataclass(slots=True)
class _Side:
    """The lines of one neighbor, group or template, outside of families and in each of them."""

    session: dict[str, str] = field(default_factory=dict)
    families: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


def meaning(configuration: Configuration) -> Router | None:
    """Return the BGP of the default VRF; None where there is none."""
    root = configuration.root
    routers = list(root.named("router"))
    if not routers:
        return None
    return _Reader(routers[0], read_policies(_blocks(root), HABITS)).router()


def _blocks(root: Node) -> Iterator[tuple[str, Sequence[str]]]:
    for node in root.children.values():
        yield node.text.rstrip(), [one.text for one in node.children.values()]


class _Reader:
    def __init__(self, node: Node, policies: Policies) -> None:
        self._node = node
        self._policies = policies
        self._asn = int(node.groups["asn"])
        self._safe = any(node.named("safe"))
        self._families = {
            _VERSIONS[one.groups["afi"]]: one
            for one in node.named("family")
            if "vrf" not in one.groups
        }
        self._sides: dict[str, _Side] = defaultdict(_Side)
        for line in node.children.values():
            if "peer" in line.groups:
                self._sides[line.groups["peer"]].session.update(_said(line))
        for version, family in self._families.items():
            for line in family.children.values():
                if "peer" in line.groups:
                    self._sides[line.groups["peer"]].families[version].update(_said(line))

    def router(self) -> Router:
        ranges: dict[str, list[Network]] = defaultdict(list)
        for line in self._node.named("listen"):
            ranges[line.groups["group"]].append(ip_network(line.groups["range"]))
        ids = [one.groups["id"] for one in self._node.named("router-id")]
        return Router(
            asn=self._asn,
            router_id=IPv4Address(ids[0] if ids else "0.0.0.0"),  # noqa: S104 - no socket
            peers=tuple(self._peers()),
            dynamic=tuple(
                DynamicPeers(
                    name=name,
                    ranges=tuple(found),
                    remote_asn=asn,
                    families=self._policed(name, asn),
                )
                for name, found in ranges.items()
                if (asn := self._remote_as(name)) is not None
            ),
            networks=tuple(
                ip_network("/".join(filter(None, (one.groups["network"], one.groups.get("mask")))))
                for family in self._families.values()
                for one in family.named("network")
            ),
        )

    def _peers(self) -> Iterator[Peer]:
        for name, side in list(self._sides.items()):
            asn = self._remote_as(name)
            if "group" in side.session or asn is None:
                continue
            yield Peer(
                address=ip_address(name),
                remote_asn=asn,
                families=self._policed(name, asn),
                is_shut_down="shutdown" in self._session(name),
            )

    def _session(self, name: str) -> Mapping[str, str]:
        """Return the lines about the session itself, with those of its group and template."""
        own = self._sides[name].session
        inherited: dict[str, str] = {}
        if "member" in own:
            inherited |= self._sides[own["member"]].session
        if "inherit-session" in own:
            inherited |= self._template("peer-session", own["inherit-session"])
        return {**inherited, **own}

    def _remote_as(self, name: str) -> int | None:
        found = self._session(name).get("remote-as")
        return int(found) if found else None

    def _template(self, kind: str, name: str) -> dict[str, str]:
        for node in self._node.named(kind):
            if node.groups["name"] == name:
                found: dict[str, str] = {}
                for line in node.children.values():
                    found |= _said(line)
                return found
        return {}

    def _policed(self, name: str, asn: int) -> dict[int, Family]:
        found = {}
        by_default = not any(self._node.named("default"))
        group = self._sides[name].session.get("member")
        for version in self._families:
            lines = dict(self._sides[group].families[version]) if group else {}
            own = self._sides[name].families[version]
            if "inherit-policy" in own:
                lines |= self._template("peer-policy", own["inherit-policy"])
            lines |= own
            active = lines.get("activate", "yes" if version == 4 and by_default else "no")  # noqa: PLR2004
            if active == "yes":
                closed = self._safe and asn != self._asn
                found[version] = Family(
                    import_policy=self._policy(lines, version, "in", closed=closed),
                    export_policy=self._policy(lines, version, "out", closed=closed),
                    next_hop_self="next-hop-self" in lines,
                    route_reflector_client="route-reflector-client" in lines,
                )
        return found

    def _policy(
        self, lines: Mapping[str, str], version: int, way: str, *, closed: bool
    ) -> Program | None:
        parts = []
        if name := lines.get(f"prefix-list {way}"):
            parts.append(self._policies.list_program(name, version))
        if name := lines.get(f"route-map {way}"):
            parts.append(self._policies.program(name))
        if not parts:
            return NOTHING_PASSES if closed else None
        return _all_of(parts)


def _said(line: Node) -> dict[str, str]:  # noqa: PLR0911 - an arm for each kind of line
    """Return what a line says, by its name and direction; lines without a name say nothing."""
    groups, name = line.groups, line.command.name
    match name:
        case "":
            return {}
        case "route-map":
            return {f"route-map {groups['way']}": groups["map"]}
        case "prefix-list":
            return {f"prefix-list {groups['way']}": groups["list"]}
        case "activate":
            return {name: "no" if "no" in groups else "yes"}
        case "remote-as":
            return {name: groups["asn"]}
        case "member":
            return {name: groups["group"]}
        case "inherit-session" | "inherit-policy":
            return {name: groups["name"]}
        case _:
            return {name: ""}


def _all_of(parts: Sequence[Program]) -> Program:
    """Return the policies one after the other, each of which must let a route through."""
    code: list[Instruction] = []
    for at, part in enumerate(parts):
        start, end = len(code), len(code) + len(part.instructions)
        for one in part.instructions:
            match one:
                case Branch(condition, then, otherwise):
                    code.append(Branch(condition, then + start, otherwise + start))
                case Jump(to):
                    code.append(Jump(to + start))
                case Verdict(accept=True) if at < len(parts) - 1:
                    code.append(Jump(end))
                case _:
                    code.append(one)
    return Program(tuple(code))
