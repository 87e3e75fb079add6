from ipaddress import IPv4Network, IPv6Network

import pytest

from policies.prefix_list import evaluate
from policies.prefix_set import PrefixSet
from policies.shortest import shortest


def union(*parts: PrefixSet) -> PrefixSet:
    return PrefixSet.union(parts[0].version, parts)


def v4(text: str, ge: int | None = None, le: int | None = None) -> PrefixSet:
    return PrefixSet.of(IPv4Network(text), ge, le)


POOLS = union(v4("10.65.0.0/16", 26, 26), v4("191.51.100.0/24"), v4("192.168.7.0/24", 28, 28))
# 1.0.0.0/16, 5.0.0.0/16, ...: no two of them have a common block to share an entry in.
APART = [f"{i}.0.0.0/16" for i in range(1, 80, 4)]


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (PrefixSet.empty(4), ["deny 0.0.0.0/0 le 32"]),
        (PrefixSet.empty(6), ["deny ::/0 le 128"]),
        (PrefixSet.everything(4), ["permit 0.0.0.0/0 le 32"]),
        (PrefixSet.everything(6), ["permit ::/0 le 128"]),
        (v4("0.0.0.0/0"), ["permit 0.0.0.0/0", "deny 0.0.0.0/0 le 32"]),
        (~v4("0.0.0.0/0"), ["permit 0.0.0.0/0 ge 1 le 32", "deny 0.0.0.0/0 le 32"]),
        (
            POOLS,
            [
                "permit 10.65.0.0/16 ge 26 le 26",
                "permit 191.51.100.0/24",
                "permit 192.168.7.0/24 ge 28 le 28",
                "deny 0.0.0.0/0 le 32",
            ],
        ),
        (
            ~POOLS,
            [
                "deny 10.65.0.0/16 ge 26 le 26",
                "deny 191.51.100.0/24",
                "deny 192.168.7.0/24 ge 28 le 28",
                "permit 0.0.0.0/0 le 32",
            ],
        ),
        (
            v4("10.0.0.0/8", le=32) - v4("10.1.0.0/16", 24, 28),
            [
                "deny 10.1.0.0/16 ge 24 le 28",
                "permit 10.0.0.0/8 le 32",
                "deny 0.0.0.0/0 le 32",
            ],
        ),
        (
            union(v4("10.0.0.0/8", 20, 22), v4("10.0.0.0/9", 26, 26), v4("10.128.0.0/9", 30, 30)),
            [
                "permit 10.0.0.0/9 ge 26 le 26",
                "permit 10.128.0.0/9 ge 30 le 30",
                "permit 10.0.0.0/8 ge 20 le 22",
                "deny 0.0.0.0/0 le 32",
            ],
        ),
        (
            union(*(v4(f"10.0.{i}.0/24") for i in range(16))),
            ["permit 10.0.0.0/20 ge 24 le 24", "deny 0.0.0.0/0 le 32"],
        ),
        (
            union(*(v4(f"10.0.{i}.0/24") for i in range(16) if i != 5)),
            ["deny 10.0.5.0/24", "permit 10.0.0.0/20 ge 24 le 24", "deny 0.0.0.0/0 le 32"],
        ),
        (
            PrefixSet.of(IPv6Network("fd00:65::/48"), 122, 122),
            ["permit fd00:65::/48 ge 122 le 122", "deny ::/0 le 128"],
        ),
    ],
)
def test_what_people_would_write(wanted: PrefixSet, lines: list[str]) -> None:
    assert [str(entry) for entry in shortest(wanted)] == lines


def test_blocks_and_single_addresses_share_one_hole() -> None:
    wanted = union(*(v4(text, k, k) for text in APART for k in (26, 32)))
    found = shortest(wanted)
    assert [str(entry) for entry in found] == [
        "deny 0.0.0.0/0 ge 27 le 31",
        *(f"permit {text} ge 26 le 32" for text in APART),
        "deny 0.0.0.0/0 le 32",
    ]
    assert evaluate(found, 4) == wanted


def test_an_exception_from_an_overlay_comes_ahead_of_it() -> None:
    # One pool, unlike the others, has /28s as well.
    odd = v4("200.0.0.0/16", 28, 28)
    wanted = union(odd, *(v4(text, k, k) for text in APART for k in (26, 32)))
    found = shortest(wanted)
    assert [str(entry) for entry in found[:2]] == [
        "permit 200.0.0.0/16 ge 28 le 28",
        "deny 0.0.0.0/0 ge 27 le 31",
    ]
    assert len(found) == len(APART) + 3
    assert evaluate(found, 4) == wanted


def test_several_overlays() -> None:
    wanted = union(*(v4(text, k, k) for text in APART for k in (20, 24, 26, 32)))
    found = shortest(wanted)
    assert [str(entry) for entry in found[:3]] == [
        "deny 0.0.0.0/0 ge 21 le 23",
        "deny 0.0.0.0/0 ge 25 le 25",
        "deny 0.0.0.0/0 ge 27 le 31",
    ]
    assert len(found) == len(APART) + 4
    assert evaluate(found, 4) == wanted
