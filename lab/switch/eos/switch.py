"""The virtual Arista EOS switch: :class:`EosSwitch`.

Requests are served one by one, each in a thread, since the daemon underneath blocks; the commit
timer waits for the same lock. What a commit changes holds when its answer is given.

What a fault does here, and where that is known from:

- ``babble``: HTTP 200 with a page of HTML. ``auth-lost``: HTTP 401, for each request, since eAPI
  knows no login that lasts. ``cut``: the second half of ``show running-config`` is missing.
- ``locked``: another administrator's configuration session is pending. EOS itself would commit
  ours all the same, and theirs over it (User Manual, "Configure Session"); NAPALM's driver counts
  it as a lock. (EOS has ``configure lock`` too; what it answers then is not documented.)
- ``refuse-commit`` fails every commit, a confirmation included, as an agent that is not ready.
- ``reboot``: the startup configuration runs, files stay, sessions and a pending timed commit are
  gone: sessions are lost in a reload (User Manual), and a timed commit saves nothing before it is
  confirmed.
- ``skew`` moves the time of day alone. A commit timer counts uptime: that is how NAPALM reads
  ``commitTimerExpireTime``; the manual does not say. ``lapse`` is time that passes.
- of EOS alone: ``no-timer`` takes a timed commit for good without saying so; ``hang`` answers
  nothing; ``lost-commit`` commits and cuts the connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lab.switch.base import Faults
from lab.switch.eos import eapi
from lab.switch.eos.bgp import router
from lab.switch.eos.commands import Shell, merged
from lab.switch.eos.store import Store
from lab.switch.https import LostAnswerError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from lab.switch.base import Environment
    from lab.switch.https import Server

#: The session that ``locked`` begins.
OTHERS_SESSION = "night-shift"
RELEASE = "4.32.2F"


class EosSwitch:
    """One switch.

    Control commands besides those of every platform: ``session`` (``name``) begins a session as
    another administrator; ``release`` (``version``) makes it another release of EOS.
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
        self._server: Server | None = None

    async def start(self) -> None:
        """Boot: drive the daemon and serve eAPI."""
        # What has booted is what was saved, in the form in which it is printed.
        self._store.save()
        await self._apply()
        environment = self._environment
        account = (environment.username, environment.password)
        self._server = await eapi.serve(
            environment.listeners["https"], environment.files, account, self._answer
        )

    def running(self) -> str:
        """Return what ``show running-config`` prints."""
        return self._store.running_text()

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what no driver can; see the class."""
        match command:
            case "fault":
                async with self._lock:
                    self._set_fault(arguments["name"], on=arguments["on"])
            case "reboot":
                await self._reboot(float(arguments.get("seconds", 0)))
            case _:
                async with self._lock:
                    return await self._control(command, arguments)
        return None

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
            case "skew":
                store.wall_ahead += float(arguments["seconds"])
            case "lapse":
                store.lapsed += float(arguments["seconds"])
                await self._expire()
            case _:
                raise ValueError(f"no such control command: {command}")
        return None

    def _set_fault(self, name: str, *, on: bool) -> None:
        self._faults.switch(name, on=on)
        if self._server is not None:
            self._server.babbles = "babble" in self._faults
            self._server.refuses_logins = "auth-lost" in self._faults
        if name == "locked" and on:
            self._store.enter(OTHERS_SESSION, "admin")
        elif name == "locked" and OTHERS_SESSION in self._store.sessions:
            self._store.abort(OTHERS_SESSION)

    async def _reboot(self, seconds: float) -> None:
        """Go down now, and come back ``seconds`` later, before this returns if that is 0."""
        assert self._server is not None  # noqa: S101 - it has booted before
        await self._server.leave()
        async with self._lock:
            # From here on, whoever waited for the lock has asked a switch that is no more.
            self._store = self._store.rebooted()
            self._set_alarm()
            await asyncio.to_thread(self._environment.daemon.apply, None)
        if seconds:
            self._keep(self._come_back(seconds))
        else:
            await self._come_back(0)

    async def _come_back(self, seconds: float) -> None:
        assert self._server is not None  # noqa: S101 - it has gone before
        await asyncio.sleep(seconds)
        async with self._lock:
            await self._apply()
        await self._server.listen()

    async def _answer(self, request: eapi.Request) -> dict[str, Any]:
        asked = self._store
        if "hang" in self._faults:
            await asyncio.Event().wait()
        async with self._lock:
            if self._store is not asked:
                raise LostAnswerError
            shell = Shell(asked, self._environment.daemon, self._faults, self._environment.username)
            answer = await asyncio.to_thread(eapi.run, request, shell)
            if shell.has_changed:
                await self._apply()
            self._set_alarm()
        if "lost-commit" in self._faults and any(" commit" in one for one in request.commands):
            raise LostAnswerError
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
        self._keep(self._go_back())

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_back(self) -> None:
        async with self._lock:
            await self._expire()

    async def _expire(self) -> None:
        """Go back if the timer has ended; the lock is held."""
        if self._store.expire():
            await self._apply()
        self._set_alarm()
