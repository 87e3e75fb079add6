"""First match wins: `evaluate` against looking at each entry for each prefix."""

from ipaddress import IPv4Network, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefix_oracle import WORLD, covers, ranges

from policies.prefix_list import Action, PrefixListEntry, canonical_ge_le, evaluate
from policies.prefix_set import PrefixSet


@st.composite
def prefix_lists(draw: st.DrawFn, version: int) -> list[PrefixListEntry]:
    drawn = draw(st.lists(st.tuples(st.sampled_from(Action), ranges(version)), max_size=12))
    return [
        PrefixListEntry(action=action, prefix=network, ge=low, le=high)
        for action, (network, low, high) in drawn
    ]


def permits(entries: list[PrefixListEntry], prefix: IPv4Network | IPv6Network) -> bool:
    for entry in entries:
        if covers((entry.prefix, entry.lo, entry.hi), prefix):
            return entry.action == "permit"
    return False


@pytest.mark.parametrize("version", [4, 6])
@given(st.data())
def test_the_first_match_decides(version: int, data: st.DataObject) -> None:
    entries = data.draw(prefix_lists(version))
    evaluated = evaluate(entries, version)
    expected = {prefix for prefix in WORLD[version] if permits(entries, prefix)}
    assert {prefix for prefix in WORLD[version] if prefix in evaluated} == expected


@pytest.mark.parametrize("version", [4, 6])
@given(st.data())
def test_entry_by_entry_from_the_last_gives_the_same_set(version: int, data: st.DataObject) -> None:
    entries = data.draw(prefix_lists(version))
    painted = PrefixSet.empty(version)
    for entry in reversed(entries):
        match = PrefixSet.of(entry.prefix, entry.lo, entry.hi)
        painted = painted | match if entry.action is Action.PERMIT else painted - match
    assert evaluate(entries, version) == painted


@given(st.data())
def test_numbers_decide_the_order_not_the_place(data: st.DataObject) -> None:
    entries = data.draw(prefix_lists(4))
    numbered = [
        PrefixListEntry(action=e.action, prefix=e.prefix, ge=e.ge, le=e.le, seq=10 * number)
        for number, e in enumerate(entries, 1)
    ]
    shuffled = data.draw(st.permutations(numbered))
    assert evaluate(shuffled, 4) == evaluate(entries, 4)


@given(st.data())
def test_what_is_written_for_an_entry_reads_back_the_same(data: st.DataObject) -> None:
    network, low, high = data.draw(ranges(data.draw(st.sampled_from([4, 6]))))
    entry = PrefixListEntry(action=Action.PERMIT, prefix=network, ge=low, le=high)
    ge, le = canonical_ge_le(entry)
    assert (entry.lo, entry.hi) == (low, high)
    assert PrefixListEntry(action=Action.PERMIT, prefix=network, ge=ge, le=le) == entry
    assert ge is None or ge > network.prefixlen
