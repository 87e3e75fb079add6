"""The credentials that every switch gets, as the clients' own libraries judge them."""

from __future__ import annotations

import socket
import ssl
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import asyncssh
import paramiko
import pytest
from aiohttp import web
from netmiko import ConnectHandler
from paramiko.ssh_exception import BadHostKeyException
from switchbox import SwitchBox

from lab.switch.credentials import Authority, new_password, new_ssh_key
from lab.switch.meaning import Router
from lab.switch.ssh import Cli, Services, serve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lab.switch.base import Environment

ADDRESS = "127.44.0.1"


class EchoCli(Cli):
    def prompt(self) -> str:
        return "toy#"

    async def line(self, text: str) -> str:
        return f"said {text}\n"


class Toy:
    """A switch that says its startup configuration over both protocols."""

    PROTOCOLS: tuple[str, ...] = ("ssh", "https")

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    async def start(self) -> None:
        environment = self.environment
        environment.daemon.apply(Router(asn=65000, router_id=IPv4Address("192.0.2.1")))

        await serve(
            environment.listeners["ssh"], environment, Services(cli=lambda _client: EchoCli())
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(environment.files / "tls.crt", environment.files / "tls.key")
        app = web.Application()
        app.router.add_get("/", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.SockSite(runner, environment.listeners["https"], ssl_context=context).start()

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.running())

    def running(self) -> str:
        return (self.environment.files / "startup").read_text()

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return [command, dict(arguments)]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with SwitchBox(Toy, "hostname toy\n", tmp_path, address=ADDRESS) as made:
        yield made


def get(box: SwitchBox, ca_file: Path, name: str) -> bytes:
    context = ssl.create_default_context(cafile=ca_file)
    with (
        socket.create_connection((box.address, box.ports["https"]), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as safe,
    ):
        safe.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: safe.recv(65536), b""))


def test_https_is_proven_by_the_address_and_the_authority(box: SwitchBox, tmp_path: Path) -> None:
    assert get(box, box.ca_file, ADDRESS).endswith(b"\r\n\r\nhostname toy\n")
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        get(box, box.ca_file, "127.44.0.2")
    stranger = tmp_path / "stranger.pem"
    stranger.write_text(Authority.new().pem)
    with pytest.raises(ssl.SSLCertVerificationError):
        get(box, stranger, ADDRESS)


@pytest.mark.parametrize("way", ["key", "password"])
def test_ssh_is_proven_by_known_hosts(box: SwitchBox, way: str) -> None:
    how: dict[str, object] = (
        {"password": box.password}
        if way == "password"
        else {"use_keys": True, "key_file": str(box.key_file)}
    )
    device = ConnectHandler(
        device_type="cisco_ios",
        host=box.address,
        port=box.ports["ssh"],
        username=box.username,
        ssh_strict=True,
        system_host_keys=False,
        alt_host_keys=True,
        alt_key_file=str(box.known_hosts),
        **how,
    )
    assert device.send_command("hello") == "said hello"
    device.disconnect()


def test_another_host_key_is_refused(box: SwitchBox) -> None:
    client = paramiko.SSHClient()
    box.known_hosts.write_text(f"[{ADDRESS}]:{box.ports['ssh']} {new_ssh_key().public}\n")
    client.load_host_keys(str(box.known_hosts))
    with client, pytest.raises(BadHostKeyException):
        client.connect(ADDRESS, box.ports["ssh"], box.username, box.password, look_for_keys=False)


def test_the_daemon_records_and_control_gets_through(box: SwitchBox) -> None:
    router = Router(asn=65000, router_id=IPv4Address("192.0.2.1"))
    assert box.daemon.applied == [router]
    assert box.daemon.router == router
    assert box.control("fault", name="drop", on=True) == ["fault", {"name": "drop", "on": True}]


def test_a_box_ends_with_connections_open(tmp_path: Path) -> None:
    with SwitchBox(Toy, "", tmp_path, address=ADDRESS) as box:
        client = paramiko.SSHClient()
        client.load_host_keys(str(box.known_hosts))
        client.connect(ADDRESS, box.ports["ssh"], box.username, box.password, look_for_keys=False)
        channel = client.invoke_shell()
        assert channel.recv(100)
    assert channel.recv(100) == b""
    client.close()


def test_secrets_are_their_owners_alone(box: SwitchBox) -> None:
    for path in (box.files / "host_key", box.files / "tls.key", box.key_file):
        assert path.stat().st_mode & 0o777 == 0o600
    assert new_password() != new_password()
    key = new_ssh_key()
    assert asyncssh.import_private_key(key.private).export_public_key().decode().split() == [
        *key.public.split()
    ]
