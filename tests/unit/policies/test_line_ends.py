"""What else ends a line to some programs ends none of a configuration, on any platform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policies.dialects import DIALECTS
from policies.dialects.line_ends import ended_lines, lines_of

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CASES = (
    ("eos", "eos/tor3", "end"),
    ("frr", "frr/border1.before", "end"),
    ("ios", "ios/border2", "end"),
    ("iosxr_netconf", "xr/border3", "end"),
    ("junos", "junos/border1", "set routing-options autonomous-system 1"),
    ("nxos", "nxos/spine2", "route-map FROM-SPINE deny 1"),
)
#: What `str.splitlines` takes for the end of a line, beside a line feed.
OTHERS = ("\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")


@pytest.mark.parametrize("end", OTHERS, ids=ascii)
@pytest.mark.parametrize(("platform", "name", "said"), CASES, ids=[case[0] for case in CASES])
def test_words_in_a_description_are_no_lines(platform: str, name: str, said: str, end: str) -> None:
    text = (GOLDEN / f"{name}.conf").read_text(encoding="utf-8")
    dialect = DIALECTS[platform]

    def hostile(between: str) -> str:
        return re.sub(
            r'( description "?)(?=\w)', rf"\1x{between}router bgp 9{between}{said}{between}", text
        )

    assert hostile(end) != text
    # A filter set keeps some descriptions, as they are.
    kept = repr(dialect.parse(hostile(end))).replace(repr(end)[1:-1], " ")
    assert kept == repr(dialect.parse(hostile(" ")))
    assert len(dialect.index(hostile(end)).lines) == text.count("\n")
    assert dialect.foreign(hostile(end)) == dialect.foreign(hostile(" ")).replace(
        f"x router bgp 9 {said} ", f"x{end}router bgp 9{end}{said}{end}"
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\n", ["a", ""]),
        ("a\r\nb\r\r\n", ["a", "b"]),
        ("a\rb\n", ["a\rb"]),
    ],
)
def test_a_line_ends_with_its_line_feed(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines
    assert "".join(ended_lines(text)) == text
