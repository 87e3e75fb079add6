"""What the BGP of an NX-OS configuration means: :func:`read_router`.

Semantics, and on whose word: no policy lets everything through (unicast routing guide); an
undefined route-map denies everything; a match on an undefined prefix-list matches every route of
its family; an undefined prefix-list on a session permits everything, and beside a route-map it is
not asked (all as Batfish models the vendor, the lists as its authors saw them in their lab). A
neighbor that is a prefix takes whoever connects from it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import DynamicPeers, Family, Peer, Program, Router
from lab.switch.route_maps import Habits, Policies, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.switch.lines import Configuration, Node

HABITS = Habits(
    undefined_list_matches=True,
    empty_list_matches=True,
    undefined_map_permits=False,
    undefined_attached_list_permits=True,
)
_VERSION = {"ipv4": 4, "ipv6": 6}
_POLICY_BLOCKS = frozenset(
    {"prefix-list 4", "prefix-list 6", "community-list", "as-path-list", "route-map"}
)
#: What a route is matched by beside what the lab's routes have: none of them fits.
_NEVER_FITS = ("match interface", "match tag", "match route-type", "match metric", "match source")
#: As deep as templates may inherit from one another.
_MAX_DEPTH = 8


def has_feature(configuration: Configuration, name: str) -> bool:
    """Return whether a feature is switched on."""
    return any(one.groups["name"] == name for one in configuration.root.named("feature"))


def bgp_of(configuration: Configuration) -> Node | None:
    """Return the line ``router bgp``, if there is one and the feature is on."""
    found = next(configuration.root.named("bgp"), None)
    return found if has_feature(configuration, "bgp") else None


def read_router(configuration: Configuration) -> Router | None:
    """Return what the default VRF's BGP means; None without BGP."""
    top = bgp_of(configuration)
    if top is None:
        return None
    asn = as_number(top.groups["asn"])
    reader = _Reader(top, _policies(configuration))
    router_id = next((one.groups["id"] for one in top.named("router-id")), "0.0.0.0")  # noqa: S104 - no address is bound
    peers: list[Peer] = []
    dynamic: list[DynamicPeers] = []
    for one in top.named("neighbor"):
        remote = reader.remote_asn(one)
        if remote is None:
            # The platform does not open a session whose AS it does not know.
            continue
        families, is_shut = reader.families(one), reader.has(one, "shutdown")
        if "/" not in one.groups["peer"]:
            peers.append(
                Peer(
                    address=ip_address(one.groups["peer"]),
                    remote_asn=remote,
                    families=families,
                    is_shut_down=is_shut,
                )
            )
        elif not is_shut:
            dynamic.append(
                DynamicPeers(
                    name=group_name(top, one),
                    ranges=(ip_network(one.groups["peer"]),),
                    remote_asn=remote,
                    families=families,
                )
            )
    networks = tuple(
        ip_network(line.groups["prefix"])
        for family in top.named("family")
        for line in family.named("network")
    )
    return Router(
        asn=asn,
        router_id=IPv4Address(router_id),
        peers=tuple(peers),
        dynamic=tuple(dynamic),
        networks=networks,
    )


def group_name(top: Node, neighbor: Node) -> str:
    """Return a name for those who connect from a prefix: its template's, if it is its own."""
    template = next((one.groups["name"] for one in neighbor.named("inherit peer")), None)
    sharing = [
        one
        for one in top.named("neighbor")
        if "/" in one.groups["peer"]
        and any(line.groups["name"] == template for line in one.named("inherit peer"))
    ]
    if template is not None and len(sharing) == 1:
        return template
    return "from-" + neighbor.groups["peer"].replace("/", "-").replace(":", "-")


def as_number(text: str) -> int:
    """Return an AS number; ``1.10`` is asdot notation (RFC 5396)."""
    high, _, low = text.rpartition(".")
    return (int(high or 0) << 16) + int(low)


def _policies(configuration: Configuration) -> Policies:
    blocks = [
        (one.text.strip(), [child.text.strip() for child in one.children.values()])
        for one in configuration.root.children.values()
        if one.command.name in _POLICY_BLOCKS
    ]
    return read_policies(
        [
            (head, [line for line in below if not line.startswith("description")])
            for head, below in blocks
            if not any(line.startswith(_NEVER_FITS) for line in below)
        ],
        HABITS,
    )


class _Reader:
    """Resolves what neighbors inherit from templates."""

    def __init__(self, top: Node, policies: Policies) -> None:
        self._templates = {
            (one.groups["kind"], one.groups["name"]): one for one in top.named("template")
        }
        self._policies = policies

    def remote_asn(self, neighbor: Node) -> int | None:
        found = next(self._lines(neighbor, "remote-as"), None)
        return None if found is None else as_number(found.groups["asn"])

    def has(self, neighbor: Node, name: str) -> bool:
        return next(self._lines(neighbor, name), None) is not None

    def families(self, neighbor: Node) -> dict[int, Family]:
        chain = tuple(self._chain(neighbor, 0))
        names = [one.groups["family"] for holder in chain for one in holder.named("family")]
        return {_VERSION[name]: self._family(chain, name) for name in sorted(set(names))}

    def _lines(self, neighbor: Node, name: str) -> Iterator[Node]:
        for holder in self._chain(neighbor, 0):
            yield from holder.named(name)

    def _chain(self, holder: Node, depth: int) -> Iterator[Node]:
        """Yield who says something of a session, the one that counts first."""
        yield holder
        for kind in ("peer-session", "peer"):
            for line in holder.named(f"inherit {kind}"):
                template = self._templates.get((kind, line.groups["name"]))
                if template is not None and depth < _MAX_DEPTH:
                    yield from self._chain(template, depth + 1)

    def _family(self, chain: tuple[Node, ...], name: str) -> Family:
        levels = [level for holder in chain for level in self._levels(holder, name)]
        version = _VERSION[name]
        return Family(
            import_policy=self._policy(levels, "in", version),
            export_policy=self._policy(levels, "out", version),
            next_hop_self=any(next(one.named("next-hop-self"), None) for one in levels),
            route_reflector_client=any(
                next(one.named("route-reflector-client"), None) for one in levels
            ),
        )

    def _levels(self, holder: Node, name: str) -> Iterator[Node]:
        for family in holder.named("family"):
            if family.groups["family"] == name:
                yield from self._with_policies(family, 0)

    def _with_policies(self, level: Node, depth: int) -> Iterator[Node]:
        yield level
        inherited = sorted(
            level.named("inherit peer-policy"), key=lambda one: int(one.groups["rank"])
        )
        for line in inherited:
            template = self._templates.get(("peer-policy", line.groups["name"]))
            if template is not None and depth < _MAX_DEPTH:
                yield from self._with_policies(template, depth + 1)

    def _policy(self, levels: list[Node], way: str, version: int) -> Program | None:
        for kind in ("route-map", "prefix-list"):
            for level in levels:
                for line in level.named(kind):
                    if line.groups["way"] == way:
                        if kind == "route-map":
                            return self._policies.program(line.groups["map"])
                        return self._policies.list_program(line.groups["list"], version)
        return None
