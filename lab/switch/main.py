"""The first process of a node that is a virtual switch; read ``serve`` first.

Law: the switch gets what a device has (:class:`lab.switch.base.Environment`) and nothing of the
lab's. The lab talks to it through a socket of its own (``lab.control``), never through its
management.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lab import control
from lab.errors import LabError
from lab.fabrics import switch_class
from lab.switch.base import Environment
from lab.switch.daemon import FrrDaemon
from lab.topology import SSH_USER

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from lab.switch.base import VirtualSwitch

_FILES = Path("/run/lab")
_BGPD = Path("/run/frr/bgpd.vty")


def serve(
    name: str,
    platform: str,
    listeners: Mapping[str, socket.socket],
    is_up: Callable[[], None],
) -> None:
    """Be the switch ``name`` until killed; ``is_up`` is called once it answers."""
    kind = switch_class(platform)
    if kind is None:
        raise LabError(f"{platform} needs no virtual switch")
    environment = Environment(
        name=name,
        listeners=listeners,
        files=_FILES,
        username=SSH_USER,
        password=(_FILES / "password").read_text(encoding="ascii"),
        daemon=FrrDaemon(_BGPD),
    )
    asyncio.run(_live(kind(environment), is_up))


async def _live(switch: VirtualSwitch, is_up: Callable[[], None]) -> None:
    await switch.start()
    await asyncio.start_unix_server(partial(_answer, switch), path=control.SOCKET)
    is_up()
    await asyncio.Event().wait()


async def _answer(
    switch: VirtualSwitch, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        question = json.loads(await reader.read())
        value = await switch.control(question["command"], question["arguments"])
        answer = json.dumps({"value": value})
    except Exception as error:  # noqa: BLE001 - the process boundary
        traceback.print_exc()
        answer = json.dumps({"error": f"{type(error).__name__}: {error}"})
    writer.write(answer.encode())
    await writer.drain()
    writer.close()
