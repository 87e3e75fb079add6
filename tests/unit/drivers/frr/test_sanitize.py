"""Secrets in a configuration."""

from __future__ import annotations

import pytest

from tasks.drivers.frr.sanitize import sanitize, scrub


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


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "line 2 ('neighbor 10.0.0.1 password s3cret word'): % Unknown command",
            "line 2 ('neighbor 10.0.0.1 password <removed>'): % Unknown command",
        ),
        (
            "not taken over: key chain K key 1 key-string s3cret\nnot expected: x",
            "not taken over: key chain K key 1 key-string <removed>\nnot expected: x",
        ),
        ("the password of nobody", "the password <removed>"),
        ("not taken over: set community 65000:1", "not taken over: set community 65000:1"),
    ],
)
def test_scrub(sentence: str, expected: str) -> None:
    assert scrub(sentence) == expected
