"""The CLI of the virtual IOS-XR, as far as its XML agent needs one: :class:`XmlSession`.

``xml`` at the prompt starts the agent (Cisco IOS XR XML API Guide): requests and responses are XML
documents, one at a time, without echo. Every session has a target configuration of its own, as at
the CLI. Law: a request does all of its operations in order, each answers for itself, and
``ResultSummary`` counts the errors.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lxml import etree

from lab.switch.iosxr.edits import difference
from lab.switch.iosxr.shows import executed
from lab.switch.iosxr.store import HEADER, Reason, RefusedError
from lab.switch.iosxr.tree import show
from lab.switch.iosxr.xml_bgp import BadNamingError, bgp_answer
from lab.switch.terminal import Cli, HangUpError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.switch.base import Environment, Faults
    from lab.switch.iosxr.store import Store
    from lab.switch.netconf import Element

_END = "</Request>"
_FAILED = (
    "'CfgMgr' detected the 'warning' condition 'One or more sub-operations failed during a "
    "best effort complex operation.'"
)
_OVERTAKEN = (
    "'CfgMgr' detected the 'warning' condition 'One or more commits have occurred from other "
    "configuration sessions since this session started or since the last commit was made from "
    "this session.'"
)
_EMPTY = "'CfgMgr' detected the 'warning' condition 'The target configuration buffer is empty.'"
_NO_AGENT = (
    "ERROR: 0x24319600 'XML-TTY' detected the 'warning' condition 'The XML TTY Agent has not been "
    "started. Check that the configuration 'xml agent tty' has been committed.'\n"
)
_INVALID = "% Invalid input detected at '^' marker.\n"
#: Characters that an answer has at most, unless iteration is off.
_ITERATION = 8192
#: What ``commit confirmed`` takes, in seconds.
_CONFIRM = range(30, 301)


#: What a terminal shows whose agent is gone mad.
_NOISE = "%MGBL-XMLAGENT-3-ERR : \x07~~ <<< 0xdeadbeef >>> ~~\n"


def shown(running: str, faults: Faults) -> str:
    """Return how much of the running configuration is shown."""
    return running[: len(running) // 2] if "cut" in faults else running


class _FailedError(Exception):
    """An operation that answers with an error."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class XmlSession(Cli):
    """One administrator's session, at the prompt or with the XML agent."""

    page_length = 0

    def __init__(
        self, environment: Environment, store: Store, faults: Faults, username: str
    ) -> None:
        self._environment = environment
        self._store = store
        self._faults = faults
        self._target = store.target(username)
        self._request: str | None = None
        self._failed = ""
        self._is_agent = False

    def prompt(self) -> str:
        """Return the prompt; none while a request is being received."""
        if self._is_agent:
            return "" if self._request else "XML> "
        return f"RP/0/RP0/CPU0:{self._environment.name}#"

    async def line(self, text: str) -> str:
        """Do a command, or take a line of a request."""
        if "drop" in self._faults:
            raise HangUpError
        if self._is_agent:
            return await self._agent(text)
        if "babble" in self._faults:
            return _NOISE
        words = " ".join(text.split())
        if words == "xml":
            return self._start_agent()
        if words in {"exit", "quit"}:
            self.is_over = True
        if not words or words in {"exit", "quit"} or words.startswith("terminal "):
            return ""
        answer = await executed(words, self._store, self._environment.daemon)
        return _INVALID if answer is None else answer

    async def closed(self) -> None:
        """Take back what the session did not confirm, and its lock."""
        await self._store.leave(self._target)

    def _start_agent(self) -> str:
        if not any(node.line == "xml agent tty" for node in self._store.running):
            return _NO_AGENT
        self._is_agent = True
        self.echoes = False
        self._target = self._store.target(self._target.who)
        return ""

    async def _agent(self, text: str) -> str:
        if not self._request and text.strip() in {"exit", ""}:
            if text.strip() == "exit":
                await self._store.leave(self._target)
                self._is_agent, self.echoes = False, True
            return ""
        self._request = text if self._request is None else f"{self._request}\n{text}"
        if _END not in text:
            return ""
        request, self._request = self._request, None
        return _NOISE if "babble" in self._faults else await self._respond(request)

    async def _respond(self, request: str) -> str:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        response = etree.Element("Response", MajorVersion="1", MinorVersion="0")
        errors = 0
        for operation in etree.XML(request.encode(), parser):
            answer = etree.SubElement(response, operation.tag)
            try:
                await self._operation(operation, answer)
            except _FailedError as error:
                errors += 1
                answer.set("ErrorCode", error.code)
                answer.set("ErrorMsg", str(error))
                # Of a Get, the response itself has the error.
                response.set("ErrorMsg", str(error))
                break
        etree.SubElement(response, "ResultSummary", ErrorCount=str(errors))
        body = etree.tostring(response, encoding="unicode")
        if len(body) > _ITERATION and not self._iterates_not():
            # The first part of several; the others are to be asked for by the iterator.
            response[:] = []
            response.set("IteratorID", "1")
            body = etree.tostring(response, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'

    def _iterates_not(self) -> bool:
        agent = (one for one in self._store.running if one.line == "xml agent tty")
        return any(child.line == "iteration off" for one in agent for child in one.children)

    async def _operation(self, operation: Element, answer: Element) -> None:
        try:
            if operation.tag == "CLI":
                await self._cli(operation, answer)
            elif operation.tag == "Commit":
                await self._commit(operation.attrib)
            elif operation.tag == "Rollback":
                count = int(operation.findtext("Previous", "1"))
                await self._store.roll_back(self._target, count, "Rollback")
            elif operation.tag == "Lock":
                self._store.lock(self._target)
            elif operation.tag == "Unlock":
                self._store.unlock(self._target)
            elif operation.tag == "Clear":
                self._store.discard(self._target)
            elif operation.tag == "Get":
                answer.extend(await self._get(operation))
            else:
                raise _FailedError("0xa367a600", f"the operation '{operation.tag}' is not known")
        except RefusedError as error:
            self._failed = str(error)
            is_semantic = error.reason is Reason.SEMANTICS
            text = (
                _FAILED if is_semantic else f"'CfgMgr' detected the 'warning' condition '{error}'"
            )
            raise _FailedError("0x40819c00", text) from error

    async def _get(self, operation: Element) -> list[Element]:
        running, daemon = self._store.running, self._environment.daemon
        try:
            found = await asyncio.to_thread(bgp_answer, operation, running, daemon)
        except BadNamingError as error:
            raise _FailedError("0xa367a600", str(error)) from error
        if found is None:
            raise _FailedError("0xa367a600", "there is no such operational data")
        return found

    async def _cli(self, operation: Element, answer: Element) -> None:
        for one in operation:
            said = etree.SubElement(answer, one.tag)
            text = (one.text or "").strip("\r\n")
            if one.tag == "Exec":
                printed = await executed(text.strip(), self._store, self._environment.daemon)
                said.text = _INVALID if printed is None else printed
            elif text.startswith("show "):
                said.text = self._show(" ".join(text.split()))
            else:
                said.text = self._enter(text)

    def _show(self, command: str) -> str:
        running = self._store.running
        after = self._target.over(running)
        texts: Mapping[str, Callable[[], str]] = {
            "show running-config": lambda: shown(self._store.text(), self._faults),
            "show configuration merge": lambda: self._store.text(after),
            "show configuration changes diff": lambda: (
                f"{HEADER}\n{difference(running, after)}end\n"
            ),
            "show configuration failed": lambda: self._failed,
        }
        if command not in texts:
            return _INVALID
        return f"Building configuration...\n{texts[command]()}"

    def _enter(self, text: str) -> str:
        try:
            self._store.enter(self._target, text)
        except RefusedError as error:
            if error.reason is not Reason.SYNTAX:
                raise
            return f"{error}\n{_INVALID}"
        return ""

    async def _commit(self, options: Mapping[str, str]) -> None:
        """Commit; the agent refuses if others have committed since the session began."""
        pending = self._store.pending
        is_own = pending is not None and pending.target is self._target
        if len(self._store.commits) > self._target.since and not is_own:
            raise _FailedError("0x41866c00", _OVERTAKEN)
        running = self._store.running
        if show(self._target.over(running)) == show(running) and not is_own:
            raise _FailedError("0x41864e00", _EMPTY)
        given = options.get("Confirmed")
        if given is not None and int(given) not in _CONFIRM:
            raise _FailedError("0x40819c00", "Confirmed must be 30 to 300 seconds")
        if "refuse-commit" in self._faults:
            raise _FailedError("0x40819c00", "'CfgMgr' detected the 'fatal' condition 'Internal'")
        await self._store.commit(
            self._target, "XML", confirm_in=None if given is None else int(given)
        )
