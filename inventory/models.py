"""What a site's files may say: pydantic models, and so the JSON Schema for editors.

Start with :class:`SiteFile`, :class:`PoolsFile` and :class:`HostEntry`. All are frozen,
refuse unknown keys, and hold ``ipaddress`` values; lengths are in bits, times in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads it at run time
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from inventory.fields import (
    DEVICE_ROLES,
    ClusterName,
    DatabaseUrl,
    IgnoredField,
    Line,
    Model,
    Name,
    NeighborField,
    Network,
    NetworkField,
    PathField,
    Role,
    RoleField,
    plain_name,
)
from inventory.settings import Signatures, Waves, Webhook

__all__ = [
    "BLOCK_SIZES",
    "DEFAULT_BLOCK_SIZE",
    "DEVICE_ROLES",
    "SCHEMAS",
    "Announce",
    "Cluster",
    "Guard",
    "HostData",
    "HostEntry",
    "MatrixRow",
    "Model",
    "Network",
    "Pool",
    "PoolKind",
    "PoolsFile",
    "Role",
    "Session",
    "SiteFile",
    "Ssh",
    "Tls",
    "plain_name",
]

#: Lengths of a block that Calico's IPAM allows (projectcalico api, ippool.go: ``blockSize``).
BLOCK_SIZES = {4: range(20, 33), 6: range(116, 129)}
DEFAULT_BLOCK_SIZE = {4: 26, 6: 122}


class PoolKind(StrEnum):
    """What addresses of a pool are for, which decides the lengths they are announced in."""

    WORKLOAD = "workload"
    SERVICE = "service"


class Pool(Model):
    """A prefix that a cluster owns, with the lengths that it may be announced in."""

    cidr: NetworkField
    kind: PoolKind
    block_size: int | None = Field(
        default=None, description="length of Calico's blocks; default 26, for IPv6 122"
    )
    host_routes: bool | None = Field(
        default=None,
        description="whether single addresses may be announced; default: services yes, "
        "workloads unless the cluster has strict_affinity",
    )

    @model_validator(mode="after")
    def _block_fits(self) -> Self:
        if self.kind is not PoolKind.WORKLOAD:
            if self.block_size is not None:
                raise ValueError("block_size belongs to a workload pool; take it out")
            return self
        allowed = BLOCK_SIZES[self.cidr.version]
        if self.block not in allowed:
            raise ValueError(
                f"block_size {self.block} is refused: Calico allows {allowed[0]} to {allowed[-1]}"
            )
        if self.block < self.cidr.prefixlen:
            raise ValueError(f"block_size {self.block} is larger than the pool {self.cidr}")
        return self

    @property
    def block(self) -> int:
        """Length of this pool's blocks, in bits."""
        if self.block_size is None:
            return DEFAULT_BLOCK_SIZE[self.cidr.version]
        return self.block_size


class Cluster(Model):
    """One cluster: the cap, the pools, and the racks' own subnets."""

    delegated: tuple[NetworkField, ...] = Field(description="the cap: reviewed, in git")
    pools: tuple[Pool, ...] = ()
    infrastructure: tuple[NetworkField, ...] = Field(
        default=(), description="racks' own subnets, exact: inside the fabric, never outside"
    )
    strict_affinity: bool = Field(
        default=False, description="Calico's IPAMConfiguration: no borrowed addresses"
    )


class PoolsFile(Model):
    """pools.yaml."""

    clusters: dict[ClusterName, Cluster]


class Guard(StrEnum):
    """What a session is held to: these pools alone, anything but them, or nothing at all."""

    ONLY = "only"
    ONLY_AND_INFRASTRUCTURE = "only+infrastructure"
    NEVER = "never"
    NONE = "none"


class Announce(StrEnum):
    """Which lengths a tier carries: what nodes announce, the pools as they stand, or both."""

    SPECIFICS = "specifics"
    AGGREGATES = "aggregates"
    BOTH = "both"


class MatrixRow(Model):
    """Which guard goes where, for the sessions of one role that face another."""

    on: RoleField
    facing: RoleField
    import_: Guard = Field(default=Guard.NONE, alias="import")
    export: Guard = Guard.NONE
    announce: Announce = Announce.SPECIFICS

    @model_validator(mode="after")
    def _on_a_device(self) -> Self:
        if self.on not in DEVICE_ROLES:
            raise ValueError(f"guards stand on switches; {self.on} is none")
        return self


class Timers(Model):
    """Seconds."""

    confirm: int = Field(
        default=120,
        ge=10,
        le=7200,
        description="until an unconfirmed change is taken back, at the least",
    )
    longest: int = Field(
        default=600,
        ge=10,
        le=7200,
        description="the same at the most; a run that takes longer is confirmed in parts",
    )
    patience: int = Field(
        default=7200,
        ge=0,
        le=7200,
        description="how long a run that failed waits for the timers of devices that it lost",
    )
    settle: int = Field(
        default=30, ge=1, le=600, description="how long sessions and routes may take to follow"
    )


class Limits(Model):
    """What a plan may not exceed."""

    max_shrink: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="part of a cluster's addresses on one session that one plan may close",
    )
    max_lost_routes: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="part of a session's accepted, allowed routes that may vanish during a deploy",
    )


class Ssh(Model):
    """How devices are reached and recognised; paths are relative to the site's folder.

    The environment variable RINGFENCE_KEY_FILE goes before ``key_file``.
    """

    key_file: PathField | None = None
    known_hosts: PathField | None = Field(
        default=None, description="the devices' host keys; default: the user's own known_hosts"
    )
    check_host_keys: bool = Field(
        default=True,
        description="false trusts whoever answers: anybody in between can read and change all",
    )


class Tls(Model):
    """How devices that speak HTTPS are recognised; paths are relative to the site's folder."""

    ca_file: PathField | None = Field(
        default=None, description="the authorities that sign the devices; default: the system's"
    )
    check_certificates: bool = Field(
        default=True,
        description="false trusts whoever answers: anybody in between can read and change all",
    )


class Credentials(Model):
    """Where the password comes from, for devices that want one; it stands in no file of a site.

    The environment variable RINGFENCE_PASSWORD goes first, then RINGFENCE_PASSWORD_FILE.
    """

    password_file: PathField | None = Field(
        default=None, description="a file with the password alone, which nobody else may read"
    )


class Ledger(Model):
    """Where the authoritative record of runs is; the password stands in no file of a site.

    The environment variable RINGFENCE_LEDGER_PASSWORD goes first, then the file; without either
    the database's own client looks for one (~/.pgpass) or needs none.
    """

    url: DatabaseUrl | None = Field(
        default=None,
        description="postgresql://USER@HOST/DATABASE, for several jump hosts; default: a file of "
        "SQLite in the folder of `runs`",
    )
    password_file: PathField | None = Field(
        default=None, description="a file with the password alone, which nobody else may read"
    )

    @model_validator(mode="after")
    def _password_for_something(self) -> Self:
        if self.password_file is not None and self.url is None:
            raise ValueError("password_file belongs to a url; add one, or take it out")
        return self


class SiteFile(Model):
    """site.yaml."""

    name: Name
    pools: PathField = Field(default="pools.yaml", description="the pool source of truth")
    management: tuple[NetworkField, ...] = Field(
        default=(), description="addresses that no pool may cover"
    )
    matrix: tuple[MatrixRow, ...] = Field(
        default=(), description="rows that replace those of the default matrix"
    )
    min_depth: int = Field(
        default=1,
        ge=0,
        le=9,
        strict=True,
        description="on how many devices each hijack is to be dropped, where so many can; "
        "0 demands nothing",
    )
    timers: Timers = Timers()
    limits: Limits = Limits()
    waves: Waves = Waves()
    ssh: Ssh = Ssh()
    tls: Tls = Tls()
    credentials: Credentials = Credentials()
    runs: PathField = Field(
        default=".runs", description="where the record is kept, or its readable copy"
    )
    ledger: Ledger = Ledger()
    signatures: Signatures = Signatures()
    webhook: Webhook = Webhook()

    @field_validator("matrix")
    @classmethod
    def _one_row_each(cls, rows: tuple[MatrixRow, ...]) -> tuple[MatrixRow, ...]:
        said: set[tuple[Role, Role]] = set()
        for row in rows:
            if (row.on, row.facing) in said:
                raise ValueError(f"two rows for a {row.on} that faces a {row.facing}; keep one")
            said.add((row.on, row.facing))
        return rows


class Session(Model):
    """One BGP neighbor or peer group of a device, and what it faces."""

    neighbor: NeighborField | None = None
    peer_group: Name | None = None
    device: Name | None = Field(default=None, description="the switch at the other end")
    role: RoleField | None = Field(default=None, description="node or external")
    clusters: tuple[ClusterName, ...] | None = Field(
        default=None, description="the clusters behind it; default: all, but for nodes"
    )
    vrf: Name | None = None
    open: bool = Field(
        default=False,
        description="give a session a policy that the platform keeps closed without one",
    )
    narrower: bool = Field(
        default=False,
        description="its own policy may drop what the pools allow: that is no finding of an audit",
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.neighbor is None) == (self.peer_group is None):
            raise ValueError("a session has either neighbor or peer_group")
        if (self.device is None) == (self.role is None):
            raise ValueError("a session faces either a device or a role")
        if self.role in DEVICE_ROLES:
            raise ValueError(f"a session that faces a {self.role} says which: device: NAME")
        if self.role is Role.NODE and not self.clusters:
            raise ValueError("a session that faces nodes says whose: clusters: [NAME]")
        return self

    @property
    def name(self) -> str:
        """The neighbor or the peer group, as the device knows it."""
        return self.neighbor or self.peer_group or ""


class HostData(Model):
    """What a host's ``data`` says."""

    asn: int = Field(ge=1, le=4294967295, strict=True)
    role: RoleField | None = Field(default=None, description="default: the group of that name")
    rack: Name | None = Field(default=None, description="a failure domain")
    plane: Name | None = Field(
        default=None, description="a failure domain; default: the spines that share ToRs"
    )
    sessions: tuple[Session, ...]
    ignore_neighbors: tuple[IgnoredField, ...] = Field(
        default=(), description="neighbors and peer groups that are none of ringfence's business"
    )


class Extras(BaseModel):
    """What NAPALM's constructor takes besides the address and the login."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    timeout: int | None = Field(default=None, ge=1, le=3600, strict=True, description="seconds")
    optional_args: Mapping[str, Any] = Field(default_factory=dict)


class ConnectionOptions(Model):
    """Nornir's connection options, for the connection plugin ``napalm``."""

    hostname: Name | None = None
    port: int | None = Field(default=None, ge=1, le=65535, strict=True)
    username: Line | None = None
    password: str | None = None
    platform: Name | None = None
    extras: Extras = Extras()


class HostEntry(Model):
    """One host, group or the defaults of Nornir's SimpleInventory."""

    hostname: Name | None = None
    port: int | None = Field(default=None, ge=1, le=65535, strict=True)
    username: Line | None = None
    password: str | None = None
    platform: Name | None = None
    groups: tuple[Name, ...] = ()
    data: Mapping[str, Any] = Field(default_factory=dict)
    connection_options: Mapping[Name, ConnectionOptions] = Field(default_factory=dict)


SCHEMAS: Mapping[Literal["site", "pools", "host"], type[BaseModel]] = {
    "site": SiteFile,
    "pools": PoolsFile,
    "host": HostData,
}
