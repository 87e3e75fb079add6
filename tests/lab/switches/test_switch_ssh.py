"""The SSH server of the virtual switches, as netmiko, paramiko's scp and asyncssh see it."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import asyncssh
import paramiko
import pytest
from netmiko import BaseConnection, ConnectHandler
from netmiko.exceptions import NetmikoAuthenticationException
from scp import SCPClient, SCPException  # type: ignore[import-untyped]

from lab.switch.base import Environment
from lab.switch.scp import ScpError
from lab.switch.ssh import Channel, Cli, Client, HangUpError, Services, serve

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

T = TypeVar("T")
USER, PASSWORD = "ops", "a word"
ADDRESS = "127.42.0.250"


class Nobody:
    """A daemon that nobody asks."""

    def apply(self, router: object) -> None: ...
    def refresh(self, peer: object, version: int, *, inbound: bool) -> None: ...
    def neighbors(self) -> tuple[Any, ...]:
        return ()

    def routes_from(self, peer: object, version: int) -> tuple[Any, ...]:
        raise AssertionError((peer, version))


class Parrot(Cli):
    """Says what it is told, in a mode or two."""

    def __init__(self, client: Client, gone: list[str]) -> None:
        self.client = client
        self.gone = gone
        self.asks = False

    def prompt(self) -> str:
        return "Sure? [confirm]" if self.asks else "switch1#"

    async def line(self, text: str) -> str:
        match text.split():
            case [] if self.asks:
                self.asks = False
                return "done\n"
            case ["exit"]:
                self.is_over = True
            case ["ask"]:
                self.asks = True
            case ["terminal", "length", number]:
                self.page_length = int(number)
            case ["count", number]:
                return "".join(f"line {one}\n" for one in range(int(number)))
            case ["crash"]:
                raise HangUpError
            case ["whoami"]:
                return f"{self.client.username} from {self.client.address}\n"
            case words:
                return f"said {' '.join(words)}\n" if words else ""
        return ""

    async def closed(self) -> None:
        self.gone.append(self.client.username)


class Box:
    """The server in a thread of its own, with what it has seen."""

    def __init__(self, folder: Path) -> None:
        self.files: dict[str, bytes] = {"flash:/old": b"old\n"}
        self.gone: list[str] = []
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        host_key.write_private_key(str(folder / "host_key"))
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.key_file = folder / "id_ed25519"
        key.write_private_key(str(self.key_file))
        key.write_public_key(str(folder / "authorized_keys"))
        listener = socket.create_server((ADDRESS, 0))
        self.port = listener.getsockname()[1]
        public = host_key.export_public_key().decode()
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[{ADDRESS}]:{self.port} {public}")
        self.environment = Environment(
            name="switch1",
            listeners={"ssh": listener},
            files=folder,
            username=USER,
            password=PASSWORD,
            daemon=Nobody(),
        )
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._do(serve(listener, self.environment, self.services()))

    def _do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def services(self) -> Services:
        async def run(client: Client, command: str) -> str:
            return f"{client.username} ran {command}\n"

        async def put(path: str, content: bytes) -> None:
            if path.startswith("nvram:"):
                raise ScpError("scp: nvram is full")
            self.files[path] = content

        async def get(path: str) -> bytes:
            if path not in self.files:
                raise ScpError(f"scp: {path}: No such file")
            return self.files[path]

        async def mirror(client: Client, channel: Channel) -> None:
            del client
            channel.stdout.write((await channel.stdin.readexactly(5))[::-1])

        return Services(
            cli=lambda client: Parrot(client, self.gone),
            run=run,
            subsystems={"mirror": mirror},
            put_file=put,
            get_file=get,
        )

    def close(self) -> None:
        self._do(self.server.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    yield made
    made.close()


def netmiko(server: Box, **more: object) -> BaseConnection:
    return ConnectHandler(
        device_type="cisco_ios",
        host=ADDRESS,
        port=server.port,
        ssh_strict=True,
        alt_host_keys=True,
        alt_key_file=str(server.known_hosts),
        allow_agent=False,
        **{"username": USER, **more},
    )


@pytest.fixture
def paramiko_client(server: Box) -> Iterator[paramiko.SSHClient]:
    client = paramiko.SSHClient()
    client.load_host_keys(str(server.known_hosts))
    client.connect(
        ADDRESS,
        server.port,
        USER,
        key_filename=str(server.key_file),
        allow_agent=False,
        look_for_keys=False,
    )
    yield client
    client.close()


@pytest.mark.parametrize("way", ["password", "key"])
def test_netmiko_logs_in_and_is_answered(server: Box, way: str) -> None:
    how: dict[str, object] = (
        {"password": PASSWORD}
        if way == "password"
        else {"use_keys": True, "key_file": str(server.key_file)}
    )
    device = netmiko(server, **how)
    assert device.base_prompt == "switch1"
    assert device.send_command("whoami") == f"{USER} from 127.0.0.1"
    assert device.send_command("hello there") == "said hello there"
    counted = "\n".join(f"line {one}" for one in range(500))
    assert device.send_command("count 500") == counted
    device.disconnect()


@pytest.mark.parametrize(
    "wrong", [{"password": "another"}, {"username": "root", "password": PASSWORD}]
)
def test_the_wrong_user_or_password_is_refused(server: Box, wrong: dict[str, str]) -> None:
    with pytest.raises(NetmikoAuthenticationException):
        netmiko(server, **wrong)


def test_a_key_opens_its_own_account_only(server: Box) -> None:
    with pytest.raises(NetmikoAuthenticationException):
        netmiko(server, username="root", use_keys=True, key_file=str(server.key_file))


def test_another_host_key_is_noticed(server: Box) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    server.known_hosts.write_text(f"[{ADDRESS}]:{server.port} {other}")
    with pytest.raises(Exception, match="does not match"):
        netmiko(server, password=PASSWORD)


def test_a_question_is_a_prompt(server: Box) -> None:
    device = netmiko(server, password=PASSWORD)
    assert "Sure?" in device.send_command("ask", expect_string=r"\[confirm\]", strip_prompt=False)
    assert "done" in device.send_command("\n", expect_string="#", cmd_verify=False)
    device.disconnect()


def read_until(shell: paramiko.Channel, end: str) -> str:
    shell.settimeout(10)
    seen = ""
    while not seen.endswith(end):
        data = shell.recv(65536)
        assert data, f"closed after {seen!r}"
        seen += data.decode()
    return seen


def test_output_stops_at_every_page_until_a_key_is_hit(
    paramiko_client: paramiko.SSHClient,
) -> None:
    shell = paramiko_client.invoke_shell()
    read_until(shell, "#")
    shell.sendall(b"terminal length 3\rcount 8\r")
    first = read_until(shell, "--More-- ")
    assert first == (
        "terminal length 3\r\nswitch1#count 8\r\nline 0\r\nline 1\r\nline 2\r\n --More-- "
    )
    shell.sendall(b"\r")
    assert "line 3\r\n --More-- " in read_until(shell, "--More-- ")
    shell.sendall(b" ")
    assert "line 4\r\nline 5\r\nline 6\r\n" in read_until(shell, "--More-- ")
    shell.sendall(b"q")
    assert "line 7" not in read_until(shell, "#")


def test_keys_edit_the_line(paramiko_client: paramiko.SSHClient) -> None:
    shell = paramiko_client.invoke_shell()
    read_until(shell, "#")
    shell.sendall(b"helpo\x7f\x7flo\r\n")
    assert "said hello\r\n" in read_until(shell, "switch1#")
    shell.sendall(b"never\x03")
    read_until(shell, "^C\r\nswitch1#")
    shell.sendall(b"\x00\r")
    assert read_until(shell, "#") == "\r\nswitch1#"


def test_the_session_is_told_when_it_ends(server: Box, paramiko_client: paramiko.SSHClient) -> None:
    shell = paramiko_client.invoke_shell()
    read_until(shell, "#")
    shell.sendall(b"exit\r")
    while shell.recv(1024):
        pass
    assert server.gone == [USER]


def test_a_crash_cuts_the_connection(server: Box, paramiko_client: paramiko.SSHClient) -> None:
    shell = paramiko_client.invoke_shell()
    read_until(shell, "#")
    shell.sendall(b"crash\r")
    while shell.recv(1024):
        pass
    transport = paramiko_client.get_transport()
    assert transport is not None
    transport.join(10)
    assert not transport.is_active()
    assert server.gone == [USER]


def test_one_command_is_run(paramiko_client: paramiko.SSHClient) -> None:
    _, out, _ = paramiko_client.exec_command("show clock")
    assert out.read() == f"{USER} ran show clock\n".encode()
    assert out.channel.recv_exit_status() == 0


def test_files_go_both_ways(
    server: Box, paramiko_client: paramiko.SSHClient, tmp_path: Path
) -> None:
    text = bytes(range(256)) * 1000
    (tmp_path / "sent").write_bytes(text)
    with SCPClient(paramiko_client.get_transport()) as client:
        client.put(str(tmp_path / "sent"), "flash:/new file")
        assert server.files["flash:/new file"] == text
        client.get("flash:/old", str(tmp_path / "got"))
    assert (tmp_path / "got").read_bytes() == b"old\n"


def test_a_refused_transfer_says_why(
    server: Box, paramiko_client: paramiko.SSHClient, tmp_path: Path
) -> None:
    (tmp_path / "sent").write_text("x")
    transport = paramiko_client.get_transport()
    with SCPClient(transport) as client, pytest.raises(SCPException, match="nvram is full"):
        client.put(str(tmp_path / "sent"), "nvram:/x")
    assert set(server.files) == {"flash:/old"}


def test_a_subsystem_has_the_channel_and_an_unknown_one_is_closed(
    paramiko_client: paramiko.SSHClient,
) -> None:
    transport = paramiko_client.get_transport()
    assert transport is not None
    channel = transport.open_session()
    channel.invoke_subsystem("mirror")
    channel.sendall(b"abcde")
    assert channel.recv(100) == b"edcba"
    channel = transport.open_session()
    with pytest.raises(paramiko.SSHException, match="closed"):
        channel.invoke_subsystem("sftp")


@pytest.mark.parametrize("way", ["password", "key"])
def test_no_proof_is_good_enough_while_logins_are_refused(server: Box, way: str) -> None:
    how: dict[str, object] = (
        {"password": PASSWORD}
        if way == "password"
        else {"use_keys": True, "key_file": str(server.key_file)}
    )
    server.server.refuses_logins = True
    with pytest.raises(NetmikoAuthenticationException):
        netmiko(server, **how)
    server.server.refuses_logins = False
    assert netmiko(server, **how).find_prompt() == "switch1#"


def test_nothing_is_said_while_it_is_away(server: Box) -> None:
    server.server.is_away = True
    with socket.create_connection((ADDRESS, server.port), timeout=10) as client:
        assert not _said(client)
    server.server.is_away = False
    with socket.create_connection((ADDRESS, server.port), timeout=10) as client:
        assert _said(client).startswith(b"SSH-2.0")


def _said(client: socket.socket) -> bytes:
    try:
        return client.recv(100)
    except ConnectionResetError:
        return b""
