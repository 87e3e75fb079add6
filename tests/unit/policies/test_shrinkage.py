"""What a plan closes of each cluster's addresses, against a count of single addresses."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

import pytest
from bgp_texts import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from installing import EXPORT, IMPORT, clean, fence, guard

from inventory.pools import Cluster
from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.guards import Fence, deny_list
from policies.managed import managed
from policies.pools import VERSIONS, effective, holdings
from policies.prefix_set import PrefixSet
from policies.shrinkage import Shrink, addresses, shrinkage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policies.filters import Running
    from policies.guards import WantedGuard

#: Each cluster's quarter of 10.0.0.0/24 in sixteenths, and the fourth quarter for racks.
QUARTERS = {
    name: list(IPv4Network(f"10.0.0.{start}/26").subnets(new_prefix=28))
    for name, start in {"a": 0, "b": 64, "c": 128}.items()
}
RACKS = list(IPv4Network("10.0.0.192/26").subnets(new_prefix=28))


def parse(platform: str = "frr") -> Running:
    return DIALECTS[platform].parse(TEXTS[platform])


def installed(running: Running, *guards: WantedGuard) -> Running:
    return apply(running, steps(managed(running), clean(running, *guards).managed))


@st.composite
def generations(draw: st.DrawFn) -> dict[str, Cluster]:
    """Return clusters, at least one, with some of their quarter as delegation and as pools."""
    found = {}
    for number, name in enumerate(sorted(draw(st.sets(st.sampled_from("abc"), min_size=1)))):
        some = st.lists(st.sampled_from(QUARTERS[name]), unique=True, max_size=4)
        pools = [
            {"cidr": str(draw(st.sampled_from([net, *net.subnets()]))), "kind": "service"}
            for net in draw(some)
        ]
        found[name] = Cluster.model_validate(
            {
                "delegated": [str(net) for net in draw(some)],
                "pools": [{**pool, "host_routes": draw(st.booleans())} for pool in pools],
                "infrastructure": [str(RACKS[number])] if draw(st.booleans()) else [],
            }
        )
    return found


def only(clusters: Mapping[str, Cluster]) -> Fence:
    """Return the guard of a session that carries all of ``clusters``, and their racks."""
    allowed = {}
    for version in VERSIONS:
        owned = [effective(one, version) for one in clusters.values()]
        parts = [part for one in owned for part in (one.specifics, one.infrastructure)]
        allowed[version] = PrefixSet.union(version, parts)
    label = ".".join(clusters)
    lists = {version: deny_list("out", label, version, ~one) for version, one in allowed.items()}
    return Fence("out", label, allowed, lists)


def inside(nets: Iterable[object]) -> set[int]:
    return {int(one) for net in nets for one in ip_network(str(net))}


def counted(before: Mapping[str, Cluster], after: Mapping[str, Cluster]) -> dict[str, float]:
    """Count, address by address, what is closed of what each cluster of ``after`` holds."""

    def open_of(clusters: Mapping[str, Cluster]) -> set[int]:
        return {
            address
            for one in clusters.values()
            for address in (inside(pool.cidr for pool in one.pools) & inside(one.delegated))
            | inside(one.infrastructure)
        }

    was, will = open_of(before), open_of(after)
    held = {name: inside((*one.delegated, *one.infrastructure)) for name, one in after.items()}
    held["-"] = was - set().union(*held.values())
    return {
        name: len((was & theirs) - will) / len(was & theirs)
        for name, theirs in held.items()
        if (was & theirs) - will
    }


@settings(max_examples=300)
@given(generations(), generations())
def test_every_cluster_is_judged_by_itself(
    old: dict[str, Cluster], new: dict[str, Cluster]
) -> None:
    before = installed(parse(), guard("10.0.0.1", EXPORT, only(old), may_open=True))
    fence_now = only(new)
    wanted = clean(before, guard("10.0.0.1", EXPORT, fence_now, may_open=True))
    after = apply(before, steps(managed(before), wanted.managed))
    held = {name: holdings(one) for name, one in new.items()}
    found = list(shrinkage(before, after, wanted.fenced, held))
    assert {one.cluster or "-": one.closed for one in found} == counted(old, new)
    assert len(found) == len({one.cluster for one in found})


A, B = fence("a", "10.0.0.0/16"), fence("b", "10.1.0.0/20")
BOTH = fence("a.b", "10.0.0.0/16", "10.1.0.0/20")
HELD = {
    "a": {4: PrefixSet.of(ip_network("10.0.0.0/16"), 16, 32), 6: PrefixSet.empty(6)},
    "b": {4: PrefixSet.of(ip_network("10.1.0.0/20"), 20, 32), 6: PrefixSet.empty(6)},
}


def shrinks(
    before: Running, after_fence: Fence, held: Mapping[str, Mapping[int, PrefixSet]] = HELD
) -> list[str]:
    wanted = clean(before, guard("10.0.0.1", IMPORT, after_fence, may_open=True))
    after = apply(before, steps(managed(before), wanted.managed))
    return [str(one) for one in shrinkage(before, after, wanted.fenced, held)]


@pytest.mark.parametrize("platform", TEXTS)
def test_a_small_cluster_that_goes_wholly_is_seen_on_every_platform(platform: str) -> None:
    before = installed(parse(platform), guard("10.0.0.1", IMPORT, BOTH, may_open=True))
    where = "10.0.0.1 ipv4 import closes"
    assert shrinks(before, BOTH) == []
    assert shrinks(before, A) == [f"{where} 100% of cluster b"]
    assert shrinks(before, B) == [f"{where} 100% of cluster a"]
    left = {"a": HELD["a"]}
    assert shrinks(before, A, left) == [f"{where} 100% of what is no cluster's any more"]


@pytest.mark.parametrize("platform", TEXTS)
def test_a_guard_that_is_new_or_was_never_one_closes_nothing(platform: str) -> None:
    running = parse(platform)
    assert shrinks(running, A) == []
    never = {4: ~A.allowed[4], 6: PrefixSet.everything(6)}
    lists = {version: deny_list("in", "a", version, ~one) for version, one in never.items()}
    before = installed(
        running, guard("10.0.0.1", IMPORT, Fence("in", "a", never, lists), may_open=True)
    )
    assert shrinks(before, A) == []


def test_a_rest_that_is_nearly_nothing_is_no_whole() -> None:
    slot = (next(iter(parse().sessions)), 4, IMPORT)
    said = [str(Shrink(slot=slot, cluster="a", closed=part)) for part in (1.0, 0.99999, 0.00001)]
    assert [one.split()[4] for one in said] == ["100%", "99.9%", "0.001%"]


NETS = [
    net for length in range(24, 33) for net in IPv4Network("10.0.0.0/24").subnets(new_prefix=length)
]
HOSTS = list(IPv4Network("10.0.0.0/24").subnets(new_prefix=32))


@given(st.lists(st.sampled_from(NETS), max_size=6))
def test_addresses_are_those_inside_any_prefix(nets: list[IPv4Network]) -> None:
    prefixes = PrefixSet.from_ranges(4, [(net, net.prefixlen, net.prefixlen) for net in nets])
    found = addresses(prefixes)
    assert {int(one.network_address) for one in HOSTS if one in found} == inside(nets)
    assert found.address_count() == prefixes.address_count() == len(inside(nets))
