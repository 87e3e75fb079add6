"""What a site's files may say: pydantic models, and so the JSON Schema for editors.

Start with :class:`SiteFile`, :class:`PoolsFile` and :class:`HostEntry`; what they are made of is
in the modules beside this one. All are frozen, refuse unknown keys, and hold ``ipaddress`` values.
"""

from __future__ import annotations

# What pydantic reads at run time is no matter of type checking alone.
from collections.abc import Mapping  # noqa: TC003
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from inventory.fields import (
    ClusterName,
    IgnoredField,
    Line,
    Model,
    Name,
    NetworkField,
    PathField,
    Role,
    RoleField,
)
from inventory.matrix import MatrixRow  # noqa: TC001
from inventory.pools import Cluster  # noqa: TC001
from inventory.reach import Credentials, Ledger, Ssh, Tls
from inventory.sessions import Session  # noqa: TC001
from inventory.settings import Limits, Signatures, Timers, Waves, Webhook


class PoolsFile(Model):
    """pools.yaml."""

    clusters: dict[ClusterName, Cluster]


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
        default=(),
        description="neighbors and peer groups that are none of ringfence's business, as NAME or "
        "NAME (vrf VRF); without a VRF it is the default one's, if that has such a neighbor and no "
        "session of that name",
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
