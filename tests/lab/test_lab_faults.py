"""Faults as clients of the management see them: on the wire, at sessions, and by command."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from lab_command import command, run
from lab_fixture import start_somewhere
from napalm.base.exceptions import (
    ConnectionClosedException,
    ConnectionException,
    ConnectTimeoutError,
)
from site_fixture import configurations

from lab.errors import LabError
from lab.fabrics import PLATFORMS, PORTS
from lab.faults import FAULTS, IMPOSSIBLE, Place
from lab.line import NOISE
from lab.readiness import await_peace, sessions_down
from lab.topology import SWITCHES, sessions_of
from lab.wire import Traffic
from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from lab.api import Lab

pytestmark = pytest.mark.lab

SWITCH = "tor1"
BANNER = b"SSH-2.0-OpenSSH_"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), "mixed")
    yield running
    running.stop()


@contextmanager
def fault(lab: Lab, switch: str, name: str, **how: Any) -> Iterator[None]:  # noqa: ANN401
    lab.fault(switch, name, **how)
    try:
        yield
    finally:
        lab.fault(switch, name, on=False)


@contextmanager
def connection(lab: Lab) -> Iterator[socket.socket]:
    with socket.create_connection((lab.address(SWITCH), lab.ssh_port), timeout=10) as one:
        yield one


@contextmanager
def driver(lab: Lab, timeout: int = 20) -> Iterator[FRRDriver]:
    options = {
        "port": lab.ssh_port,
        "use_keys": True,
        "key_file": str(lab.ssh_key),
        "alt_host_keys": True,
        "alt_key_file": str(lab.known_hosts),
        "banner_timeout": timeout,
    }
    one = FRRDriver(lab.address(SWITCH), lab.ssh_user, "", timeout, options)
    one.open()
    yield one
    one.close()


def ssh(lab: Lab) -> subprocess.CompletedProcess[str]:
    options = ["IdentitiesOnly=yes", "BatchMode=yes", f"UserKnownHostsFile={lab.known_hosts}"]
    options += ["GlobalKnownHostsFile=none", "ConnectTimeout=2"]
    words = [word for option in options for word in ("-o", option)]
    where = [
        "-i",
        str(lab.ssh_key),
        "-p",
        str(lab.ssh_port),
        f"{lab.ssh_user}@{lab.address(SWITCH)}",
    ]
    return run(["ssh", "-F", "none", *words, *where, "hostname"])


WORDS_OF_SSH = {
    "refuse": "Connection refused",
    "drop": "Connection reset by peer",
    "hang": "Connection timed out during banner exchange",
    "garbage": "banner line contains invalid characters",
}


@pytest.mark.parametrize("name", WORDS_OF_SSH)
def test_an_ssh_client_sees_a_fault_and_its_end(lab: Lab, name: str) -> None:
    with fault(lab, SWITCH, name):
        seen = ssh(lab)
    assert (seen.returncode, seen.stdout) == (255, "")
    assert WORDS_OF_SSH[name] in seen.stderr
    assert ssh(lab).stdout == f"{SWITCH}\n"


ERRORS_AT_OPEN = {
    "refuse": (ConnectionException, "refuses the connection"),
    "drop": (ConnectionException, None),
    "hang": (ConnectTimeoutError, "does not answer"),
    "garbage": (ConnectionException, None),
}


@pytest.mark.parametrize("name", ERRORS_AT_OPEN)
def test_a_driver_that_connects_sees_a_fault(lab: Lab, name: str) -> None:
    kind, words = ERRORS_AT_OPEN[name]
    with fault(lab, SWITCH, name), pytest.raises(kind, match=words), driver(lab, timeout=2):
        pass
    with driver(lab) as one:
        assert one.get_config("running")["running"] == lab.running_config(SWITCH)


@pytest.mark.parametrize("name", ["refuse", "drop", "garbage"])
def test_a_driver_that_is_connected_loses_its_connection(lab: Lab, name: str) -> None:
    with driver(lab) as one:
        assert one.is_alive() == {"is_alive": True}
        with fault(lab, SWITCH, name), pytest.raises(ConnectionClosedException):
            one.get_config("running")
        assert one.is_alive() == {"is_alive": False}


def test_a_driver_that_hangs_goes_on_when_the_wire_does(lab: Lab) -> None:
    with driver(lab) as one:
        assert one._connection is not None
        one._connection.patience = 2
        with fault(lab, SWITCH, "hang"), pytest.raises(ConnectionException):
            one.get_config("running")
        one._connection.patience = 20
        assert one.get_config("running")["running"] == lab.running_config(SWITCH)


def test_a_slow_wire_is_only_slow(lab: Lab) -> None:
    with fault(lab, SWITCH, "delay", ms=50), driver(lab) as one:
        assert one.get_config("running")["running"] == lab.running_config(SWITCH)


@pytest.mark.parametrize("done", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("lost", ["answer", "request"])
def test_a_drop_in_the_middle_ends_a_driver_s_work_once(lab: Lab, done: float, lost: str) -> None:
    lab.reset_traffic()
    _work(lab)
    after = int(lab.traffic(SWITCH).round_trips * done)
    lab.fault(SWITCH, "drop", after=after, lost=lost)
    with pytest.raises(ConnectionException):
        _work(lab)
    _work(lab)


def _work(lab: Lab) -> None:
    with driver(lab) as one:
        for _ in range(4):
            assert one.get_config("running")["running"] == lab.running_config(SWITCH)


def test_a_scripted_exchange_is_counted_exactly(lab: Lab) -> None:
    lab.reset_traffic()
    with connection(lab) as one:
        banner = one.recv(100)
        assert banner.startswith(BANNER)
        one.sendall(b"SSH-2.0-script\r\n")
        proposal = _packet(one)
        # A packet of a length that none has: the server says so and hangs up.
        one.sendall(b"\xff" * 16)
        farewell = b"".join(iter(lambda: one.recv(1000), b""))
    received = len(banner) + len(proposal) + len(farewell)
    seen = Traffic(connections=1, round_trips=2, sent=16 + 16, received=received)
    assert {switch: lab.traffic(switch) for switch in SWITCHES} == {
        switch: seen if switch == SWITCH else Traffic() for switch in SWITCHES
    }


def _packet(one: socket.socket) -> bytes:
    """Return a whole SSH packet (RFC 4253, section 6) from before there are keys."""
    packet = b""
    while len(packet) < 4 or len(packet) < 4 + int.from_bytes(packet[:4]):
        packet += one.recv(65536)
    return packet


@pytest.mark.parametrize("switch", ["border1", "spine2"])
def test_the_wire_of_a_virtual_switch_breaks_alike(lab: Lab, switch: str) -> None:
    where = (lab.address(switch), PORTS[PLATFORMS[lab.platform(switch)].protocols[0]])
    with fault(lab, switch, "refuse"), pytest.raises(ConnectionRefusedError):
        socket.create_connection(where)
    with fault(lab, switch, "garbage"), socket.create_connection(where, timeout=10) as one:
        assert one.recv(len(NOISE), socket.MSG_WAITALL) == NOISE
    with (
        fault(lab, switch, "drop"),
        pytest.raises(ConnectionResetError),
        socket.create_connection(where, timeout=10) as one,
    ):
        one.recv(1)
    with fault(lab, switch, "hang"), socket.create_connection(where, timeout=10) as one:
        one.sendall(b"hello?\r\n")
        one.settimeout(0.2)
        with pytest.raises(TimeoutError):
            one.recv(1)


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_session_goes_down_and_stays_down_until_it_may_come_back(lab: Lab, switch: str) -> None:
    before = configurations(lab)
    first = sessions_of(switch)[0]
    with fault(lab, switch, "session-down"):
        _await_down(lab, {first})
        lab.fault(switch, "session-down")
        assert set(sessions_down(lab.network)) == {first}
    await_peace(lab.network, within_s=120)
    assert configurations(lab) == before


def test_it_is_the_session_that_was_named(lab: Lab) -> None:
    chosen = {one for one in sessions_of("tor2") if one.peer_of("tor2") == "node21"}
    for one in chosen:
        lab.fault("tor2", "session-down", neighbor=str(one.address_of("node21")))
    _await_down(lab, chosen)
    assert len(chosen) == 2
    first, second = sorted(chosen, key=lambda one: one.version)
    lab.fault("tor2", "session-down", on=False, neighbor=str(first.address_of("node21")))
    _await_down(lab, {second})
    lab.fault("tor2", "session-down", on=False)
    await_peace(lab.network, within_s=120)


def _await_down(lab: Lab, expected: set[Any]) -> None:
    """Return once exactly these sessions are down, as either end says."""
    for _ in range(400):
        if set(sessions_down(lab.network)) == expected:
            return
        lab.run("tor1", ["sleep", "0.05"])
    assert set(sessions_down(lab.network)) == expected


def test_by_command(lab: Lab) -> None:
    base = command("--state", str(lab.network.state.root), "fault")
    assert run([*base, SWITCH, "delay", "ms=50"]).returncode == 0
    assert run([*base, SWITCH, "refuse"]).returncode == 0
    with pytest.raises(ConnectionRefusedError), connection(lab):
        pass
    assert run([*base, SWITCH, "refuse", "--off"]).returncode == 0
    assert run([*base, SWITCH, "delay", "--off"]).returncode == 0
    with connection(lab) as one:
        assert one.recv(100).startswith(BANNER)


def test_the_list_has_every_fault_and_every_one_that_can_t_be() -> None:
    shown = run(command("fault", "--list"))
    assert shown.returncode == 0
    said = [line.split()[0] for line in shown.stdout.splitlines()]
    assert said == [*FAULTS, *("not" for _ in IMPOSSIBLE)]
    assert {name for _, name in IMPOSSIBLE} <= set(FAULTS)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["tor1", "gremlins"], 5, "no fault is called gremlins: there are refuse, drop, "),
        (["node11", "refuse"], 5, "node11 is no switch"),
        (["tor1", "delay"], 5, "delay needs ms="),
        (["tor1", "reboot"], 5, "reboot needs seconds="),
        (["tor1", "hang", "seconds=4"], 5, "hang takes no seconds"),
        (["tor1", "session-down", "neighbor=192.0.2.1"], 5, "tor1 has no neighbor 192.0.2.1: "),
        (["tor1", "session-down", "neighbor=spine1"], 5, "tor1 has no neighbor spine1: "),
        (["tor1"], 64, "say which switch, and which fault"),
        (["tor1", "delay", "50"], 64, "50 is no KEY=VALUE"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    lab: Lab, words: list[str], code: int, sentence: str
) -> None:
    said = run(command("--state", str(lab.network.state.root), "fault", *words))
    assert said.returncode == code, said.stderr
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_what_a_platform_can_t_have_is_refused_with_the_reason(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.faults.IMPOSSIBLE", {("eos", "cut"): "it has no scissors"})
    with pytest.raises(LabError, match=r"^eos can't have cut: it has no scissors$"):
        lab.fault("spine2", "cut")


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize(
    "name", [name for name, one in FAULTS.items() if one.place is Place.SWITCH]
)
def test_every_platform_knows_every_fault(lab: Lab, switch: str, name: str) -> None:
    if (lab.platform(switch), name) in IMPOSSIBLE:
        with pytest.raises(LabError, match="can't have"):
            lab.fault(switch, name)
        return
    before = lab.running_config(switch)
    with fault(lab, switch, name):
        assert lab.running_config(switch) == before
    assert lab.running_config(switch) == before


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_platform_knows_every_event(lab: Lab, switch: str) -> None:
    before = configurations(lab)
    lab.fault(switch, "skew", seconds=90)
    lab.fault(switch, "skew", seconds=-90)
    lab.fault(switch, "lapse", seconds=600)
    lab.fault(switch, "reboot", seconds=1)
    lab.fault(switch, "reboot", on=False)
    where = (lab.address(switch), PORTS[PLATFORMS[lab.platform(switch)].protocols[0]])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where)
    await_peace(lab.network, within_s=120)
    with socket.create_connection(where, timeout=10):
        assert configurations(lab) == before
