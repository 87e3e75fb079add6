"""What an error or a violation quotes of a device's own text is without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import make_site
from paper_fleet import TEXTS

from policies.dialects import DIALECTS
from policies.errors import ParseError
from policies.guards import wanted_guards
from policies.install import install

if TYPE_CHECKING:
    from pathlib import Path

FRR = "frr version 8.4.4\nfrr defaults traditional\n{}\nend\n"
JUNOS = "set version 22.2R3\n{}\n"


@pytest.mark.parametrize(
    ("platform", "text", "line", "shown"),
    [
        (
            "frr",
            FRR,
            "ip prefix-list X seq 5 permit password S3cret",
            "ip prefix-list X seq 5 permit password <hidden>",
        ),
        (
            "junos",
            JUNOS,
            "system root-authentication plain-text-password-value S3cret",
            "system root-authentication plain-text-password-value <hidden>",
        ),
        ("frr", FRR, "ip prefix-list X seq 5 permit plain", "ip prefix-list X seq 5 permit plain"),
    ],
)
def test_an_error_quotes_a_line_without_its_secret(
    platform: str, text: str, line: str, shown: str
) -> None:
    with pytest.raises(ParseError) as caught:
        DIALECTS[platform].parse(text.format(line))
    said = str(caught.value)
    assert shown in said
    assert "S3cret" not in said


def test_a_violation_quotes_a_line_without_its_secret(tmp_path: Path) -> None:
    site = make_site(tmp_path / "dc1")
    secret = " neighbor 10.255.11.0 password S3cret map FROM-NODE\n bgp listen"
    running = DIALECTS["frr"].parse(TEXTS["tor1"].replace(" bgp listen", secret))
    (found,) = install("tor1", running, wanted_guards(site)["tor1"]).violations
    assert found.evidence == (
        "route-map FROM-NODE also serves `neighbor 10.255.11.0 password <hidden>`, which no guard "
        "may narrow"
    )
