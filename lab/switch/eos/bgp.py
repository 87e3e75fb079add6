"""What an EOS configuration means for BGP in the default VRF: :func:`router`.

EOS's defaults: a session without a policy, or with a route-map that is not defined, lets
everything through unless ``bgp missing-policy`` says otherwise (Arista's note on missing policies).
Nearer goes first: a neighbor's own policy before its group's, inside the address family before
outside. A match on a prefix-list that is not there is taken as no match, as Batfish models it.
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
    Instruction,
    Jump,
    Peer,
    Program,
    Router,
    Verdict,
)
from lab.switch.route_maps import Habits, Policies, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.lines import Configuration, Node
    from lab.switch.meaning import Network

HABITS = Habits(
    undefined_list_matches=False,
    empty_list_matches=False,
    undefined_map_permits=True,
    undefined_attached_list_permits=True,
)
_VERSION = {"ipv4": 4, "ipv6": 6}
_POLICIES = ("prefix-list", "route-map", "list")


@dataclass(slots=True)
class _Said:
    """What the lines about one neighbor or group say; a family of None is outside of any."""

    lines: dict[str, Node] = field(default_factory=dict)
    active: dict[int, bool] = field(default_factory=dict)
    policies: dict[tuple[str, str, int | None], str] = field(default_factory=dict)


def router(configuration: Configuration) -> Router | None:
    """Return what ``configuration`` makes of BGP; None without ``router bgp``."""
    root = configuration.root
    for instance in root.named("bgp"):
        blocks = (
            (node.text, [child.text for child in node.children.values()])
            for node in root.children.values()
            if node.command.name in _POLICIES
        )
        return _Instance(instance, read_policies(blocks, HABITS)).router()
    return None


class _Instance:
    def __init__(self, node: Node, policies: Policies) -> None:
        self._node = node
        self._policies = policies
        self._asn = int(node.groups["asn"])
        self._families = {
            _VERSION[one.groups["family"]]: one
            for one in node.named("family")
            if one.groups["family"] in _VERSION
        }
        self._said: dict[str, _Said] = defaultdict(_Said)
        self._missing: dict[tuple[str, int | None], str] = {}
        self._read(node, None)
        for version, family in self._families.items():
            self._read(family, version)

    def router(self) -> Router:
        peers, dynamic = [], []
        for name, said in self._said.items():
            asn = self._line("remote-as", said)
            if "group" not in said.lines and asn is not None:
                peers.append(
                    Peer(
                        address=ip_address(name),
                        remote_asn=int(asn.groups["asn"]),
                        families=self._all_families(said, int(asn.groups["asn"])),
                        is_shut_down=self._line("shutdown", said) is not None,
                    )
                )
        for group, (ranges, remote_asn) in self._listens().items():
            said = self._said[group]
            dynamic.append(
                DynamicPeers(
                    name=group,
                    ranges=tuple(ranges),
                    remote_asn=remote_asn,
                    families=self._all_families(said, remote_asn),
                )
            )
        return Router(
            asn=self._asn,
            router_id=self._router_id(),
            peers=tuple(sorted(peers, key=lambda one: (one.address.version, int(one.address)))),
            dynamic=tuple(sorted(dynamic, key=lambda one: one.name)),
            networks=tuple(self._networks()),
        )

    def _read(self, node: Node, version: int | None) -> None:
        for line in node.children.values():
            name, groups = line.command.name, line.groups
            if name == "missing-policy":
                self._missing[groups["way"], version] = groups["action"]
            elif "peer" in groups:
                said = self._said[groups["peer"]]
                if name in _POLICIES:
                    what = groups.get("map") or groups["list"]
                    said.policies[name, groups["way"], version] = what
                elif name == "activate" and version is not None:
                    said.active[version] = not line.text.startswith("no ")
                else:
                    said.lines[name] = line

    def _router_id(self) -> IPv4Address:
        for line in self._node.named("router-id"):
            return IPv4Address(line.groups["id"])
        return IPv4Address(0)

    def _networks(self) -> Iterator[Network]:
        for version in sorted(self._families):
            for line in self._families[version].named("network"):
                yield ip_network(line.groups["prefix"])

    def _listens(self) -> dict[str, tuple[list[Network], int]]:
        found: dict[str, tuple[list[Network], int]] = {}
        for line in self._node.named("listen"):
            groups = line.groups
            ranges, _ = found.setdefault(groups["group"], ([], int(groups["asn"])))
            ranges.append(ip_network(groups["range"]))
        return found

    # Inheritance ----------------------------------------------------------------------------

    def _chain(self, said: _Said) -> list[_Said]:
        member = said.lines.get("member")
        return [said] if member is None else [said, self._said[member.groups["group"]]]

    def _line(self, name: str, said: _Said) -> Node | None:
        return next((one.lines[name] for one in self._chain(said) if name in one.lines), None)

    def _is_active(self, said: _Said, version: int) -> bool:
        for one in self._chain(said):
            if version in one.active:
                return one.active[version]
        return version == 4 and not any(self._node.named("default-ipv4"))  # noqa: PLR2004

    def _all_families(self, said: _Said, remote_asn: int) -> dict[int, Family]:
        return {
            version: Family(
                import_policy=self._policy(said, "in", version, remote_asn),
                export_policy=self._policy(said, "out", version, remote_asn),
                next_hop_self=self._line("next-hop-self", said) is not None,
                route_reflector_client=self._line("route-reflector-client", said) is not None,
            )
            for version in (4, 6)
            if self._is_active(said, version)
        }

    def _policy(self, said: _Said, way: str, version: int, remote_asn: int) -> Program | None:
        route_map = self._attached("route-map", said, way, version)
        prefix_list = self._attached("prefix-list", said, way, version)
        missing = self._missing.get((way, version), self._missing.get((way, None)))
        is_missing = route_map is None or route_map not in self._policies.maps
        if missing == "deny" and is_missing and remote_asn != self._asn and prefix_list is None:
            return NOTHING_PASSES
        programs = []
        if prefix_list is not None:
            programs.append(self._policies.list_program(prefix_list, version))
        if route_map is not None:
            programs.append(self._policies.program(route_map))
        return _one_after_another(programs)

    def _attached(self, kind: str, said: _Said, way: str, version: int) -> str | None:
        for one in self._chain(said):
            for place in (version, None):
                if (kind, way, place) in one.policies:
                    return one.policies[kind, way, place]
        return None


def _one_after_another(programs: list[Program]) -> Program | None:
    """Return a program that accepts what all of ``programs`` accept; None without any."""
    if not programs:
        return None
    first, *rest = programs
    after = _one_after_another(rest)
    if after is None:
        return first
    start = len(first.instructions)
    head = [Jump(start) if one == Verdict(accept=True) else one for one in first.instructions]
    return Program((*head, *(_moved(one, start) for one in after.instructions)))


def _moved(one: Instruction, by: int) -> Instruction:
    match one:
        case Branch(condition, then, otherwise):
            return Branch(condition, then + by, otherwise + by)
        case Jump(to):
            return Jump(to + by)
        case _:
            return one
