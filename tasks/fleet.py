"""The devices of a site as Nornir runs them: :class:`Fleet`.

Nornir brings the inventory, the threads and the connections; what it would do by itself and
must not - skip hosts that failed once, share one options dict between the hosts of a group,
write tracebacks into ``nornir.log`` - is set right here, once.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

from nornir import InitNornir
from nornir.core.inventory import ConnectionOptions

from inventory.errors import DeviceError
from tasks.adapters import ADAPTERS
from tasks.adapters.base import Trust
from tasks.connection import CONNECTION, register
from tasks.errors import named, translate
from tasks.inventory import INVENTORY, register_inventory
from tasks.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from nornir.core import Nornir
    from nornir.core.task import Result, Task

    from inventory.site import Site
    from tasks.adapters.base import Adapter, Driver

_Value = TypeVar("_Value")

#: Devices worked on at the same time. They wait for the network, not for this processor.
WORKERS = 50


class Host:
    """One device during a run: its adapter and its connection, opened when first needed."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.name: str = task.host.name
        self.adapter: Adapter = ADAPTERS[str(task.host.platform)]

    @property
    def driver(self) -> Driver:
        """The open NAPALM driver."""
        return self._task.host.get_connection(CONNECTION, self._task.nornir.config)

    def hang_up(self) -> None:
        """Close the connection, dead or not; the next use of :attr:`driver` opens another."""
        connection = self._task.host.connections.pop(CONNECTION, None)
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()


class Fleet:
    """Runs a function on many devices at once, and gathers what became of it on each."""

    def __init__(self, site: Site, names: Iterable[str]) -> None:
        self.site = site
        self.names = tuple(names)
        #: Seconds that each device was worked on so far; a device has one thread at a time.
        self.took_s: dict[str, float] = {}
        site.ensure_trust_files()
        _quiet_libraries()
        register()
        register_inventory()
        trust = Trust(ssh=site.settings.ssh, tls=site.settings.tls, folder=site.path)
        password = site.password()
        everything = InitNornir(
            inventory={"plugin": INVENTORY, "options": dict(site.nornir)},
            runner={"plugin": "threaded", "options": {"num_workers": WORKERS}},
            logging={"enabled": False},
        )
        self._nornir: Nornir = everything.filter(filter_func=lambda host: host.name in self.names)
        for host in self._nornir.inventory.hosts.values():
            # A name that resolves needs no address; Nornir leaves it out.
            host.hostname = site.devices[host.name].hostname
            given = host.get_connection_parameters("napalm")
            # A copy per host: drivers pop what they know from the dict they are handed.
            extras = copy.deepcopy(given.extras or {})
            extras["trust"] = trust
            extras["optional_args"] = ADAPTERS[str(host.platform)].options(
                extras.get("optional_args") or {}, trust
            )
            host.connection_options[CONNECTION] = ConnectionOptions(
                hostname=given.hostname,
                port=given.port,
                username=given.username,
                password=given.password or password,
                platform=given.platform,
                extras=extras,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def each(
        self,
        work: Callable[..., _Value],
        names: Iterable[str] | None = None,
        *,
        arguments: Mapping[str, tuple[Any, ...]] | None = None,
        done: Callable[[Outcome[_Value]], None] = lambda _: None,
    ) -> dict[str, Outcome[_Value]]:
        """Run ``work(host, *arguments[name])`` on every device of ``names``, side by side.

        Returns the outcomes in the order of the site. ``done`` is told each as it ends, from
        the thread that it ended in; what it raises is nothing that became of the device.
        """
        chosen = set(self.names if names is None else names)

        def run(task: Task) -> Outcome[_Value]:
            outcome = self._run_one(task, work, (arguments or {}).get(task.host.name, ()))
            with contextlib.suppress(Exception):
                done(outcome)
            return outcome

        subset = self._nornir.filter(filter_func=lambda host: host.name in chosen)
        # Nornir skips whoever failed once; a rollback is for exactly those.
        results = subset.run(task=run, on_failed=True)
        return {name: _outcome(name, results[name][0]) for name in self.names if name in chosen}

    def _run_one(
        self, task: Task, work: Callable[..., _Value], arguments: tuple[Any, ...]
    ) -> Outcome[_Value]:
        name, began = task.host.name, time.monotonic()
        value: _Value | None = None
        failed: DeviceError | None = None
        try:
            value = work(Host(task), *arguments)
        except DeviceError as error:
            failed = named(name, str(task.host.hostname), error)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: drivers raise anything
            failed = translate(name, str(task.host.hostname), error)
        self.took_s[name] = self.took_s.get(name, 0.0) + time.monotonic() - began
        return Outcome(name, value, failed)

    def forget(self, names: Iterable[str]) -> None:
        """Drop the connections of ``names``, dead or not; each is opened anew when needed.

        Side by side: a device that does not answer keeps whoever closes its connection waiting.
        """
        chosen = set(names)
        self._nornir.filter(filter_func=lambda host: host.name in chosen).run(
            task=lambda task: Host(task).hang_up(), on_failed=True
        )

    def close(self) -> None:
        """Close every connection; a pending commit keeps its timer."""
        self._nornir.close_connections(on_good=True, on_failed=True)


def _outcome(name: str, result: Result) -> Outcome[Any]:
    """Return the outcome that ``result`` holds; where Nornir put a traceback there, a failed one.

    Only the name of what was raised is kept: nobody has looked at its words for secrets.
    """
    if isinstance(result.result, Outcome):
        return result.result
    said = f"{name}: failed: {type(result.exception).__name__}"
    return Outcome(name, error=DeviceError(said))


def _quiet_libraries() -> None:
    """Keep libraries from logging what they send: configurations, at worst passwords."""
    for name in ("ncclient", "paramiko", "netmiko", "pyeapi", "napalm", "nornir"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
