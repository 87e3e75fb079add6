"""Who announces the routes that are in a device's table and must not be: :func:`find_origins`.

The tables name the neighbors already (:func:`told_by_tables`); the device is asked once more for
what the paths say, and only where there is something illegal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.filters import SessionKey
from policies.illegal import illegal_routes
from tasks.adapters.base import Origin
from tasks.errors import translate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from inventory.hosts import Device
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from tasks.adapters.base import Origins, Tables
    from tasks.fleet import Host

#: Prefixes of one device whose paths are asked for: the platforms that are asked for one at a time
#: take a round trip each, and whoever leaks a whole table is known by its first routes.
DETAILED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class IllegalRoute:
    """A route in the table that its session's fence does not allow, and where it comes from.

    ``origins`` are by neighbor, at least one path each. Those beyond :data:`DETAILED`, and those of
    a path that has gone meanwhile, tell the neighbor alone. ``names`` has the switch that the
    site knows a neighbor's address as. ``more`` is as :class:`policies.illegal.Illegal` has it.
    """

    session: SessionKey
    version: int
    prefix: Network
    origins: tuple[Origin, ...]
    names: Mapping[str, str]
    more: int = 0

    @property
    def neighbors(self) -> tuple[str, ...]:
        """The addresses of the neighbors, each once."""
        return tuple(dict.fromkeys(one.neighbor for one in self.origins))

    @property
    def next_hops(self) -> tuple[str, ...]:
        """Where the traffic would go, each once; none where the device was not asked."""
        return tuple(dict.fromkeys(one.next_hop for one in self.origins if one.next_hop))

    @property
    def origin(self) -> str:
        """The origins in words, such as ``10.255.0.2 (spine1), AS path 65201``."""
        return "; ".join(dict.fromkeys(self._words(one) for one in self.origins))

    def _words(self, one: Origin) -> str:
        said = [one.neighbor]
        if name := self.names.get(one.neighbor):
            said[0] += f" ({name})"
        elif one.says:
            # Whoever hijacks a route may call itself whatever it likes.
            said[0] += f" (calls itself {one.says!r})"
        if one.next_hop not in {"", one.neighbor}:
            said.append(f"next hop {one.next_hop}")
        if one.as_path:
            said.append(f"AS path {one.as_path}")
        return ", ".join(said)


def told_by_tables(
    device: Device, running: Running, tables: Tables, fenced: Mapping[Slot, Fence]
) -> tuple[IllegalRoute, ...]:
    """Return the illegal routes by session, family and prefix, with their neighbors; asks nobody.

    ``fenced`` has the fence of each session and of each member of a group, as
    :func:`policies.install.install` gives them.
    """
    named = {SessionKey(one.vrf or "", one.name): one.device for one in device.sessions}
    found = []
    for one in illegal_routes(running, tables.routes, fenced):
        keys = {who: SessionKey(one.session.vrf, who) for who in one.neighbors}
        names = {who: named.get(key) or named.get(one.session) for who, key in keys.items()}
        found.append(
            IllegalRoute(
                session=one.session,
                version=one.version,
                prefix=one.prefix,
                origins=tuple(Origin(neighbor=who) for who in one.neighbors),
                names={who: name for who, name in names.items() if name},
                more=one.more,
            )
        )
    return tuple(found)


def find_origins(
    host: Host, device: Device, running: Running, tables: Tables, fenced: Mapping[Slot, Fence]
) -> tuple[IllegalRoute, ...]:
    """Return what :func:`told_by_tables` does, and what the paths of the first say. Read-only.

    Nothing is asked where nothing is illegal.

    Raises:
        DeviceError: the device does not answer; the neighbors are known all the same.
    """
    found = told_by_tables(device, running, tables, fenced)
    asked = _first(found)
    if not asked:
        return found
    try:
        paths = host.adapter.origins(host.driver, asked)
    except _drivers_own() as error:
        # Said as what it is, so that nobody takes a path that is not known for a dead device.
        raise translate(device.name, device.hostname, error) from error
    return tuple(_with_paths(one, paths) for one in found)


def _drivers_own() -> tuple[type[Exception], ...]:
    """Return what drivers raise by themselves where a device does not answer, or with nonsense."""
    # NAPALM imports all of its drivers, which no command needs that contacts nothing.
    from napalm.base.exceptions import NapalmException  # noqa: PLC0415

    return NapalmException, OSError, EOFError, ValueError


def _first(found: Sequence[IllegalRoute]) -> tuple[tuple[str, Network], ...]:
    """Return the first prefixes to ask for, as (vrf, prefix), each neighbor's in its turn."""
    turn: Counter[tuple[SessionKey, int, str]] = Counter()
    turns = []
    for one in found:
        whose = (one.session, one.version, one.neighbors[0])
        turns.append(turn[whose])
        turn[whose] += 1
    in_turn = sorted(zip(turns, found, strict=True), key=lambda pair: pair[0])
    return tuple(dict.fromkeys((one.session.vrf, one.prefix) for _, one in in_turn))[:DETAILED]


def _with_paths(route: IllegalRoute, paths: Origins) -> IllegalRoute:
    """Return ``route`` with the paths of its own neighbors, of which others may have one too."""
    there = paths.get((route.session.vrf, route.prefix), ())
    found: list[Origin] = []
    for one in route.origins:
        found += [path for path in there if path.neighbor == one.neighbor] or [one]
    return replace(route, origins=tuple(found))
