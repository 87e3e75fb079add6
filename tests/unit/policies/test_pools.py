"""Which lengths a pool may be announced in, the cap, and the limits that need no device."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from builders import POOLS, SITE, make_site

from inventory.matrix import Announce
from inventory.pools import Cluster, Pool
from policies.pools import check_pools, effective, outside, specifics
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from pathlib import Path

#: What nodes announce (node's bird_aggr template, routes.go): pool, strict_affinity, and ranges.
LENGTHS: dict[str, tuple[dict[str, Any], bool, list[tuple[str, int, int]]]] = {
    "blocks alone": ({"cidr": "10.65.0.0/16"}, True, [("10.65.0.0/16", 26, 26)]),
    "blocks and borrowed addresses": (
        {"cidr": "10.65.0.0/16"},
        False,
        [("10.65.0.0/16", 26, 26), ("10.65.0.0/16", 32, 32)],
    ),
    "blocks of another size": (
        {"cidr": "10.65.0.0/16", "block_size": 28},
        True,
        [("10.65.0.0/16", 28, 28)],
    ),
    "single addresses as blocks": (
        {"cidr": "10.65.0.0/16", "block_size": 32},
        True,
        [("10.65.0.0/16", 32, 32)],
    ),
    "a pool of one block": (
        {"cidr": "10.65.0.0/26"},
        True,
        [("10.65.0.0/26", 26, 26)],
    ),
    "live migration": (
        {"cidr": "10.65.0.0/16", "host_routes": True},
        True,
        [("10.65.0.0/16", 26, 26), ("10.65.0.0/16", 32, 32)],
    ),
    "borrowing not announced": (
        {"cidr": "10.65.0.0/16", "host_routes": False},
        False,
        [("10.65.0.0/16", 26, 26)],
    ),
    "IPv6 blocks": ({"cidr": "fd00:65::/48"}, True, [("fd00:65::/48", 122, 122)]),
    "IPv6 blocks and borrowed addresses": (
        {"cidr": "fd00:65::/48", "block_size": 116},
        False,
        [("fd00:65::/48", 116, 116), ("fd00:65::/48", 128, 128)],
    ),
    "services": (
        {"cidr": "191.51.100.0/24", "kind": "service"},
        True,
        [("191.51.100.0/24", 24, 24), ("191.51.100.0/24", 32, 32)],
    ),
    "services, all aggregated": (
        {"cidr": "191.51.100.0/24", "kind": "service", "host_routes": False},
        False,
        [("191.51.100.0/24", 24, 24)],
    ),
    "IPv6 services": (
        {"cidr": "fd00:651::/112", "kind": "service"},
        True,
        [("fd00:651::/112", 112, 112), ("fd00:651::/112", 128, 128)],
    ),
}


def ranges(version: int, some: list[tuple[str, int, int]]) -> PrefixSet:
    return PrefixSet.from_ranges(version, [(ip_network(net), lo, hi) for net, lo, hi in some])


@pytest.mark.parametrize("name", LENGTHS)
def test_a_pool_is_announced_in_exactly_its_lengths(name: str) -> None:
    fields, strict_affinity, expected = LENGTHS[name]
    pool = Pool.model_validate({"kind": "workload", **fields})
    found = specifics(pool, strict_affinity=strict_affinity)
    assert found == ranges(pool.cidr.version, expected)


def cluster(pools: list[dict[str, Any]], delegated: list[str], **more: Any) -> Cluster:  # noqa: ANN401
    return Cluster.model_validate({"pools": pools, "delegated": delegated, **more})


def test_a_pool_partly_outside_its_delegation_is_cut_to_it() -> None:
    one = cluster([{"cidr": "10.64.0.0/15", "kind": "workload"}], ["10.65.0.0/16"])
    found = effective(one, 4)
    assert found.specifics == ranges(4, [("10.65.0.0/16", 26, 26), ("10.65.0.0/16", 32, 32)])
    assert found.pools == ranges(4, [("10.65.0.0/16", 16, 32)])
    assert found.aggregates == PrefixSet.empty(4)
    assert [str(pool.cidr) for pool in outside(one)] == ["10.64.0.0/15"]


def test_a_pool_that_two_delegations_cover_together_is_not_outside() -> None:
    pools = [{"cidr": "10.64.0.0/15", "kind": "workload"}]
    halves = cluster(pools, ["10.64.0.0/16", "10.65.0.0/16"])
    # Its own /15 was delegated to nobody; all that its nodes announce was.
    assert effective(halves, 4).specifics == specifics(halves.pools[0], strict_affinity=False)
    assert effective(halves, 4).aggregates == PrefixSet.empty(4)


def test_families_do_not_mix() -> None:
    one = cluster(
        [{"cidr": "10.65.0.0/16", "kind": "workload"}, {"cidr": "fd00::/48", "kind": "workload"}],
        ["10.65.0.0/16"],
        infrastructure=["172.20.1.0/24", "2001:db8::/64"],
        strict_affinity=True,
    )
    four, six = effective(one, 4), effective(one, 6)
    assert four.specifics == ranges(4, [("10.65.0.0/16", 26, 26)])
    assert four.infrastructure == ranges(4, [("172.20.1.0/24", 24, 24)])
    assert six.specifics == six.pools == PrefixSet.empty(6)
    assert six.infrastructure == ranges(6, [("2001:db8::/64", 64, 64)])


@pytest.mark.parametrize("announce", Announce)
def test_a_tier_is_told_specifics_aggregates_or_both(announce: Announce) -> None:
    pools = [{"cidr": "10.65.0.0/16", "kind": "workload"}]
    told = effective(cluster(pools, ["10.65.0.0/16"], strict_affinity=True), 4).announced(announce)
    blocks, whole = ("10.65.0.0/16", 26, 26), ("10.65.0.0/16", 16, 16)
    expected = {"specifics": [blocks], "aggregates": [whole], "both": [blocks, whole]}
    assert told == ranges(4, expected[announce])


def pools_yaml(*lines: str) -> str:
    return "clusters:\n" + "".join(f"  {line}\n" for line in lines)


BROKEN: dict[str, tuple[str, str, list[str]]] = {
    "no pools": (
        SITE,
        pools_yaml("orange: {delegated: [10.65.0.0/16], pools: []}", "blue: {delegated: []}"),
        ["pools.yaml:1:1 no-pools"],
    ),
    "no clusters": (SITE, "clusters: {}\n", ["pools.yaml:1:1 no-pools"]),
    "nothing delegated": (
        SITE,
        pools_yaml("orange:", "  delegated: []", "  pools: [{cidr: 10.0.0.0/8, kind: workload}]"),
        ["pools.yaml:1:1 no-pools"],
    ),
    "default route": (
        SITE,
        POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 0.0.0.0/0").replace(
            '{cidr: "fd00:65::/48"', '{cidr: "::/0"'
        ),
        ["pools.yaml:8:9 default-route", "pools.yaml:13:9 default-route"],
    ),
    "inside another cluster's": (
        SITE,
        POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 10.65.128.0/17"),
        ["pools.yaml:6:9 overlap"],
    ),
    "another cluster's": (
        SITE,
        POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 10.65.0.0/16"),
        ["pools.yaml:6:9 overlap"],
    ),
    "around management": (
        SITE,
        POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 192.0.0.0/16"),
        ["pools.yaml:13:9 covers-infrastructure"],
    ),
    "inside management": (
        SITE.replace("192.0.2.0/24", "10.66.0.0/15"),
        POOLS,
        ["pools.yaml:13:9 covers-infrastructure"],
    ),
    "around infrastructure": (
        SITE,
        POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 172.16.0.0/12"),
        ["pools.yaml:13:9 covers-infrastructure"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_limits_that_need_no_device(name: str, tmp_path: Path) -> None:
    site_yaml, pools, expected = BROKEN[name]
    hosts = "h: {groups: [tor], data: {asn: 1, sessions: []}}\n"
    site = make_site(tmp_path, site=site_yaml, pools=pools, hosts=hosts)
    broken, _ = check_pools(site)
    found = [f"{one.where.removeprefix(f'{tmp_path}/')} {one.limit}" for one in broken]
    default = [line for line in found if "overlap" not in line or name != "default route"]
    assert default == expected
    assert all(one.way_out and not one.acceptable for one in broken)


def test_the_usual_site_breaks_no_limit(tmp_path: Path) -> None:
    assert check_pools(make_site(tmp_path)) == ((), ())


def test_a_pool_outside_its_delegation_is_a_finding_and_stops_nothing(tmp_path: Path) -> None:
    text = POOLS.replace("delegated: [10.66.0.0/16]", "delegated: [10.66.0.0/17]")
    broken, findings = check_pools(make_site(tmp_path, pools=text))
    assert broken == ()
    assert findings == (
        (
            "pools.yaml:13:9: 10.66.0.0/16 of cluster blue is not inside what is "
            "delegated to it and stays closed; extend delegated, or take it out"
        ),
    )


@pytest.mark.parametrize(
    ("cap", "limit"),
    [("0.0.0.0/0", "default-route"), ("10.65.9.0/24", "overlap")],
)
def test_a_delegation_is_a_cap(tmp_path: Path, cap: str, limit: str) -> None:
    text = POOLS.replace("delegated: [10.66.0.0/16]", f"delegated: [10.66.0.0/16, {cap}]")
    assert text != POOLS
    broken, _ = check_pools(make_site(tmp_path, pools=text))
    assert limit in {one.limit for one in broken}
