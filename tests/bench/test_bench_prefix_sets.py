"""How long the algebra of prefix sets takes, and how it grows: 1,000, 10,000, 100,000 prefixes.

Groups put the same work side by side. The groups "aggregate" give `netaddr.cidr_merge`,
`aggregate6.aggregate` and this project the same prefixes in the same run, each in the form that it
takes: objects, text, `ipaddress` networks. Two things of ours are timed: "addresses" does just what
the others do, the fewest networks with the same addresses; "prefix-list" does more, the fewest
entries that match these prefixes and no others.
"""

import random
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from ipaddress import IPv4Network
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from policies.prefix_list import PrefixListEntry, evaluate
from policies.prefix_set import PrefixSet
from policies.shortest import shortest

with warnings.catch_warnings():
    # What they warn about as they are imported is not ours to mend.
    warnings.simplefilter("ignore")
    aggregate6 = pytest.importorskip("aggregate6")
    netaddr = pytest.importorskip("netaddr")

IntRange = tuple[int, int, int, int]
# Enough for a steady least time; the whole run stays within minutes.
pytestmark = pytest.mark.benchmark(min_rounds=3, max_time=0.3)

SIZES = (1_000, 10_000, 100_000)

of_size = pytest.mark.parametrize("size", SIZES)


def places(size: int, bits: int, seed: int) -> list[int]:
    return random.Random(seed).sample(range(1 << bits), size)


def random_24s(size: int, seed: int) -> list[IntRange]:
    return [(at << 8, 24, 24, 24) for at in places(size, 24, seed)]


def random_24s_le_32(size: int, seed: int) -> list[IntRange]:
    return [(at << 8, 24, 24, 32) for at in places(size, 24, seed)]


def random_48s(size: int, seed: int) -> list[IntRange]:
    return [(0x20 << 120 | at << 80, 48, 48, 48) for at in places(size, 40, seed)]


def dense_24s(size: int, seed: int) -> list[IntRange]:
    """Half of the /24s of a block: a table that aggregates well."""
    block = (2 * size - 1).bit_length()
    return [(10 << 24 | at << 8, 24, 24, 24) for at in places(size, block, seed)]


def pools(size: int, seed: int) -> list[IntRange]:
    """/18s that announce /26 blocks and single addresses."""
    return [(at << 14, 18, k, k) for at in places(size // 2, 18, seed) for k in (26, 32)]


def mixed(size: int, seed: int) -> list[IntRange]:
    """Nested prefixes of any length with any range of lengths."""
    chance = random.Random(seed)
    found = []
    for _ in range(size):
        length = chance.randint(20, 28)
        low = chance.randint(length, 32)
        first = chance.getrandbits(length) << (32 - length)
        found.append((first, length, low, chance.randint(low, 32)))
    return found


SHAPES: dict[str, tuple[int, Callable[[int, int], list[IntRange]]]] = {
    "24s": (4, random_24s),
    "24s-le-32": (4, random_24s_le_32),
    "v6-48s": (6, random_48s),
    "dense-24s": (4, dense_24s),
    "pools-26-and-32": (4, pools),
    "mixed": (4, mixed),
}
of_shape = pytest.mark.parametrize("shape", SHAPES)


@cache
def given(shape: str, size: int, seed: int = 1) -> PrefixSet:
    version, make = SHAPES[shape]
    return PrefixSet.from_int_ranges(version, make(size, seed))


OPERATIONS: dict[str, Callable[[PrefixSet, PrefixSet], Any]] = {
    "union": lambda a, b: a | b,
    "intersection": lambda a, b: a & b,
    "difference": lambda a, b: a - b,
    "complement": lambda a, _: ~a,
    "subset": lambda a, b: a <= b,
    "witness": lambda a, _: a.witness(),
    "witnesses": lambda a, _: a.witnesses(5),
    "address count": lambda a, _: a.address_count(),
    "ranges": lambda a, _: a.int_ranges(),
}


@of_size
@pytest.mark.parametrize("shape", ["24s", "v6-48s"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(benchmark: BenchmarkFixture, name: str, shape: str, size: int) -> None:
    benchmark.group = f"{name}, {shape}"
    benchmark(OPERATIONS[name], given(shape, size), given(shape, size, 2))


@of_size
def test_equality(benchmark: BenchmarkFixture, size: int) -> None:
    benchmark.group = "equality, 24s"
    one = given("24s", size)
    assert benchmark(lambda a, b: a == b, one, ~~one)


@of_size
@of_shape
def test_from_ranges(benchmark: BenchmarkFixture, shape: str, size: int) -> None:
    benchmark.group = f"from ranges, {shape}"
    version, make = SHAPES[shape]
    benchmark(PrefixSet.from_int_ranges, version, make(size, 1))


@of_size
def test_union_of_many(benchmark: BenchmarkFixture, size: int) -> None:
    benchmark.group = "union of that many sets, 24s"
    parts = [PrefixSet.of(*item) for item in given("24s", size).ranges()]
    assert benchmark(PrefixSet.union, 4, parts) == given("24s", size)


@of_size
@of_shape
@pytest.mark.parametrize("inverted", [False, True], ids=["set", "complement"])
def test_shortest(benchmark: BenchmarkFixture, shape: str, size: int, inverted: bool) -> None:
    benchmark.group = f"shortest, {shape}{' complement' if inverted else ''}"
    wanted = ~given(shape, size) if inverted else given(shape, size)
    found = benchmark(shortest, wanted)
    benchmark.extra_info["entries"] = len(found)


@of_size
@of_shape
def test_evaluate(benchmark: BenchmarkFixture, shape: str, size: int) -> None:
    benchmark.group = f"evaluate, {shape}"
    wanted = given(shape, size)
    assert benchmark(evaluate, shortest(wanted), wanted.version) == wanted


def merged(networks: Iterable[IPv4Network]) -> list[tuple[int, int]]:
    """Return the fewest networks with the same addresses, as first address and prefix length."""
    rows = ((int(network.network_address), network.prefixlen) for network in networks)
    hosts = PrefixSet.from_int_ranges(4, ((first, length, 32, 32) for first, length in rows))
    return [(first, length) for first, length, _, _ in hosts.int_ranges()]


def listed(networks: Iterable[IPv4Network]) -> tuple[PrefixListEntry, ...]:
    """Return the shortest prefix-list for these prefixes and no others, without its default."""
    wanted = PrefixSet.from_ranges(4, ((one, one.prefixlen, one.prefixlen) for one in networks))
    return shortest(wanted)[:-1]


def aggregate6_addresses(texts: list[str]) -> list[str]:
    found: list[str] = aggregate6.aggregate(texts)
    return found


AGGREGATORS: dict[str, tuple[Callable[[str], Any], Callable[[Any], Any]]] = {
    "ringfence addresses": (IPv4Network, merged),
    "ringfence prefix-list": (IPv4Network, listed),
    "netaddr": (netaddr.IPNetwork, netaddr.cidr_merge),
    "aggregate6": (str, aggregate6_addresses),
}


@of_size
@pytest.mark.parametrize("shape", ["24s", "dense-24s"])
@pytest.mark.parametrize("tool", AGGREGATORS)
def test_aggregate(benchmark: BenchmarkFixture, tool: str, shape: str, size: int) -> None:
    benchmark.group = f"aggregate, {shape}, {size}"
    networks = [IPv4Network(row[:2]) for row in SHAPES[shape][1](size, 1)]
    fewest = len(merged(networks))
    convert, aggregate = AGGREGATORS[tool]
    given_to_it = [convert(str(network)) for network in networks]
    found = benchmark.pedantic(  # type: ignore[no-untyped-call]
        aggregate, (given_to_it,), rounds=3
    )
    benchmark.extra_info["entries"] = len(found)
    if tool == "ringfence prefix-list":
        assert len(found) <= fewest
    else:
        assert len(found) == fewest
