"""Neighbors and groups of an IOS-XR BGP instance, and what they inherit: :class:`Instance`.

What a session has comes, first of all, from itself; then from the session-group or af-group
that it uses; then from its neighbor-group, which inherits in the same order. Source: IOS-XR BGP
configuration guide, "Template Inheritance Rules".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.dialects.peers import asn, peer_name
from policies.dialects.vpn_families import vpn_family
from policies.dialects.xr_rpl import RplError, call_text, tokens
from policies.errors import ParseError
from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policies.dialects.hierarchy import Block

_FAMILY = re.compile(r"address-family ipv(?P<version>[46]) unicast")
_BESIDE = re.compile(r"address-family (?P<name>ipv[46] labeled-unicast)")
_AF_GROUP = re.compile(r"af-group (?P<name>\S+) address-family (?P<family>\S+ \S+)")
_POLICY = re.compile(r"route-policy (?P<policy>\S.*?) (?P<way>in|out)")
_DIRECTION = {"in": Direction.IMPORT, "out": Direction.EXPORT}

#: Longer chains of groups than anybody builds; beyond it they run in a circle.
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Said:
    """A policy, and the number of the line that attaches it."""

    policy: str
    line: int


@dataclass(slots=True)
class Family:
    """What one neighbor or group says of one family, from ``line`` on.

    ``default`` is what it says of a default route that the device makes up, in line ``default_at``.
    """

    line: int
    policies: dict[Direction, Said] = field(default_factory=dict)
    af_group: str | None = None
    default: bool | None = None
    default_at: int = 0


@dataclass(slots=True)
class Node:
    """What the lines of one neighbor or group say, from ``line`` on, before inheritance."""

    line: int
    remote_as: int | None = None
    local_as: int | None = None
    session_group: str | None = None
    neighbor_group: str | None = None
    families: dict[int, Family] = field(default_factory=dict)
    unjudged: set[str] = field(default_factory=set)
    vpns: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Instance:
    """One ``router bgp``: neighbors by VRF and name, groups by name.

    ``use`` gets every line that might speak of a policy elsewhere than on a session;
    ``unsafe`` are the VRFs whose eBGP sessions are open without a policy.
    """

    own_as: int
    use: Callable[[Block], None]
    vrfs: dict[str, dict[str, Node]] = field(default_factory=lambda: {"": {}})
    neighbor_groups: dict[str, Node] = field(default_factory=dict)
    session_groups: dict[str, Node] = field(default_factory=dict)
    af_groups: dict[str, Family] = field(default_factory=dict)
    confederation: set[int] = field(default_factory=set)
    unsafe: set[str] = field(default_factory=set)

    # Reading --------------------------------------------------------------------------------

    def read(self, block: Block, vrf: str = "") -> None:
        """Take the lines below ``router bgp``, or below one of its VRFs.

        Raises:
            ParseError: an AS number is none.
        """
        for line in block.children:
            words = line.words
            match words:
                case ["neighbor", name, *_]:
                    self._node(line, self.vrfs[vrf].setdefault(peer_name(name), Node(line.number)))
                case ["neighbor-group", name]:
                    self._node(line, self.neighbor_groups.setdefault(name, Node(line.number)))
                case ["session-group", name]:
                    self._node(line, self.session_groups.setdefault(name, Node(line.number)))
                case ["af-group", *_] if found := _AF_GROUP.fullmatch(line.text):
                    self._family(
                        line, self.af_groups.setdefault(found["name"], Family(line.number))
                    )
                case ["vrf", name]:
                    self.vrfs.setdefault(name, {})
                    self.read(line, name)
                case ["bgp", "unsafe-ebgp-policy"]:
                    self.unsafe.add(vrf)
                case ["bgp", "confederation", "peers", *numbers]:
                    self.confederation |= {_asn(line, one) for one in numbers}
                    self.confederation |= {_asn(one, one.words[0]) for one in line.children}
                case _:
                    self.use(line)

    def _node(self, block: Block, node: Node) -> None:
        for line in block.children:
            match line.words:
                case ["remote-as", number, *_]:
                    node.remote_as = _asn(line, number)
                case ["local-as", number, *_] if number[0].isdigit():
                    node.local_as = _asn(line, number)
                case ["use", "session-group", name, *_]:
                    node.session_group = name
                case ["use", "neighbor-group", name, *_]:
                    node.neighbor_group = name
                case ["address-family", *_]:
                    if found := _FAMILY.fullmatch(line.text):
                        self._family(
                            line,
                            node.families.setdefault(int(found["version"]), Family(line.number)),
                        )
                    elif beside := _BESIDE.fullmatch(line.text):
                        node.unjudged.add(beside["name"])
                    elif vpn := vpn_family(line.text):
                        node.vpns.add(vpn)
                case _:
                    self.use(line)

    def _family(self, block: Block, family: Family) -> None:
        for line in block.children:
            match line.words:
                case ["route-policy", *_] if found := _POLICY.fullmatch(line.text):
                    said = Said(policy_name(found["policy"]), line.number)
                    family.policies[_DIRECTION[found["way"]]] = said
                case ["use", "af-group", name, *_]:
                    family.af_group = name
                case ["default-originate", *rest]:
                    family.default = rest[:1] not in (["disable"], ["inheritance-disable"])
                    family.default_at = line.number
                    self.use(line)
                case _:
                    self.use(line)

    # Inheritance ----------------------------------------------------------------------------

    def levels(self, node: Node) -> Iterator[Node]:
        """Yield ``node`` and all that it inherits from, the first to be asked first."""
        yield from self._session_groups(node)
        for _, group in self.groups(node):
            yield from self._session_groups(group)

    def _session_groups(self, node: Node) -> Iterator[Node]:
        at: Node | None = node
        for _ in range(_MAX_DEPTH):
            if at is None:
                return
            yield at
            at = self.session_groups.get(at.session_group or "")

    def groups(self, node: Node) -> Iterator[tuple[str, Node]]:
        """Yield the neighbor-groups that ``node`` inherits from, the nearest first."""
        for _ in range(_MAX_DEPTH):
            name = node.neighbor_group or ""
            if name not in self.neighbor_groups:
                return
            node = self.neighbor_groups[name]
            yield name, node

    def families(self, node: Node, version: int) -> Iterator[Family]:
        """Yield what ``node`` and its af-groups say of a family."""
        at = node.families.get(version)
        for _ in range(_MAX_DEPTH):
            if at is None:
                return
            yield at
            at = self.af_groups.get(at.af_group or "")

    def carries(self, node: Node, version: int) -> bool:
        """Return whether a session carries the family."""
        nodes = (node, *(group for _, group in self.groups(node)))
        return any(version in one.families for one in nodes)

    def own_policy(self, node: Node, version: int, way: Direction) -> Said | None:
        """Return the policy that a session or group has, but for its neighbor-group's."""
        families = self.families(node, version)
        return next((one.policies[way] for one in families if way in one.policies), None)

    def group_policy(self, node: Node, version: int, way: Direction) -> Said | None:
        """Return the policy that the neighbor-groups of a session or group give it."""
        found = (self.own_policy(group, version, way) for _, group in self.groups(node))
        return next((one for one in found if one is not None), None)

    def policy(self, node: Node, version: int, way: Direction) -> Said | None:
        """Return the policy that decides, its own or that of its neighbor-groups."""
        return self.own_policy(node, version, way) or self.group_policy(node, version, way)

    def makes_default(self, node: Node, version: int) -> int | None:
        """Return the number of the line that makes up a default route for the session, if any."""
        nodes = (node, *(group for _, group in self.groups(node)))
        said = (one for at in nodes for one in self.families(at, version))
        first = next((one for one in said if one.default is not None), None)
        return first.default_at if first is not None and first.default else None

    def remote_as(self, node: Node) -> int | None:
        """Return the AS of the other side, None if nothing says it."""
        found = (one.remote_as for one in self.levels(node))
        return next((one for one in found if one is not None), None)

    def local_as(self, node: Node) -> int | None:
        """Return the AS that a session is told instead of the router's; None for none."""
        found = (one.local_as for one in self.levels(node))
        return next((one for one in found if one is not None), None)


def _asn(line: Block, text: str) -> int:
    try:
        return asn(text)
    except ValueError as error:
        raise ParseError(f"line {line.number} `{line.text[:80]}`: {error}") from error


def policy_name(text: str) -> str:
    """Return an attached policy in one form; as it is written if that is none."""
    try:
        return call_text(tokens([text]))
    except RplError:
        return text
