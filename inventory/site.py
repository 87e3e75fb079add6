"""One network, loaded and checked: :func:`load_site`.

Everything is read and validated together and every problem is reported at its place, so
that whoever mends a file mends it once. Nothing here contacts a device.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory import source
from inventory.environment import with_environment
from inventory.errors import InputError, Place, Problem, collect
from inventory.hosts import Hosts
from inventory.models import PoolsFile, SiteFile
from inventory.secrets import read_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.fields import Role
    from inventory.hosts import Device
    from inventory.pools import Cluster
    from inventory.sessions import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One folder with one network's inventory, pools and settings."""

    path: Path
    settings: SiteFile
    clusters: Mapping[str, Cluster]
    devices: Mapping[str, Device]
    pools_source: source.Source
    #: What hosts.yaml, groups.yaml and defaults.yaml say, by "hosts", "groups" and "defaults"; it
    #: may hold passwords.
    nornir: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

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
    site_source = collect(problems, lambda: source.read(path / "site.yaml"))
    if site_source is not None:
        settings = collect(problems, lambda: site_source.validate(SiteFile)) or settings
        found = collect(problems, lambda: source.read(path / _pools_name(site_source)))
        if found is not None:
            pools_source = found
            pools = collect(problems, lambda: pools_source.validate(PoolsFile))
            clusters = dict(pools.clusters) if pools else {}
    loader = Hosts(path, problems)
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
        nornir={
            "hosts": loader.hosts.data,
            "groups": loader.groups.data,
            "defaults": loader.defaults.data,
        },
    )


def _pools_name(site: source.Source) -> str:
    """Return the name of the pools' file, also where another key of site.yaml is wrong."""
    name = site.data.get("pools")
    return name if isinstance(name, str) else str(SiteFile.model_fields["pools"].default)


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
