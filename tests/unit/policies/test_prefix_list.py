from ipaddress import IPv4Network, IPv6Network

import pytest

from policies.prefix_list import Action, PrefixListEntry, canonical_ge_le, evaluate
from policies.prefix_set import PrefixSet

NET = IPv4Network("10.65.0.0/16")


def entry(
    action: str, prefix: str, ge: int | None = None, le: int | None = None, seq: int | None = None
) -> PrefixListEntry:
    return PrefixListEntry(action=Action(action), prefix=IPv4Network(prefix), ge=ge, le=le, seq=seq)


@pytest.mark.parametrize(
    ("ge", "le", "written", "lengths"),
    [
        (None, None, (None, None), (16, 16)),
        (None, 32, (None, 32), (16, 32)),
        (None, 16, (None, None), (16, 16)),
        (16, 32, (None, 32), (16, 32)),
        (16, 16, (None, None), (16, 16)),
        (16, None, (None, 32), (16, 32)),
        (26, None, (26, 32), (26, 32)),
        (26, 26, (26, 26), (26, 26)),
        (26, 32, (26, 32), (26, 32)),
    ],
)
def test_one_meaning_has_one_form(
    ge: int | None,
    le: int | None,
    written: tuple[int | None, int | None],
    lengths: tuple[int, int],
) -> None:
    one = PrefixListEntry(action=Action.PERMIT, prefix=NET, ge=ge, le=le)
    assert canonical_ge_le(one) == written
    assert (one.lo, one.hi) == lengths
    assert one == PrefixListEntry(action=Action.PERMIT, prefix=NET, ge=lengths[0], le=lengths[1])
    assert evaluate([one], 4) == PrefixSet.of(NET, ge, le)


@pytest.mark.parametrize(("ge", "le"), [(15, None), (None, 15), (27, 26), (26, 33), (33, None)])
def test_lengths_out_of_order_are_refused(ge: int | None, le: int | None) -> None:
    with pytest.raises(ValueError, match="must have 16 <= ge <= le <= 32"):
        PrefixListEntry(action=Action.PERMIT, prefix=NET, ge=ge, le=le)


def test_an_entry_reads_as_people_write_it() -> None:
    assert str(entry("permit", "10.65.0.0/16", 26, 26, 10)) == (
        "seq 10 permit 10.65.0.0/16 ge 26 le 26"
    )
    assert str(entry("deny", "0.0.0.0/0", le=32)) == "deny 0.0.0.0/0 le 32"


def test_the_end_of_a_list_denies() -> None:
    assert evaluate([], 6) == PrefixSet.empty(6)
    assert evaluate([entry("deny", "10.0.0.0/8", le=32)], 4) == PrefixSet.empty(4)


def test_a_wide_entry_ahead_hides_the_narrow_one_after_it() -> None:
    ahead = entry("deny", "0.0.0.0/0", 27, 31)
    after = entry("permit", "10.65.0.0/16", 26, 32)
    pool = PrefixSet.of(NET, 26, 26) | PrefixSet.of(NET, 32, 32)
    assert evaluate([ahead, after], 4) == pool
    assert evaluate([after, ahead], 4) == PrefixSet.of(NET, 26, 32)


def test_an_entry_without_a_number_comes_after_the_highest_so_far() -> None:
    # As FRR does: the second gets 15, so the third, 12, comes before it.
    entries = [
        entry("permit", "10.65.1.0/24", seq=11),
        entry("deny", "10.65.0.0/16", le=32),
        entry("permit", "10.65.2.0/24", seq=12),
        entry("permit", "0.0.0.0/0", le=32, seq=16),
    ]
    dropped = PrefixSet.of(NET, le=32) - PrefixSet.union(
        4, [PrefixSet.of(IPv4Network(f"10.65.{i}.0/24")) for i in (1, 2)]
    )
    assert evaluate(entries, 4) == ~dropped


def test_two_entries_of_one_number_are_refused() -> None:
    with pytest.raises(ValueError, match="two entries of one prefix-list have the number 10"):
        evaluate([entry("permit", "10.0.0.0/8", seq=10), entry("deny", "11.0.0.0/8", seq=10)], 4)


def test_an_entry_of_the_other_version_is_refused() -> None:
    six = PrefixListEntry(action=Action.DENY, prefix=IPv6Network("::/0"), le=128)
    with pytest.raises(ValueError, match="deny ::/0 le 128: an IPv6 entry in an IPv4 prefix-list"):
        evaluate([six], 4)


def test_deeply_nested_alternating_entries() -> None:
    # Each length permits or denies what the next longer one takes back.
    entries = [
        PrefixListEntry(
            action=Action.PERMIT if k % 2 else Action.DENY, prefix=IPv6Network((0, k)), le=128
        )
        for k in range(128, -1, -1)
    ]
    permitted = evaluate(entries, 6)
    for k in range(129):
        assert (IPv6Network((0, k)) in permitted) == bool(k % 2)
        beside = IPv6Network(((1 << (128 - k)), k)) if k else IPv6Network("::/0")
        assert (beside in permitted) == (k > 0 and not k % 2)
