"""A command that contacts nothing does not wait for the libraries of those that do."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("ciscoconfparse2", "jnpr.junos", "napalm", "ncclient", "netmiko", "paramiko", "requests")


@pytest.mark.parametrize("module", ["runbooks.cli", "lab.cli"])
def test_no_drivers_library_is_imported_before_it_is_needed(module: str) -> None:
    """The list of what is not imported is what took three quarters of the start."""
    asked = f"import sys, {module}; print(*sorted(set({SLOW!r}) & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == []
