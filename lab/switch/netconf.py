"""NETCONF over SSH (RFC 6241, 6242): a server for the virtual switches that speak it.

Read :class:`Device` first, what a switch brings, then :class:`NetconfServer`. The server does the
sessions: SSH with host key, passwords and authorized keys, hellos, both framings, replies in
order, ``close-session`` and ``kill-session``. All other operations are the device's. Law: when a
session ends, however it ends, the device's :meth:`Device.closed` is called once, after its last
operation; there a device gives up what the session held, such as its :class:`Locks`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import asyncssh
from lxml import etree

from lab.switch import ssh
from lab.switch.netconf_frames import Frames, FramingError, framed

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence

    from lab.switch.base import Environment

#: An lxml element; lxml is not annotated.
Element = Any

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
BASE_1_0 = "urn:ietf:params:netconf:base:1.0"
BASE_1_1 = "urn:ietf:params:netconf:base:1.1"
_READ = 1 << 16


def name(tag: str) -> str:
    """Return ``tag`` in NETCONF's base namespace."""
    return f"{{{BASE}}}{tag}"


def local(element: Element) -> str:
    """Return an element's tag without its namespace."""
    return str(etree.QName(element).localname)


class HangUpError(Exception):
    """What a device raises to drop the connection instead of an answer."""


@dataclass
class RpcError(Exception):
    """What a device raises to answer with an ``rpc-error``; the fields are RFC 6241's (4.3)."""

    message: str
    tag: str = "operation-failed"
    type: str = "application"
    severity: str = "error"
    app_tag: str | None = None
    path: str | None = None
    info: Mapping[str, str] = field(default_factory=dict)

    def element(self) -> Element:
        """Return it as XML, which may also stand beside other elements of a reply."""
        error = etree.Element(name("rpc-error"))
        for tag, text in (
            ("error-type", self.type),
            ("error-tag", self.tag),
            ("error-severity", self.severity),
            ("error-app-tag", self.app_tag),
            ("error-path", self.path),
            ("error-message", self.message),
        ):
            if text is not None:
                etree.SubElement(error, name(tag)).text = text
        if self.info:
            info = etree.SubElement(error, name("error-info"))
            for tag, text in self.info.items():
                etree.SubElement(info, name(tag)).text = text
        return error


@dataclass(eq=False)
class Session:
    """One NETCONF session; ``peer_capabilities`` is what its client said in its hello.

    ``gone`` is set once the connection is lost, also while an operation is under way: one that
    waits for long waits for this too.
    """

    number: int
    username: str
    peer_capabilities: frozenset[str] = frozenset()
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class Device(Protocol):
    """What is behind the server. Everything is called in its event loop."""

    def capabilities(self) -> Sequence[str]:
        """Return the URIs of the hello; ``base:1.1`` among them switches chunks on."""

    def namespaces(self) -> Mapping[str, str]:
        """Return the prefixes that every ``rpc-reply`` declares besides the default one."""

    async def operation(self, session: Session, operation: Element) -> Sequence[Element] | None:
        """Carry out one operation and return what stands in the reply, None for ``<ok/>``.

        Raises:
            RpcError: the answer is this error.
            HangUpError: there is no answer, and the session ends.
        """

    async def closed(self, session: Session) -> None:
        """Give up what a session held that is over."""


class Locks:
    """The locks of the datastores (RFC 6241, 7.5): who holds which."""

    def __init__(self) -> None:
        self._holders: dict[str, Session] = {}

    def holder(self, target: str) -> Session | None:
        """Return the session that holds the lock of ``target``."""
        return self._holders.get(target)

    def take(self, target: str, session: Session, message: str = "Lock is held") -> None:
        """Lock ``target`` for ``session``; raises ``lock-denied``, also if it holds it already."""
        holder = self._holders.get(target)
        if holder is not None:
            raise RpcError(
                message, tag="lock-denied", type="protocol", info={"session-id": str(holder.number)}
            )
        self._holders[target] = session

    def release(self, target: str, session: Session, message: str = "Lock is not held") -> None:
        """Unlock ``target``, which ``session`` must hold."""
        if self._holders.get(target) is not session:
            raise RpcError(message, type="protocol")
        del self._holders[target]

    def give_up(self, session: Session) -> None:
        """Release all that ``session`` holds."""
        self._holders = {key: who for key, who in self._holders.items() if who is not session}


class NetconfServer:
    """NETCONF on one listening socket.

    While ``babbles`` no operation is carried out, and each is answered with a reply that is one
    for the transport only.
    """

    def __init__(self, device: Device) -> None:
        self.babbles = False
        self._device = device
        self._numbers = 0
        self._open: dict[Session, ssh.Channel] = {}
        self._server: ssh.Server | None = None

    async def start(self, environment: Environment, listener: socket.socket) -> None:
        """Serve the subsystem ``netconf`` on ``listener`` with the switch's keys and account."""
        services = ssh.Services(subsystems={"netconf": self.serve})
        self._server = await ssh.serve(listener, environment, services)

    async def stop(self) -> None:
        """Stop to listen and drop all connections."""
        if self._server is not None:
            await self._server.close()

    def refuse_logins(self, *, on: bool) -> None:
        """Take no proof for good enough, and end who is logged in; or take logins again."""
        if self._server is not None:
            self._server.refuses_logins = on
            if on:
                self._server.cut()

    def be_away(self, *, on: bool) -> None:
        """Cut every connection, those that come as well; or answer again."""
        if self._server is not None:
            self._server.is_away = on
            if on:
                self._server.cut()

    def sessions(self) -> tuple[Session, ...]:
        """Return the open sessions in the order of their numbers."""
        return tuple(self._open)

    def drop(self, session: Session) -> None:
        """End a session at once, as ``kill-session`` and a lost connection do."""
        process = self._open.get(session)
        if process is not None:
            process.channel.get_connection().abort()

    async def serve(self, client: ssh.Client, process: ssh.Channel) -> None:
        """Serve one channel of an SSH connection until the session is over."""
        self._numbers += 1
        session = Session(self._numbers, client.username)
        self._open[session] = process
        watch = asyncio.create_task(_watch(session, process))
        try:
            await self._talk(session, process)
        except (FramingError, HangUpError, OSError, asyncssh.Error):
            process.channel.get_connection().abort()
        finally:
            del self._open[session]
            watch.cancel()
            await self._device.closed(session)

    async def _talk(self, session: Session, process: ssh.Channel) -> None:
        frames = Frames()
        process.stdout.write(framed(self._hello(session), chunked=False))
        hello = await _next(frames, process)
        if hello is None:
            return
        session.peer_capabilities = frozenset(
            str(one.text).strip() for one in etree.XML(hello, _PARSER).iter("{*}capability")
        )
        ours = self._device.capabilities()
        frames.is_chunked = BASE_1_1 in session.peer_capabilities and BASE_1_1 in ours
        is_last = False
        while not is_last and (message := await _next(frames, process)) is not None:
            reply, is_last = await self._reply(session, message)
            process.stdout.write(framed(reply, chunked=frames.is_chunked))
            await process.stdout.drain()

    def _hello(self, session: Session) -> bytes:
        hello = etree.Element(name("hello"), nsmap={None: BASE})
        capabilities = etree.SubElement(hello, name("capabilities"))
        for uri in self._device.capabilities():
            etree.SubElement(capabilities, name("capability")).text = uri
        etree.SubElement(hello, name("session-id")).text = str(session.number)
        return _bytes(hello)

    async def _reply(self, session: Session, message: bytes) -> tuple[bytes, bool]:
        """Return the reply to one message, and whether the session ends with it."""
        prefixes: dict[str | None, str] = {None: BASE}
        prefixes.update(self._device.namespaces())
        reply = etree.Element(name("rpc-reply"), nsmap=prefixes)
        content: Sequence[Element] | None = None
        is_last = False
        try:
            operation = _operation(message, reply)
            if local(operation) == "close-session":
                is_last = True
            elif self.babbles:
                content = [_nonsense()]
            elif local(operation) == "kill-session":
                self._kill(session, operation)
            else:
                content = await self._device.operation(session, operation)
        except RpcError as error:
            content = [error.element()]
        for element in [etree.Element(name("ok"))] if content is None else content:
            reply.append(element)
        return _bytes(reply), is_last

    def _kill(self, session: Session, operation: Element) -> None:
        number = operation.findtext("{*}session-id", "").strip()
        victims = [one for one in self.sessions() if str(one.number) == number]
        if not victims or victims == [session]:
            raise RpcError("no other session has this session-id", tag="invalid-value")
        self.drop(victims[0])


#: Nothing from outside is fetched or expanded; a whole configuration in one node is fine.
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


async def _watch(session: Session, process: ssh.Channel) -> None:
    await process.channel.wait_closed()
    session.gone.set()


async def _next(frames: Frames, process: ssh.Channel) -> bytes | None:
    """Return the next message, or None if the client is gone."""
    while (message := frames.message()) is None:
        data = await process.stdin.read(_READ)
        if not data:
            return None
        frames.feed(data)
    return message


def _operation(message: bytes, reply: Element) -> Element:
    """Return the operation in an ``rpc``, whose attributes go to the reply (RFC 6241, 4.2)."""
    try:
        rpc = etree.XML(message.strip(), _PARSER)
    except etree.XMLSyntaxError as error:
        raise RpcError(str(error), tag="malformed-message", type="rpc") from error
    for key, value in rpc.attrib.items():
        reply.set(key, value)
    operations = [one for one in rpc if isinstance(one.tag, str)]
    if local(rpc) != "rpc" or len(operations) != 1:
        raise RpcError("one operation in one rpc, please", tag="malformed-message", type="rpc")
    if rpc.get("message-id") is None:
        raise RpcError(
            "an rpc needs a message-id",
            tag="missing-attribute",
            type="rpc",
            info={"bad-attribute": "message-id", "bad-element": "rpc"},
        )
    return operations[0]


def _nonsense() -> Element:
    page = etree.Element("html")
    etree.SubElement(etree.SubElement(page, "body"), "h1").text = "503 Service Unavailable"
    return page


def _bytes(element: Element) -> bytes:
    # Without an encoding, as the vendors do: clients parse the text that they decoded.
    text = etree.tostring(element, xml_declaration=False, encoding="UTF-8")
    return b'<?xml version="1.0"?>\n' + bytes(text)
