"""What policies of Junos do to routes, by running them."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from junos_box import tree_of
from junos_run import Way, run

from lab.switch.junos.as_paths import PathError, frr_regex
from lab.switch.junos.check import check
from lab.switch.junos.groups import expanded
from lab.switch.junos.policy import chain_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.meaning import Program

P = "set policy-options policy-statement P"


def program_of(text: str, chain: Sequence[str], local: dict[str, str] | None = None) -> Program:
    tree = tree_of(text)
    assert [one.message for one in check(tree)] == []
    own = None if local is None else {ip_network(one): kind for one, kind in local.items()}
    return chain_program(expanded(tree).one("policy-options"), chain, local=own)


def passes(program: Program, *prefixes: str, communities: Sequence[str] = ()) -> list[str]:
    ways = [Way(prefix=ip_network(one), communities=frozenset(communities)) for one in prefixes]
    return [str(way.prefix) for way in ways if run(program, way)[0]]


LENGTHS = ["10.0.0.0/7", "10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32", "11.0.0.0/16"]


@pytest.mark.parametrize(
    ("match", "matched"),
    [
        ("exact", ["10.0.0.0/8"]),
        ("orlonger", ["10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32"]),
        ("longer", ["10.0.0.0/9", "10.64.0.0/16", "10.0.0.1/32"]),
        ("upto /16", ["10.0.0.0/8", "10.0.0.0/9", "10.64.0.0/16"]),
        ("prefix-length-range /9-/16", ["10.0.0.0/9", "10.64.0.0/16"]),
        ("through 10.64.0.0/16", ["10.0.0.0/8", "10.64.0.0/16", "10.0.0.0/9"]),
    ],
)
def test_route_filters_match_by_their_type(match: str, matched: list[str]) -> None:
    text = f"{P} term 1 from route-filter 10.0.0.0/8 {match}\n{P} term 1 then accept\n"
    program = program_of(f"{text}{P} term 2 then reject\n", ["P"])

    assert sorted(passes(program, *LENGTHS)) == sorted(matched)


def test_the_longest_route_filter_of_a_term_decides_alone() -> None:
    text = f"""\
{P} term 1 from route-filter 10.0.0.0/8 orlonger
{P} term 1 from route-filter 10.1.0.0/16 exact
{P} term 1 then accept
{P} term 2 then reject
"""
    program = program_of(text, ["P"])

    assert passes(program, "10.2.0.0/24", "10.1.0.0/16", "10.1.5.0/24") == [
        "10.2.0.0/24",
        "10.1.0.0/16",
    ]


def test_filters_in_terms_of_their_own_do_not_hide_each_other() -> None:
    text = f"""\
{P} term 1 from route-filter 10.1.0.0/16 exact
{P} term 1 then accept
{P} term 2 from route-filter 10.0.0.0/8 orlonger
{P} term 2 then accept
{P} term 3 then reject
"""
    assert passes(program_of(text, ["P"]), "10.1.5.0/24") == ["10.1.5.0/24"]


def test_prefix_lists_are_exact_unless_filtered_and_any_of_them_is_enough() -> None:
    text = f"""\
set policy-options prefix-list A 10.1.0.0/16
set policy-options prefix-list B 10.2.0.0/16
set policy-options prefix-list B 2001:db8::/32
set policy-options prefix-list EMPTY
{P} term 1 from prefix-list A
{P} term 1 from prefix-list-filter B orlonger
{P} term 1 from prefix-list EMPTY
{P} term 1 from route-filter 10.3.0.0/16 exact
{P} term 1 then accept
{P} term 2 then reject
"""
    prefixes = ["10.1.0.0/16", "10.1.1.0/24", "10.2.1.0/24", "10.3.0.0/16", "2001:db8:1::/48"]

    assert passes(program_of(text, ["P"]), *prefixes) == [
        "10.1.0.0/16",
        "10.2.1.0/24",
        "10.3.0.0/16",
        "2001:db8:1::/48",
    ]


def test_a_term_with_an_empty_list_matches_nothing_and_one_without_conditions_all() -> None:
    text = f"""\
set policy-options prefix-list EMPTY
{P} term 1 from prefix-list EMPTY
{P} term 1 then reject
{P} term 2 then accept
"""
    assert passes(program_of(text, ["P"]), "10.0.0.0/8", "::/0") == ["10.0.0.0/8", "::/0"]


def test_conditions_of_different_kinds_must_all_hold() -> None:
    text = f"""\
set policy-options community C members 65000:1
set policy-options community D members 65000:2
{P} term 1 from family inet
{P} term 1 from community C
{P} term 1 from community D
{P} term 1 from route-filter 0.0.0.0/0 orlonger
{P} term 1 then reject
"""
    program = program_of(text, ["P"])

    assert passes(program, "10.0.0.0/8", "::/0", communities=["65000:2"]) == ["::/0"]
    assert passes(program, "10.0.0.0/8", communities=["65000:3"]) == ["10.0.0.0/8"]


CHAIN = """\
set policy-options policy-statement A term 1 from route-filter 10.1.0.0/16 exact
set policy-options policy-statement A term 1 then local-preference 10
set policy-options policy-statement A term 1 then accept
set policy-options policy-statement A term 2 from route-filter 10.2.0.0/16 exact
set policy-options policy-statement A term 2 then metric 20
set policy-options policy-statement A term 2 then next policy
set policy-options policy-statement A term 3 from route-filter 10.3.0.0/16 exact
set policy-options policy-statement A term 3 then as-path-prepend "65001 65001"
set policy-options policy-statement A term 3 then next term
set policy-options policy-statement A term 4 from route-filter 10.4.0.0/16 exact
set policy-options policy-statement A term 4 then reject
set policy-options policy-statement A term 5 from route-filter 10.2.0.0/16 exact
set policy-options policy-statement A term 5 then reject
set policy-options policy-statement B from route-filter 10.2.0.0/16 exact
set policy-options policy-statement B then origin incomplete
set policy-options policy-statement B then accept
"""


@pytest.mark.parametrize(
    ("prefix", "result"),
    [
        ("10.1.0.0/16", (True, ["local-preference 10"])),
        ("10.2.0.0/16", (True, ["metric 20", "origin incomplete"])),
        ("10.3.0.0/16", (False, ["as-path prepend 65001 65001"])),
        ("10.4.0.0/16", (False, [])),
        ("10.5.0.0/16", (False, [])),
    ],
)
def test_a_chain_is_run_until_something_decides(
    prefix: str, result: tuple[bool, list[str]]
) -> None:
    text = f"{CHAIN}set policy-options policy-statement C then reject\n"

    assert run(program_of(text, ["A", "B", "C"]), Way(prefix=ip_network(prefix))) == result


def test_off_the_end_an_import_accepts_and_an_export_what_is_bgps() -> None:
    text = f"{P} term 1 from route-filter 192.0.2.0/24 exact\n{P} term 1 then reject\n"
    local = {"10.9.0.0/24": "direct", "10.8.0.0/24": "static"}
    ways = ["10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24", "192.0.2.0/24"]

    assert passes(program_of(text, ["P"]), *ways) == ["10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24"]
    assert passes(program_of(text, ["P"], local), *ways) == ["10.7.0.0/24"]
    assert passes(program_of("", [], local), *ways) == ["10.7.0.0/24", "192.0.2.0/24"]


@pytest.mark.parametrize(
    ("protocols", "accepted"),
    [
        ("direct", ["10.9.0.0/24"]),
        ("static", ["10.8.0.0/24"]),
        ("bgp", ["10.7.0.0/24"]),
        ("[ direct bgp ]", ["10.9.0.0/24", "10.7.0.0/24"]),
        ("ospf", []),
    ],
)
def test_an_export_tells_protocols_apart(protocols: str, accepted: list[str]) -> None:
    text = f"""\
{P} term 1 from protocol {protocols}
{P} term 1 then accept
{P} term 2 then reject
"""
    local = {"10.9.0.0/24": "direct", "10.8.0.0/24": "static"}

    assert passes(program_of(text, ["P"], local), "10.9.0.0/24", "10.8.0.0/24", "10.7.0.0/24") == (
        accepted
    )


SUBROUTINE = """\
set policy-options policy-statement SUB term 1 from route-filter 10.1.0.0/16 orlonger
set policy-options policy-statement SUB term 1 then community add C
set policy-options policy-statement SUB term 1 then accept
set policy-options policy-statement SUB term 2 from route-filter 10.2.0.0/16 orlonger
set policy-options policy-statement SUB term 2 then reject
set policy-options community C members 65000:7
set policy-options policy-statement P term 1 from policy SUB
set policy-options policy-statement P term 1 then metric 5
set policy-options policy-statement P term 1 then accept
set policy-options policy-statement P term 2 then reject
"""


@pytest.mark.parametrize(
    ("prefix", "imported", "exported"),
    [
        (
            "10.1.1.0/24",
            (True, ["community 65000:7 additive", "metric 5"]),
            (True, ["community 65000:7 additive", "metric 5"]),
        ),
        ("10.2.1.0/24", (False, []), (False, [])),
        # What the subroutine does not decide is the protocol's to say.
        ("10.3.1.0/24", (True, ["metric 5"]), (True, ["metric 5"])),
        ("10.9.0.0/24", (True, ["metric 5"]), (False, [])),
    ],
)
def test_a_subroutine_matches_where_it_accepts(
    prefix: str, imported: tuple[bool, list[str]], exported: tuple[bool, list[str]]
) -> None:
    way = Way(prefix=ip_network(prefix))

    assert run(program_of(SUBROUTINE, ["P"]), way) == imported
    assert run(program_of(SUBROUTINE, ["P"], {"10.9.0.0/24": "direct"}), way) == exported


@pytest.mark.parametrize(
    ("expression", "fits", "fails"),
    [
        ("65000 .*", ["65000", "65000 64500"], ["64500 65000", "650001", ""]),
        (".* 64496", ["64496", "65000 64496"], ["64496 65000", "64496 164496"]),
        ("()", [""], ["65000"]),
        ("(64496|64497) .*", ["64497 1", "64496"], ["65000 64496"]),
        ("65000{2,3}", ["65000 65000"], ["65000", "65000 65000 65000 65000"]),
        (". 65000?", ["1", "1 65000"], ["1 2", "1 65000 65000"]),
    ],
)
def test_as_path_expressions_are_over_whole_numbers(
    expression: str, fits: list[str], fails: list[str]
) -> None:
    text = f"""\
set policy-options as-path X "{expression}"
{P} term 1 from as-path X
{P} term 1 then accept
{P} term 2 then reject
"""
    program = program_of(text, ["P"])
    ways = {one: Way(prefix=ip_network("::/0"), as_path=one) for one in [*fits, *fails]}

    assert [one for one, way in ways.items() if run(program, way)[0]] == fits


def test_what_is_no_as_path_expression_is_said_so() -> None:
    with pytest.raises(PathError, match="no AS path expression"):
        frr_regex("65000 x")
