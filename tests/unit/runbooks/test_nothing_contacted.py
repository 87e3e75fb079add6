"""Bad input, wrong usage and limits that need no device end before any connection is opened."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from builders import FILES, HOSTS, POOLS, edited, write_site

from inventory.errors import Exit
from runbooks import cli, cli_common

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def device() -> Iterator[socket.socket]:
    """Listen as a device would; what is in the queue is a connection that was opened."""
    with closing(socket.create_server(("", 0))) as listener:
        listener.setblocking(False)
        yield listener


def contacts(device: socket.socket) -> int:
    """Return how many connections were opened, and close them."""
    count = 0
    while True:
        try:
            connection, _ = device.accept()
        except BlockingIOError:
            return count
        connection.close()
        count += 1


def site_at(folder: Path, device: socket.socket, files: dict[str, str]) -> Path:
    """Write a site whose devices are all at ``device``, each by an address of its own."""
    port = device.getsockname()[1]
    every = f"port: {port}\nusername: nobody\npassword: none\n"
    hosts = files.get("hosts.yaml", HOSTS)
    for number, name in enumerate(("spine1", "border1"), start=2):
        hosts = hosts.replace(f"\n{name}:\n", f"\n{name}:\n  hostname: 127.0.0.{number}\n")
    return write_site(folder, {"defaults.yaml": every, **files, "hosts.yaml": hosts})


LIMITS = {
    "no-pools": {"pools.yaml": "clusters: {}\n"},
    "default-route": edited("pools.yaml", "{cidr: 10.66.0.0/16", "{cidr: 0.0.0.0/0"),
    "overlap": edited("pools.yaml", "{cidr: 10.66.0.0/16", "{cidr: 10.65.0.0/17"),
    "covers-infrastructure": edited("pools.yaml", "{cidr: 10.66.0.0/16", "{cidr: 192.0.2.0/25"),
}
#: Sessions that name clusters would be bad input where there is none.
PLAIN_HOSTS = HOSTS.replace(", clusters: [orange]", "").replace("role: node", "role: external")


@pytest.mark.parametrize("command", [["plan"], ["deploy", "--yes"], ["audit"], ["verify"]])
@pytest.mark.parametrize("limit", LIMITS)
def test_limits_that_need_no_device(
    limit: str,
    command: list[str],
    tmp_path: Path,
    device: socket.socket,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = {"hosts.yaml": PLAIN_HOSTS, **LIMITS[limit]}
    site = site_at(tmp_path / "site", device, files)
    assert cli.run([*command, "--json", "--site", str(site)]) == Exit.REFUSED
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["exit_code"] == 4
    assert document["command"] == command[0]
    lines = [line for line in err.splitlines() if line.startswith("ringfence: ")]
    assert [f"ringfence: {line}" for line in document["error"]] == lines
    assert any(f"[limit {limit}]" in line for line in lines)
    assert all(line.startswith(f"ringfence: {site}/pools.yaml:") for line in lines)
    assert "Traceback" not in out + err
    assert contacts(device) == 0


def test_a_good_site_does_contact_its_devices(
    tmp_path: Path, device: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    # So that the silence in the other tests means something. Closed at once: no device answers.
    site = site_at(tmp_path, device, {})
    device.close()
    assert cli.run(["audit", "--json", "--site", str(site), "--limit", "tor1"]) == Exit.INCOMPLETE
    assert "127.0.0.1" in capsys.readouterr().out


BAD = {
    "a typo": (edited("hosts.yaml", "role: node", "rol: node"), Exit.BAD_INPUT),
    "no hosts": ({"hosts.yaml": ""}, Exit.BAD_INPUT),
    "host bits": (
        {"pools.yaml": POOLS.replace("{cidr: 10.66.0.0/16", "{cidr: 10.66.0.1/16")},
        Exit.BAD_INPUT,
    ),
    "no key": (
        {"site.yaml": FILES["site.yaml"] + "ssh: {key_file: nowhere}\n"},
        Exit.BAD_INPUT,
    ),
}


@pytest.mark.parametrize("command", [["plan"], ["deploy", "--yes"], ["audit"], ["verify"]])
@pytest.mark.parametrize("name", BAD)
def test_bad_input_contacts_nothing(
    name: str,
    command: list[str],
    tmp_path: Path,
    device: socket.socket,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files, code = BAD[name]
    site = site_at(tmp_path / "site", device, files)
    assert cli.run([*command, "--site", str(site)]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ringfence: {site}/")
    assert len(err.splitlines()) == 1
    assert contacts(device) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["plann"],
        ["plan", "--nonsense"],
        ["plan", "extra"],
        ["show"],
        ["deploy", "--yes", "--accept"],
        ["schema", "nothing"],
        ["plan", "--limit"],
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_usage_ends_with_64(
    arguments: list[str], as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*arguments[:1], "--json", *arguments[1:]] if as_json else arguments
    assert cli.run(given) == Exit.USAGE
    out, err = capsys.readouterr()
    assert "Error: " in err
    assert "Traceback" not in err
    if as_json:
        document = json.loads(out)
        assert document["exit_code"] == 64
        assert document["error"]
    else:
        assert out == ""


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_is_no_mistake(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == Exit.DONE
    assert "ringfence" in capsys.readouterr().out


def test_a_mistake_of_our_own_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(cli_common, "load_site", broken)
    monkeypatch.delenv("RINGFENCE_DEBUG", raising=False)
    assert cli.run(["plan"]) == Exit.FAILED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("ringfence: a mistake in ringfence itself: KeyError: 'oops'; ")
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")
    with pytest.raises(KeyError):
        cli.run(["plan"])
