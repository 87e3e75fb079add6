"""Leaf-spine fabrics of any size, on paper: `Plan.site`, `open_runnings`, `fenced`.

Law: a device has a session for each of the site's, both families, and nothing else. Open, it lets
everything through; fenced, it has what a deploy would install.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filter_sets import FRR

from inventory.errors import Place
from inventory.fields import Role
from inventory.hosts import Device
from inventory.models import SiteFile
from inventory.pools import Cluster, Pool, PoolKind
from inventory.sessions import Session
from inventory.site import Site
from inventory.source import empty
from policies.change import apply, steps
from policies.filters import Attachment, Direction, Running, SessionKey
from policies.filters import Session as Configured
from policies.guards import wanted_guards
from policies.install import install
from policies.managed import managed
from policies.pools import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafSpine:
    """Pods of spines and ToRs below common borders; ToRs take clusters in turn."""

    borders: int = 2
    pods: int = 1
    spines: int = 2
    tors: int = 2
    clusters: int = 2
    #: Whether spines are told which clusters are behind which ToR.
    narrowed: bool = True

    def cluster(self, number: int) -> str:
        return f"c{number % self.clusters}"

    def site(self, **settings: Any) -> Site:  # noqa: ANN401 - what site.yaml may hold
        """Return the site."""
        sessions: dict[str, list[Session]] = {}
        for pod in range(self.pods):
            spines = [f"spine{pod * self.spines + one}" for one in range(self.spines)]
            for number in range(pod * self.tors, (pod + 1) * self.tors):
                tor, cluster = f"tor{number}", self.cluster(number)
                nodes = Session(peer_group="NODES", role=Role.NODE, clusters=(cluster,))
                sessions[tor] = [nodes]
                behind = (cluster,) if self.narrowed else None
                for spine in spines:
                    sessions.setdefault(spine, [])
                    sessions[tor].append(_to(spine, behind))
                    sessions[spine].append(_to(tor, behind))
            for spine in spines:
                for one in range(self.borders):
                    border = f"border{one}"
                    sessions.setdefault(border, [])
                    sessions[border].append(_to(spine, None))
                    sessions[spine].append(_to(border, None))
        for one in range(self.borders):
            sessions[f"border{one}"].append(Session(neighbor="Transit1", role=Role.EXTERNAL))
        return Site(
            path=Path(),
            settings=SiteFile(name="paper", **settings),
            clusters={self.cluster(one): _cluster(one) for one in range(self.clusters)},
            devices={name: _device(name, tuple(own)) for name, own in sessions.items()},
            pools_source=empty(Path("pools.yaml")),
        )


def _to(device: str, clusters: tuple[str, ...] | None) -> Session:
    return Session(neighbor=f"To-{device}", device=device, clusters=clusters)


def _cluster(number: int) -> Cluster:
    pools = (
        Pool(cidr=ip_network((10 << 24 | number << 12, 20)), kind=PoolKind.WORKLOAD),
        Pool(cidr=ip_network((0xFD00 << 112 | number << 80, 48)), kind=PoolKind.WORKLOAD),
    )
    return Cluster(
        delegated=tuple(one.cidr for one in pools),
        pools=pools,
        infrastructure=(ip_network((172 << 24 | 16 << 16 | number << 8, 24)),),
        strict_affinity=True,
    )


def _device(name: str, sessions: tuple[Session, ...]) -> Device:
    return Device(
        name=name,
        hostname=name,
        platform="frr",
        role=Role(name.rstrip("0123456789")),
        groups=(),
        asn=65000,
        rack=None,
        sessions=sessions,
        ignore_neighbors=(),
        place=Place(Path("hosts.yaml")),
    )


def open_running(device: Device) -> Running:
    """Return a configuration that lets everything through, both families, on every session."""
    attachments = {(version, way): Attachment() for version in VERSIONS for way in Direction}
    keys = {one: SessionKey(one.vrf or "", one.name) for one in device.sessions}
    return Running(
        lists={},
        route_maps={},
        sessions={
            key: Configured(
                key=key,
                is_group=one.peer_group is not None,
                group=None,
                is_external=True,
                closed_without_policy=False,
                listens=one.peer_group is not None,
                attachments=attachments,
            )
            for one, key in keys.items()
        },
        semantics=FRR,
    )


def open_runnings(site: Site) -> dict[str, Running]:
    """Return every device of ``site`` without a filter."""
    return {name: open_running(device) for name, device in site.devices.items()}


def fenced(site: Site, runnings: Mapping[str, Running]) -> dict[str, Running]:
    """Return ``runnings`` with the guards that ``site`` wants."""
    guards = wanted_guards(site)
    found = {}
    for name, running in runnings.items():
        wanted = install(name, running, guards[name])
        assert not wanted.violations
        found[name] = apply(running, steps(managed(running), wanted.managed))
    return found


def with_session(running: Running, name: str, **attachments: Attachment) -> Running:
    """Return ``running`` with other attachments in its session ``name``, both families."""
    key = SessionKey("", name)
    changed = {
        (version, Direction(way)): one for way, one in attachments.items() for version in VERSIONS
    }
    session = running.sessions[key]
    session = replace(session, attachments={**session.attachments, **changed})
    return replace(running, sessions={**running.sessions, key: session})
