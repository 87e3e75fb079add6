"""Up, down and without a trace: after a kill -9, as an ordinary user, where things lack."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_command import CHECKOUT, SUBNET, command, options, run
from lab_fixture import start_somewhere

from lab.api import Lab
from lab.requirements import search_path
from lab.topology import SWITCHES

pytestmark = pytest.mark.lab

PORT = 2222


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """Return a state directory whose lab, if any is left, is ended after the test."""
    folder = tmp_path / "state"
    yield folder
    run(command("--state", str(folder), "down"))


def host_interfaces() -> str:
    return run(["ip", "-o", "link"]).stdout


def network_spaces(pids: dict[str, int]) -> set[str]:
    return {str(Path("/proc", str(pid), "ns/net").readlink()) for pid in pids.values()}


def processes_in(spaces: set[str]) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str((entry / "ns/net").readlink()) in spaces:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def is_port_free(address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, PORT))
        except OSError:
            return False
    return True


def test_from_the_command_line_up_again_and_down(state: Path, tmp_path: Path) -> None:
    base = ("--state", str(state))
    up = run(command(*base, "up", *options(tmp_path)))
    assert (up.returncode, up.stdout.split(" after ")[0]) == (0, "The lab is up"), up.stderr
    assert "waiting for" in up.stderr
    again = run(command(*base, "up", *options(tmp_path)))
    assert (again.returncode, again.stdout) == (0, f"The lab is up already, in {state}.\n")
    status = run(command(*base, "status"))
    assert status.returncode == 0
    assert status.stdout.splitlines()[-1].startswith("26 sessions are up and every legitimate")
    script = "hostname; vtysh -c 'show version' >/dev/null; exit 7"
    inside = run(command(*base, "exec", "tor2", "--", "sh", "-c", script), HOME=str(tmp_path))
    assert (inside.returncode, inside.stdout) == (7, "tor2\n")
    assert not (tmp_path / ".history_frr").exists()
    drill = run(command(*base, "drill", "--json", "--attack", "too-short", "--expect", "blocked"))
    assert drill.returncode == 1
    assert drill.stderr.splitlines()[-9] == "8 not as expected (blocked):"
    down = run(command(*base, "down"))
    assert (down.returncode, down.stdout) == (0, "The lab is down.\n")
    assert sorted(tmp_path.iterdir()) == []
    assert run(command(*base, "down")).stdout == "No lab was up.\n"


@pytest.mark.parametrize("victim", ["supervisor", "its parent"])
def test_kill_9_leaves_no_process_no_interface_and_no_port(tmp_path: Path, victim: str) -> None:
    interfaces = host_interfaces()
    (tmp_path / "known_hosts").write_text("example.org ssh-ed25519 AAAA\n")
    lab = start_somewhere(tmp_path)
    pid = int(lab.network.state.supervisor_pid.read_text())
    spaces = network_spaces(lab.network.pids)
    addresses = [lab.address(switch) for switch in SWITCHES]
    assert len(processes_in(spaces)) >= 24
    assert [is_port_free(address) for address in addresses] == [False] * 6
    if victim == "its parent":
        text = Path("/proc", str(pid), "status").read_text()
        pid = int(text.split("PPid:")[1].split()[0])
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    # A dying process lets go of its files, the lock among them, a moment before it is gone.
    while lab.network.state.is_running() or processes_in(spaces):
        assert time.monotonic() < deadline, processes_in(spaces)
        time.sleep(0.01)
    assert [is_port_free(address) for address in addresses] == [True] * 6
    assert host_interfaces() == interfaces
    lab.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["known_hosts"]
    assert (tmp_path / "known_hosts").read_text() == "example.org ssh-ed25519 AAAA\n"


def test_after_a_kill_9_the_next_up_begins_afresh(tmp_path: Path) -> None:
    first = start_somewhere(tmp_path)
    keys = first.known_hosts.read_text()
    os.kill(int(first.network.state.supervisor_pid.read_text()), signal.SIGKILL)
    second = start_somewhere(tmp_path)
    assert second.missing_routes() == []
    assert second.known_hosts.read_text() != keys
    assert len(second.known_hosts.read_text().splitlines()) == 6
    second.stop()
    assert sorted(tmp_path.iterdir()) == []


def test_a_killed_up_is_cleaned_up_by_down(state: Path, tmp_path: Path) -> None:
    starting = subprocess.Popen(
        command("--state", str(state), "up", *options(tmp_path)),
        env={"PATH": search_path(), "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (state / "supervisor.pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    starting.kill()
    starting.wait()
    assert run(command("--state", str(state), "down")).stdout == "The lab is down.\n"
    assert sorted(tmp_path.iterdir()) == []
    assert is_port_free(f"127.{SUBNET}.0.1")


def test_two_labs_at_once(lab: Lab, tmp_path: Path) -> None:
    other = start_somewhere(tmp_path)
    try:
        assert other.address("tor1") != lab.address("tor1")
        other.run("rogue", ["ip", "link", "set", "tor1", "down"])
        assert lab.missing_routes() == []
    finally:
        other.stop()
    assert lab.missing_routes() == []


def test_a_dead_daemon_is_said(tmp_path: Path) -> None:
    lab = start_somewhere(tmp_path)
    try:
        lab.run("tor1", ["sh", "-c", "kill -9 $(cat /run/frr/bgpd.pid)"])
        status = run(command("--state", str(tmp_path / "state"), "status"))
    finally:
        lab.stop()
    assert status.returncode == 1
    assert status.stderr == (
        "bgpd of tor1 does not answer (Connection refused); its log may say why\n"
    )


def test_a_busy_port_is_said_and_nothing_is_left(lab: Lab, tmp_path: Path) -> None:
    subnet = lab.address("tor1").split(".")[1]
    files = ["--known-hosts", str(tmp_path / "known_hosts"), "--fabric", "frr"]
    result = run(command("--state", str(tmp_path / "s"), "up", "--subnet", subnet, *files))
    assert result.returncode == 5
    assert result.stderr == (
        f"{lab.address('border1')}:2222, where border1 would listen, is not free "
        "(Address already in use): another lab may run there; end it, or give this one a --subnet\n"
    )
    assert sorted(tmp_path.iterdir()) == []
    assert len(lab.known_hosts.read_text().splitlines()) == 6


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for verb in (["up", *options(tmp_path)], ["down"]):
        run(command("--state", str(tmp_path), *verb))
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    refused = run(command("--state", str(tmp_path), "up", *options(tmp_path)))
    assert refused.returncode == 5
    assert refused.stderr == (
        f"{tmp_path} holds files that are not a lab's; give another folder with --state\n"
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status"], 5, "no lab runs in "),
        (["drill"], 5, "no lab runs in "),
        (["drill", "--attack", "nonsense"], 64, "'nonsense' is not one of"),
        (["up", "--subnet", "999"], 64, "999 is not in the range"),
        (["fly"], 64, "No such command 'fly'"),
    ],
)
def test_wrong_usage_is_one_sentence(
    state: Path, arguments: list[str], code: int, words: str
) -> None:
    result = run(command("--state", str(state), *arguments))
    assert result.returncode == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def nobody() -> Iterator[tuple[Path, list[str], dict[str, str]]]:
    """Return a folder of the user nobody's, and how to run Python as that user."""
    if os.geteuid() != 0:
        pytest.skip("this test run is an ordinary user's already")
    folder = Path(tempfile.mkdtemp(prefix="lab-nobody-"))
    shutil.copytree(CHECKOUT / "lab", folder / "checkout" / "lab")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 65534, 65534)
    become = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env"]
    packages = os.pathsep.join([str(folder / "checkout"), sysconfig.get_path("purelib")])
    environment = {"PYTHONPATH": packages, "HOME": str(folder)}
    for python in (sys.executable, "/usr/bin/python3"):
        argv = [*become, python]
        if run([*argv, "-c", "import lab.cli"], **environment).returncode == 0:
            yield folder, argv, environment
            break
    else:
        pytest.skip("no Python of this machine can be run by the user nobody")
    shutil.rmtree(folder)


def test_as_an_ordinary_user(nobody: tuple[Path, list[str], dict[str, str]]) -> None:
    folder, python, environment = nobody
    base = [*python, "-m", "lab", "--state", str(folder / "state")]
    files = ["--known-hosts", str(folder / "known_hosts")]
    up = run([*base, "up", "--subnet", str(SUBNET), *files], **environment)
    try:
        assert up.returncode == 0, up.stderr
        vtysh = "vtysh -c 'write memory' >/dev/null && vtysh -c 'show running-config no-header'"
        shown = run(
            [
                *python[:-1],
                *("ssh", "-F", "none", "-i", str(folder / "state/ssh/id_ed25519"), "-p", "2222"),
                *("-o", f"UserKnownHostsFile={folder / 'known_hosts'}", "-o", "BatchMode=yes"),
                f"ringfence@127.{SUBNET}.0.5",
                f"whoami; {vtysh} | head -3 | tail -1",
            ]
        )
        assert (shown.stdout, shown.stderr) == ("ringfence\nhostname tor1\n", "")
        drill = run([*base, "drill", "--expect", "open"], **environment)
        assert drill.returncode == 0, drill.stderr
        inside = run([*base, "exec", "node11", "--", "ip", "route"], **environment)
        assert "default via 172.20.1.1 dev tor1 proto bird" in inside.stdout
    finally:
        down = run([*base, "down"], **environment)
    assert (down.returncode, down.stdout) == (0, "The lab is down.\n")
    assert sorted(path.name for path in folder.iterdir()) == ["checkout"]
