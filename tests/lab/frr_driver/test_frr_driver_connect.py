"""Who the driver talks to, and NAPALM's own command-line tool with it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from frr_guard import ADDED, GUARD
from napalm.base.exceptions import (
    CommandErrorException,
    ConnectAuthError,
    ConnectionException,
    ConnectTimeoutError,
)

from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    from mini_frr import MiniFrr

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).parents[3]


def args(switch: MiniFrr, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - netmiko's
    changed = switch.args
    changed["optional_args"].update(options)
    return changed


def test_an_unknown_host_key_is_refused(switch: MiniFrr, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(
        ConnectionException, match=r"^the host key of 127\.2\.0\.\d+:2222 is not known$"
    ):
        FRRDriver(**args(switch, alt_key_file=str(tmp_path / "empty"))).open()


def test_another_host_key_is_refused(switch: MiniFrr, tmp_path: Path) -> None:
    other = (switch.base / "key.pub").read_text()
    known = tmp_path / "known_hosts"
    known.write_text(f"[{switch.address}]:{switch.port} {other}")
    with pytest.raises(ConnectionException, match=r"shows another host key than the known one$"):
        FRRDriver(**args(switch, alt_key_file=str(known))).open()


def test_host_keys_are_checked_unless_told_otherwise(switch: MiniFrr) -> None:
    options = {"port": switch.port, "use_keys": True, "key_file": str(switch.base / "key")}
    with pytest.raises(ConnectionException, match="is not known"):
        FRRDriver(switch.address, switch.user, "", 20, options).open()
    trusting = FRRDriver(
        switch.address,
        switch.user,
        "",
        20,
        {**options, "ssh_strict": False, "system_host_keys": False},
    )
    trusting.open()
    assert trusting.is_alive() == {"is_alive": True}
    trusting.close()
    assert trusting.is_alive() == {"is_alive": False}


def test_a_wrong_login_is_told_apart_and_keeps_the_secret(switch: MiniFrr) -> None:
    wrong = args(switch, use_keys=False, key_file=None)
    wrong["password"] = "s3cret"
    with pytest.raises(
        ConnectAuthError, match=r"does not accept the login of ringfence$"
    ) as caught:
        FRRDriver(**wrong).open()
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nobody_there(switch: MiniFrr) -> None:
    with pytest.raises(ConnectionException, match=r":2 refuses the connection$"):
        FRRDriver(**args(switch, port=2)).open()


@pytest.mark.parametrize(("timeout", "banner_timeout"), [(1, 3), (3, 1)])
def test_somebody_who_says_nothing(switch: MiniFrr, timeout: int, banner_timeout: int) -> None:
    with socket.create_server(("127.2.1.1", 0)) as mute:
        silent = args(switch, port=mute.getsockname()[1], banner_timeout=banner_timeout)
        silent.update(hostname="127.2.1.1", timeout=timeout)
        with pytest.raises(ConnectTimeoutError, match=r"^127\.2\.1\.1:\d+ does not answer$"):
            FRRDriver(**silent).open()


def test_options_are_not_changed(switch: MiniFrr) -> None:
    given = switch.args
    before = json.dumps(given)
    with FRRDriver(**given) as driver:
        assert driver.is_alive() == {"is_alive": True}
    assert json.dumps(given) == before


def test_a_broken_connection_is_not_alive(switch: MiniFrr) -> None:
    driver = FRRDriver(**switch.args)
    driver.open()
    switch.kill("sshd")
    with pytest.raises(ConnectionException):
        driver.get_config()
    assert driver.is_alive() == {"is_alive": False}
    driver.close()


def test_commands_and_facts(switch: MiniFrr) -> None:
    with FRRDriver(**switch.args) as driver:
        answers = driver.cli(["show version", "show bgp summary json"])
        assert answers["show version"].startswith("FRRouting ")
        with pytest.raises(CommandErrorException, match="Unknown command: show nonsense"):
            driver.cli(["show nonsense"])
        facts = driver.get_facts()
    assert facts["interface_list"] == ["lo", "up0"]
    assert facts["vendor"] == "FRRouting"
    assert facts["os_version"]


def napalm(switch: MiniFrr, *words: str) -> str:
    options = ",".join(f"{key}={value!r}" for key, value in switch.args["optional_args"].items())
    command = [sys.executable, "-m", "napalm.base.clitools.cl_napalm", "--user", switch.user]
    done = subprocess.run(
        [*command, "--password", "", "--vendor", "frr", "-o", options, switch.address, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_napalms_own_tool_calls_and_configures(switch: MiniFrr, tmp_path: Path) -> None:
    before = switch.running()
    assert json.loads(napalm(switch, "call", "get_facts"))["vendor"] == "FRRouting"
    candidate = tmp_path / "candidate"
    candidate.write_text(GUARD)
    shown = napalm(switch, "configure", str(candidate), "--strategy", "merge", "--dry-run")
    assert all(line in shown.splitlines() for line in ADDED.splitlines())
    assert switch.running() == before
    napalm(switch, "configure", str(candidate), "--strategy", "merge")
    assert "RF-OUT6" in switch.running()
    with FRRDriver(**switch.args) as driver:
        driver.rollback()
    assert switch.running() == before
