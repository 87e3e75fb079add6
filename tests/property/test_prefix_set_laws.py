"""The algebra of prefix sets, against every prefix of a small world and against its own laws."""

import operator
import pickle
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefix_oracle import WORLD, Range, covers, members, ranges

from policies.prefix_set import PrefixSet

both_versions = pytest.mark.parametrize("version", [4, 6])


def items(data: st.DataObject, version: int) -> list[Range]:
    return data.draw(st.lists(ranges(version), max_size=7))


def prefix_set(data: st.DataObject, version: int) -> PrefixSet:
    drawn = PrefixSet.from_ranges(version, items(data, version))
    return ~drawn if data.draw(st.booleans()) else drawn


def seen(one: PrefixSet) -> frozenset[IPv4Network | IPv6Network]:
    return frozenset(prefix for prefix in WORLD[one.version] if prefix in one)


@both_versions
@given(st.data())
def test_ranges_make_exactly_the_prefixes_they_cover(version: int, data: st.DataObject) -> None:
    drawn = items(data, version)
    assert seen(PrefixSet.from_ranges(version, drawn)) == members(version, drawn)


@both_versions
@pytest.mark.parametrize(
    "operation", [operator.and_, operator.or_, operator.sub, operator.xor], ids=lambda f: f.__name__
)
@given(st.data())
def test_operations_are_those_of_sets(
    version: int, operation: Callable[[object, object], object], data: st.DataObject
) -> None:
    one, other = prefix_set(data, version), prefix_set(data, version)
    result = operation(one, other)
    assert isinstance(result, PrefixSet)
    assert seen(result) == operation(seen(one), seen(other))


@both_versions
@given(st.data())
def test_boolean_laws(version: int, data: st.DataObject) -> None:
    a, b, c = (prefix_set(data, version) for _ in range(3))
    nothing, everything = PrefixSet.empty(version), PrefixSet.everything(version)
    assert ~(a | b) == ~a & ~b
    assert ~(a & b) == ~a | ~b
    assert a | (a & b) == a == a & (a | b)
    assert a & (b | c) == (a & b) | (a & c)
    assert ~~a == a
    assert seen(~a) == frozenset(WORLD[version]) - seen(a)
    assert a | ~a == everything
    assert a & ~a == nothing
    assert a - b == a & ~b
    assert a ^ b == (a | b) - (a & b)


@both_versions
@given(st.data())
def test_subset_disjoint_and_truth_follow_from_the_algebra(
    version: int, data: st.DataObject
) -> None:
    a, b = prefix_set(data, version), prefix_set(data, version)
    assert (a <= b) == a.issubset(b) == (not a - b) == (a | b == b)
    assert a.isdisjoint(b) == (not a & b)
    assert a & b <= a <= a | b
    assert bool(a) == (a != PrefixSet.empty(version))


@both_versions
@given(st.data())
def test_equal_sets_are_equal_hash_alike_and_print_alike(version: int, data: st.DataObject) -> None:
    drawn = items(data, version)
    a = PrefixSet.from_ranges(version, drawn)
    again = PrefixSet.empty(version)
    for item in reversed(drawn):
        again |= PrefixSet.of(*item)
    for same in (
        again,
        PrefixSet.union(version, [PrefixSet.of(*item) for item in drawn]),
        PrefixSet.from_ranges(version, a.ranges()),
        pickle.loads(pickle.dumps(a)),  # noqa: S301 - our own bytes
    ):
        assert (same, hash(same), repr(same)) == (a, hash(a), repr(a))


@both_versions
@given(st.data())
def test_unequal_sets_differ_in_their_witness(version: int, data: st.DataObject) -> None:
    a, b = prefix_set(data, version), prefix_set(data, version)
    witness = (a ^ b).witness()
    assert (witness is None) == (a == b)
    if witness is not None:
        assert (witness in a) != (witness in b)


@both_versions
@given(st.data())
def test_the_witness_is_the_shortest_member_then_the_lowest(
    version: int, data: st.DataObject
) -> None:
    a = prefix_set(data, version)
    witness = a.witness()
    cover = [(low, network.network_address) for network, low, _ in a.ranges()]
    if witness is None:
        assert cover == []
    else:
        assert witness in a
        assert (witness.prefixlen, witness.network_address) == min(cover)


@both_versions
@given(st.data(), st.integers(0, 6))
def test_witnesses_are_different_members(version: int, data: st.DataObject, limit: int) -> None:
    a = prefix_set(data, version)
    found = a.witnesses(limit)
    assert len(found) == len(set(found)) <= limit
    assert all(one in a for one in found)
    assert found[:1] == ((a.witness(),) if a and limit else ())


@both_versions
@given(st.data())
def test_ranges_are_disjoint_sorted_and_the_whole_set(version: int, data: st.DataObject) -> None:
    a = prefix_set(data, version)
    cover = list(a.ranges())
    assert PrefixSet.from_ranges(version, cover) == a
    assert cover == sorted(
        cover, key=lambda row: (row[0].network_address, row[0].prefixlen, row[1])
    )
    for one, other in combinations(cover, 2):
        assert not (one[0].overlaps(other[0]) and one[1] <= other[2] and other[1] <= one[2])


@both_versions
@given(st.data())
def test_address_count_is_that_of_the_addresses_inside_members(
    version: int, data: st.DataObject
) -> None:
    a = prefix_set(data, version)
    blocks = sorted({(int(n.network_address), n.num_addresses) for n, _, _ in a.ranges()})
    counted = reached = 0
    for first, size in blocks:
        counted += max(0, first + size - max(first, reached))
        reached = max(reached, first + size)
    assert a.address_count() == counted


@both_versions
@given(st.data())
def test_union_of_many_is_the_union_one_by_one(version: int, data: st.DataObject) -> None:
    parts = [prefix_set(data, version) for _ in range(data.draw(st.integers(0, 6)))]
    one_by_one = PrefixSet.empty(version)
    for part in parts:
        one_by_one |= part
    assert PrefixSet.union(version, parts) == one_by_one


@both_versions
@given(st.data())
def test_membership_anywhere_is_that_of_the_ranges(version: int, data: st.DataObject) -> None:
    drawn = items(data, version)
    width = 32 if version == 4 else 128
    length = data.draw(st.integers(0, width))
    first = data.draw(st.integers(0, (1 << length) - 1)) << (width - length)
    prefix = (IPv4Network if version == 4 else IPv6Network)((first, length))
    assert (prefix in PrefixSet.from_ranges(version, drawn)) == any(
        covers(item, prefix) for item in drawn
    )
