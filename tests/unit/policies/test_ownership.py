"""Names: what is ours, what a name promises, and which name a mended list gets."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from policies.filters import PrefixList
from policies.ownership import content_hash, free_name, is_intact, is_owned, label, list_name
from policies.prefix_list import Action, PrefixListEntry

ENTRY = PrefixListEntry(action=Action.PERMIT, prefix=ip_network("10.0.0.0/8"), le=32, seq=10)
OTHER = PrefixListEntry(action=Action.DENY, prefix=ip_network("10.0.0.0/8"), le=32, seq=10)
NAME = list_name("in", "orange", 4, (ENTRY,))


def named(name: str, *entries: PrefixListEntry) -> PrefixList:
    return PrefixList(4, name, entries)


def present(*lists: PrefixList) -> dict[tuple[int, str], PrefixList]:
    return {(one.version, one.name): one for one in lists}


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("RF-in-orange-v4-1", True),
        ("RF-", True),
        ("rf-in", False),
        ("RF", False),
        ("X-RF-a", False),
    ],
)
def test_names_that_begin_with_the_prefix_are_ours(name: str, ours: bool) -> None:
    assert is_owned(name) is ours


def test_a_lists_name_promises_its_content() -> None:
    assert NAME.startswith("RF-in-orange-v4-")
    assert is_intact(named(NAME, ENTRY))
    assert is_intact(named(f"{NAME}.2", ENTRY))
    assert is_intact(named(NAME, replace(ENTRY, seq=5)))
    assert not is_intact(named(NAME, OTHER))
    assert not is_intact(named(NAME, ENTRY, replace(OTHER, seq=20)))
    assert not is_intact(named(NAME))
    assert not is_intact(named("RF-in-orange", ENTRY))
    assert content_hash(4, (ENTRY,)) != content_hash(6, (ENTRY,))


def test_labels_name_few_clusters_and_count_many() -> None:
    assert label(("blue", "orange")) == "blue.orange"
    assert label(("orange",), "infra") == "orange.infra"
    many = tuple(f"cluster-{number}" for number in range(12))
    assert label(many, "infra").startswith("12-clusters.")
    assert label(many) != label((*many[:-1], "cluster-x"))
    assert label(many) == label(many)


GOOD, BAD = named(NAME, ENTRY), named(NAME, OTHER)
MENDED = named(f"{NAME}.2", ENTRY)


@pytest.mark.parametrize(
    ("on_device", "expected"),
    [
        ((), NAME),
        ((GOOD,), NAME),
        ((BAD,), f"{NAME}.2"),
        ((BAD, MENDED), f"{NAME}.2"),
        ((MENDED,), f"{NAME}.2"),
        ((GOOD, MENDED), NAME),
        ((BAD, named(f"{NAME}.2", OTHER)), f"{NAME}.3"),
        ((named(NAME, replace(ENTRY, seq=5)),), f"{NAME}.2"),
    ],
)
def test_a_tampered_list_is_replaced_under_the_next_name_and_a_good_one_stays(
    on_device: tuple[PrefixList, ...], expected: str
) -> None:
    assert free_name(GOOD, present(*on_device)) == named(expected, ENTRY)
