"""A simplified program, beside the one that it was made of, on routes of all kinds."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junos_run import Way, run

from lab.switch.meaning import (
    AsPathMatches,
    Branch,
    Change,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Program,
    Range,
    Verdict,
)
from lab.switch.simplify import simplified

NETS = [ip_network(one) for one in ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "::/0", "fd00::/8")]
COMMUNITIES = ("65000:1", "65000:2")
RANGES = [
    Range(net, low, high)
    for net in NETS
    for low, high in (
        (net.prefixlen, net.max_prefixlen),
        (net.prefixlen, net.prefixlen),
        (net.prefixlen + 1, net.prefixlen + 12),
    )
]


def in_prefixes(version: int) -> st.SearchStrategy[InPrefixes]:
    ours = st.sampled_from([one for one in RANGES if one.prefix.version == version])
    said = st.lists(st.tuples(st.booleans(), ours), max_size=3)
    return said.map(lambda ranges: InPrefixes(version, tuple(ranges)))


CONDITIONS = st.one_of(
    st.sampled_from(
        [IsFamily(4), IsFamily(6), AsPathMatches(("^65000_",)), AsPathMatches(("_1$",))]
    ),
    st.lists(st.sampled_from(COMMUNITIES), max_size=2).map(
        lambda any_of: HasCommunity(tuple(any_of))
    ),
    in_prefixes(4),
    in_prefixes(6),
)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    length = draw(st.integers(0, 12))
    made: list[Branch | Jump | Change | Verdict] = []
    for at in range(length):
        later = st.integers(at + 1, length)
        made.append(
            draw(
                st.one_of(
                    st.builds(Branch, CONDITIONS, later, later),
                    st.builds(Jump, later),
                    st.sampled_from([Change("metric 5"), Change("community 65000:2 additive")]),
                    st.booleans().map(lambda accept: Verdict(accept=accept)),
                )
            )
        )
    return Program((*made, Verdict(accept=draw(st.booleans()))))


WAYS = st.builds(
    lambda net, communities, path: Way(prefix=net, communities=communities, as_path=path),
    st.sampled_from(
        [*NETS, *(ip_network(one) for one in ("10.1.2.0/24", "192.0.2.0/24", "fd00:1::/48"))]
    ),
    st.frozensets(st.sampled_from(COMMUNITIES)),
    st.sampled_from(["65000 1", "1", "650001"]),
)


@given(programs(), st.lists(WAYS, min_size=1, max_size=8))
def test_nothing_but_the_length_is_different(program: Program, ways: list[Way]) -> None:
    for way in ways:
        short = simplified(program, way.prefix.version)
        assert run(short, way) == run(program, way)
        jumps = sum(isinstance(one, Change) for one in program.instructions)
        assert len(short.instructions) <= len(program.instructions) + jumps
        assert simplified(short, way.prefix.version) == short
        following = enumerate(short.instructions, start=1)
        assert not any(isinstance(one, Jump) and one.to == after for after, one in following)


ALL = InPrefixes(4, ((True, Range(NETS[0], 0, 32)),))


@pytest.mark.parametrize(
    ("condition", "version", "accepts"),
    [
        (IsFamily(4), 4, True),
        (IsFamily(4), 6, False),
        (InPrefixes(4, ()), 4, False),
        (ALL, 4, True),
        (ALL, 6, False),
        (HasCommunity(()), 4, False),
    ],
)
def test_what_is_known_is_not_asked(
    condition: IsFamily | InPrefixes | HasCommunity, version: int, *, accepts: bool
) -> None:
    program = Program((Branch(condition, 1, 2), Verdict(accept=True), Verdict(accept=False)))

    assert simplified(program, version) == Program((Verdict(accept=accepts),))
