"""The NETCONF server of the virtual switches, as ncclient and raw bytes see it."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from ncclient import manager
from ncclient.operations import RPCError
from ncclient.transport.errors import AuthenticationError, SSHUnknownHostError

from lab.switch import netconf
from lab.switch.base import Environment
from lab.switch.netconf_frames import Frames, FramingError, framed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lab.switch.base import Daemon

Session = Any  # ncclient is not annotated, nor is lxml

ADDRESS = "127.45.0.1"
BIG = "x" * (3 << 20)


@dataclass
class EchoDevice:
    """Locks, echoes, refuses, hangs."""

    speaks: tuple[str, ...] = (netconf.BASE_1_0, netconf.BASE_1_1)
    locks: netconf.Locks = field(default_factory=netconf.Locks)
    ended: list[int] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)

    def capabilities(self) -> Sequence[str]:
        return self.speaks

    def namespaces(self) -> Mapping[str, str]:
        return {"echo": "urn:echo"}

    async def operation(
        self, session: netconf.Session, operation: netconf.Element
    ) -> Sequence[netconf.Element] | None:
        name = netconf.local(operation)
        if name == "lock":
            self.locks.take("candidate", session)
            return None
        if name == "unlock":
            self.locks.release("candidate", session)
            return None
        if name == "echo":
            said = etree.Element("{urn:echo}said")
            said.text = operation.text
            return [said]
        if name == "hang":
            self.hangs.set()
            await session.gone.wait()
            raise netconf.HangUpError
        if name == "hang-up":
            raise netconf.HangUpError
        raise netconf.RpcError("no such thing & <so>", tag="operation-not-supported")

    async def closed(self, session: netconf.Session) -> None:
        self.locks.give_up(session)
        self.ended.append(session.number)


@dataclass
class Box:
    device: EchoDevice
    server: netconf.NetconfServer
    folder: Path
    port: int

    def connect(self, **more: object) -> Session:
        options = {
            "host": ADDRESS,
            "port": self.port,
            "username": "ringfence",
            "key_filename": str(self.folder / "key"),
            "ssh_config": str(self.folder / "config"),
            "allow_agent": False,
            "look_for_keys": False,
            "timeout": 10,
        }
        return manager.connect(**(options | more))


@pytest.fixture(params=["1.0 and 1.1", "1.0"])
def box(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Box]:
    # ncclient looks ten times a second whether it has something to say.
    monkeypatch.setattr("ncclient.transport.session.TICK", 0.005)
    speaks = (netconf.BASE_1_0, netconf.BASE_1_1)[: 2 if "1.1" in request.param else 1]
    host, user = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(str(tmp_path / "host_key"))
    user.write_private_key(str(tmp_path / "key"))
    user.write_public_key(str(tmp_path / "authorized_keys"))
    listener = socket.create_server((ADDRESS, 0))
    port = listener.getsockname()[1]
    public = host.export_public_key().decode()
    (tmp_path / "known").write_text(f"[{ADDRESS}]:{port} {public}")
    (tmp_path / "config").write_text(f"Host *\n  UserKnownHostsFile {tmp_path / 'known'}\n")
    device = EchoDevice(speaks)
    server = netconf.NetconfServer(device)
    environment = Environment(
        name="tor1",
        listeners={"netconf": listener},
        files=tmp_path,
        username="ringfence",
        password="lab-password",
        daemon=cast("Daemon", None),  # no switch stands behind this server
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(environment, listener), loop).result(5)
    yield Box(device, server, tmp_path, port)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
    asyncio.run_coroutine_threadsafe(_rest(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)
    loop.close()


async def _rest() -> None:
    """Let the sessions that were dropped end."""
    for _ in range(200):
        if not [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]:
            return
        await asyncio.sleep(0.01)


def _echo(session: Session, text: str) -> str:
    operation = etree.Element("{urn:echo}echo")
    operation.text = text
    reply = etree.XML(session.dispatch(operation).xml.encode())
    return str(reply.findtext("{urn:echo}said"))


@pytest.mark.parametrize("text", ["plain", "\n#3\nabc\n##\n", "\u00e9 & <tag>", BIG])
def test_text_survives_the_framing(box: Box, text: str) -> None:
    with box.connect() as session:
        assert _echo(session, text) == text
        assert _echo(session, "again") == "again"


def test_a_host_key_that_is_not_known_ends_the_connection(box: Box) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (box.folder / "known").write_text(f"[{ADDRESS}]:{box.port} {other}")
    with pytest.raises(SSHUnknownHostError):
        box.connect()


@pytest.mark.parametrize(
    ("login", "fits"),
    [
        ({"password": "lab-password"}, True),
        ({"password": "wrong"}, False),
        ({"username": "root", "password": "lab-password"}, False),
    ],
)
def test_only_the_account_logs_in_by_password(
    box: Box, login: dict[str, str], *, fits: bool
) -> None:
    if fits:
        with box.connect(key_filename=None, **login) as session:
            assert _echo(session, "in") == "in"
    else:
        with pytest.raises(AuthenticationError):
            box.connect(key_filename=None, **login)


def test_a_key_that_is_not_authorized_is_refused(box: Box) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(box.folder / "other"))
    with pytest.raises(AuthenticationError):
        box.connect(key_filename=str(box.folder / "other"))


def test_an_error_reaches_the_client_whole(box: Box) -> None:
    with box.connect() as session, pytest.raises(RPCError) as caught:
        session.dispatch(etree.Element("{urn:echo}nonsense"))
    assert (caught.value.tag, caught.value.message) == (
        "operation-not-supported",
        "no such thing & <so>",
    )


def test_a_lock_is_lost_with_its_session(box: Box) -> None:
    with box.connect() as second:
        first = box.connect()
        first.lock("candidate")
        with pytest.raises(RPCError) as caught:
            second.lock("candidate")
        assert caught.value.tag == "lock-denied"
        assert f"<session-id>{first.session_id}</session-id>" in caught.value.info.replace(
            f' xmlns="{netconf.BASE}"', ""
        )
        first._session.transport.close()  # as a jump host that dies
        _until(lambda: box.device.ended == [int(first.session_id)])
        second.lock("candidate")
        second.unlock("candidate")


def test_a_closed_session_ends_once(box: Box) -> None:
    with box.connect() as session:
        session.lock("candidate")
    _until(lambda: box.server.sessions() == ())
    assert box.device.ended == [1]
    assert box.device.locks.holder("candidate") is None


def test_a_session_can_be_killed_by_another(box: Box) -> None:
    with box.connect() as killer:
        victim = box.connect()
        victim.lock("candidate")
        killer.kill_session(victim.session_id)
        _until(lambda: box.device.ended == [int(victim.session_id)])
        assert box.device.locks.holder("candidate") is None
        with pytest.raises(RPCError):
            killer.kill_session("4711")


def test_an_operation_that_hangs_ends_with_its_connection(box: Box) -> None:
    session = box.connect()
    thread = threading.Thread(target=_swallowed, args=(session,))
    thread.start()
    assert box.device.hangs.wait(60)
    session._session.transport.close()
    _until(lambda: box.device.ended == [1])
    thread.join(60)


def test_a_device_can_hang_up(box: Box) -> None:
    session = box.connect()
    with pytest.raises(Exception, match=r"."):
        session.dispatch(etree.Element("{urn:echo}hang-up"))
    _until(lambda: box.device.ended == [1])


def _swallowed(session: Session) -> None:
    with pytest.raises(Exception, match=r"."):
        session.dispatch(etree.Element("{urn:echo}hang"))


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(6000):
        if holds():
            return
        threading.Event().wait(0.01)
    assert holds()


@given(
    messages=st.lists(st.binary(max_size=40)),
    cuts=st.lists(st.integers(1, 9), min_size=1),
    chunked=st.booleans(),
)
def test_frames_read_what_was_framed_however_it_is_cut(
    messages: list[bytes], cuts: list[int], *, chunked: bool
) -> None:
    sent = [one.replace(b"]]>", b"").replace(b"]", b"") for one in messages]
    stream = b"".join(framed(one, chunked=chunked) for one in sent)
    frames = Frames()
    frames.is_chunked = chunked
    got, at, turn = [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        frames.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
        while (message := frames.message()) is not None:
            got.append(message)
    assert got == sent


@pytest.mark.parametrize("rubbish", [b"<rpc/>]]>]]>", b"\n#0\n", b"\n#12345678901\nabc", b"\nx\n"])
def test_rubbish_between_chunks_is_an_error(rubbish: bytes) -> None:
    frames = Frames()
    frames.is_chunked = True
    frames.feed(rubbish)
    with pytest.raises(FramingError):
        frames.message()
