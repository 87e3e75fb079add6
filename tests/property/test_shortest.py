"""`shortest` says exactly the set, and no list of a tiny world says it in fewer entries."""

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefix_oracle import TinyTrie, ranges

from policies.columns import union_of_blocks
from policies.prefix_list import Action, PrefixListEntry, evaluate
from policies.prefix_set import PrefixSet
from policies.shortest import shortest, shortest_rows

_SAMPLE = 2_000


@cache
def tiny_trie(width: int) -> TinyTrie:
    return TinyTrie(width)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_no_list_says_the_same_in_fewer_entries(width: int) -> None:
    trie = tiny_trie(width)
    count = len(trie.fewest)
    chooser = random.Random(1999)
    for wanted in chooser.sample(range(count), min(count, _SAMPLE)):
        rows = shortest_rows(width, union_of_blocks(width, trie.blocks(wanted)))
        assert trie.permitted(rows) == wanted
        assert len(rows) == trie.fewest[wanted]


@pytest.mark.slow
def test_no_list_says_any_set_over_three_bits_in_fewer_entries() -> None:
    trie = tiny_trie(3)
    gaps = [
        len(shortest_rows(3, union_of_blocks(3, trie.blocks(wanted)))) - trie.fewest[wanted]
        for wanted in range(len(trie.fewest))
    ]
    assert set(gaps) == {0}


@pytest.mark.parametrize("version", [4, 6])
@given(st.data())
def test_the_list_says_exactly_the_set_and_no_more_than_the_list_it_came_from(
    version: int, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(Action), ranges(version)), max_size=12))
    entries = [
        PrefixListEntry(action=action, prefix=network, ge=low, le=high)
        for action, (network, low, high) in drawn
    ]
    wanted = evaluate(entries, version)
    found = shortest(wanted)
    assert evaluate(found, version) == wanted
    assert len(found) <= len(entries) + 1
    assert len(found) <= len(list(wanted.ranges())) + 1
    assert len(found) <= len(list((~wanted).ranges())) + 1
    assert shortest(wanted) == found


@pytest.mark.parametrize("version", [4, 6])
@given(st.data())
def test_the_last_entry_states_the_default_and_only_the_last(
    version: int, data: st.DataObject
) -> None:
    found = shortest(PrefixSet.from_ranges(version, data.draw(st.lists(ranges(version)))))
    for_all = [(e.prefix.prefixlen, e.lo, e.hi) == (0, 0, e.prefix.max_prefixlen) for e in found]
    assert for_all == [False] * (len(found) - 1) + [True]
    assert {entry.seq for entry in found} == {None}
