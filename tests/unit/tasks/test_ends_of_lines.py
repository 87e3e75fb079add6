"""Only a line feed ends a line of what a switch says; where a diff is cut, no secret is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tasks.adapters import eos, ios_candidate, iosxr_xml
from tasks.drivers.frr import config_tree
from tasks.verify import _first_difference

#: What `str.splitlines` takes for the end of a line, beside a line feed.
OTHERS = ("\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
pytestmark = pytest.mark.parametrize("end", OTHERS, ids=ascii)


def secret(end: str) -> str:
    return f"username me secret 0 s3{end}cret{end} more"


def test_a_description_opens_nothing_for_the_frr_driver(end: str) -> None:
    said = f"description x{end}route-map FROM-NODE permit 1"
    assert config_tree.parse(f"interface eth0\n {said}\nexit\n") == {"interface eth0": {said: {}}}


def test_the_diff_of_eos_hides_all_of_a_secret(end: str) -> None:
    diff = f"--- a\n+++ b\n@@ -1 +1 @@\n-{secret(end)}\n+hostname x\n"
    assert eos._shown(diff) == "@@ -1 +1 @@\n-username me secret 0 <hidden>\n+hostname x"


def test_the_diff_of_ios_hides_all_of_a_secret(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = f"!List of Commands:\n{secret(end)}\nhostname x\nend\n"
    monkeypatch.setattr(ios_candidate, "ask", lambda *_: said)
    assert ios_candidate.diff_of(None, "flash:x") == "+username me secret 0 <hidden>\n+hostname x"


def test_the_diff_of_ios_xr_hides_all_of_a_secret(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = f"hostname a\n{secret(end)}\nend\n"

    def show(_: Any, command: str, **__: Any) -> str:  # noqa: ANN401 - as the driver is
        return running.replace("hostname a", "hostname b") if "merge" in command else running

    monkeypatch.setattr(iosxr_xml, "_show", show)
    diff, _ = iosxr_xml._compared(SimpleNamespace())
    shown = ["-hostname a", "+hostname b", " username me secret 0 <hidden>"]
    assert diff.split("\n")[3:] == shown


def test_a_foreign_line_that_went_is_named_by_its_first_word_alone(end: str) -> None:
    before, after = f"{secret(end)}\n\nhostname x\n", "hostname x\n"
    assert _first_difference(before, after) == "`username ...` is gone"
    assert _first_difference("\n", "") == "` ...` is gone"
