"""What a site's files may say: pydantic models, and so the JSON Schema for editors.

Start with :class:`SiteFile`, :class:`PoolsFile` and :class:`HostEntry`. All are frozen,
refuse unknown keys, and hold ``ipaddress`` values; lengths are in bits, times in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - pydantic reads it at run time
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

Network = IPv4Network | IPv6Network

#: Lengths of a block that Calico's IPAM allows (projectcalico api, ippool.go: ``blockSize``).
BLOCK_SIZES = {4: range(20, 33), 6: range(116, 129)}
DEFAULT_BLOCK_SIZE = {4: 26, 6: 122}


class Role(StrEnum):
    """What a switch is, or what a session faces."""

    TOR = "tor"
    SPINE = "spine"
    BORDER = "border"
    NODE = "node"
    EXTERNAL = "external"


DEVICE_ROLES = (Role.TOR, Role.SPINE, Role.BORDER)


def _strict_network(value: object) -> Network:
    """Return ``value`` as a network; one sentence for what is not one."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f.:]+/\d{1,3}", value):
        raise ValueError("not a network; write address/length, such as 10.65.0.0/16")
    try:
        return ip_network(value)
    except ValueError as error:
        try:
            meant = ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"not a network: {error}") from None
        raise ValueError(f"not a network: it has host bits set; did you mean {meant}?") from None


def plain_name(value: str) -> str:
    """Return ``value`` if it can stand in a switch's configuration as one plain word.

    Raises:
        ValueError: it can't, and why.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,62}", value):
        raise ValueError(
            "not a name: use 1 to 63 letters, digits and . _ : / -, a letter or digit first"
        )
    return value


def _cluster_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value):
        raise ValueError("not a cluster's name: use letters, digits, _ and -, no more")
    return value


def _role(value: object) -> object:
    if isinstance(value, str) and value not in set(Role):
        raise ValueError(f"unknown role; the roles are {', '.join(Role)}")
    return value


def _neighbor(value: str) -> str:
    """Return a neighbor as a device prints it: an address, or an interface's name."""
    try:
        return str(ip_address(value))
    except ValueError:
        if value[0].isdigit():
            raise ValueError("neither an address nor the name of an interface") from None
        return value


NetworkField = Annotated[Network, BeforeValidator(_strict_network)]
RoleField = Annotated[Role, BeforeValidator(_role)]
Name = Annotated[str, AfterValidator(plain_name)]
ClusterName = Annotated[str, Field(max_length=24), AfterValidator(_cluster_name)]
NeighborField = Annotated[Name, AfterValidator(_neighbor)]


def _line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("must be one line of printable characters")
    return value


def _path(value: str) -> str:
    """Return a path that can be looked up at all."""
    try:
        Path(_line(value)).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home directory") from None
    return value


#: One line of text, such as a user's name.
Line = Annotated[str, AfterValidator(_line)]
#: A path, relative to the site's folder unless it begins with / or ~.
PathField = Annotated[str, AfterValidator(_path)]


class Model(BaseModel):
    """The common rules: frozen, nothing unknown, defaults checked too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


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
        default=120, ge=10, le=7200, description="until an unconfirmed change is taken back"
    )
    settle: int = Field(
        default=30, ge=1, le=600, description="how long sessions and routes may take to follow"
    )


class Limits(Model):
    """What a plan may not exceed."""

    max_shrink: float = Field(
        default=0.25, ge=0, le=1, description="part of a guard's addresses that one plan may close"
    )
    max_lost_routes: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="part of a session's accepted, allowed routes that may vanish during a deploy",
    )


class Waves(Model):
    """In which portions devices are changed."""

    canary: bool = Field(default=True, description="one device of each role goes first")
    size: int = Field(default=10, ge=1, le=500, description="devices of one wave at the most")


class Ssh(Model):
    """How devices are reached and recognised; paths are relative to the site's folder."""

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

    The environment variable RINGFENCE_PASSWORD goes first.
    """

    password_file: PathField | None = Field(
        default=None, description="a file with the password alone, which nobody else may read"
    )


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
    timers: Timers = Timers()
    limits: Limits = Limits()
    waves: Waves = Waves()
    ssh: Ssh = Ssh()
    tls: Tls = Tls()
    credentials: Credentials = Credentials()
    runs: PathField = Field(default=".runs", description="where the record is kept")

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
    sessions: tuple[Session, ...]
    ignore_neighbors: tuple[NeighborField, ...] = Field(
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
