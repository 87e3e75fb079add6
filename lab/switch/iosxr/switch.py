"""A virtual IOS-XR router: :class:`IosXrSwitch`.

Over NETCONF it is what NAPALM's ``iosxr_netconf`` speaks with: configuration as CLI text in
``Cisco-IOS-XR-cli-cfg``, a target configuration for each session, semantic verification at the
commit, confirmed commits (RFC 6241, 8.4), BGP's operational data. The XML agent of its CLI is in
:mod:`lab.switch.iosxr.xml_agent`.

Faults: ``babble`` (nonsense is all that is answered, and nothing is done), ``cut`` (half of the
running configuration), ``auth-lost`` (who is logged in is thrown out, nobody else comes in),
``locked`` (another administrator is exclusive as soon as nobody else is), ``refuse-commit`` (each
commit fails in the manner of the configuration manager). Of NETCONF alone: ``drop`` and ``hang``
do so to every later operation, ``silent-commit`` answers commits with ok and does nothing,
``drop-after-commit`` cuts the connection instead of the answer, ``slow-death`` notices the end of
a session a second late, ``advisory-lock`` lets others commit under a lock.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lxml import etree

from lab.switch import ssh
from lab.switch.base import Faults
from lab.switch.iosxr.edits import changes, difference
from lab.switch.iosxr.oper import operational
from lab.switch.iosxr.store import HEADER, Reason, RefusedError, Store
from lab.switch.iosxr.tree import show
from lab.switch.iosxr.xml_agent import XmlSession, shown
from lab.switch.netconf import (
    BASE_1_0,
    BASE_1_1,
    HangUpError,
    NetconfServer,
    RpcError,
    local,
    name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.switch.base import Environment
    from lab.switch.iosxr.store import Target
    from lab.switch.netconf import Element, Session

_CLI = "http://cisco.com/ns/yang/Cisco-IOS-XR-cli-cfg"
_DIFF = "http://cisco.com/ns/yang/Cisco-IOS-XR-cli-diff-act"
_LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
_CAPABILITY = "urn:ietf:params:netconf:capability"
_TAGS = {
    Reason.SYNTAX: "operation-failed",
    Reason.SEMANTICS: "operation-failed",
    Reason.LOCKED: "lock-denied",
    Reason.IN_USE: "in-use",
    Reason.NO_SUCH: "invalid-value",
}
#: Seconds that a confirmed commit waits unless told otherwise (RFC 6241, 8.4.5.1).
_CONFIRM_TIMEOUT = 600


class IosXrSwitch:
    """One router; see :class:`lab.switch.base.VirtualSwitch`."""

    PROTOCOLS: tuple[str, ...] = ("netconf",)

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.faults = Faults()
        self.store = Store(environment.daemon)
        self._targets: dict[Session, Target] = {}
        self._server = NetconfServer(self)
        self._terminal: ssh.Server | None = None
        self._booting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Boot from the configuration that was committed last, and answer."""
        startup = self._environment.files / "startup"
        await self.store.boot(startup.read_text(encoding="utf-8"))
        listeners = self._environment.listeners
        if "netconf" in listeners:
            await self._server.start(self._environment, listeners["netconf"])
        if "ssh" in listeners:
            services = ssh.Services(
                cli=lambda client: XmlSession(
                    self._environment, self.store, self.faults, client.username
                )
            )
            self._terminal = await ssh.serve(listeners["ssh"], self._environment, services)

    async def stop(self) -> None:
        """Answer nobody any more."""
        await self._server.stop()
        if self._terminal is not None:
            await self._terminal.close()

    def running(self) -> str:
        """Return the running configuration."""
        return self.store.text()

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Play another administrator, inject faults; see the class in :mod:`lab.switch.base`.

        Besides: ``commits`` returns their ids, ``expire`` lets the revert timer run out now;
        ``reboot`` (``seconds``, ``keeps``) goes away for so long and comes back with what the
        store says of reboots, ``skew`` (``seconds``) is a jump of the wall clock, ``lapse``
        (``seconds``) so much time that passes at once for the revert timer.
        """
        plain: Mapping[str, Callable[[], Any]] = {
            "running": self.running,
            "startup": lambda: self.store.text(self.store.saved()),
            "pending": self.store.expires_in,
            "commits": lambda: [commit.number for commit in self.store.commits],
        }
        if command in plain:
            return plain[command]()
        if command == "edit":
            target = self.store.target("operator")
            self.store.enter(target, "\n".join(arguments["lines"]))
            await self.store.commit(target, "CLI")
        elif command == "fault":
            self._fault(arguments["name"], on=arguments["on"])
        elif command == "expire":
            await self.store.undo()
        elif command == "lapse":
            await self.store.lapse(float(arguments["seconds"]))
        elif command == "skew":
            self.store.skew(float(arguments["seconds"]))
        elif command == "reboot":
            await self._reboot(float(arguments["seconds"]), keeps=bool(arguments.get("keeps")))
        else:
            raise ValueError(f"no such command: {command}")
        return None

    def _fault(self, name: str, *, on: bool) -> None:
        self.faults.switch(name, on=on)
        self.store.is_lock_advisory = "advisory-lock" in self.faults
        self.store.is_taken = "locked" in self.faults
        self._server.babbles = "babble" in self.faults
        if name == "auth-lost":
            self._server.refuse_logins(on=on)
            if self._terminal is not None:
                self._terminal.refuses_logins = on
                if on:
                    self._terminal.cut()

    async def _reboot(self, seconds: float, *, keeps: bool) -> None:
        """Go away at once, and come back by itself."""
        await self.store.go_down(keeps=keeps)
        self._be_away(on=True)
        if self._booting is not None:
            self._booting.cancel()
        self._booting = asyncio.create_task(self._boot(seconds))

    async def _boot(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.store.come_up()
        self._be_away(on=False)

    def _be_away(self, *, on: bool) -> None:
        self._server.be_away(on=on)
        if self._terminal is not None:
            self._terminal.is_away = on
            if on:
                self._terminal.cut()

    # What NETCONF asks of a device: see lab.switch.netconf.Device.

    def capabilities(self) -> Sequence[str]:
        """Return what IOS-XR 7 says of itself, as far as it is true here."""
        return (
            BASE_1_0,
            BASE_1_1,
            f"{_CAPABILITY}:candidate:1.0",
            f"{_CAPABILITY}:rollback-on-error:1.0",
            f"{_CAPABILITY}:validate:1.1",
            f"{_CAPABILITY}:confirmed-commit:1.1",
            f"{_CLI}?module=Cisco-IOS-XR-cli-cfg&revision=2019-04-05",
            f"{_DIFF}?module=Cisco-IOS-XR-cli-diff-act&revision=2019-04-05",
            f"{_LIBRARY}?module=ietf-yang-library&revision=2019-01-04",
        )

    def namespaces(self) -> Mapping[str, str]:
        """Return none."""
        return {}

    async def operation(self, session: Session, operation: Element) -> Sequence[Element] | None:
        """Carry out one operation."""
        if "drop" in self.faults:
            raise HangUpError
        if "hang" in self.faults:
            await session.gone.wait()
            raise HangUpError
        what = local(operation)
        if session not in self._targets:
            self._targets[session] = self.store.target(session.username)
        target = self._targets[session]
        try:
            return await self._operation(what, operation, target)
        except RefusedError as error:
            raise RpcError(str(error), tag=_TAGS[error.reason]) from error

    async def _operation(
        self, what: str, operation: Element, target: Target
    ) -> Sequence[Element] | None:
        if what in {"get", "get-config"}:
            return [await self._get(what, operation, target)]
        if what == "get-cli-config-diff":
            return [self._diff(target)]
        at_once: Mapping[str, Callable[[], None]] = {
            "edit-config": lambda: self._edit(what, operation, target),
            "copy-config": lambda: self._edit(what, operation, target),
            "lock": lambda: self.store.lock(target),
            "unlock": lambda: self.store.unlock(target),
            "discard-changes": lambda: self.store.discard(target),
            "validate": lambda: self.store.validate(target),
        }
        if what in at_once:
            at_once[what]()
        elif what == "commit":
            await self._commit(operation, target)
        elif what == "cancel-commit":
            await self.store.cancel(target, operation.findtext("{*}persist-id"))
        elif what == "roll-back-configuration-last":
            count = int(operation.findtext("{*}count", "1"))
            await self.store.roll_back(target, count, "Rollback")
        else:
            text = f"{what} is not supported"
            raise RpcError(text, tag="operation-not-supported", type="protocol")
        return None

    def _diff(self, target: Target) -> Element:
        running = self.store.running
        reply = etree.Element(f"{{{_DIFF}}}cli-diff", nsmap={None: _DIFF})
        text = difference(running, target.over(running))
        reply.text = f"Building configuration...\n{HEADER}\n{text}end\n"
        return reply

    async def closed(self, session: Session) -> None:
        """Take back what the session did not confirm, and its lock."""
        target = self._targets.pop(session, None)
        if "slow-death" in self.faults:
            await asyncio.sleep(1)
        if target is not None:
            await self.store.leave(target)

    async def _get(self, what: str, operation: Element, target: Target) -> Element:
        data = etree.Element(name("data"))
        wanted = operation.find("{*}filter")
        if what == "get":
            if wanted is not None:
                data.extend(await operational(wanted, self.store.running, self._environment))
            return data
        if wanted is None or wanted.find(f"{{{_CLI}}}cli") is None:
            raise RpcError("only a subtree filter for cli is supported", tag="unknown-element")
        source = {local(one) for one in operation.find("{*}source")}
        text = shown(self.store.text(), self.faults)
        if source == {"candidate"}:
            # The target configuration is what was entered, not what would run.
            running = self.store.running
            entered = show(changes(running, target.over(running)))
            text = entered and f"{HEADER}\n{entered}end\n"
        if text:
            cli = etree.SubElement(data, f"{{{_CLI}}}cli", nsmap={None: _CLI})
            cli.text = f"\n{text}\n"
        return data

    def _edit(self, what: str, operation: Element, target: Target) -> None:
        where = operation.find("{*}target")
        if where is None or [local(one) for one in where] != ["candidate"]:
            raise RpcError("only the candidate can be edited", tag="operation-not-supported")
        config = operation.find("{*}config" if what == "edit-config" else "{*}source/{*}config")
        found = [] if config is None else list(config)
        if [one.tag for one in found] != [f"{{{_CLI}}}cli"] or len(found[0]):
            raise RpcError("only text in one cli element is supported", tag="unknown-element")
        self.store.enter(target, found[0].text or "", replace=what == "copy-config")

    async def _commit(self, operation: Element, target: Target) -> None:
        if "refuse-commit" in self.faults:
            raise RpcError("'CfgMgr' detected the 'fatal' condition 'Internal error'")
        if "silent-commit" in self.faults:
            self.store.discard(target)
            return
        confirm_in = None
        if operation.find("{*}confirmed") is not None:
            given = operation.findtext("{*}confirm-timeout", str(_CONFIRM_TIMEOUT)).strip()
            if not given.isdigit() or not int(given):
                raise RpcError("confirm-timeout is no number of seconds", tag="invalid-value")
            confirm_in = int(given)
        await self.store.commit(
            target,
            "NETCONF",
            confirm_in=confirm_in,
            persist=operation.findtext("{*}persist"),
            persist_id=operation.findtext("{*}persist-id"),
        )
        if "drop-after-commit" in self.faults:
            raise HangUpError


class IosXrCliSwitch(IosXrSwitch):
    """The same router with its CLI and XML agent instead, for NAPALM's older ``iosxr``."""

    PROTOCOLS = ("ssh",)
