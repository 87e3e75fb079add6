"""The lab's virtual switches, asked without a network: :class:`AskedSwitches`.

Each boots from a device's configuration, with a daemon underneath that says what it is told, and
answers in the words and forms in which it would over the wire. There is no virtual FRR, as the
lab has the real one: :mod:`frr_answers` prints what it would say.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from frr_answers import FrrAnswers
from played_wires import HELLO, PROMPT, without_id
from wide_fabric import nodes_of
from wide_tables import daemon_of, illegal_names

from lab.switch.base import Environment, Faults
from lab.switch.eos import eapi
from lab.switch.eos.commands import Shell
from lab.switch.eos.store import Store
from lab.switch.eos.switch import RELEASE
from lab.switch.ios.device import Device as IosDevice
from lab.switch.ios.session import IosCli
from lab.switch.iosxr.switch import IosXrSwitch
from lab.switch.junos.switch import JunosSwitch
from lab.switch.lines import RefusedError
from lab.switch.netconf import Session
from lab.switch.nxos import nxapi
from lab.switch.nxos.device import Device as NxosDevice
from lab.switch.nxos.session import Session as NxosSession
from lab.switch.ssh import Client

if TYPE_CHECKING:
    from pathlib import Path

    from recording_daemon import RecordingDaemon
    from wide_fabric import Node


USER = "ringfence"


class _Switch(Protocol):
    def answer(self, request: str) -> str:
        """Return the answer, in the form that :mod:`played_wires` has for the platform."""


class AskedSwitches:
    """The switches of a fabric of so many devices; each boots when it is asked first."""

    def __init__(self, devices: int, configs: Path, files: Path) -> None:
        nodes = tuple(nodes_of(devices))
        self._nodes = {node.name: node for node in nodes}
        self._pods = [
            sum(one.role == "tor" and one.pod == pod for one in nodes)
            for pod in range(max(node.pod for node in nodes) + 1)
        ]
        self._illegal = illegal_names(devices)
        self._configs, self._files = configs, files
        self._booted: dict[str, _Switch] = {}

    def ask(self, name: str, request: str) -> str:
        """Return what the device called ``name`` answers."""
        if name not in self._booted:
            self._booted[name] = self._boot(self._nodes[name])
        return self._booted[name].answer(request)

    def close(self) -> None:
        """Let go of what they hold."""
        for one in self._booted.values():
            if isinstance(one, _Ios | _Netconf):
                one.close()

    def _boot(self, node: Node) -> _Switch:
        text = (self._configs / f"{node.name}.cfg").read_text(encoding="utf-8")
        daemon = daemon_of(node, is_illegal=node.name in self._illegal, pods=self._pods)
        if node.dialect == "frr":
            return FrrAnswers(text, daemon)
        if node.dialect == "eos":
            return _Eos(node.name, text, daemon)
        if node.dialect == "nxos":
            return _Nxos(node.name, text, daemon)
        folder = self._files / node.name
        folder.mkdir(parents=True)
        (folder / "startup").write_text(text, encoding="utf-8")
        nobody: Any = None
        environment = Environment(
            name=node.name,
            listeners={"netconf": nobody},
            files=folder,
            username=USER,
            password="",
            daemon=daemon,
        )
        if node.dialect == "ios":
            return _Ios(environment)
        switch: Any = (IosXrSwitch if node.dialect == "iosxr" else JunosSwitch)(environment)
        return _Netconf(switch)


class _Eos:
    def __init__(self, name: str, text: str, daemon: RecordingDaemon) -> None:
        self._store = Store.booted_from(text, name=name, release=RELEASE)
        self._daemon = daemon

    def answer(self, request: str) -> str:
        body = json.dumps({"params": json.loads(request), "id": "recorded"})
        shell = Shell(self._store, self._daemon, Faults(), USER)
        return json.dumps(eapi.run(eapi._parsed(body), shell))


class _Nxos:
    def __init__(self, name: str, text: str, daemon: RecordingDaemon) -> None:
        self._device = NxosDevice(name, lambda: None)
        self._device.boot(text)
        self._daemon = daemon

    def answer(self, request: str) -> str:
        session = NxosSession(self._device, self._daemon, is_api=True)

        async def run(commands: Any) -> list[Any]:  # noqa: ANN401 - as nxapi.Run has it
            replies: list[Any] = []
            for _, text in commands:
                try:
                    replies.append(session.run(text))
                except RefusedError as error:
                    return [*replies, error]
            return replies

        calls = json.loads(request)
        single = isinstance(calls, dict)
        said = asyncio.run(nxapi._do([calls] if single else calls, run, single=single))
        return f"{said.status}\n{said.text}"


class _Ios:
    def __init__(self, environment: Environment) -> None:
        self._loop = asyncio.new_event_loop()
        device = IosDevice(environment)
        self._cli = IosCli(
            device, Client(username=environment.username, address="192.0.2.9", number=1)
        )

    def answer(self, request: str) -> str:
        if request == PROMPT:
            return self._cli.greeting() + self._cli.prompt()
        said = self._loop.run_until_complete(self._cli.line(request))
        return said + self._cli.prompt()

    def close(self) -> None:
        self._loop.close()


class _Netconf:
    """Junos and IOS-XR: whole messages, as they are inside of their frames."""

    def __init__(self, switch: Any) -> None:  # noqa: ANN401 - either
        self._loop = asyncio.new_event_loop()
        self._server = switch._server
        self._session = Session(1, USER)

        async def nothing(*_: Any) -> None:  # noqa: ANN401 - whatever it is called with
            """Listen to nobody."""

        self._server.start = nothing
        self._loop.run_until_complete(switch.start())

    def answer(self, request: str) -> str:
        if request == HELLO:
            return str(self._server._hello(self._session).decode())
        message = request.replace("rpc ", 'rpc message-id="1" ', 1)
        reply, _ = self._loop.run_until_complete(
            self._server._reply(self._session, message.encode())
        )
        return without_id(reply.decode())

    def close(self) -> None:
        self._loop.close()
