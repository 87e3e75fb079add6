"""The switches of a site, from hosts.yaml, groups.yaml and defaults.yaml: :class:`Hosts`.

What a host does not say, its groups and the defaults do, as in Nornir's SimpleInventory. A problem
is told at the entry that causes it, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from inventory import source
from inventory.errors import Place, Problem, collect
from inventory.fields import DEVICE_ROLES, Role, plain_name
from inventory.models import HostData, HostEntry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inventory.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One switch of the site, with what its groups and the defaults add."""

    name: str
    hostname: str
    port: int | None = None
    platform: str
    role: Role
    groups: tuple[str, ...]
    asn: int
    rack: str | None
    plane: str | None = None
    sessions: tuple[Session, ...]
    ignore_neighbors: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class _Level:
    """A host, one of its groups or the defaults, and where it stands."""

    origin: source.Source
    location: tuple[str, ...]
    entry: HostEntry


class Hosts:
    """Reads hosts.yaml, groups.yaml and defaults.yaml as Nornir's SimpleInventory does."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.problems = problems
        self.hosts = self._read(path / "hosts.yaml", optional=False)
        self.groups = self._read(path / "groups.yaml")
        self.defaults = self._read(path / "defaults.yaml")

    def _read(self, path: Path, *, optional: bool = True) -> source.Source:
        before = len(self.problems)
        found = collect(self.problems, lambda: source.read(path, optional=optional))
        if found is not None and not (found.data or optional):
            self.problems.append(found.problem((), "no hosts; add the switches"))
        return found if found and len(self.problems) == before else source.empty(path)

    def load(self) -> dict[str, Device]:
        """Return the devices that are in order; the others are in ``problems``."""
        groups = self._levels(self.groups)
        for name, level in groups.items():
            self._check_groups(level, groups, self._cycle(name, groups))
        defaults = self._level(self.defaults, self.defaults.data, ())
        devices: dict[str, Device] = {}
        for name, level in self._levels(self.hosts).items():
            self._check_groups(level, groups)
            chain = [level, *_ancestors(level.entry, groups)]
            if defaults is not None:
                chain.append(defaults)
            device = self._device(name, chain, groups)
            if device is not None:
                devices[name] = device
        return devices

    def _levels(self, origin: source.Source) -> dict[str, _Level]:
        found = {}
        for name, value in origin.data.items():
            try:
                plain_name(str(name))
            except ValueError as error:
                text = f"{str(name)!r} is refused: {error}"
                self.problems.append(origin.problem((name,), text))
                continue
            if str(name) in found:
                text = f"{str(name)!r} is there twice, as a number and as a word; keep one"
                self.problems.append(origin.problem((name,), text))
            level = self._level(origin, {} if value is None else value, (name,))
            if level is not None:
                found[str(name)] = level
        return found

    def _level(
        self, origin: source.Source, value: object, location: tuple[str, ...]
    ) -> _Level | None:
        try:
            return _Level(origin, location, HostEntry.model_validate(value))
        except ValidationError as error:
            self.problems += origin.problems(error, location)
            return None

    def _check_groups(
        self, level: _Level, groups: Mapping[str, _Level], cycle: str | None = None
    ) -> None:
        """Note the groups of ``level`` that are not there, and a group inside itself."""
        for index, group in enumerate(level.entry.groups):
            at: tuple[str | int, ...] = (*level.location, "groups", index)
            if group not in groups and group not in self.groups.data:
                text = f"unknown group {group!r}; groups.yaml has no such entry"
                self.problems.append(level.origin.problem(at, text))
            elif cycle is not None and group == cycle:
                text = f"the group {level.location[0]!r} is inside itself; take it out"
                self.problems.append(level.origin.problem(at, text))

    def _cycle(self, name: str, groups: Mapping[str, _Level]) -> str | None:
        """Return which group of the group ``name`` leads back to it, or None."""
        for group in groups[name].entry.groups:
            level = groups.get(group)
            if level is not None and (
                group == name or groups[name] in _ancestors(level.entry, groups)
            ):
                return group
        return None

    def _device(
        self, name: str, chain: list[_Level], groups: Mapping[str, _Level]
    ) -> Device | None:
        data: dict[str, Any] = {}
        said_by: dict[str, _Level] = {}
        for level in reversed(chain):
            data.update(level.entry.data)
            said_by.update(dict.fromkeys(level.entry.data, level))
        try:
            host = HostData.model_validate(data)
        except ValidationError as error:
            self._blame(error, said_by, chain[0])
            return None
        entry = chain[0].entry
        roles = [Role(group) for group in entry.groups if group in set(DEVICE_ROLES)]
        if not all(one in groups for level in chain for one in level.entry.groups):
            return None  # what they would have said is not known, and that they are wrong is noted
        role = host.role or (roles[0] if len(roles) == 1 else None)
        platform = next((one.entry.platform for one in chain if one.entry.platform), None)
        if role not in DEVICE_ROLES:
            text = f"unknown role of {name}; put it in one of the groups tor, spine and border"
        elif platform is None:
            text = f"{name} has no platform; set it on the host or one of its groups"
        else:
            return Device(
                name=name,
                hostname=next((one.entry.hostname for one in chain if one.entry.hostname), name),
                port=next((one.entry.port for one in chain if one.entry.port), None),
                platform=platform,
                role=role,
                groups=entry.groups,
                asn=host.asn,
                rack=host.rack,
                plane=host.plane,
                sessions=host.sessions,
                ignore_neighbors=host.ignore_neighbors,
                place=self.hosts.place((name,)),
            )
        self.problems.append(self.hosts.problem((name,), text))
        return None

    def _blame(self, error: ValidationError, said_by: Mapping[str, _Level], host: _Level) -> None:
        """Note what is wrong with a host's data, each at the entry that says it, once."""
        for detail in error.errors():
            level = said_by.get(str(detail["loc"][0]), host)
            location = (*level.location, "data", *detail["loc"])
            problem = level.origin.problem(location, source.sentence(detail, location))
            if problem not in self.problems:
                self.problems.append(problem)


def _ancestors(entry: HostEntry, groups: Mapping[str, _Level]) -> list[_Level]:
    """Return the groups of ``entry`` that are there, depth first, as Nornir resolves them."""
    found: list[_Level] = []
    left = list(entry.groups)
    while left:
        level = groups.get(left.pop(0))
        if level is not None and level not in found:
            found.append(level)
            left = [*level.entry.groups, *left]
    return found
