"""The virtual Arista EOS switch: :class:`EosSwitch`.

Requests are served one by one, each in a thread, since the daemon underneath blocks; the commit
timer waits for the same lock. What a commit changes holds when its answer is given.

Faults: ``refuse-commit`` fails every commit; ``no-timer`` takes a timed commit for good without
saying so; ``hang`` answers nothing; ``lost-commit`` commits and cuts the connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lab.switch.base import Faults
from lab.switch.eos import eapi
from lab.switch.eos.bgp import router
from lab.switch.eos.commands import Shell, merged
from lab.switch.eos.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.base import Environment

RELEASE = "4.32.2F"


class EosSwitch:
    """One switch.

    Control commands besides those of every platform: ``reboot``; ``session`` (``name``) begins a
    session as another administrator; ``release`` (``version``) makes it another release of EOS.
    """

    PROTOCOLS: tuple[str, ...] = ("https",)

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._faults = Faults()
        startup = (environment.files / "startup").read_text(encoding="utf-8")
        self._store = Store.booted_from(startup, name=environment.name, release=RELEASE)
        self._lock = asyncio.Lock()
        self._alarm: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Boot: drive the daemon and serve eAPI."""
        # What has booted is what was saved, in the form in which it is printed.
        self._store.save()
        await self._apply()
        environment = self._environment
        account = (environment.username, environment.password)
        await eapi.serve(environment.listeners["https"], environment.files, account, self._answer)

    def running(self) -> str:
        """Return what ``show running-config`` prints."""
        return self._store.running_text()

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what no driver can; see the class."""
        if command == "fault":
            self._faults.switch(arguments["name"], on=arguments["on"])
            return None
        async with self._lock:
            return await self._control(command, arguments)

    async def _control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        store = self._store
        match command:
            case "running":
                return self.running()
            case "startup":
                return store.startup
            case "pending":
                return None if store.timer is None else store.timer.ends - store.uptime
            case "edit":
                merged(store, list(arguments["lines"]))
                await self._apply()
            case "session":
                store.enter(arguments["name"], "admin")
            case "release":
                store.release = arguments["version"]
            case "reboot":
                files = store.files
                self._store = Store.booted_from(
                    store.startup, name=store.name, release=store.release
                )
                self._store.files = files
                self._store.save()
                await self._apply()
                self._set_alarm()
            case _:
                raise ValueError(f"no such control command: {command}")
        return None

    async def _answer(self, request: eapi.Request) -> dict[str, Any]:
        if "hang" in self._faults:
            await asyncio.Event().wait()
        async with self._lock:
            shell = Shell(
                self._store, self._environment.daemon, self._faults, self._environment.username
            )
            answer = await asyncio.to_thread(eapi.run, request, shell)
            if shell.has_changed:
                await self._apply()
            self._set_alarm()
        if "lost-commit" in self._faults and any(" commit" in one for one in request.commands):
            raise eapi.LostAnswerError
        return answer

    async def _apply(self) -> None:
        meaning = router(self._store.running)
        await asyncio.to_thread(self._environment.daemon.apply, meaning)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        timer = self._store.timer
        self._alarm = None
        if timer is not None:
            delay = max(0.0, timer.ends - self._store.uptime)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        task = asyncio.get_running_loop().create_task(self._go_back())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_back(self) -> None:
        async with self._lock:
            if self._store.expire():
                await self._apply()
            self._set_alarm()
