"""What goes wrong in the middle, on every platform: a refused line, a jump host that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from site_fixture import configurations, make_site, ringfence, unfence

from lab.topology import SWITCHES
from policies.dialects import DIALECTS
from runbooks.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lab.api import Lab
    from policies.change import Step
    from policies.dialects.base import Dialect
    from policies.filters import Running
    from runbooks.signals import Wish

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), "mixed")
    yield running
    running.stop()


def wait_for(site: Path, text: str) -> None:
    """Return once some run's record holds ``text``."""
    deadline = time.monotonic() + 60
    while not any(text in one.read_text() for one in site.glob("runs/*/events.jsonl")):
        assert time.monotonic() < deadline, f"no record with {text}"
        time.sleep(0.02)


class _Spoilt:
    """A dialect whose candidates have one line that no device knows."""

    def __init__(self, dialect: Dialect, line: str) -> None:
        self._dialect, self._line = dialect, line
        self.parse, self.foreign = dialect.parse, dialect.foreign

    def render(self, steps: Sequence[Step], running: Running) -> str:
        text = self._dialect.render(steps, running)
        if not text:
            return ""
        lines = text.splitlines()
        # In front of an "end", if there is one.
        at = len(lines) - (lines[-1] == "end")
        return "".join(f"{line}\n" for line in (*lines[:at], self._line, *lines[at:]))


#: What each platform says of such a line.
WORDS = {
    "eos": "Invalid input",
    "frr": "frobnicate",
    "ios": "Invalid input detected",
    "iosxr_netconf": "SYNTAX/AUTHORIZATION ERRORS",
    "junos": "syntax error",
    "nxos": "nvalid command",
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_line_that_the_device_refuses_ends_the_change_in_its_own_words(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    platform = lab.platform(switch)
    line = "set frobnicate fabric" if platform == "junos" else "frobnicate the fabric"
    monkeypatch.setitem(DIALECTS, platform, _Spoilt(DIALECTS[platform], line))
    before = configurations(lab)
    site = make_site(lab, tmp_path)
    done = ringfence("deploy", "--site", str(site), "--yes")
    assert done.code == 1, done.err
    assert WORDS[platform] in done.err
    assert switch in done.err
    assert configurations(lab) == before


@pytest.mark.parametrize(
    ("switch", "fault"), [("border1", "commit-hangs-up"), ("border2", "drop-after-commit")]
)
def test_a_connection_that_dies_in_a_commit_is_made_anew_to_take_it_back(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switch: str, fault: str
) -> None:
    before = configurations(lab)
    site = make_site(lab, tmp_path)
    take_back = Engine._take_back

    def once(self: Engine, error: BaseException, wish: Wish) -> None:
        lab.control(switch, "fault", name=fault, on=False)
        take_back(self, error, wish)

    monkeypatch.setattr(Engine, "_take_back", once)
    lab.control(switch, "fault", name=fault, on=True)
    done = ringfence("deploy", "--site", str(site), "--yes")
    assert done.code == 1, done.err
    assert switch in done.err
    assert configurations(lab) == before
    assert ringfence("plan", "--site", str(site)).code == 0


def test_p3_a_killed_jump_host_leaves_every_switch_to_its_timer(lab: Lab, tmp_path: Path) -> None:
    site = make_site(lab, tmp_path)
    before = configurations(lab)
    command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site), "--yes"]
    deploy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(site, '"wave": 2')
    finally:
        os.kill(deploy.pid, signal.SIGKILL)
        deploy.wait()
    # What waits for its confirmation is not what it will be: nothing is planned on it.
    waiting = ringfence("plan", "--site", str(site))
    assert waiting.code == 3, waiting.err
    assert "a commit waits for its confirmation there" in waiting.err
    refused = ringfence("deploy", "--site", str(site), "--yes")
    assert (refused.code, "run `ringfence recover` first" in refused.err) == (3, True), refused.err
    for switch in SWITCHES:
        lab.fault(switch, "lapse", seconds=300)
    deadline = time.monotonic() + 30
    while configurations(lab) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert configurations(lab) == before
    recovered = ringfence("recover", "--site", str(site), "--json")
    assert recovered.code == 0, recovered.err
    (run,) = recovered.document["runs"]
    assert (run["ended"], set(run["devices"].values())) == ("taken-back", {"old"})
    again = ringfence("deploy", "--site", str(site), "--yes", "--json")
    assert again.code == 0, again.err
    assert sorted(again.document["changed"]) == sorted(SWITCHES)
    unfence(lab)
    assert configurations(lab) == before
