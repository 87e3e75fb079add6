"""One network, loaded and checked: :func:`load_site`.

Everything is read and validated together and every problem is reported at its place, so
that whoever mends a file mends it once. Nothing here contacts a device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from inventory import source
from inventory.errors import InputError, Place, Problem
from inventory.models import (
    DEVICE_ROLES,
    Cluster,
    HostData,
    HostEntry,
    PoolsFile,
    Role,
    Session,
    SiteFile,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One switch of the site, with what its groups and the defaults add."""

    name: str
    hostname: str
    platform: str
    role: Role
    groups: tuple[str, ...]
    asn: int
    rack: str | None
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
        return tuple(sorted(self.clusters if session.clusters is None else session.clusters))

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

    site_source = source.read(path / "site.yaml")
    settings = site_source.validate(SiteFile)
    pools_source = source.read(path / settings.pools)
    clusters: Mapping[str, Cluster] = {}
    try:
        clusters = pools_source.validate(PoolsFile).clusters
    except InputError as error:
        problems += error.problems
    loader = _Hosts(path)
    devices = loader.load()
    problems += loader.problems
    if not problems:
        problems += _cross_checks(loader.hosts, devices, clusters)
    if problems:
        raise InputError(*problems)
    return Site(
        path=path,
        settings=settings,
        clusters=clusters,
        devices=devices,
        pools_source=pools_source,
    )


class _Hosts:
    """Reads hosts.yaml, groups.yaml and defaults.yaml as Nornir's SimpleInventory does."""

    def __init__(self, path: Path) -> None:
        self.hosts = source.read(path / "hosts.yaml")
        self.groups = source.read(path / "groups.yaml", optional=True)
        self.defaults = source.read(path / "defaults.yaml", optional=True)
        self.problems: list[Problem] = []

    def load(self) -> dict[str, Device]:
        """Return the devices that are in order; the others are in ``problems``."""
        groups = self._entries(self.groups)
        defaults = self._entry(self.defaults, self.defaults.data, ())
        if not self.hosts.data:
            self.problems.append(self.hosts.problem((), "no hosts; add the switches"))
        devices: dict[str, Device] = {}
        for name, entry in self._entries(self.hosts).items():
            chain = [entry, *self._ancestors(name, entry, groups)]
            if defaults is not None:
                chain.append(defaults)
            device = self._device(name, entry, chain)
            if device is not None:
                devices[name] = device
        return devices

    def _entries(self, origin: source.Source) -> dict[str, HostEntry]:
        found = {
            str(name): self._entry(origin, value or {}, (name,))
            for name, value in origin.data.items()
        }
        return {name: entry for name, entry in found.items() if entry is not None}

    def _entry(
        self, origin: source.Source, value: object, location: tuple[str, ...]
    ) -> HostEntry | None:
        try:
            return HostEntry.model_validate(value)
        except ValidationError as error:
            self.problems += origin.problems(error, location)
            return None

    def _ancestors(
        self, name: str, entry: HostEntry, groups: Mapping[str, HostEntry]
    ) -> list[HostEntry]:
        """Return the groups of ``entry``, depth first, as Nornir resolves them."""
        found: list[HostEntry] = []
        for index, group in enumerate(entry.groups):
            if group not in groups:
                if group not in self.groups.data:
                    text = f"unknown group {group!r}; groups.yaml has no such entry"
                    self.problems.append(self.hosts.problem((name, "groups", index), text))
                continue
            found.append(groups[group])
            found += self._ancestors(group, groups[group], groups)
        return found

    def _device(self, name: str, entry: HostEntry, chain: list[HostEntry]) -> Device | None:
        data: dict[str, Any] = {}
        for level in reversed(chain):
            data.update(level.data)
        try:
            host = HostData.model_validate(data)
        except ValidationError as error:
            self.problems += self.hosts.problems(error, (name, "data"))
            return None
        roles = [Role(group) for group in entry.groups if group in set(DEVICE_ROLES)]
        role = host.role or (roles[0] if len(roles) == 1 else None)
        platform = next((level.platform for level in chain if level.platform), None)
        if role not in DEVICE_ROLES:
            text = f"unknown role of {name}; put it in one of the groups tor, spine and border"
        elif platform is None:
            text = f"{name} has no platform; set it on the host or one of its groups"
        else:
            return Device(
                name=name,
                hostname=entry.hostname or name,
                platform=platform,
                role=role,
                groups=entry.groups,
                asn=host.asn,
                rack=host.rack,
                sessions=host.sessions,
                ignore_neighbors=host.ignore_neighbors,
                place=self.hosts.place((name,)),
            )
        self.problems.append(self.hosts.problem((name,), text))
        return None


def _cross_checks(
    hosts: source.Source, devices: Mapping[str, Device], clusters: Mapping[str, Cluster]
) -> list[Problem]:
    """Return what is wrong between the files: names that nobody has, sessions named twice."""
    found: list[Problem] = []
    for name, device in devices.items():
        seen: set[tuple[str | None, str]] = set()
        for index, session in enumerate(device.sessions):
            at = (name, "data", "sessions", index)
            if session.device is not None and session.device not in devices:
                text = f"unknown device {session.device!r}; hosts.yaml has no such host"
                found.append(hosts.problem((*at, "device"), text))
            for cluster in session.clusters or ():
                if cluster not in clusters:
                    known = ", ".join(sorted(clusters)) or "none"
                    text = f"unknown cluster {cluster!r}; pools.yaml has: {known}"
                    found.append(hosts.problem((*at, "clusters"), text))
            if (session.vrf, session.name) in seen:
                text = f"{name} lists the session {session.name} twice; keep one"
                found.append(hosts.problem(at, text))
            seen.add((session.vrf, session.name))
    return found
