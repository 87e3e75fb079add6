"""The virtual Junos switch: :class:`JunosSwitch`.

It speaks NETCONF over SSH, and keeps one candidate that all sessions share. ``control`` knows,
besides what every switch does:

- ``uncommitted`` (``lines``): somebody edits the shared candidate and leaves it so.
- ``commit`` (``user``, ``comment``, ``minutes``): somebody commits what the candidate holds.
- ``minute`` (``seconds``): how long a minute of the confirm timer takes.
- ``late`` (``seconds``): how long after its time the timer takes a commit back.
- ``history``: (user, comment) of the commits, the last one first.
- ``reboot`` (``seconds``, ``keeps``): it goes away for so long, and comes back with what the store
  says of reboots (:mod:`lab.switch.junos.store`).
- ``skew`` (``seconds``): its wall clock jumps. ``lapse`` (``seconds``): so much of its time passes
  at once for the confirm timer.

Faults: ``babble`` (nonsense in every reply, and nothing is done), ``cut`` (half of the committed
configuration), ``auth-lost`` (who is logged in is thrown out, nobody else comes in), ``locked``
(another administrator takes the lock as soon as nobody has it; the words are those of the XML
protocol guide), ``refuse-commit`` (each commit, but no check, is answered with "configuration
check-out failed"). Besides: ``ignore-confirmed`` (a commit is for good whatever was asked),
``commit-warning`` (a commit that succeeds is answered with a warning), ``commit-hangs-up`` (its
reply is lost), ``diff-warning`` (a warning in the place of a comparison), ``stale-revision`` (the
last commit that has a comment is told for the last one), ``summary-knows-more`` (the BGP summary
lists a neighbor that the details do not).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lab.switch.base import Faults
from lab.switch.junos.bgp import router
from lab.switch.junos.configuring import Configuring
from lab.switch.junos.printing import set_form
from lab.switch.junos.reading import load_curly, load_set
from lab.switch.junos.replies import JUNOS
from lab.switch.junos.showing import Showing
from lab.switch.junos.store import Store
from lab.switch.junos.tree import Node
from lab.switch.netconf import BASE_1_0, NetconfServer, RpcError, local

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.switch.base import Environment
    from lab.switch.junos.reading import Complaint
    from lab.switch.netconf import Element, Session

_CAPABILITIES = (
    BASE_1_0,
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.0",
    "urn:ietf:params:netconf:capability:validate:1.0",
    "http://xml.juniper.net/netconf/junos/1.0",
    "http://xml.juniper.net/dmi/system/1.0",
)


class RefusedError(Exception):
    """What another administrator was told."""


class JunosSwitch:
    """One switch; see the module."""

    PROTOCOLS: tuple[str, ...] = ("netconf",)

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._faults = Faults()
        self._store = Store(activate=lambda tree: environment.daemon.apply(router(tree)))
        self._server = _Server(self)
        self._booting: asyncio.Task[None] | None = None
        configuring = Configuring(self._store, self._faults)
        showing = Showing(environment.name, self._store, environment.daemon, self._faults)
        self._headed = configuring.headed
        self._configuring = {
            "get-configuration": configuring.get_configuration,
            "lock-configuration": configuring.lock,
            "unlock-configuration": configuring.unlock,
            "load-configuration": configuring.load,
            "commit-configuration": configuring.commit,
            "get-commit-information": configuring.commits,
            "get-commit-revision-information": configuring.revision_information,
            "get-system-uptime-information": configuring.uptime,
        }
        self._showing = {
            "get-software-information": showing.software,
            "get-chassis-inventory": showing.inventory,
            "get-interface-information": showing.interfaces,
            "get-instance-information": showing.instances,
            "get-bgp-neighbor-information": showing.bgp_neighbors,
            "get-bgp-summary-information": showing.bgp_summary,
            "get-route-information": showing.routes,
        }

    async def start(self) -> None:
        """Boot from ``startup``, in either form, and serve NETCONF."""
        text = (self._environment.files / "startup").read_text(encoding="utf-8")
        tree = Node()
        _raise(_load(tree, text))
        self._store.boot(tree)
        await self._server.start(self._environment, self._environment.listeners["netconf"])

    def running(self) -> str:
        """Return the running configuration as ``show configuration | display set``."""
        return _printed(self._store.running)

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what no driver can; see the module."""
        store = self._store
        told: Mapping[str, Callable[[], Any]] = {
            "running": self.running,
            "startup": lambda: _printed(store.saved),
            "text": lambda: self._headed(store.running),
            "pending": store.pending_s,
            "history": lambda: [(one.user, one.comment or one.log) for one in store.history],
        }
        if command in told:
            return told[command]()
        done: Mapping[str, Callable[[float], None]] = {
            "minute": store.take_for_a_minute,
            "late": store.be_late,
            "skew": store.skew,
            "lapse": store.lapse,
            "reboot": lambda seconds: self._reboot(seconds, keeps=bool(arguments.get("keeps"))),
        }
        if command in done:
            done[command](float(arguments["seconds"]))
        elif command == "fault":
            self._fault(arguments["name"], on=arguments["on"])
        elif command in {"edit", "uncommitted", "commit"}:
            self._administer(command, arguments)
        else:
            raise RefusedError(f"unknown control command {command}")
        return None

    def _administer(self, command: str, arguments: Mapping[str, Any]) -> None:
        """Be another administrator."""
        store = self._store
        if command != "commit":
            store.may_edit(None)
            lines = arguments["lines"]
            text = lines if isinstance(lines, str) else "\n".join(lines)
            _raise(load_set(store.candidate, text))
        if command == "edit":
            _raise(store.commit("alice", "cli", None, None))
        elif command == "commit":
            who, minutes = arguments.get("user", "alice"), arguments.get("minutes")
            _raise(store.commit(who, "cli", arguments.get("comment"), minutes))

    def _fault(self, name: str, *, on: bool) -> None:
        self._faults.switch(name, on=on)
        self._server.babbles = "babble" in self._faults
        self._store.is_taken = "locked" in self._faults
        if name == "auth-lost":
            self._server.refuse_logins(on=on)

    def _reboot(self, seconds: float, *, keeps: bool) -> None:
        """Go away at once, and come back by itself."""
        self._store.reboot(keeps=keeps)
        self._server.be_away(on=True)
        self._environment.daemon.apply(None)
        if self._booting is not None:
            self._booting.cancel()
        self._booting = asyncio.create_task(self._boot(seconds))

    async def _boot(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._store.activate(self._store.running)
        self._server.be_away(on=False)

    def capabilities(self) -> Sequence[str]:
        """Return what the hello says."""
        return _CAPABILITIES

    def namespaces(self) -> Mapping[str, str]:
        """Return the prefix of Junos's attributes."""
        return {"junos": JUNOS}

    async def operation(self, session: Session, operation: Element) -> Sequence[Element] | None:
        """Carry out one RPC."""
        tag = local(operation)
        if tag in self._configuring:
            return self._configuring[tag](session, operation)
        if tag in self._showing:
            return await self._showing[tag](session, operation)
        raise RpcError(
            "syntax error, expecting <rpc> or </rpc>",
            type="protocol",
            info={"bad-element": tag},
        )

    async def closed(self, session: Session) -> None:
        """Give up the lock, and what was edited under it."""
        self._store.unlock(session)


class _Server(NetconfServer):
    """Junos's replies have no XML declaration, and PyEZ dies of one that names an encoding."""

    async def _reply(self, session: Session, message: bytes) -> tuple[bytes, bool]:
        reply, is_last = await super()._reply(session, message)
        return (reply.partition(b"?>")[2] if reply.startswith(b"<?xml") else reply), is_last


def _printed(tree: Node) -> str:
    return "".join(f"{line}\n" for line in set_form(tree))


def _load(tree: Node, text: str) -> list[Complaint]:
    is_commands = text.lstrip().startswith(("set ", "delete "))
    return load_set(tree, text) if is_commands else load_curly(tree, text, replaces=False)


def _raise(complaints: Sequence[Complaint]) -> None:
    """Raise what a human would read."""
    if complaints:
        raise RefusedError("; ".join(f"{one.line}: {one.message}" for one in complaints))
