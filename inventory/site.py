"""One network, loaded and checked: :func:`load_site`.

Everything is read and validated together and every problem is reported at its place, so
that whoever mends a file mends it once. Nothing here contacts a device.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from inventory import source
from inventory.environment import with_environment
from inventory.errors import InputError, Place, Problem
from inventory.fields import DEVICE_ROLES, Role, plain_name
from inventory.models import HostData, HostEntry, PoolsFile, SiteFile
from inventory.secrets import read_password

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inventory.pools import Cluster
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One folder with one network's inventory, pools and settings."""

    path: Path
    settings: SiteFile
    clusters: Mapping[str, Cluster]
    devices: Mapping[str, Device]
    pools_source: source.Source

    def facing(self, session: Session) -> Role:
        """Return the role that ``session`` faces."""
        if session.role is not None:
            return session.role
        return self.devices[session.device or ""].role

    def clusters_of(self, session: Session) -> tuple[str, ...]:
        """Return the clusters behind ``session``, sorted; all of them where it names none."""
        named = self.clusters if session.clusters is None else session.clusters
        return tuple(sorted(name for name in named if name in self.clusters))

    def ensure_trust_files(self) -> None:
        """Refuse, before anything is contacted, if a file that site.yaml trusts in is absent.

        Raises:
            InputError: with each that is.
        """
        settings = self.settings
        named = (
            ("ssh.key_file", settings.ssh.key_file),
            ("ssh.known_hosts", settings.ssh.known_hosts),
            ("tls.ca_file", settings.tls.ca_file),
            ("credentials.password_file", settings.credentials.password_file),
        )
        missing = [
            Problem(
                Place(self.path / "site.yaml"),
                f"{key}: there is no file {name!r}"
                + ("; `make lab-up` makes the lab's" if settings.name == "lab" else ""),
            )
            for key, name in named
            if name is not None and not self.file(name).is_file()
        ]
        if missing:
            raise InputError(*missing)

    def password(self) -> str | None:
        """Return the password for devices that want one; None if the site has none.

        Raises:
            InputError: the file is empty, is no text, or others may read it.
        """
        if given := os.environ.get("RINGFENCE_PASSWORD"):
            return given
        return self._password_in("credentials", self.settings.credentials.password_file)

    def ledger_password(self) -> str | None:
        """Return the password of the ledger's database; None leaves it to the database's client.

        Raises:
            InputError: the file is empty, is no text, or others may read it.
        """
        if given := os.environ.get("RINGFENCE_LEDGER_PASSWORD"):
            return given
        return self._password_in("ledger", self.settings.ledger.password_file)

    def _password_in(self, section: str, name: str | None) -> str | None:
        if name is None:
            return None
        place = Place(self.path / "site.yaml")
        return read_password(self.file(name), place, f"{section}.password_file", name)

    def file(self, name: str) -> Path:
        """Return the path that a setting means: relative ones start at the site's folder."""
        return (self.path / Path(name).expanduser()).resolve()


def load_site(path: Path) -> Site:
    """Return the site in the folder ``path``.

    Raises:
        InputError: with every problem found, each with file, line and column.
    """
    if not path.is_dir():
        text = "there is no such folder; name a site with --site (inventory/lab is one)"
        raise InputError(Problem(Place(path), text))
    problems: list[Problem] = []
    settings, clusters = SiteFile(name="unread"), {}
    pools_source = source.empty(path / settings.pools)
    site_source = _collect(problems, lambda: source.read(path / "site.yaml"))
    if site_source is not None:
        settings = _collect(problems, lambda: site_source.validate(SiteFile)) or settings
        found = _collect(problems, lambda: source.read(path / _pools_name(site_source)))
        if found is not None:
            pools_source = found
            pools = _collect(problems, lambda: pools_source.validate(PoolsFile))
            clusters = dict(pools.clusters) if pools else {}
    loader = _Hosts(path, problems)
    devices = loader.load()
    if not problems:
        problems += _cross_checks(loader.hosts, devices, clusters)
    if problems:
        raise InputError(*problems)
    return Site(
        path=path,
        settings=with_environment(settings),
        clusters=clusters,
        devices=devices,
        pools_source=pools_source,
    )


_Read = TypeVar("_Read")


def _collect(problems: list[Problem], read: Callable[[], _Read]) -> _Read | None:
    """Return what ``read`` gives; None if its problems went to ``problems``."""
    try:
        return read()
    except InputError as error:
        problems += error.problems
        return None


def _pools_name(site: source.Source) -> str:
    """Return the name of the pools' file, also where another key of site.yaml is wrong."""
    name = site.data.get("pools")
    return name if isinstance(name, str) else str(SiteFile.model_fields["pools"].default)


@dataclass(frozen=True, slots=True)
class _Level:
    """A host, one of its groups or the defaults, and where it stands."""

    origin: source.Source
    location: tuple[str, ...]
    entry: HostEntry


class _Hosts:
    """Reads hosts.yaml, groups.yaml and defaults.yaml as Nornir's SimpleInventory does."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.problems = problems
        self.hosts = self._read(path / "hosts.yaml", optional=False)
        self.groups = self._read(path / "groups.yaml")
        self.defaults = self._read(path / "defaults.yaml")

    def _read(self, path: Path, *, optional: bool = True) -> source.Source:
        before = len(self.problems)
        found = _collect(self.problems, lambda: source.read(path, optional=optional))
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


def _cross_checks(
    hosts: source.Source, devices: Mapping[str, Device], clusters: Mapping[str, Cluster]
) -> list[Problem]:
    """Return what is wrong between the files: names that nobody has, sessions named twice."""
    found: list[Problem] = []
    reached: dict[tuple[str, int | None], str] = {}
    for name, device in devices.items():
        other = reached.setdefault((device.hostname, device.port), name)
        if other != name:
            text = f"{name} is reached at {device.hostname}, as {other} is; give each its own"
            found.append(hosts.problem((name,), text))
        seen: set[tuple[str | None, str]] = set()
        for index, session in enumerate(device.sessions):
            at = (name, "data", "sessions", index)
            if session.device is not None and session.device not in devices:
                text = f"unknown device {session.device!r}; hosts.yaml has no such host"
                found.append(hosts.problem((*at, "device"), text))
            if session.device == name:
                text = f"{name} can't face itself; name the switch at the other end"
                found.append(hosts.problem((*at, "device"), text))
            # Without any clusters at all the limit "no-pools" says what is wrong, once.
            for cluster in session.clusters or () if clusters else ():
                if cluster not in clusters:
                    known = ", ".join(sorted(clusters)) or "none"
                    text = f"unknown cluster {cluster!r}; pools.yaml has: {known}"
                    found.append(hosts.problem((*at, "clusters"), text))
            if (session.vrf, session.name) in seen:
                text = f"{name} lists the session {session.name} twice; keep one"
                found.append(hosts.problem(at, text))
            seen.add((session.vrf, session.name))
    return found
