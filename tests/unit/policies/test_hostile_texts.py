"""A number that is none, and a text without a bottom, end as one sentence that names the line."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from policies.dialects import DIALECTS
from policies.errors import ParseError

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
TEXTS = {
    "eos": "eos/tor3.conf",
    "frr": "frr/border1.before.conf",
    "ios": "ios/border2.conf",
    "iosxr_netconf": "xr/border3.conf",
    "junos": "junos/border1.conf",
    "nxos": "nxos/spine2.conf",
}
#: Python refuses to read a number of so many digits at all.
MANY = "9" * 5000


def text_of(platform: str) -> str:
    return (GOLDEN / TEXTS[platform]).read_text(encoding="utf-8")


def inside(platform: str, lines: str) -> tuple[str, int]:
    """Return the platform's text with ``lines`` first in its BGP, and the number of the last."""
    text = text_of(platform)
    # The first may stand in a banner.
    found = [*re.finditer(r"^router bgp .*\n", text, re.MULTILINE)][-1]
    hostile = f"{text[: found.end()]}{lines}\n{text[found.end() :]}"
    return hostile, text[: found.end()].count("\n") + lines.count("\n") + 1


def refused(platform: str, text: str) -> str:
    """Return the one sentence that both readers of ``text`` refuse it with."""
    said = set()
    for read in ("parse", "index"):
        with pytest.raises(ParseError) as caught:
            getattr(DIALECTS[platform], read)(text)
        said.add(str(caught.value))
    # It looks at no number, so it may have nothing against it; but nothing else may come of it.
    with suppress(ParseError):
        DIALECTS[platform].foreign(text)
    (one,) = said
    assert "\n" not in one
    assert len(one) < 250
    return one


@pytest.mark.parametrize("number", ["x", "²", "1.2.3", "1.", "-1", MANY], ids=lambda one: one[:9])
@pytest.mark.parametrize(
    ("platform", "lines"),
    [
        ("frr", " neighbor 10.9.9.9 inherit peer-policy X {}"),
        ("ios", " neighbor 10.9.9.9 inherit peer-policy X {}"),
        ("iosxr_netconf", " neighbor 10.9.9.9\n  remote-as {}"),
        ("iosxr_netconf", " neighbor-group X\n  remote-as {}"),
        ("iosxr_netconf", " bgp confederation peers {}"),
        ("iosxr_netconf", " bgp confederation peers\n  65001\n  {}"),
    ],
)
def test_the_line_of_a_number_that_is_none_is_named(platform: str, lines: str, number: str) -> None:
    text, line = inside(platform, lines.format(number))
    said = refused(platform, text)
    assert said.startswith(f"line {line}")
    assert f"`{number[:40]}` is no" in said


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("eos", f"router bgp {MANY}"),
        ("frr", f"router bgp {MANY} vrf X"),
        ("ios", f"route-map X permit {MANY}"),
        ("iosxr_netconf", f"router bgp {MANY}"),
        ("nxos", f"route-map X permit {MANY}"),
    ],
)
def test_a_number_without_end_is_refused_with_its_line(platform: str, line: str) -> None:
    text = text_of(platform)
    before = text[: text.rindex("\nrouter bgp ") + 1]
    said = refused(platform, f"{before}{line}\n{text[len(before) :]}")
    assert said.startswith(f"line {before.count(chr(10)) + 1} `{line[:30]}")


@pytest.mark.parametrize(
    ("platform", "lines"),
    [
        ("eos", "   neighbor 10.9.9.9 remote-as {}"),
        ("frr", " neighbor 10.9.9.9 remote-as {}"),
        ("ios", " neighbor 10.9.9.9 remote-as {}"),
        ("nxos", "  neighbor 10.9.9.9\n    remote-as {}"),
    ],
)
def test_of_a_neighbor_without_an_as_number_the_kind_is_not_known(
    platform: str, lines: str
) -> None:
    running = DIALECTS[platform].parse(inside(platform, lines.format(MANY))[0])
    (found,) = (one for key, one in running.sessions.items() if key.name == "10.9.9.9")
    assert found.is_external is None


@pytest.mark.parametrize("said", ["1.", "1.2.3", "²", MANY], ids=lambda one: one[:9])
def test_what_is_no_as_number_of_junos_is_none(said: str) -> None:
    text = text_of("junos") + f'set protocols bgp group X peer-as "{said}"\n'
    text += "set protocols bgp group X neighbor 10.9.9.9\n"
    running = DIALECTS["junos"].parse(text)
    (session,) = (one for key, one in running.sessions.items() if key.name == "10.9.9.9")
    assert session.is_external is None


@pytest.mark.parametrize("said", ["", "x"])
def test_frr_without_a_version_is_taken_for_an_old_one(said: str) -> None:
    text = text_of("frr")

    def versioned(version: str) -> str:
        return re.sub(r"^frr version .*$", f"frr version {version}", text, flags=re.MULTILINE)

    assert DIALECTS["frr"].parse(versioned(said)) == DIALECTS["frr"].parse(versioned("7.3"))


@pytest.mark.parametrize("platform", ["frr", "ios"])
def test_a_text_that_is_indented_without_end_is_refused(platform: str) -> None:
    deep = "\n".join(f"{' ' * depth}x y" for depth in range(1, 300))
    assert "is indented deeper than any platform does" in refused(
        platform, inside(platform, deep)[0]
    )


def test_a_statement_without_end_is_refused() -> None:
    text = text_of("junos")
    line = text.count("\n") + 1
    said = refused("junos", f"{text}set protocols bgp group X{' a' * 3000}\n")
    assert said == f"line {line} has more words than any statement of Junos"


@pytest.mark.parametrize(
    "said",
    ["upto /99", "upto /4", "upto -1", "prefix-length-range /20-/9", "prefix-length-range /40-/50"],
)
def test_lengths_that_there_are_none_of_are_not_judged(said: str) -> None:
    """Such a term may match anything, or nothing: neither is taken for granted."""
    lines = (
        f"policy-options policy-statement X term 1 from route-filter 10.0.0.0/8 {said}",
        "policy-options policy-statement X term 1 then accept",
        "protocols bgp group X import X",
        "protocols bgp group X neighbor 10.9.9.9 peer-as 65009",
    )
    text = text_of("junos") + "".join(f"set {line}\n" for line in lines)
    found = DIALECTS["junos"].parse(text).route_maps["X"].stanzas[0]
    assert (found.lists, found.unknown != ()) == ((), True)
