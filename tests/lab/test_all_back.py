"""What a deploy leaves behind when it can't finish: every switch as it was, and a record of why."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledgers import forget_end
from napalm import get_network_driver
from site_fixture import configurations, edit, ringfence, unfence

from inventory.errors import DeviceError
from lab.api import Lab
from lab.topology import SWITCHES
from policies.change import steps
from policies.dialects import DIALECTS
from policies.managed import Managed, managed
from runbooks.ledger import Record
from tasks.adapters.frr import FrrAdapter

pytestmark = pytest.mark.lab


@pytest.fixture(autouse=True)
def _clean(lab: Lab) -> Iterator[None]:
    before = configurations(lab)
    yield
    unfence(lab)
    assert configurations(lab) == before


def _driver(lab: Lab, switch: str) -> object:
    return get_network_driver("frr")(
        lab.address(switch),
        lab.ssh_user,
        None,
        optional_args={
            "port": lab.ssh_port,
            "use_keys": True,
            "key_file": str(lab.ssh_key),
            "alt_host_keys": True,
            "alt_key_file": str(lab.known_hosts),
        },
    )


def test_a_switch_that_somebody_else_changes_stops_the_deploy_before_anything(
    lab: Lab, site_path: Path
) -> None:
    before = configurations(lab)
    with _driver(lab, "spine2") as other:  # type: ignore[attr-defined]
        other.load_merge_candidate(config="ip prefix-list MINE seq 5 permit 192.0.2.0/24\n")
        done = ringfence("deploy", "--site", str(site_path), "--yes")
        assert done.code == 1
        assert "spine2" in done.err
        assert "somebody else" in done.err
        assert configurations(lab) == before
        other.discard_config()


def test_a_session_that_does_not_come_back_takes_every_switch_back(
    lab: Lab, site_path: Path
) -> None:
    before = configurations(lab)
    edit(site_path, "site.yaml", "settle: 20", "settle: 2")
    command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site_path), "--yes"]
    deploy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_for(site_path, '"wave": 1')
        # The outside loses its session with border2 while the canaries are verified.
        lab.network.bird("outside", "disable border2_v4")
        _, err = deploy.communicate(timeout=60)
    finally:
        lab.network.bird("outside", "enable border2_v4")
    assert deploy.returncode == 1, err
    # A spine in the first wave may be the first to notice, by the route that it lost.
    assert "203.0.113.5 was up and is down" in err or "is no longer accepted" in err, err
    assert configurations(lab) == before
    assert (
        ringfence("runs", "--site", str(site_path), "--json").document["runs"][-1]["status"]
        == "taken-back"
    )
    lab.await_peace()


def test_a_killed_jump_host_leaves_every_switch_to_its_timer(lab: Lab, site_path: Path) -> None:
    before = configurations(lab)
    edit(site_path, "site.yaml", "confirm: 60, settle: 20", "confirm: 10, settle: 5")
    command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site_path), "--yes"]
    deploy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(site_path, '"wave": 2')
    os.kill(deploy.pid, signal.SIGKILL)
    deploy.wait()
    assert configurations(lab) != before
    deadline = time.monotonic() + 120
    while configurations(lab) != before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert configurations(lab) == before
    shown = ringfence("runs", "--site", str(site_path), "--json").document["runs"][-1]
    assert shown["status"] == "killed"
    show = ringfence("show", shown["run"], "--site", str(site_path), "--json")
    assert [one["step"] for one in show.document["events"]][:2] == ["begin", "prepare"]
    refused = ringfence("deploy", "--site", str(site_path), "--yes")
    assert (refused.code, f"run {shown['run']} (" in refused.err) == (3, True), refused.err
    assert ringfence("recover", "--site", str(site_path)).code == 0
    assert _status(site_path) == "taken-back"
    again = ringfence("deploy", "--site", str(site_path), "--yes", "--json")
    assert (again.code, sorted(again.document["changed"])) == (0, sorted(SWITCHES)), again.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_wave_takes_every_switch_back(
    lab: Lab, site_path: Path, number: signal.Signals
) -> None:
    before = configurations(lab)
    command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site_path), "--yes"]
    deploy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _wait_for(site_path, '"wave": 1')
    deploy.send_signal(number)
    deploy.send_signal(number)
    _, err = deploy.communicate(timeout=60)
    assert deploy.returncode == 1, err
    assert f"stopped by {number.name}" in err
    assert "Traceback" not in err
    assert configurations(lab) == before
    assert _status(site_path) == "taken-back"


def test_a_terminal_lost_in_the_middle_of_a_wave_takes_every_switch_back(
    lab: Lab, site_path: Path
) -> None:
    before = configurations(lab)
    command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site_path), "--yes"]
    terminal, end = pty.openpty()
    # Nobody reads of this terminal: moving bars would fill its buffer, and hold the deploy up.
    env = {**os.environ, "TERM": "dumb"}
    deploy = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end, env=env)
    os.close(end)
    _wait_for(site_path, '"wave": 1')
    os.close(terminal)
    deploy.send_signal(signal.SIGHUP)
    assert deploy.wait(timeout=60) == 1
    assert configurations(lab) == before
    assert _status(site_path) == "taken-back"


@pytest.mark.parametrize("step", ["prepared", "decision"])
def test_what_can_not_be_recorded_is_taken_back(
    lab: Lab, site_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = configurations(lab)
    write = Record.write
    full: list[str] = []

    def fill(self: Record, what: str, **facts: object) -> None:
        if full or what == step:
            full.append(what)
            raise OSError(28, "No space left on device")
        write(self, what, **facts)

    monkeypatch.setattr(Record, "write", fill)
    done = ringfence("deploy", "--site", str(site_path), "--yes")
    assert done.code == 1
    assert "No space left on device" in done.err
    assert configurations(lab) == before
    assert full[0] == step


@pytest.mark.parametrize("step", ["confirmed", "end"])
def test_what_was_decided_and_done_stands_also_where_its_end_is_not_on_record(
    lab: Lab, site_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = configurations(lab)
    write = Record.write

    def fill(self: Record, what: str, **facts: object) -> None:
        if what == step:
            raise OSError(28, "No space left on device")
        write(self, what, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(Record, "write", fill)
        done = ringfence("deploy", "--site", str(site_path), "--yes")
    assert done.code == 3
    assert "confirmed on every device, which is not on record" in done.err
    fenced = configurations(lab)
    assert fenced != before
    recovered = ringfence("recover", "--site", str(site_path))
    assert recovered.code == 0, recovered.err
    assert (_status(site_path), configurations(lab)) == ("confirmed", fenced)


def test_a_killed_run_that_stands_in_part_is_taken_back(lab: Lab, site_path: Path) -> None:
    before = configurations(lab)
    run = _killed_after_confirming(site_path)
    _unfence_by_hand(lab, "tor1")
    refused = ringfence("rollback", run, "--site", str(site_path), "--yes")
    assert (refused.code, "run `ringfence recover` first" in refused.err) == (3, True)
    looked = ringfence("recover", "--check", "--site", str(site_path), "--json")
    states = dict.fromkeys(SWITCHES, "new") | {"tor1": "old"}
    assert (looked.code, looked.document["runs"][0]["devices"]) == (2, states)
    recovered = ringfence("recover", "--site", str(site_path), "--json")
    assert recovered.code == 0, recovered.err
    (one,) = recovered.document["runs"]
    assert (one["run"], one["ended"]) == (run, "taken-back")
    assert configurations(lab) == before
    assert _status(site_path) == "taken-back"
    nothing = ringfence("recover", "--site", str(site_path))
    assert (nothing.code, "nothing to recover" in nothing.out) == (0, True)


def test_a_killed_run_that_was_decided_and_stands_is_confirmed(lab: Lab, site_path: Path) -> None:
    before = configurations(lab)
    run = _killed_after_confirming(site_path)
    fenced = configurations(lab)
    recovered = ringfence("recover", "--site", str(site_path), "--json")
    assert recovered.code == 0, recovered.err
    assert recovered.document["runs"][0]["ended"] == _status(site_path) == "confirmed"
    assert configurations(lab) == fenced != before
    assert ringfence("rollback", run, "--site", str(site_path), "--yes").code == 0
    assert configurations(lab) == before


def test_what_somebody_made_of_a_killed_run_is_left_when_told_so(lab: Lab, site_path: Path) -> None:
    run = _killed_after_confirming(site_path)
    _unfence_by_hand(lab, "tor1")
    lab.run("tor1", ("vtysh", "-c", "configure terminal", "-c", THEIRS))
    try:
        lost = ringfence("recover", "--site", str(site_path))
        assert lost.code == 3, lost.err
        assert "leave it with --leave tor1" in lost.out
        assert _status(site_path) == "unknown"
        left = ringfence("recover", "--leave", "tor1", "--site", str(site_path), "--json")
        assert left.code == 0, left.err
        (one,) = left.document["runs"]
        assert (one["run"], one["ended"], one["devices"]["tor1"]) == (run, "taken-back", "left")
    finally:
        lab.run("tor1", ("vtysh", "-c", "configure terminal", "-c", f"no {THEIRS}"))


#: A list of theirs that looks like one of ours.
THEIRS = "ip prefix-list RF-in-theirs-v4-00000000 seq 5 permit 192.0.2.0/24"


def _killed_after_confirming(site: Path) -> str:
    """Deploy, and take the end of the run off the record; return its name."""
    done = ringfence("deploy", "--site", str(site), "--yes", "--json")
    assert done.code == 0, done.err
    run = str(done.document["run"])
    forget_end(site / "runs", run)
    return run


def _unfence_by_hand(lab: Lab, switch: str) -> None:
    running = DIALECTS["frr"].parse(configurations(lab)[switch])
    text = DIALECTS["frr"].render(steps(managed(running), Managed()), running)
    lab.run(switch, ("sh", "-c", "cat >/tmp/back && vtysh -f /tmp/back"), stdin=text)


def test_a_password_that_changes_meanwhile_is_in_no_message_and_no_record(
    lab: Lab, site_path: Path
) -> None:
    words = ("-c", "configure terminal", "-c", "router bgp 65201")
    lab.run("tor1", ("vtysh", *words, "-c", "neighbor 192.0.2.99 remote-as 65009"))
    edit(
        site_path,
        "hosts.yaml",
        "    rack: rack1\n",
        "    rack: rack1\n    ignore_neighbors: [192.0.2.99]\n",
    )
    say = "neighbor 192.0.2.99 password"
    lab.run("tor1", ("vtysh", *words, "-c", f"{say} FIRSTs3cret"))
    try:
        command = [sys.executable, "-m", "runbooks", "deploy", "--site", str(site_path)]
        deploy = subprocess.Popen(
            [*command, "--yes", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        _wait_for(site_path, '"prepare"')
        lab.run("tor1", ("vtysh", *words, "-c", f"{say} SECONDs3cret"))
        out, err = deploy.communicate(timeout=60)
        assert deploy.returncode in {0, 1}
        recorded = "".join(one.read_text() for one in site_path.glob("runs/*/*"))
        assert "s3cret" not in out + err + recorded
    finally:
        unfence(lab)
        lab.run("tor1", ("vtysh", *words, "-c", "no neighbor 192.0.2.99"))


def test_a_refused_commit_never_undoes_an_earlier_run(
    lab: Lab, site_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ringfence("deploy", "--site", str(site_path), "--yes").code == 0
    fenced = DIALECTS["frr"].parse(lab.running_config("tor1"))
    edit(site_path, "pools.yaml", "block_size: 26", "block_size: 27")
    somebody = ("vtysh", "-c", "configure terminal", "-c")

    def refuse(_self: FrrAdapter, _driver: object, *_: object) -> None:
        lab.run("tor1", (*somebody, "ip prefix-list SOMEBODY seq 5 permit 192.0.2.0/24"))
        raise DeviceError("refused")

    monkeypatch.setattr(FrrAdapter, "commit", refuse)
    try:
        accept = ("--accept", "drops-routes", "--accept", "shrink")
        done = ringfence("deploy", "--site", str(site_path), "--yes", *accept)
        assert "refused" in done.err
        assert done.code == 1, done.err
        assert managed(DIALECTS["frr"].parse(lab.running_config("tor1"))) == managed(fenced)
    finally:
        lab.run("tor1", (*somebody, "no ip prefix-list SOMEBODY"))


def _status(site: Path) -> str:
    listed = ringfence("runs", "--site", str(site), "--json").document["runs"]
    return str(listed[-1]["status"])


def _wait_for(site: Path, text: str) -> None:
    """Return once some run's record holds ``text``."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(text in one.read_text() for one in site.glob("runs/*/events.jsonl")):
            return
        time.sleep(0.02)
    raise AssertionError(f"no record with {text}")
