"""The examples in the docstrings are right."""

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name", ["columns", "prefix_list", "prefix_ranges", "prefix_set", "shortest", "strokes"]
)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(f"policies.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
