"""The virtual Junos switch: :class:`JunosSwitch`.

It speaks NETCONF over SSH, and keeps one candidate that all sessions share. ``control`` knows,
besides what every switch does:

- ``uncommitted`` (``lines``): somebody edits the shared candidate and leaves it so.
- ``commit`` (``user``, ``comment``, ``minutes``): somebody commits what the candidate holds.
- ``minute`` (``seconds``): how long a minute of the confirm timer takes.
- ``history``: (user, comment) of the commits, the last one first.

Faults: ``ignore-confirmed`` (a commit is for good whatever was asked), ``commit-warning`` (a
commit that succeeds is answered with a warning), ``commit-hangs-up`` (its reply is lost),
``diff-warning`` (a warning in the place of a comparison), ``stale-revision`` (the last commit
that has a comment is told for the last one), ``no-revisions`` (Junos before 14.1),
``summary-knows-more`` (the BGP summary lists a neighbor that the details do not).
"""

from __future__ import annotations

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
    from collections.abc import Mapping, Sequence

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
        configuring = Configuring(self._store, self._faults)
        showing = Showing(environment.name, self._store, environment.daemon, self._faults)
        self._headed = configuring.headed
        self._configuring = {
            "get-configuration": configuring.get_configuration,
            "lock-configuration": configuring.lock,
            "unlock-configuration": configuring.unlock,
            "load-configuration": configuring.load,
            "commit-configuration": configuring.commit,
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
        return "".join(f"{line}\n" for line in set_form(self._store.running))

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what no driver can; see the module."""
        store = self._store
        if command in {"running", "startup"}:
            return self.running()
        if command == "text":
            return self._headed(store.running)
        if command == "pending":
            return store.pending_s()
        if command == "fault":
            self._faults.switch(arguments["name"], on=arguments["on"])
        elif command == "minute":
            store.minute_s = float(arguments["seconds"])
        elif command in {"edit", "uncommitted"}:
            store.may_edit(None)
            lines = arguments["lines"]
            text = lines if isinstance(lines, str) else "\n".join(lines)
            _raise(load_set(store.candidate, text))
            if command == "edit":
                _raise(store.commit("alice", "cli", None, None))
        elif command == "commit":
            minutes = arguments.get("minutes")
            who = arguments.get("user", "alice")
            _raise(store.commit(who, "cli", arguments.get("comment"), minutes))
        elif command == "history":
            return [(one.user, one.comment) for one in store.history]
        else:
            raise RefusedError(f"unknown control command {command}")
        return None

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


def _load(tree: Node, text: str) -> list[Complaint]:
    is_commands = text.lstrip().startswith(("set ", "delete "))
    return load_set(tree, text) if is_commands else load_curly(tree, text, replaces=False)


def _raise(complaints: Sequence[Complaint]) -> None:
    """Raise what a human would read."""
    if complaints:
        raise RefusedError("; ".join(f"{one.line}: {one.message}" for one in complaints))
