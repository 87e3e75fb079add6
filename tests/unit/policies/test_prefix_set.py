from ipaddress import IPv4Network, IPv6Network

import pytest

from policies.prefix_set import Network, PrefixSet


def v4(text: str, ge: int | None = None, le: int | None = None) -> PrefixSet:
    return PrefixSet.of(IPv4Network(text), ge, le)


@pytest.mark.parametrize(
    ("ge", "le", "lengths"),
    [
        (None, None, range(16, 17)),
        (None, 20, range(16, 21)),
        (26, None, range(26, 33)),
        (24, 26, range(24, 27)),
        (16, 16, range(16, 17)),
        (32, 32, range(32, 33)),
    ],
)
def test_of_has_the_lengths_of_a_prefix_list_entry(
    ge: int | None, le: int | None, lengths: range
) -> None:
    found = v4("10.65.0.0/16", ge, le)
    assert [k for k in range(33) if IPv4Network(("10.65.0.0", k), strict=False) in found] == [
        *lengths
    ]
    assert list(found.ranges()) == [(IPv4Network("10.65.0.0/16"), lengths[0], lengths[-1])]


@pytest.mark.parametrize(("ge", "le"), [(15, None), (None, 15), (27, 26), (26, 33)])
def test_of_refuses_lengths_out_of_order(ge: int | None, le: int | None) -> None:
    with pytest.raises(ValueError, match=r"10\.65\.0\.0/16: must have 16 <= ge <= le <= 32"):
        v4("10.65.0.0/16", ge, le)


@pytest.mark.parametrize(
    ("version", "item", "sentence"),
    [
        (4, (0, 16, 15, 16), "not 16 <= shortest <= longest <= 32: 15 to 16"),
        (4, (0, 16, 16, 33), "not 16 <= shortest <= longest <= 32: 16 to 33"),
        (4, (1, 31, 31, 31), "0x1/31 is not an IPv4 network"),
        (4, (1 << 32, 0, 0, 0), "0x100000000/0 is not an IPv4 network"),
        (4, (-1, 32, 32, 32), "-0x1/32 is not an IPv4 network"),
        (5, (0, 0, 0, 0), "IP version must be 4 or 6, not 5"),
    ],
)
def test_from_int_ranges_refuses_what_is_no_range(
    version: int, item: tuple[int, int, int, int], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        PrefixSet.from_int_ranges(version, [item])


def test_versions_do_not_mix() -> None:
    four, six = PrefixSet.everything(4), PrefixSet.everything(6)
    sentence = "a set of IPv4 prefixes cannot be combined with IPv6"
    for mixing in (
        lambda: four | six,
        lambda: four & six,
        lambda: four - six,
        lambda: four ^ six,
        lambda: four <= six,
        lambda: four.isdisjoint(six),
        lambda: IPv6Network("::/0") in four,
        lambda: PrefixSet.union(4, [six]),
        lambda: PrefixSet.from_ranges(4, [(IPv6Network("::/0"), 0, 0)]),
    ):
        with pytest.raises(ValueError, match=sentence):
            mixing()
    assert four != six
    assert PrefixSet.empty(4) != PrefixSet.empty(6)


@pytest.mark.parametrize("version", [4, 6])
def test_empty_and_everything(version: int) -> None:
    nothing, everything = PrefixSet.empty(version), PrefixSet.everything(version)
    width = {4: 32, 6: 128}[version]
    assert (bool(nothing), bool(everything)) == (False, True)
    assert ~nothing == everything
    assert PrefixSet.union(version, []) == nothing
    assert (nothing.witness(), nothing.witnesses(3)) == (None, ())
    assert (nothing.address_count(), everything.address_count()) == (0, 1 << width)
    assert list(nothing.ranges()) == []
    assert [(str(n), low, high) for n, low, high in everything.ranges()] == [
        ({4: "0.0.0.0/0", 6: "::/0"}[version], 0, width)
    ]


def test_two_halves_are_the_whole_but_not_its_own_length() -> None:
    halves = v4("10.0.0.0/9", le=32) | v4("10.128.0.0/9", le=32)
    assert halves == v4("10.0.0.0/8", ge=9)
    assert halves | v4("10.0.0.0/8") == v4("10.0.0.0/8", le=32)


def test_address_count_counts_an_address_once() -> None:
    nested = v4("10.65.0.0/16", 26, 26) | v4("10.65.3.0/24") | v4("10.66.0.0/31", 32, 32)
    assert nested.address_count() == 2**16 + 2


def test_the_witness_of_what_is_too_much_names_it() -> None:
    allowed = v4("10.65.0.0/16", 26, 26)
    accepted = allowed | v4("10.65.3.0/24", 27, 27)
    assert not accepted <= allowed
    assert (accepted - allowed).witness() == IPv4Network("10.65.3.0/27")


def test_witnesses_come_from_all_over() -> None:
    spread = PrefixSet.from_ranges(4, [(IPv4Network((i << 24, 8)), 8, 8) for i in range(0, 256, 2)])
    assert [str(one) for one in spread.witnesses(4)] == [
        "0.0.0.0/8",
        "2.0.0.0/8",
        "86.0.0.0/8",
        "170.0.0.0/8",
    ]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (PrefixSet.empty(6), "PrefixSet(v6: empty)"),
        (PrefixSet.everything(4), "PrefixSet(v4: 0.0.0.0/0 le 32)"),
        (
            v4("10.0.0.0/8") | v4("11.0.0.0/8", 24, 32) | v4("12.0.0.0/8") | v4("14.0.0.0/8"),
            "PrefixSet(v4: 10.0.0.0/8, 11.0.0.0/8 ge 24 le 32, 12.0.0.0/8, 1 more)",
        ),
        (
            PrefixSet.from_int_ranges(4, [(i << 9, 24, 24, 24) for i in range(1000)]),
            "PrefixSet(v4: 2000 stretches, such as 0.0.0.0/24, 0.0.2.0/24, 0.3.232.0/24)",
        ),
    ],
    ids=["empty", "everything", "few", "many"],
)
def test_repr_is_short(one: PrefixSet, text: str) -> None:
    assert repr(one) == text


def test_a_set_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PrefixSet.empty(4).version = 6  # type: ignore[misc]


@pytest.mark.parametrize(
    "network", [IPv4Network("255.255.255.255/32"), IPv6Network((2**128 - 1, 128))]
)
def test_the_last_host_of_the_address_space(network: Network) -> None:
    last = PrefixSet.of(network)
    assert network in last
    assert last.witness() == network
    assert last.address_count() == 1
    assert list(last.ranges()) == [(network, network.prefixlen, network.prefixlen)]
    assert network not in ~last
