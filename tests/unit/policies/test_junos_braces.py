"""Junos configurations in braces, as files keep them: in set form they say the same."""

from __future__ import annotations

import pytest

from policies.dialects.file_forms import FORMS
from policies.dialects.junos import JunosDialect
from policies.dialects.junos_braces import is_braces, set_form
from policies.errors import ParseError

TEXT = """\
## Last commit: 2026-01-01 00:00:00 UTC by root
version 22.4R3;
groups { common { system { host-name "a { b"; } } }
apply-groups common;
policy-options {
    prefix-list POOL {
        10.65.0.0/16;
    }
    prefix-list EMPTY;
    /* a comment; with { marks } */
    policy-statement FROM-NODE {
        term pool {
            from {
                prefix-list-filter POOL orlonger;
                route-filter 10.66.0.0/16 prefix-length-range /26-/26;
            }
            then accept;
        }
        inactive: term old { then reject; }
        then {
            metric 5; ## why
            accept;
        }
    }
}
protocols {
    bgp {
        group NODES {
            import [ FROM-NODE LAST ];
            inactive: export [ A B ];
            neighbor 10.0.0.1 {
                description "two
lines";
            }
            inactive: neighbor 10.0.0.2;
            neighbor 10.0.0.3;
        }
    }
}
"""
SET = """\
set version 22.4R3
set groups common system host-name "a { b"
set apply-groups common
set policy-options prefix-list POOL 10.65.0.0/16
set policy-options prefix-list EMPTY
set policy-options policy-statement FROM-NODE term pool from prefix-list-filter POOL orlonger
set policy-options policy-statement FROM-NODE term pool from route-filter 10.66.0.0/16 \
prefix-length-range /26-/26
set policy-options policy-statement FROM-NODE term pool then accept
set policy-options policy-statement FROM-NODE term old then reject
deactivate policy-options policy-statement FROM-NODE term old
set policy-options policy-statement FROM-NODE then metric 5
set policy-options policy-statement FROM-NODE then accept
set protocols bgp group NODES import FROM-NODE
set protocols bgp group NODES import LAST
set protocols bgp group NODES export A
set protocols bgp group NODES export B
deactivate protocols bgp group NODES export
set protocols bgp group NODES neighbor 10.0.0.1 description "two
lines"
set protocols bgp group NODES neighbor 10.0.0.2
deactivate protocols bgp group NODES neighbor 10.0.0.2
set protocols bgp group NODES neighbor 10.0.0.3
"""


def test_every_statement_is_a_path() -> None:
    assert set_form(TEXT)[0] == SET


def test_every_line_knows_the_one_it_is_from() -> None:
    text, numbers = set_form(TEXT)
    source, made = TEXT.splitlines(), text.splitlines()
    assert len(numbers) == len(made)
    for line, number in zip(made, numbers, strict=True):
        # A statement's last words stand in its line; of a block that is inactive, its first.
        words = line.split()
        if words[0] in ("set", "deactivate") and "description" not in words:
            assert words[-1].strip('"') in source[number - 1], (line, number)
    assert source[numbers[made.index("set version 22.4R3")] - 1] == "version 22.4R3;"


def test_a_file_in_either_form_is_read_alike() -> None:
    read = FORMS["junos"]
    assert read(SET) == (SET, None)
    assert read(TEXT) == set_form(TEXT)
    assert JunosDialect().parse(read(TEXT)[0]) == JunosDialect().parse(SET)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(TEXT, True), (SET, False), ("version 22.4R3;", True), ("deactivate a\n", False), ("", False)],
)
def test_the_form_is_told_by_the_first_statement(text: str, expected: bool) -> None:
    assert is_braces(text) is expected


@pytest.mark.parametrize("lines", range(3, len(TEXT.splitlines())))
def test_a_cut_between_lines_is_seen_wherever_a_block_is_open(lines: int) -> None:
    cut = "".join(TEXT.splitlines(keepends=True)[:lines])
    depth = cut.replace("{ b", "").replace("{ marks }", "").count("{") - cut.count("}")
    if depth + cut.count("{ marks }"):
        with pytest.raises(ParseError, match="line "):
            set_form(cut)
    else:
        assert SET.startswith(set_form(cut)[0])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a { b; } }", "line 1: `}` makes no sense"),
        ("a {\n b; ]\n}", r"line 2: `\]` makes no sense"),
        ("a [ b { c; ]", "line 1: `{` makes no sense"),
        ("a [ b ] {", "line 1: `{` makes no sense"),
        ("{ a; }", "line 1: `{` makes no sense"),
        ("a;\n;", "line 2: `;` makes no sense"),
        ('a "b;\n', "line 1: what begins there never ends"),
        ("a;\n/* b;\n", "line 2: what begins there never ends"),
        ("a {\n b", "line 1: what begins there never ends"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(text: str, where: str) -> None:
    with pytest.raises(ParseError, match=where):
        set_form(text)


def test_frr_conf_has_no_end_of_its_own() -> None:
    text = "frr version 8.4.4\nfrr defaults traditional\n!\nrouter bgp 65001\nexit\n!\n"
    assert FORMS["frr"](text) == (text + "end\n", None)
    assert FORMS["frr"](text + "end\n") == (text + "end\n", None)
    cut = text.removesuffix("exit\n!\n")
    assert FORMS["frr"](cut) == (cut, None)
