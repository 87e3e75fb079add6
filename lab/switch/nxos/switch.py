"""The virtual NX-OS switch as the lab starts it: :class:`NxosSwitch`.

BGP follows changed policies by itself: once a request or a stay in configuration mode is over, or
when nothing was typed for a moment. What is changed between two lines of one batch is not seen.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from lab.switch import ssh
from lab.switch.https import LostAnswerError
from lab.switch.lines import RefusedError
from lab.switch.nxos import nxapi
from lab.switch.nxos.bgp import has_feature, read_router
from lab.switch.nxos.cli import NxosCli
from lab.switch.nxos.device import Device, whole_commands
from lab.switch.nxos.scheduler import starts_at
from lab.switch.nxos.session import Reply, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lab.switch import https
    from lab.switch.base import Environment
    from lab.switch.lines import Node
    from lab.switch.meaning import Router

T = TypeVar("T")
#: How long after the last line changed policies are followed, if nothing ends the edit.
_SETTLE_S = 0.3
_TICK_S = 0.2


class NxosSwitch:
    """NX-API on "https" and the command line on "ssh", in front of a routing daemon.

    What a fault does here, beside those of :class:`~lab.switch.nxos.device.Device`, and where that
    is known from:

    - ``babble``: NX-API says HTTP 200 with a page of HTML, the command line prints noise for
      each command. ``cut``: the second half of a whole configuration is missing, as the answer of
      a back end that ran out of memory (programmability guide, "NX-API CLI": nginx is capped and
      restarted).
    - ``auth-lost``: HTTP 401 for each request, since NX-API is asked for a proof each time; SSH
      sessions end, and no login is taken.
    - ``locked``: another user's rollback is under way. One user at a time may take a checkpoint,
      roll back or save (system management guide, "Rollback", limitations); that configuration
      lines wait too, and that a job of the scheduler does not, is assumed.
    - ``refuse-commit``: every configuration line but the scheduler's is refused.
    - ``reboot``: what was saved runs, so an unsaved job and schedule are gone with what they were
      to take back; checkpoints stay (they go in ``write erase``, same guide), and so do jobs that
      were saved ("Scheduler", high availability).
    - ``skew`` moves the clock that the scheduler goes by: a schedule is kept as a date and a
      minute ("Scheduler", ``time start``). What the platform does with one that the clock jumps
      over is not documented: here it runs at once, with ``skips`` never. ``lapse`` is time that
      passes.
    - ``hang``: NX-API never answers; ``cut TEXT``: NX-API cuts the connection behind the first
      command that begins so, which is still done.
    """

    PROTOCOLS: tuple[str, ...] = ("https", "ssh")

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.device = Device(environment.name, self._changed)
        self._lock = asyncio.Lock()
        self._applied: Router | None = None
        self._is_dirty = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._ssh: ssh.Server | None = None
        self._https: https.Server | None = None
        #: How often it has booted; whoever asked an earlier one is not answered any more.
        self._boots = 0

    async def start(self) -> None:
        """Boot and serve."""
        self._loop = asyncio.get_running_loop()
        startup = self._environment.files / "startup"
        self.device.boot(startup.read_text(encoding="utf-8"))
        self._is_dirty = True
        await self.in_turn(lambda: None)
        listeners = self._environment.listeners
        if "https" in listeners and has_feature(self.device.configuration, "nxapi"):
            account = (self._environment.username, self._environment.password)
            self._https = await nxapi.serve(
                listeners["https"], self._environment.files, account, self._batch
            )
        if "ssh" in listeners:
            services = ssh.Services(cli=lambda client: NxosCli(self, client))
            self._ssh = await ssh.serve(listeners["ssh"], self._environment, services)
        self._keep(self._watch_schedules())

    def running(self) -> str:
        """Return the running configuration, without what is printed about it."""
        return self.device.configuration.text()

    def session(self, *, is_api: bool = False) -> Session:
        """Return a session for one administrator."""
        return Session(self.device, self._environment.daemon, is_api=is_api)

    async def in_turn(self, work: Callable[[], T], *, follow: bool = True) -> T:
        """Run ``work`` when nobody else works on the switch; then let BGP follow."""
        async with self._lock:
            result = await asyncio.to_thread(work)
            if follow:
                await asyncio.to_thread(self._follow)
            return result

    async def asked(self, work: Callable[[], T], *, follow: bool = True) -> T:
        """Run what an administrator asks for, in turn.

        Raises:
            LostAnswerError: the switch has booted anew meanwhile.
        """
        boots = self._boots

        def unless_rebooted() -> T:
            if boots != self._boots:
                raise LostAnswerError
            return work()

        return await self.in_turn(unless_rebooted, follow=follow)

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """See :class:`lab.switch.base.VirtualSwitch`.

        Beside what every platform knows: ``advance`` is ``lapse``, ``checkpoints`` returns their
        names, ``files`` those of the files.
        """
        questions: Mapping[str, Callable[[], Any]] = {
            "running": self.running,
            "startup": lambda: self.device.startup,
            "pending": self._pending,
            "checkpoints": lambda: list(self.device.checkpoints),
            "files": lambda: list(self.device.files),
        }
        match command:
            case _ if command in questions:
                return questions[command]()
            case "edit":
                await self.in_turn(lambda: self._edit(arguments["lines"]))
            case "fault":
                self._set_fault(arguments["name"], on=arguments["on"])
            case "advance" | "lapse":
                self.device.clock.advance(float(arguments["seconds"]))
                await self.in_turn(self._run_due)
            case "skew":
                self.device.scheduler.skew(
                    float(arguments["seconds"]), skips=bool(arguments.get("skips", False))
                )
                await self.in_turn(self._run_due)
            case "reboot":
                await self._reboot(float(arguments.get("seconds", 0)))
            case _:
                raise ValueError(f"the switch knows no {command}")
        return None

    def _set_fault(self, name: str, *, on: bool) -> None:
        faults = self.device.faults
        faults.switch(name, on=on)
        if self._https is not None:
            self._https.babbles = "babble" in faults
            self._https.refuses_logins = "auth-lost" in faults
        if self._ssh is not None:
            self._ssh.refuses_logins = "auth-lost" in faults
            if name == "auth-lost" and on:
                self._ssh.cut()

    async def _reboot(self, seconds: float) -> None:
        """Go down now, and come back ``seconds`` later, before this returns if that is 0."""
        if self._https is not None:
            await self._https.leave()
        if self._ssh is not None:
            self._ssh.is_away = True
            self._ssh.cut()
        async with self._lock:
            self._boots += 1
            self.device.boot(self.device.startup)
            self._is_dirty, self._applied = False, None
            await asyncio.to_thread(self._environment.daemon.apply, None)
        if seconds:
            self._keep(self._come_back(seconds))
        else:
            await self._come_back(0)

    async def _come_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._is_dirty = True
        await self.in_turn(lambda: None)
        if self._https is not None:
            await self._https.listen()
        if self._ssh is not None:
            self._ssh.is_away = False

    # What it does by itself -----------------------------------------------------------------

    def _changed(self) -> None:
        self._is_dirty = True

    def _follow(self) -> None:
        """Let the daemon do what the configuration means now."""
        if not self._is_dirty:
            return
        self._is_dirty = False
        router = read_router(self.device.configuration)
        if router != self._applied:
            self._environment.daemon.apply(router)
            self._applied = router

    def settle_soon(self) -> None:
        """Let BGP follow in a moment, unless something is typed before."""
        assert self._loop is not None  # noqa: S101 - nobody types before the switch has booted
        if self._settling is not None:
            self._settling.cancel()
        self._settling = self._loop.call_later(
            _SETTLE_S, lambda: self._keep(self.in_turn(lambda: None))
        )

    def _keep(self, coroutine: Any) -> None:  # noqa: ANN401 - any coroutine
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch_schedules(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            if self.device.scheduler.due(self.device.configuration):
                await self.in_turn(self._run_due)

    def _run_due(self) -> None:
        for schedule in self.device.scheduler.due(self.device.configuration):
            ran = self.device.scheduler.began(schedule.groups["name"])
            for one in schedule.named("job"):
                name = one.groups["name"]
                found = [
                    job
                    for job in self.device.configuration.root.named("job")
                    if job.groups["name"] == name
                ]
                ran.status[name] = self._run_job(found[0]) if found else "Failed (not defined)"

    def _run_job(self, job: Node) -> str:
        """Run a job's commands, whatever becomes of each."""
        session = self.session()
        status = "Success (0)"
        self.device.scheduler.running_job = job.groups["name"]
        try:
            for line in [one.text for one in job.named("command")]:
                for command in line.split(" ;"):
                    try:
                        session.run(command)
                    except RefusedError as error:
                        status = f"Failed ({error})"
        finally:
            self.device.scheduler.running_job = None
        return status

    def _pending(self) -> float | None:
        """Return the seconds until the next rollback that is scheduled, whoever scheduled it."""
        root = self.device.configuration.root
        rolls_back = {
            job.groups["name"]
            for job in root.named("job")
            if any("rollback running-config" in one.text for one in job.named("command"))
        }
        moments = []
        for one in root.named("schedule"):
            at, ran = starts_at(one), self.device.scheduler.executions.get(one.groups["name"])
            jobs = {line.groups["name"] for line in one.named("job")}
            if at is not None and jobs & rolls_back and (ran is None or ran.last is None):
                moments.append((at - self.device.clock.now()).total_seconds())
        return min(moments, default=None)

    def _edit(self, lines: Sequence[str] | str) -> None:
        session = self.session()
        session.run("configure terminal")
        for line in whole_commands(lines.splitlines() if isinstance(lines, str) else list(lines)):
            session.run(line)

    # NX-API ---------------------------------------------------------------------------------

    async def _batch(self, commands: Sequence[nxapi.Command]) -> list[Reply | RefusedError]:
        if "hang" in self.device.faults:
            await asyncio.Event().wait()
        end = self._cut_behind(commands)
        replies = await self.asked(lambda: self._run_all(commands[:end]))
        if end is not None:
            raise LostAnswerError
        return replies

    def _cut_behind(self, commands: Sequence[nxapi.Command]) -> int | None:
        """Return how many of ``commands`` are done before the connection is cut; None if not."""
        begins = tuple(
            name.removeprefix("cut ")
            for name in self.device.faults.names
            if name.startswith("cut ")
        )
        found = (at for at, (_, text) in enumerate(commands, start=1) if text.startswith(begins))
        return next(found, None) if begins else None

    def _run_all(self, commands: Sequence[nxapi.Command]) -> list[Reply | RefusedError]:
        session = self.session(is_api=True)
        replies: list[Reply | RefusedError] = []
        for _, text in commands:
            try:
                replies.append(session.run(text))
            except RefusedError as error:
                replies.append(error)
                break
        return replies
