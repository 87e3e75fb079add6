"""Made-up Junos devices as text, and what their policies do, a route at a time: `setups`.

Law: written from Juniper's guide to policies, and sharing nothing with `policies.dialects`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filter_sets import UNIVERSE, VERSIONS
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.prefix_set import Network

#: A prefix with its match type, such as (10.0.0.0/29, ("upto", "/30")).
Filter = tuple["Network", tuple[str, ...]]
ACTIONS = ("accept", "reject", "next policy", "next term", "default-action reject", "")
LIST = "OFFICES"


@dataclass(frozen=True)
class Term:
    """A term; ``tag`` is a community, a condition that prefixes don't decide."""

    name: str
    family: str
    filters: tuple[Filter, ...]
    lists: tuple[str, ...]
    tag: str
    action: str

    def lines(self) -> Iterator[str]:
        """Yield what is below ``term NAME``."""
        if self.family:
            yield f"from family {self.family}"
        for prefix, how in self.filters:
            yield f"from route-filter {prefix} {' '.join(how)}"
        for kind in self.lists:
            yield f"from prefix-list{f'-filter {LIST} {kind}' if kind else f' {LIST}'}"
        if self.tag:
            yield f"from community {self.tag}"
        yield "then metric 5"
        if self.action:
            yield f"then {self.action}"


@dataclass(frozen=True)
class Setup:
    """A device: the policies by name, the members of the one prefix-list, and its BGP lines."""

    policies: Mapping[str, tuple[Term, ...]]
    members: tuple[Network, ...]
    bgp: tuple[str, ...] = field(default=())

    def text(self) -> str:
        """Return the device as it prints itself."""
        lines = ["version 21.4R3.15", "system host-name spine1"]
        lines += [f"policy-options prefix-list {LIST} {one}" for one in self.members]
        for name, terms in self.policies.items():
            for term in terms:
                head = f"policy-options policy-statement {name} term {term.name}"
                lines += [f"{head} {line}" for line in term.lines()]
        tags = [term.tag for terms in self.policies.values() for term in terms if term.tag]
        lines += [
            f"policy-options community {tag} members 65001:{at}"
            for at, tag in enumerate(tags, start=1)
        ]
        lines += ["routing-options autonomous-system 65001", *self.bgp]
        return "".join(f"set {line}\n" for line in lines)

    def verdict(self, chain: list[str], prefix: Network, holds: frozenset[str]) -> bool | None:
        """Return what a chain decides on ``prefix`` where the tags ``holds`` hold; None: nothing.

        A default-action of reject counts once nothing else decides.
        """
        fallen: bool | None = None
        for name in chain:
            for term in self.policies[name]:
                if not self.matches(term, prefix, holds):
                    continue
                if term.action in ("accept", "reject"):
                    return term.action == "accept"
                if term.action.startswith("default"):
                    fallen = False
                if term.action == "next policy":
                    break
        return fallen

    def matches(self, term: Term, prefix: Network, holds: frozenset[str]) -> bool:
        """Return whether ``prefix`` meets all of a term's conditions."""
        if term.family and term.family != ("inet" if prefix.version == 4 else "inet6"):
            return False
        if term.tag and term.tag not in holds:
            return False
        if not term.filters and not term.lists:
            return True
        filters = [*term.filters]
        for how in term.lists:
            filters += [(one, (how or "exact",)) for one in self.members]
        return longest(tuple(filters), prefix)


def longest(filters: tuple[Filter, ...], prefix: Network) -> bool:
    """Return whether the longest of ``filters`` that holds ``prefix`` has a type that matches."""
    around = [
        one
        for one in filters
        if one[0].version == prefix.version and prefix.subnet_of(one[0])  # type: ignore[arg-type]
    ]
    deepest = max((one.prefixlen for one, _ in around), default=-1)
    return any(_type(one, how, prefix) for one, how in around if one.prefixlen == deepest)


def _type(one: Network, how: tuple[str, ...], prefix: Network) -> bool:
    own, length = one.prefixlen, prefix.prefixlen
    if how[0] == "upto":
        return own <= length <= int(how[1][1:])
    if how[0] == "prefix-length-range":
        low, high = how[1].replace("/", "").split("-")
        return int(low) <= length <= int(high)
    return {"exact": length == own, "longer": length > own, "orlonger": True}[how[0]]


@st.composite
def filters(draw: st.DrawFn, version: int) -> Filter:
    """A route-filter over the universe."""
    prefix = draw(st.sampled_from(UNIVERSE[version]))
    low = draw(st.integers(prefix.prefixlen, prefix.max_prefixlen))
    high = draw(st.integers(low, prefix.max_prefixlen))
    kinds = [("exact",), ("orlonger",), ("longer",), ("upto", f"/{high}")]
    kinds.append(("prefix-length-range", f"/{low}-/{high}"))
    return prefix, draw(st.sampled_from(kinds))


@st.composite
def terms(draw: st.DrawFn, policy: str, at: int, *, plain: bool) -> Term:
    """A term of a policy; with ``plain`` prefixes alone decide it, one kind of list each."""
    version = draw(st.sampled_from(VERSIONS))
    some = draw(st.lists(filters(version), max_size=3))
    listed = draw(st.sampled_from([(), (), ("",), ("orlonger",), ("exact",)]))
    if plain and listed:
        some = []
    return Term(
        name=f"t{at}",
        family=draw(st.sampled_from(["", "", "inet", "inet6"])),
        filters=tuple(dict.fromkeys(some)),
        lists=listed,
        tag="" if plain or draw(st.booleans()) else f"{policy}.{at}",
        action=draw(st.sampled_from(ACTIONS[:2] if plain else ACTIONS)),
    )


@st.composite
def policies(draw: st.DrawFn, name: str, *, plain: bool) -> tuple[Term, ...]:
    """The terms of one policy, one at least."""
    count = draw(st.integers(1, 3))
    return tuple(draw(terms(name, at, plain=plain)) for at in range(count))


NAMES = ("FROM-A", "FROM-B", "FROM-C", "TO-A", "TO-B")


@st.composite
def setups(draw: st.DrawFn, *, plain: bool = False) -> Setup:
    """Policies and a prefix-list, no sessions."""
    universe = [*UNIVERSE[4], *UNIVERSE[6]]
    members = draw(st.lists(st.sampled_from(universe), min_size=1, max_size=4, unique=True))
    return Setup({name: draw(policies(name, plain=plain)) for name in NAMES}, tuple(members))


@st.composite
def devices(draw: st.DrawFn) -> Setup:
    """A device with sessions: chains at every level, families, dynamic neighbors, a VRF."""
    made = draw(setups())
    lines: list[str] = []
    # A chain that merely repeats what is inherited is one and the same thing: none is made.
    chains = iter(draw(st.permutations(CHAINS)))
    for base in [
        "protocols bgp",
        *draw(st.sampled_from([[], ["routing-instances BLUE protocols bgp"]])),
    ]:
        lines += _chains(draw, base, chains, often=4)
        for group in draw(
            st.sampled_from([("SPINES",), ("SPINES", "NODES"), ("MY GROUP", "NODES")])
        ):
            path = f'{base} group "{group}"' if " " in group else f"{base} group {group}"
            lines.append(f"{path} type {draw(st.sampled_from(['external', 'internal']))}")
            lines += _chains(draw, path, chains, often=2)
            for family in draw(FAMILIES):
                lines.append(f"{path} family {family} unicast")
            if group == "NODES":
                lines.append(f"{path} allow 10.3.0.0/24")
            for at in range(draw(st.integers(0, 2))):
                peer = f"{path} neighbor 10.255.{len(lines)}.{at}"
                lines.append(peer)
                if draw(st.booleans()):
                    lines.append(f"{peer} description uplink")
                lines += _chains(draw, peer, chains, often=2)
                for family in draw(FAMILIES):
                    lines.append(f"{peer} family {family} unicast")
    return Setup(made.policies, made.members, tuple(lines))


FAMILIES = st.sampled_from([(), ("inet",), ("inet6",), ("inet", "inet6")])
#: Every chain once: one or two policies, in either order.
CHAINS = [
    *((one,) for one in NAMES),
    *((one, other) for one in NAMES for other in NAMES if one != other),
]


def _chains(
    draw: st.DrawFn, path: str, chains: Iterator[tuple[str, ...]], *, often: int
) -> Iterator[str]:
    for way in ("import", "export"):
        if draw(st.integers(0, often)) == 0:
            for name in next(chains, ()):
                yield f"{path} {way} {name}"
