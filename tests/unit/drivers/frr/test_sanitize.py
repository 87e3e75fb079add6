"""Secrets in a configuration."""

from __future__ import annotations

import pytest

from tasks.drivers.frr.sanitize import sanitize


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (" neighbor 10.0.0.1 password s3cret word", " neighbor 10.0.0.1 password <removed>"),
        ("  key-string s3cret", "  key-string <removed>"),
        ("enable password 8 s3cret", "enable password <removed>"),
        ("password s3cret", "password <removed>"),
        (" ip ospf authentication-key s3cret", " ip ospf authentication-key <removed>"),
        (" ip ospf message-digest-key 1 md5 s3cret", " ip ospf message-digest-key 1 md5 <removed>"),
        (" isis password md5 s3cret", " isis password md5 <removed>"),
        (" neighbor 10.0.0.1 remote-as 65001", " neighbor 10.0.0.1 remote-as 65001"),
        ("route-map PASSWORD permit 10", "route-map PASSWORD permit 10"),
    ],
)
def test_sanitize(line: str, expected: str) -> None:
    assert sanitize(f"a\n{line}\nb\n") == f"a\n{expected}\nb\n"
