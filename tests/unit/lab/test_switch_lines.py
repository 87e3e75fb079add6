"""A configuration of lines: what is typed, what is printed, what ``no`` takes away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.switch.grammar import Command, Grammar, Mode, natural
from lab.switch.lines import (
    Configuration,
    Cursor,
    RefusedError,
    UnknownCommandError,
    whole_commands,
)

if TYPE_CHECKING:
    from lab.switch.lines import Node


def _masked(found: re.Match[str], into: Node) -> str:
    del into
    if found["prefix"].endswith("/99"):
        raise RefusedError("% Invalid mask")
    return found[0].replace("10.9.9.9/8", "10.0.0.0/8")


PEER = r"neighbor (?P<peer>\S+)"
ROUTE_MAP = Command(
    rf"{PEER} route-map (?P<_map>\S+) (?P<way>in|out)",
    name="policy",
    rank=2,
    by=("peer",),
    removed_by=(rf"{PEER} route-map (?P<way>in|out)",),
)
GRAMMAR = Grammar(
    modes={
        "": Mode((
            Command(r"hostname (?P<_name>\S+)"),
            Command(r"interface (?P<name>\S+)", enters="interface"),
            Command(r"ip list (?P<name>\S+) (?P<prefix>\S+)", by=("name",), parted=True,
                    rewrite=_masked, removed_by=(r"ip list (?P<name>\S+)",)),
            Command(r"banner (?P<_text>(?s:.+))"),
            Command(r"router (?P<asn>\d+)", enters="router"),
        )),
        "interface": Mode((
            Command(r"description (?P<_text>.+)"),
            Command(r"(?:no )?shutdown", default="no shutdown"),
            Command(r"address (?P<address>\S+)", entered=True),
        )),
        "router": Mode(
            (
                Command(r"router-id (?P<_id>\S+)", rank=1),
                Command(rf"{PEER} remote-as (?P<_asn>\d+)", rank=2, by=("peer",)),
                ROUTE_MAP,
                Command(r"family (?P<name>\S+)", enters="family", rank=3, closing="end-family",
                        fleeting=True),
            ),
            sweeps=(PEER,),
        ),
        "family": Mode((Command(rf"{PEER} on"), ROUTE_MAP)),
    },
    indent="  ",
)  # fmt: skip

TEXT = """\
hostname one
!
interface eth2
  description two
  address 9.9.9.9
  address 1.1.1.1
!
interface eth10
  shutdown
!
ip list A 10.0.0.0/8
ip list A 11.0.0.0/8
!
ip list B 10.0.0.0/8
!
banner EOF
 free !text
EOF
!
router 65000
  router-id 1.2.3.4
  neighbor 10.0.0.2 remote-as 2
  neighbor 10.0.0.2 route-map X in
  neighbor 10.0.0.2 route-map Y out
  neighbor 10.0.0.10 remote-as 10
  !
  family v4
    neighbor 10.0.0.2 on
  end-family
"""


def read(text: str) -> Configuration:
    configuration = Configuration(GRAMMAR)
    ends = lambda line: (lambda last: last == "EOF") if line == "banner EOF" else None  # noqa: E731
    Cursor(configuration).type_all(whole_commands(text.splitlines(), ends))
    return configuration


def typed(*lines: str, on: str = TEXT) -> str:
    configuration = read(on)
    Cursor(configuration).type_all(lines)
    return configuration.text()


def test_prints_what_it_has_read() -> None:
    assert read(TEXT).text() == TEXT


def test_a_copy_is_edited_on_its_own() -> None:
    first = read(TEXT)
    second = first.copy()
    Cursor(second).type_all(["router 65000", "neighbor 10.0.0.2 remote-as 3"])
    assert first.text() == TEXT
    assert second.text() == TEXT.replace("remote-as 2\n", "remote-as 3\n")


@given(st.permutations(["hostname one", "router 65000", "interface eth10", "interface eth2"]))
def test_the_order_of_entry_means_nothing(order: list[str]) -> None:
    assert typed(*order, on="") == (
        "hostname one\n!\ninterface eth2\n!\ninterface eth10\n!\nrouter 65000\n"
    )


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        (["router 65000", "no neighbor 10.0.0.2 route-map in"],
         "  neighbor 10.0.0.2 route-map X in\n"),
        (["router 65000", "no neighbor 10.0.0.2 route-map OTHER in"],
         "  neighbor 10.0.0.2 route-map X in\n"),
        (["no ip list A 11.0.0.0/8"], "ip list A 11.0.0.0/8\n"),
        (["no ip list B"], "!\nip list B 10.0.0.0/8\n"),
        (["interface eth2", "no description"], "  description two\n"),
        (["interface eth10", "no shutdown"], "  shutdown\n"),
        (["no interface eth10"], "!\ninterface eth10\n  shutdown\n"),
        (["router 65000", "family v4", "no neighbor 10.0.0.2 on"],
         "  !\n  family v4\n    neighbor 10.0.0.2 on\n  end-family\n"),
        (["no hostname"], "hostname one\n!\n"),
    ],
)  # fmt: skip
def test_no_takes_away(lines: list[str], gone: str) -> None:
    assert gone in TEXT
    assert typed(*lines) == TEXT.replace(gone, "", 1)


def test_no_neighbor_sweeps_the_modes_below() -> None:
    swept = "".join(line for line in TEXT.splitlines(keepends=True) if "10.0.0.2 " not in line)
    assert typed("router 65000", "no neighbor 10.0.0.2") == swept.replace(
        "  !\n  family v4\n  end-family\n", ""
    )


def test_a_line_of_an_outer_mode_leaves_the_inner_ones() -> None:
    lines = ["router 65000", "family v4", "neighbor 10.0.0.3 remote-as 3", "interface eth2",
             "description new"]  # fmt: skip
    assert typed(*lines) == TEXT.replace("description two", "description new").replace(
        "  neighbor 10.0.0.10 ", "  neighbor 10.0.0.3 remote-as 3\n  neighbor 10.0.0.10 "
    )


@pytest.mark.parametrize(
    "lines",
    [["frobnicate"], ["family v4"], ["router 65000", "description x"], ["no frobnicate"],
     ["router 65000", "family v4", "end-family", "neighbor 10.0.0.2 on"],
     ["router 65000", "exit", "router-id 1.1.1.1"],
     ["router 65000", "family v4", "end", "router-id 1.1.1.1"]],
)  # fmt: skip
def test_what_no_open_mode_knows_is_refused(lines: list[str]) -> None:
    with pytest.raises(UnknownCommandError, match=f"^{re.escape(lines[-1])}$"):
        typed(*lines)


def test_where_only_the_outermost_mode_is_asked() -> None:
    grammar = Grammar(modes=GRAMMAR.modes, indent=" ", climbs=False)
    cursor = Cursor(Configuration(grammar))
    cursor.type_all(["router 1", "family v4"])
    with pytest.raises(UnknownCommandError):
        cursor.enter("router-id 1.1.1.1")
    cursor.enter("interface eth1")
    assert [node.text for node in cursor.path] == ["", "interface eth1"]


def test_a_line_is_kept_as_it_was_rewritten_or_refused() -> None:
    assert "ip list C 10.0.0.0/8\n" in typed("ip list C 10.9.9.9/8")
    with pytest.raises(RefusedError, match="% Invalid mask"):
        typed("ip list C 10.0.0.0/99")


def test_numbers_are_ordered_as_numbers() -> None:
    assert sorted(["e10", "e9", "2001:db8::", "NODES"], key=natural) == [
        "2001:db8::", "NODES", "e9", "e10",
    ]  # fmt: skip
