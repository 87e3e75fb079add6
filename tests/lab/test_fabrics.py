"""Fabrics: which platform each switch is, and that each starts, carries routes and ends."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import ssl
import time
from typing import TYPE_CHECKING

import asyncssh
import pytest
from lab_command import command, options, run
from lab_fixture import start_somewhere

from lab import fabrics, requirements
from lab.attacks import ATTACKS
from lab.errors import LabError
from lab.fabrics import FABRICS, FRR, PLATFORMS, PORTS, fabric_of, switch_class
from lab.topology import NODES, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Lab

VIRTUAL = [name for name in PLATFORMS if name != FRR]


def test_every_fabric_names_a_platform_for_every_switch() -> None:
    for fabric in FABRICS.values():
        assert tuple(fabric) == SWITCHES
        assert set(fabric.values()) <= set(PLATFORMS)


def test_the_two_mixed_fabrics_have_every_platform_once_and_in_two_roles() -> None:
    mixed, turned = FABRICS["mixed"], FABRICS["turned"]
    second = {"iosxr", "nxos_ssh"}
    assert second == set(FABRICS["second"].values()) - {FRR}
    assert sorted(mixed.values()) == sorted(turned.values()) == sorted({*PLATFORMS} - second)
    for platform in mixed.values():
        roles = {NODES[s].role for f in (mixed, turned) for s, p in f.items() if p == platform}
        assert len(roles) == 2


@pytest.mark.parametrize("platform", VIRTUAL)
def test_what_is_written_down_of_a_platform_is_what_its_switch_says(platform: str) -> None:
    kind = switch_class(platform)
    assert kind is not None
    assert set(kind.PROTOCOLS) == set(PLATFORMS[platform].protocols)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("frr", {}),
        ("spine1=eos", {"spine1": "eos"}),
        ("frr,spine1=eos,tor2=ios", {"spine1": "eos", "tor2": "ios"}),
        ({"tor1": "junos"}, {"tor1": "junos"}),
    ],
)
def test_a_fabric_is_named_or_told_in_words(
    words: str | dict[str, str], expected: dict[str, str]
) -> None:
    assert fabric_of(words) == {**dict.fromkeys(SWITCHES, FRR), **expected}


def test_a_mixed_fabric_can_be_changed_in_words() -> None:
    assert fabric_of("mixed,border1=frr") == {**FABRICS["mixed"], "border1": FRR}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("plaid", "no fabric is called plaid: there are frr, mixed, turned"),
        ("spine9=eos", "no switch is called spine9: there are border1, border2, spine1"),
        ("spine1=abacus", "no platform is called abacus: there are frr, eos, ios"),
        ("mixed,eos", "no switch is called eos"),
    ],
)
def test_what_is_no_fabric_is_said(words: str, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence) as refused:
        fabric_of(words)
    assert refused.value.exit_code == 5


def test_a_platform_without_its_module_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = fabrics.Platform(protocols=("ssh",), switch_class="lab.switch.nowhere:Switch")
    monkeypatch.setattr(fabrics, "PLATFORMS", {"abacus": lost})
    with pytest.raises(LabError, match="the virtual switch of abacus can't be loaded"):
        switch_class("abacus")


def test_packages_that_virtual_switches_lack_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def lacking(name: str) -> object:
        return None if name in {"lxml", "asyncssh"} else real(name)

    monkeypatch.setattr(importlib.util, "find_spec", lacking)
    sentence = (
        "The lab's virtual switches need asyncssh, lxml, which is not in this Python: "
        "python -m pip install -e '.[lab]'"
    )
    assert (sentence in requirements.missing(fabric_of("spine1=eos"))) is True
    assert sentence not in requirements.missing(FABRICS[FRR])


@pytest.fixture(scope="module", params=["mixed", "turned"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), fabric=request.param)
    yield running
    running.stop()


def shakes_hands(lab: Lab, switch: str, protocol: str) -> bool:
    """Return whether the switch proves itself as a client of this protocol demands."""
    address, port = lab.address(switch), PORTS[protocol]
    if protocol == "https":
        context = ssl.create_default_context(cafile=lab.ca_file)
        with (
            socket.create_connection((address, port), 10) as plain,
            context.wrap_socket(plain, server_hostname=address),
        ):
            return True

    async def log_in(**how: object) -> bool:
        async with asyncssh.connect(
            address, port, username=lab.ssh_user, known_hosts=str(lab.known_hosts), **how
        ):
            return True

    by_key = asyncio.run(log_in(client_keys=[str(lab.ssh_key)], password=None))
    if lab.platform(switch) == FRR:
        return by_key
    return by_key and asyncio.run(log_in(client_keys=None, password=lab.password))


@pytest.mark.lab
def test_every_switch_proves_itself_and_lets_its_user_in(lab: Lab) -> None:
    for switch in SWITCHES:
        for protocol in PLATFORMS[lab.platform(switch)].protocols:
            assert shakes_hands(lab, switch, protocol), (switch, protocol)


@pytest.mark.lab
def test_a_switch_listens_where_its_platform_does_and_nowhere_else(lab: Lab) -> None:
    found = {switch: set[str]() for switch in SWITCHES}
    for switch in SWITCHES:
        found[switch] |= {name for name, port in PORTS.items() if listens(lab, switch, port)}
    assert found == {s: set(PLATFORMS[lab.platform(s)].protocols) for s in SWITCHES}


@pytest.mark.lab
def test_it_carries_what_frr_alone_carries_and_every_hijack_too(lab: Lab) -> None:
    assert lab.missing_routes() == []
    report = lab.drill(ATTACKS)
    assert [one.attack for one in report.results if not one.is_open] == []
    lab.await_peace()


@pytest.mark.lab
def test_each_says_its_running_configuration_in_its_own_words(lab: Lab) -> None:
    words = {
        FRR: "frr defaults traditional\n",
        "eos": "! device: ",
        "ios": "\nip bgp-community new-format\n",
        "nxos": "\nfeature bgp\n",
        "iosxr_netconf": "!! IOS XR Configuration",
        "junos": "set system host-name ",
    }
    for switch in SWITCHES:
        text = lab.running_config(switch)
        assert words[lab.platform(switch)] in text
        assert len(text.splitlines()) > (100 if lab.platform(switch) == FRR else 250)


@pytest.mark.lab
def test_control_errors_are_told_with_the_switch_s_words(lab: Lab) -> None:
    for switch in SWITCHES:
        with pytest.raises(LabError, match="no-such-thing"):
            lab.control(switch, "no-such-thing")


@pytest.mark.lab
def test_an_unknown_fabric_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    state = tmp_path / "state"
    refused = run(
        command("--state", str(state), "up", *options(tmp_path, fabric="mixed,tor1=abacus"))
    )
    assert refused.returncode == 5
    assert refused.stderr == (f"no platform is called abacus: there are {', '.join(PLATFORMS)}\n")
    assert not state.exists()


@pytest.mark.lab
def test_a_virtual_switch_that_dies_is_gone_and_nothing_of_the_lab_is_left(tmp_path: Path) -> None:
    lab = start_somewhere(tmp_path, "mixed")
    switch, ports = "spine1", (PORTS["ssh"], PORTS["https"])
    os.kill(lab.network.pids[switch], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while any(listens(lab, switch, port) for port in ports):
        assert time.monotonic() < deadline, "a dead switch still takes connections"
    with pytest.raises(LabError, match=f"the virtual switch of {switch} does not answer"):
        lab.running_config(switch)
    lab.stop()
    assert list(tmp_path.iterdir()) == []
    for one in SWITCHES:
        assert [port for port in PORTS.values() if listens(lab, one, port)] == []


def listens(lab: Lab, switch: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((lab.address(switch), port)) == 0
