"""Every limit is in the table, and every refusal says its value, its evidence and the way out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from policies.errors import LimitError, Violation
from policies.limits import ACCEPTABLE, LIMITS

ROOT = Path(__file__).resolve().parents[3]


def named_in_the_source() -> set[str]:
    """Return every limit that the program finds broken somewhere, from its text."""
    found = set()
    for folder in ("policies", "tasks", "runbooks"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = ast.unparse(node.func)
                values = [one.value for one in node.keywords if one.arg == "limit"]
                values += node.args[:1] if called == "self._refuse" else []
                if called in ("Violation", "self._refuse"):
                    found |= {one.value for one in values if isinstance(one, ast.Constant)}
    return {str(one) for one in found}


def test_the_table_has_the_limits_that_are_checked_and_no_other() -> None:
    assert named_in_the_source() == set(LIMITS)
    assert ACCEPTABLE == ("drops-routes", "shrink", "unknown-neighbors")


@pytest.mark.parametrize("name", LIMITS)
def test_a_refusal_says_the_value_and_what_accepts_it_or_why_nothing_does(name: str) -> None:
    limit = LIMITS[name]
    one = Violation(limit=name, where="tor1", evidence="it is so", way_out="do that")
    start = f"tor1: it is so [limit {name}]; allowed: {limit.allows} ({limit.setting}); do that"
    assert one.acceptable is (name in ACCEPTABLE)
    if one.acceptable:
        assert str(one) == f"{start}, or accept it with --accept {name}"
    else:
        assert str(one) == f"{start}; no flag accepts it: {limit.no_flag}"
    assert str(LimitError((one, one))) == f"{one}\n{one}"


def test_a_value_that_the_site_sets_is_told() -> None:
    one = Violation(limit="shrink", where="tor1", evidence="-", way_out="-", allows="25% of it")
    assert "; allowed: 25% of it (limits.max_shrink in site.yaml); " in str(one)
