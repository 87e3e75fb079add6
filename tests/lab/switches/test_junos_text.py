"""Junos's configuration: what is printed, read, refused and compared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junos_box import startup, tree_of

from lab.switch.junos.compare import compare
from lab.switch.junos.printing import curly, set_form
from lab.switch.junos.reading import load_curly, load_set
from lab.switch.junos.tree import Node
from lab.topology import SWITCHES


def printed(tree: Node) -> str:
    return "".join(f"{line}\n" for line in set_form(tree))


def in_brackets(tree: Node) -> str:
    return "".join(f"{line}\n" for line in curly(tree))


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_printed_is_read_back_and_printed_the_same(name: str) -> None:
    tree = tree_of(startup(name))
    text, blocks = printed(tree), in_brackets(tree)
    from_blocks = Node()

    assert load_curly(from_blocks, blocks, replaces=False) == []
    assert printed(tree_of(text)) == text
    assert printed(from_blocks) == text
    assert in_brackets(from_blocks) == blocks
    assert len(text.splitlines()) > 280


NAMES = st.sampled_from(["A", "B", "C d", "RF-x"])
PREFIXES = st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "2001:db8::/32"])
POLICY = st.builds(
    "set policy-options policy-statement {} {} {}".format,
    NAMES.map(lambda name: f'"{name}"'),
    st.sampled_from(["term 1", "term 2", "term rest", ""]),
    st.one_of(
        st.builds("from route-filter {} orlonger".format, PREFIXES),
        st.sampled_from(["from family inet", "then accept", "then reject", "then metric 5"]),
        st.sampled_from(["from protocol [ bgp direct ]", "then next policy"]),
    ),
)
LINES = st.one_of(
    POLICY,
    st.builds("set policy-options prefix-list L {}".format, PREFIXES),
    st.builds('set protocols bgp group G import "{}"'.format, NAMES),
    st.builds(
        'set protocols bgp group G neighbor 192.0.2.{} export "{}"'.format, st.integers(1, 3), NAMES
    ),
    st.sampled_from(
        [
            "set protocols bgp group G family inet unicast",
            'set system login user ann full-name "a ; } { # [ b"',
            "set system services netconf ssh",
            "set system syslog file messages any notice",
            "delete protocols bgp group G import",
            "delete protocols bgp group G",
            "delete policy-options policy-statement A term 1",
            "deactivate protocols bgp group G import",
            "deactivate policy-options policy-statement A",
            "activate policy-options policy-statement A",
            "deactivate protocols bgp group G neighbor 192.0.2.1",
        ]
    ),
)


@given(st.lists(LINES, max_size=30))
@settings(deadline=None)
def test_any_configuration_is_printed_as_it_is_read(lines: list[str]) -> None:
    tree, again = Node(), Node()
    complaints = load_set(tree, "\n".join(lines))

    assert {one.message for one in complaints} <= {"statement not found"}
    assert load_curly(again, in_brackets(tree), replaces=False) == []
    assert printed(again) == printed(tree)
    assert printed(tree_of(printed(tree))) == printed(tree)


@given(st.lists(LINES, max_size=15), st.lists(LINES, max_size=15))
@settings(deadline=None)
def test_there_is_a_difference_exactly_where_texts_differ(
    first: list[str], second: list[str]
) -> None:
    old, new = Node(), Node()
    load_set(old, "\n".join(first))
    load_set(new, "\n".join([*first, *second]))

    assert (compare(old, new) == "") == (printed(old) == printed(new))
    assert old.same(new) == (printed(old) == printed(new))


@pytest.mark.parametrize(
    ("line", "message", "warning"),
    [
        ("set protocols bgp group G imprt X", "syntax error", False),
        ("set nonsense", "syntax error", False),
        ("set system host-name", "missing argument.", False),
        ("set policy-options prefix-list L 10.0.0.300/8", "invalid ip address or prefix", False),
        (
            "set policy-options policy-statement A from route-filter 10.0.0.0/8 upto /7",
            "invalid ip address or prefix",
            False,
        ),
        (
            "set policy-options policy-statement A from route-filter 10.0.0.0/8",
            "missing argument.",
            False,
        ),
        ("show version", "unknown command.", False),
        ("set protocols bgp group G import [ A", "syntax error", False),
        ("delete system host-name", "statement not found", True),
        ("deactivate interfaces em9", "statement not found", True),
        (
            "insert policy-options policy-statement A before policy-statement B",
            "statement not found",
            True,
        ),
    ],
)
def test_lines_are_refused_one_by_one_with_junoss_words(
    line: str, message: str, warning: bool
) -> None:
    tree = Node()

    complaints = load_set(tree, f"{line}\nset system domain-name example.net\n")

    assert [(one.message.partition(":")[0], one.is_warning) for one in complaints] == [
        (message, warning)
    ]
    assert printed(tree) == "set system domain-name example.net\n"


TERMS = """\
set policy-options policy-statement A term 1 then accept
set policy-options policy-statement A term 2 then next term
set policy-options policy-statement A term 3 then reject
"""


@pytest.mark.parametrize(
    ("commands", "terms"),
    [
        ("insert policy-options policy-statement A term 3 before term 1", "3 1 2"),
        ("insert policy-options policy-statement A term 1 after term 2", "2 1 3"),
        ("set policy-options policy-statement A term 1 from family inet", "1 2 3"),
        (
            (
                "delete policy-options policy-statement A term 2\n"
                "set policy-options policy-statement A term 2 then accept"
            ),
            "1 3 2",
        ),
    ],
)
def test_terms_stand_in_the_order_they_came_or_were_put_in(commands: str, terms: str) -> None:
    tree = tree_of(TERMS)
    before = tree.copy()

    assert load_set(tree, commands) == []

    policy = tree.one("policy-options", "policy-statement", "A")
    assert " ".join(one.words[1] for one in policy.all("term")) == terms
    assert compare(before, tree) != ""


def test_chains_keep_their_order_and_a_value_stands_once() -> None:
    tree = tree_of("set protocols bgp group G import [ B A C ]\nset protocols bgp import A\n")

    load_set(tree, "set protocols bgp group G import A\ndelete protocols bgp group G import B\n")

    assert tree.one("protocols", "bgp", "group", "G").values("import") == ("A", "C")
    assert "        import [ A C ];" in in_brackets(tree).replace("            ", "        ")


def test_a_container_that_says_nothing_vanishes_with_its_last_statement() -> None:
    tree = tree_of(TERMS + "set policy-options policy-statement A term 1 from family inet\n")

    load_set(tree, "delete policy-options policy-statement A term 1 from family inet\n")

    assert printed(tree) == TERMS
